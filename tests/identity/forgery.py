"""Access tokens as we issue them, and any other that a signing key can be made to sign."""

import base64
import json
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from identity.tokens import SigningKey, issue_access, issue_pre_2fa, new_signing_key

NOW_S = 1_705_657_200.25
ISSUER = "https://tradewind.test"
AUDIENCE = "tradewind"
USER = UUID("11111111-1111-4111-8111-111111111111")
SESSION = UUID("22222222-2222-4222-8222-222222222222")
KEY = new_signing_key()
PUBLIC = Ed25519PrivateKey.from_private_bytes(KEY.private).public_key()
KEYS = {KEY.kid: KEY.public_jwk}
Claims = dict[str, Any]


def access(key: SigningKey = KEY, now_s: float = NOW_S) -> str:
    """A good access token."""
    return issue_access(
        key,
        issuer=ISSUER,
        audience=AUDIENCE,
        user_id=USER,
        session_id=SESSION,
        email="ann@example.com",
        role="user",
        scopes=frozenset({"wallet:read", "market:read"}),
        auth_time_s=NOW_S - 60,
        now_s=now_s,
    )


def pre_2fa() -> str:
    """A good pre-2FA token."""
    return issue_pre_2fa(
        KEY,
        issuer=ISSUER,
        audience=AUDIENCE,
        user_id=USER,
        session_id=SESSION,
        email="ann@example.com",
        now_s=NOW_S,
    )


def encoded(value: object) -> bytes:
    """In base64url: bytes as they are, all else as JSON."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def parts(token: str) -> tuple[Claims, Claims]:
    """What a token says, unverified."""
    header, claims, _ = (base64.urlsafe_b64decode(part + "==") for part in token.split("."))
    return json.loads(header), json.loads(claims)


HEADER, CLAIMS = parts(access())


def signed(header: object, claims: object, key: SigningKey = KEY) -> str:
    """A token that is signed well, whatever it says."""
    content = encoded(header) + b"." + encoded(claims)
    signature = Ed25519PrivateKey.from_private_bytes(key.private).sign(content)
    return (content + b"." + encoded(signature)).decode()


def claiming(**changes: object) -> str:
    """A token of ours but for these claims."""
    return signed(HEADER, CLAIMS | changes)


def without(name: str) -> str:
    """A token of ours that lacks a claim."""
    return signed(HEADER, {key: value for key, value in CLAIMS.items() if key != name})
