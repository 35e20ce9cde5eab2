"""Access tokens: JWTs signed with Ed25519, and with nothing else.

What a token says of its own verification is compared with what we write: its header has our three members
and no other, so that no `jwk`, `jku`, `x5u` or `crit` is ever looked at, and the algorithm is chosen here
(RFC 8725). The token between a password and a second factor has another `typ`, in header and claims, and
another audience: neither passes for the other.
"""

import base64
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from identity.errors import InvalidTokenError

ALGORITHM = "Ed25519"
"""RFC 9864's name of EdDSA on that curve; it has deprecated the name that leaves the curve open."""
ACCESS_LASTS_S = 900
PRE_2FA_LASTS_S = 300
MAX_TOKEN = 4_096
"""Characters; ours have about 1,000."""
MAX_AHEAD_S = 5
"""How far the clock of the process that issued a token may be before ours."""
_KEY_BYTES = 32
_REGISTRY = jws.JWSRegistry(algorithms=[ALGORITHM])


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs. `private` is the seed of RFC 8032, `kid` the thumbprint of the public key."""

    kid: str
    private: bytes = field(repr=False)
    public_jwk: dict[str, Any]


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What a token says of who presents it. Scopes are those at the time it was issued.

    `issued_at_s` may have decimals, so that what was issued just after a revocation is told from what
    was issued just before. A pre-2FA token has no role and no scopes.
    """

    user_id: UUID
    session_id: UUID
    jti: str
    email: str
    role: str
    scopes: frozenset[str]
    issued_at_s: float
    expires_at_s: float
    auth_time_s: float


@dataclass(frozen=True, slots=True)
class _Kind:
    """What tells the two kinds of token apart."""

    header_typ: str
    typ: str
    audience_suffix: str


_ACCESS = _Kind("at+jwt", "access", "")
_PRE_2FA = _Kind("pre-2fa+jwt", "pre_2fa", "/verify-2fa")


def new_signing_key() -> SigningKey:
    """A key that nobody has seen."""
    private = secrets.token_bytes(_KEY_BYTES)
    public = Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
    shape = {"crv": "Ed25519", "kty": "OKP", "x": _base64url(public)}
    kid = OKPKey.import_key({**shape}).thumbprint()
    return SigningKey(kid, private, {**shape, "kid": kid, "use": "sig", "alg": ALGORITHM})


def issue_access(
    key: SigningKey,
    *,
    issuer: str,
    audience: str,
    user_id: UUID,
    session_id: UUID,
    email: str,
    role: str,
    scopes: frozenset[str],
    auth_time_s: float,
    now_s: float,
    lasts_s: int = ACCESS_LASTS_S,
) -> str:
    """A token that opens what its scopes name, until it expires."""
    claims = _claims(_ACCESS, issuer, audience, user_id, session_id, now_s, lasts_s)
    claims |= {
        "auth_time": auth_time_s,
        "email": email,
        "role": role,
        "permissions": sorted(scopes),
    }
    return _signed(key, _ACCESS, claims)


def issue_pre_2fa(
    key: SigningKey,
    *,
    issuer: str,
    audience: str,
    user_id: UUID,
    session_id: UUID,
    email: str,
    now_s: float,
    lasts_s: int = PRE_2FA_LASTS_S,
) -> str:
    """A token that leads to the second factor and nowhere else; `audience` as of access tokens."""
    claims = _claims(_PRE_2FA, issuer, audience, user_id, session_id, now_s, lasts_s)
    return _signed(key, _PRE_2FA, claims | {"auth_time": now_s, "email": email})


def verify_access(
    token: str,
    keys: Mapping[str, Mapping[str, Any]],
    *,
    issuer: str,
    audience: str,
    now_s: float,
) -> AccessClaims:
    """What an access token says. `keys`: public JWKs by kid. InvalidTokenError unless it is good now."""
    return _verified(_ACCESS, token, keys, issuer, audience, now_s)


def verify_pre_2fa(
    token: str,
    keys: Mapping[str, Mapping[str, Any]],
    *,
    issuer: str,
    audience: str,
    now_s: float,
) -> AccessClaims:
    """What a pre-2FA token says; as `verify_access`."""
    return _verified(_PRE_2FA, token, keys, issuer, audience, now_s)


def kid_of(token: str) -> str:
    """The key that a token says it was signed with, which proves nothing.

    InvalidTokenError where no key can make it good.
    """
    return _kid(_extracted(token).protected)


def _claims(
    kind: _Kind,
    issuer: str,
    audience: str,
    user_id: UUID,
    session_id: UUID,
    now_s: float,
    lasts_s: int,
) -> dict[str, Any]:
    return {
        "iss": issuer,
        "aud": audience + kind.audience_suffix,
        "sub": str(user_id),
        "sid": str(session_id),
        "jti": secrets.token_urlsafe(16),
        "iat": now_s,
        "exp": now_s + lasts_s,
        "typ": kind.typ,
    }


def _signed(key: SigningKey, kind: _Kind, claims: Mapping[str, Any]) -> str:
    header = {"alg": ALGORITHM, "kid": key.kid, "typ": kind.header_typ}
    payload = json.dumps(claims, separators=(",", ":"))
    return jws.serialize_compact(header, payload, _private_key(key.private), registry=_REGISTRY)


def _verified(
    kind: _Kind,
    token: str,
    keys: Mapping[str, Mapping[str, Any]],
    issuer: str,
    audience: str,
    now_s: float,
) -> AccessClaims:
    signed = _extracted(token)
    kid = _kid(signed.protected)
    if signed.protected["typ"] != kind.header_typ:
        raise InvalidTokenError("it is a token of another kind")
    if kid not in keys:
        raise InvalidTokenError("its key is unknown")
    try:
        good = jws.validate_compact(signed, _public_key(str(keys[kid]["x"])), registry=_REGISTRY)
    except (JoseError, ValueError) as error:
        raise InvalidTokenError("its signature cannot be checked") from error
    if not good:
        raise InvalidTokenError("its signature is wrong")
    claims = _payload(signed.payload)
    expected = {"iss": issuer, "aud": audience + kind.audience_suffix, "typ": kind.typ}
    for name, value in expected.items():
        if claims.get(name) != value:
            raise InvalidTokenError(f"its {name} is not ours")
    return _current(_read(claims), now_s)


def _extracted(token: str) -> jws.CompactSignature:
    if len(token) > MAX_TOKEN or not token.isascii():
        raise InvalidTokenError("it is no JWT of ours")
    try:
        return jws.extract_compact(token.encode(), registry=_REGISTRY)
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidTokenError("it is no JWT") from error


def _kid(header: object) -> str:
    if not isinstance(header, dict) or header.keys() != {"alg", "kid", "typ"}:
        raise InvalidTokenError("its header is not ours")
    if header["alg"] != ALGORITHM:
        raise InvalidTokenError("its algorithm is not ours")
    if not isinstance(header["kid"], str):
        raise InvalidTokenError("its kid is no text")
    return header["kid"]


def _payload(payload: bytes) -> dict[str, Any]:
    try:
        claims = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise InvalidTokenError("its claims are no JSON") from error
    if not isinstance(claims, dict):
        raise InvalidTokenError("its claims are no object")
    return claims


def _read(claims: Mapping[str, Any]) -> AccessClaims:
    access = claims["typ"] == _ACCESS.typ
    return AccessClaims(
        user_id=_id(claims, "sub"),
        session_id=_id(claims, "sid"),
        jti=_text(claims, "jti"),
        email=_text(claims, "email"),
        role=_text(claims, "role") if access else "",
        scopes=_texts(claims, "permissions") if access else frozenset(),
        issued_at_s=_time_s(claims, "iat"),
        expires_at_s=_time_s(claims, "exp"),
        auth_time_s=_time_s(claims, "auth_time"),
    )


def _current(claims: AccessClaims, now_s: float) -> AccessClaims:
    if claims.expires_at_s <= now_s:
        raise InvalidTokenError("it has expired")
    if claims.issued_at_s > now_s + MAX_AHEAD_S:
        raise InvalidTokenError("it was issued in the future")
    return claims


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidTokenError(f"its {name} is no text")
    return value


def _texts(claims: Mapping[str, Any], name: str) -> frozenset[str]:
    values = claims.get(name)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise InvalidTokenError(f"its {name} are no list of texts")
    return frozenset(values)


def _id(claims: Mapping[str, Any], name: str) -> UUID:
    try:
        return UUID(_text(claims, name))
    except ValueError as error:
        raise InvalidTokenError(f"its {name} is no id") from error


def _time_s(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    # NaN compares as false with everything, so that it would never expire.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**53:
        raise InvalidTokenError(f"its {name} is no time")
    return value


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@lru_cache(maxsize=16)
def _private_key(private: bytes) -> OKPKey:
    public = Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
    return OKPKey.import_key(
        {"kty": "OKP", "crv": "Ed25519", "x": _base64url(public), "d": _base64url(private)}
    )


@lru_cache(maxsize=64)
def _public_key(x: str) -> OKPKey:
    """Of its coordinate alone: whatever else a stored JWK says, this is a public key of Ed25519."""
    return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": x})
