"""The addresses of factors: which they are, and what each asks of who comes."""

from typing import Any

from tests.api.auth.factors.acting import ORIGIN, begin, data
from tests.api.auth.harness import signed_in
from tests.api.harness import Api
from tests.identity.authenticator import Authenticator

AUDIENCES = {
    ("get", "2fa"): "session",
    ("post", "2fa/enrol"): "stepped_up",
    ("post", "2fa/confirm"): "stepped_up",
    ("post", "2fa/backup-codes"): "stepped_up",
    ("delete", "2fa"): "stepped_up",
    ("get", "biometric"): "session",
    ("post", "biometric/register/begin"): "stepped_up",
    ("post", "biometric/register"): "stepped_up",
    ("post", "biometric/register/finish"): "stepped_up",
    ("patch", "biometric/{passkey_id}"): "stepped_up",
    ("delete", "biometric/{passkey_id}"): "stepped_up",
    ("get", "api-keys"): "session",
    ("post", "api-keys"): "stepped_up",
    ("delete", "api-keys/{key_id}"): "session",
    ("post", "biometric/verify/begin"): "public",
    ("post", "biometric/verify"): "public",
    ("post", "biometric/verify/finish"): "public",
    ("post", "verify-2fa/passkey/begin"): "pre_2fa",
    ("post", "verify-2fa/passkey/finish"): "pre_2fa",
    ("post", "step-up/passkey/begin"): "session",
    ("post", "step-up/passkey/finish"): "session",
}


async def test_every_operation_says_who_may_come(api: Api) -> None:
    paths: dict[str, Any] = api.app.openapi()["paths"]
    found = {
        (method, path): paths[f"/api/auth/{path}"][method]["x-audience"]
        for method, path in AUDIENCES
    }
    assert found == AUDIENCES
    assert paths["/api/auth/api-keys/{key_id}"]["delete"]["x-owner-fields"] == {"key_id": "api_key"}
    assert paths["/api/auth/biometric/{passkey_id}"]["delete"]["x-owner-fields"] == {
        "passkey_id": "passkey"
    }


async def test_the_addresses_of_the_specification_finish_a_ceremony(api: Api) -> None:
    ann = await signed_in(api)
    passkey = Authenticator()
    begun = await begin(api, "biometric/register", ann.access_token)
    credential = passkey.create(begun["options"], ORIGIN)
    body = {"ceremony_id": begun["ceremony_id"], "credential": credential}
    made = await ann.send("POST", "biometric/register", body | {"name": "a phone"})
    assert made.status_code == 201
    begun = await begin(api, "biometric/verify")
    credential = passkey.get(begun["options"], ORIGIN)
    body = {"ceremony_id": begun["ceremony_id"], "credential": credential}
    answer = await api.client.post("/api/auth/biometric/verify", json=body)
    assert data(answer)["user"]["id"] == str(ann.id)
