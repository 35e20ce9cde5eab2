"""The public keys: enough to verify a token, and nothing to make one."""

from joserfc import jwt
from joserfc.jwk import KeySet

from tests.api.auth.harness import signed_in
from tests.api.harness import Api


async def test_a_token_is_verified_by_the_keys_that_everybody_may_see(api: Api) -> None:
    ann = await signed_in(api)
    answer = await api.get("/.well-known/jwks.json")
    assert answer.headers["Content-Type"] == "application/jwk-set+json"
    assert answer.headers["Cache-Control"] == "public, max-age=60"
    keys = answer.json()
    assert [key.keys() & {"d", "k"} for key in keys["keys"]] == [set()]
    token = jwt.decode(
        ann.access_token, KeySet.import_key_set(keys), algorithms=["Ed25519", "EdDSA"]
    )
    assert token.claims["sub"] == str(ann.id)
