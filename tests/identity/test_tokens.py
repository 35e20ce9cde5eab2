"""Access tokens: what a good one says, and every way of RFC 8725 to make a bad one."""

import base64
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import OKPKey

from identity.errors import InvalidTokenError
from identity.tokens import (
    AccessClaims,
    kid_of,
    new_signing_key,
    verify_access,
    verify_pre_2fa,
)
from tests.identity.forgery import (
    AUDIENCE,
    CLAIMS,
    HEADER,
    ISSUER,
    KEY,
    KEYS,
    NOW_S,
    PUBLIC,
    SESSION,
    USER,
    Claims,
    access,
    claiming,
    encoded,
    parts,
    pre_2fa,
    signed,
    without,
)


def verified(
    token: str, *, keys: Mapping[str, Mapping[str, Any]] = KEYS, now_s: float = NOW_S
) -> AccessClaims:
    return verify_access(token, keys, issuer=ISSUER, audience=AUDIENCE, now_s=now_s)


def refused(token: str, reason: str = "not good", now_s: float = NOW_S) -> None:
    with pytest.raises(InvalidTokenError, match=reason):
        verified(token, now_s=now_s)


class TestGood:
    def test_says_what_it_was_issued_for(self) -> None:
        claims = verified(access())
        assert len(claims.jti) >= 16
        assert replace(claims, jti="one") == AccessClaims(
            user_id=USER,
            session_id=SESSION,
            jti="one",
            email="ann@example.com",
            role="user",
            scopes=frozenset({"market:read", "wallet:read"}),
            issued_at_s=NOW_S,
            expires_at_s=NOW_S + 900,
            auth_time_s=NOW_S - 60,
        )

    def test_has_the_claims_of_the_specification(self) -> None:
        assert {"alg": "Ed25519", "kid": KEY.kid, "typ": "at+jwt"} == HEADER
        assert {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(USER),
            "sid": str(SESSION),
            "jti": "",
            "iat": NOW_S,
            "exp": NOW_S + 900,
            "auth_time": NOW_S - 60,
            "typ": "access",
            "email": "ann@example.com",
            "role": "user",
            "permissions": ["market:read", "wallet:read"],
        } == {**CLAIMS, "jti": ""}

    def test_is_one_of_a_kind(self) -> None:
        assert verified(access()).jti != verified(access()).jti

    def test_is_good_until_it_expires(self) -> None:
        assert verified(access(), now_s=NOW_S + 899.9).user_id == USER
        refused(access(), "expired", now_s=NOW_S + 900)

    def test_is_what_another_implementation_reads(self) -> None:
        shape = {name: KEY.public_jwk[name] for name in ("kty", "crv", "x")}
        found = jws.deserialize_compact(access(), OKPKey.import_key(shape), algorithms=["Ed25519"])
        assert json.loads(found.payload)["sub"] == str(USER)

    def test_of_a_process_whose_clock_is_a_little_ahead_is_good(self) -> None:
        assert verified(access(now_s=NOW_S + 5)).user_id == USER

    def test_as_made_here_by_hand_is_good(self) -> None:
        """The control of all that follows: what is refused there is so for its one change."""
        assert verified(signed(HEADER, CLAIMS)).jti == CLAIMS["jti"]


class TestPre2fa:
    def test_says_whose_password_was_right(self) -> None:
        claims = verify_pre_2fa(
            pre_2fa(), KEYS, issuer=ISSUER, audience=AUDIENCE, now_s=NOW_S + 299
        )
        assert (claims.user_id, claims.session_id) == (USER, SESSION)
        assert (claims.role, claims.scopes) == ("", frozenset())

    def test_is_no_access_token(self) -> None:
        refused(pre_2fa(), "another kind")

    def test_is_none_under_the_header_of_one(self) -> None:
        _, claims = parts(pre_2fa())
        refused(signed(HEADER, claims), "aud")

    def test_ends_after_five_minutes(self) -> None:
        with pytest.raises(InvalidTokenError, match="expired"):
            verify_pre_2fa(pre_2fa(), KEYS, issuer=ISSUER, audience=AUDIENCE, now_s=NOW_S + 300)

    def test_is_not_what_an_access_token_is(self) -> None:
        header, _ = parts(pre_2fa())
        for token in (access(), signed(header, CLAIMS)):
            with pytest.raises(InvalidTokenError):
                verify_pre_2fa(token, KEYS, issuer=ISSUER, audience=AUDIENCE, now_s=NOW_S)


class TestAlgorithm:
    @pytest.mark.parametrize(
        "algorithm", ["none", "None", "NONE", "nOnE", "", None, 5, ["Ed25519"]]
    )
    def test_none_is_refused(self, algorithm: object) -> None:
        head = encoded(HEADER | {"alg": algorithm}).decode()
        body = encoded(CLAIMS).decode()
        for signature in ("", encoded(b"x").decode(), access().rpartition(".")[2]):
            refused(f"{head}.{body}.{signature}", "algorithm")

    def test_none_without_any_other_header_is_refused(self) -> None:
        refused(f"{encoded({'alg': 'none'}).decode()}.{encoded(CLAIMS).decode()}.", "header")

    @pytest.mark.parametrize(
        "secret",
        [
            PUBLIC.public_bytes_raw(),
            PUBLIC.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            PUBLIC.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
            KEY.public_jwk["x"].encode(),
            json.dumps(KEY.public_jwk).encode(),
            b"",
        ],
        ids=["raw", "PEM", "DER", "x", "JWK", "empty"],
    )
    @pytest.mark.parametrize("algorithm", ["HS256", "HS512", "Ed25519", "EdDSA"])
    def test_an_hmac_under_the_public_key_is_refused(self, algorithm: str, secret: bytes) -> None:
        content = encoded(HEADER | {"alg": algorithm}) + b"." + encoded(CLAIMS)
        digest = "sha512" if algorithm == "HS512" else "sha256"
        code = hmac.digest(secret, content, digest)
        refused((content + b"." + encoded(code)).decode())

    @pytest.mark.parametrize("algorithm", ["EdDSA", "Ed448", "RS256", "ES256", "ed25519", "HS256"])
    def test_a_good_signature_under_another_name_is_refused(self, algorithm: str) -> None:
        refused(signed(HEADER | {"alg": algorithm}, CLAIMS), "algorithm")


class TestHeader:
    @pytest.mark.parametrize(
        "more",
        [
            {"jwk": new_signing_key().public_jwk},
            {"jku": "https://evil.test/jwks.json"},
            {"x5u": "https://evil.test/chain.pem"},
            {"x5c": ["MIIB"]},
            {"x5t": "AAAA"},
            {"crit": ["exp"]},
            {"crit": []},
            {"b64": False, "crit": ["b64"]},
            {"cty": "JWT"},
            {"zip": "DEF"},
            {"enc": "A256GCM"},
        ],
        ids=",".join,
    )
    def test_with_anything_more_is_refused(self, more: Claims) -> None:
        refused(signed(HEADER | more, CLAIMS))

    def test_that_brings_its_own_key_is_refused(self) -> None:
        thief = new_signing_key()
        for header in (
            HEADER | {"jwk": thief.public_jwk},
            HEADER | {"jwk": thief.public_jwk, "kid": thief.kid},
            HEADER | {"kid": thief.kid},
            HEADER,
        ):
            refused(signed(header, CLAIMS, thief))

    @pytest.mark.parametrize("name", ["alg", "kid", "typ"])
    def test_with_anything_less_is_refused(self, name: str) -> None:
        refused(signed({key: HEADER[key] for key in HEADER if key != name}, CLAIMS))

    @pytest.mark.parametrize("typ", ["JWT", "jwt", "pre-2fa+jwt", "AT+JWT", "", None, ["at+jwt"]])
    def test_of_another_type_is_refused(self, typ: object) -> None:
        refused(signed(HEADER | {"typ": typ}, CLAIMS), "another kind")

    @pytest.mark.parametrize(
        "kid",
        [
            "",
            "other",
            "../../dev/null",
            "' OR 1=1",
            pytest.param(KEY.kid.lower(), id="in lower case"),
        ],
    )
    def test_of_an_unknown_key_is_refused(self, kid: str) -> None:
        refused(signed(HEADER | {"kid": kid}, CLAIMS), "unknown")

    @pytest.mark.parametrize("kid", [None, 1, [KEY.kid], {}])
    def test_whose_key_is_no_text_is_refused(self, kid: object) -> None:
        refused(signed(HEADER | {"kid": kid}, CLAIMS))

    def test_that_is_no_object_is_refused(self) -> None:
        for header in ([], "Ed25519", 1, None, b"{", b"\xff", ["alg", "kid", "typ"]):
            refused(signed(header, CLAIMS))

    def test_tells_which_key_to_look_for(self) -> None:
        assert kid_of(access()) == KEY.kid
        for token in ("", "a.b.c", signed(HEADER | {"alg": "none"}, CLAIMS)):
            with pytest.raises(InvalidTokenError):
                kid_of(token)


class TestSignature:
    def test_of_another_key_under_our_name_is_refused(self) -> None:
        refused(signed(HEADER, CLAIMS, new_signing_key()), "signature is wrong")

    @given(st.integers(min_value=0), st.integers(min_value=1, max_value=127))
    def test_of_a_token_that_was_changed_is_refused(self, at: int, by: int) -> None:
        token = bytearray(TOKEN.encode())
        token[at % len(token)] ^= by
        refused(token.decode("latin-1"))

    @pytest.mark.parametrize(
        "change",
        [
            lambda token: token + "A",
            lambda token: token + "=",
            lambda token: token + "\n",
            lambda token: " " + token,
            lambda token: token[:-1],
            lambda token: token.rpartition(".")[0],
            lambda token: token.rpartition(".")[0] + ".",
            lambda token: token + "." + token,
            lambda token: token.replace(".", "..", 1),
        ],
    )
    def test_of_a_token_that_is_spelled_otherwise_is_refused(
        self, change: Callable[[str], str]
    ) -> None:
        refused(change(access()))

    def test_is_checked_with_the_key_alone_that_is_named(self) -> None:
        other = new_signing_key()
        keys = {other.kid: other.public_jwk, KEY.kid: KEY.public_jwk}
        assert verified(access(), keys=keys).user_id == USER
        assert verified(access(other), keys=keys).user_id == USER
        with pytest.raises(InvalidTokenError, match="signature is wrong"):
            verified(signed(HEADER | {"kid": other.kid}, CLAIMS), keys=keys)


class TestClaims:
    @pytest.mark.parametrize(
        "name",
        "iss aud sub sid jti iat exp auth_time typ email role permissions".split(),
    )
    def test_that_lack_one_are_refused(self, name: str) -> None:
        refused(without(name))

    @pytest.mark.parametrize("value", [None, True, 1, 1.5, [], {}, [""], {"a": 1}, ""], ids=repr)
    @pytest.mark.parametrize("name", ["iss", "aud", "sub", "sid", "jti", "typ", "email", "role"])
    def test_that_should_be_text_and_are_not_are_refused(self, name: str, value: object) -> None:
        refused(claiming(**{name: value}))

    @pytest.mark.parametrize(
        "value", [None, True, "1705657200", [], {}, -1, 1e300, 2**70, float("nan"), float("inf")]
    )
    @pytest.mark.parametrize("name", ["iat", "exp", "auth_time"])
    def test_that_should_be_times_and_are_not_are_refused(self, name: str, value: object) -> None:
        refused(claiming(**{name: value}), f"its {name} is no time")

    @pytest.mark.parametrize("value", [None, "wallet:write", {"wallet:write": 1}, [1], [["x"]], 1])
    def test_whose_permissions_are_no_list_of_texts_are_refused(self, value: object) -> None:
        refused(claiming(permissions=value), "permissions")

    @pytest.mark.parametrize(
        "audience",
        ["other", [AUDIENCE], [AUDIENCE, "other"], f"{AUDIENCE}/verify-2fa", "TRADEWIND"],
    )
    def test_of_another_audience_are_refused(self, audience: object) -> None:
        refused(claiming(aud=audience), "aud")

    @pytest.mark.parametrize("issuer", ["https://evil.test", ISSUER + "/", "http://tradewind.test"])
    def test_of_another_issuer_are_refused(self, issuer: str) -> None:
        refused(claiming(iss=issuer), "iss")

    @pytest.mark.parametrize("typ", ["pre_2fa", "refresh", "ACCESS"])
    def test_of_another_type_are_refused(self, typ: str) -> None:
        refused(claiming(typ=typ), "typ")

    @pytest.mark.parametrize("name", ["sub", "sid"])
    def test_whose_ids_are_none_are_refused(self, name: str) -> None:
        refused(claiming(**{name: "admin"}), "no id")

    def test_that_have_expired_are_refused(self) -> None:
        refused(claiming(exp=NOW_S), "expired")
        refused(claiming(exp=0), "expired")

    def test_of_the_future_are_refused(self) -> None:
        refused(claiming(iat=NOW_S + 6), "future")

    @pytest.mark.parametrize("claims", [[], "text", 1, None, b"{", b"\xff\xfe", b"[" * 2_000])
    def test_that_are_no_object_are_refused(self, claims: object) -> None:
        refused(signed(HEADER, claims))


class TestNonsense:
    def test_that_is_huge_is_refused_before_it_is_read(self) -> None:
        refused(claiming(email="a" * 4_000), "no JWT of ours")
        refused("." * 10_000_000, "no JWT of ours")

    @given(st.text(max_size=200) | st.from_regex(r"[A-Za-z0-9_-]*(\.[A-Za-z0-9_-]*){0,4}"))
    def test_is_refused(self, text: str) -> None:
        refused(text)

    @given(st.lists(st.binary(max_size=70), min_size=3, max_size=3))
    def test_in_three_parts_is_refused(self, three: list[bytes]) -> None:
        refused(".".join(encoded(part).decode() for part in three))


class TestSigningKey:
    def test_shows_nothing_of_itself(self) -> None:
        assert KEY.private.hex() not in repr(KEY)
        assert "private" not in repr(KEY)
        assert "d" not in KEY.public_jwk

    def test_is_described_for_others_to_verify_with(self) -> None:
        assert {name: KEY.public_jwk[name] for name in ("kty", "crv", "use", "alg", "kid")} == {
            "kty": "OKP",
            "crv": "Ed25519",
            "use": "sig",
            "alg": "Ed25519",
            "kid": KEY.kid,
        }
        assert base64.urlsafe_b64decode(KEY.public_jwk["x"] + "=") == PUBLIC.public_bytes_raw()

    def test_is_named_by_the_thumbprint_of_rfc_8037(self) -> None:
        """Appendix A.3 there, computed as here."""
        x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
        thumbprint = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": x}).thumbprint()
        assert thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        x_of_ours = {"kty": "OKP", "crv": "Ed25519", "x": KEY.public_jwk["x"]}
        assert OKPKey.import_key(x_of_ours).thumbprint() == KEY.kid

    def test_of_rfc_8037_signs_as_there(self) -> None:
        """Appendix A.4 there, under the name that RFC 9864 has given the algorithm since."""
        seed = base64.urlsafe_b64decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
        content = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
        signature = Ed25519PrivateKey.from_private_bytes(seed).sign(content)
        assert encoded(signature).decode() == (
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        )

    def test_is_never_the_same(self) -> None:
        assert new_signing_key().kid != new_signing_key().kid


TOKEN = access()
