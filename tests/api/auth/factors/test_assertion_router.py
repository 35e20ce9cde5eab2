"""Passkeys at the door: by cookie for browsers, and only for pages of ours."""

from tests.api.auth.factors.acting import ORIGIN, begin, data, passkey_of
from tests.api.auth.harness import code, rows, signed_in
from tests.api.harness import Api

FINISH = "/api/auth/biometric/verify/finish"


async def test_a_browser_gets_cookies_and_no_script_a_token(api: Api) -> None:
    ann = await signed_in(api)
    passkey, _ = await passkey_of(ann)
    begun = await begin(api, "biometric/verify")
    body = {
        "ceremony_id": begun["ceremony_id"],
        "credential": passkey.get(begun["options"], ORIGIN),
        "transport": "cookie",
    }
    answer = await api.client.post(FINISH, json=body, headers={"Origin": ORIGIN})
    assert (data(answer)["access_token"], data(answer)["refresh_token"]) == (None, None)
    assert "tradewind_access" in answer.cookies
    assert answer.headers["Cache-Control"] == "no-store"


async def test_a_device_that_is_known_by_its_cookie_stays_known(api: Api) -> None:
    ann = await signed_in(api)
    passkey, _ = await passkey_of(ann)
    begun = await begin(api, "biometric/verify")
    credential = passkey.get(begun["options"], ORIGIN)
    body = {"ceremony_id": begun["ceremony_id"], "credential": credential}
    cookie = {"Cookie": f"tradewind_device={ann.device_token}"}
    assert data(await api.client.post(FINISH, json=body, headers=cookie))["device_token"] is None
    assert len(rows(api, "SELECT * FROM auth.devices")) == 1


async def test_the_page_of_another_site_signs_nobody_in(api: Api) -> None:
    ann = await signed_in(api)
    passkey, _ = await passkey_of(ann)
    begun = await begin(api, "biometric/verify")
    credential = passkey.get(begun["options"], ORIGIN)
    body = {"ceremony_id": begun["ceremony_id"], "credential": credential, "transport": "cookie"}
    headers = {"Origin": "https://elsewhere.example.com"}
    refused = await api.client.post(FINISH, json=body, headers=headers)
    assert code(refused) == (403, "CSRF_FAILED")


async def test_a_body_with_fields_of_its_own_is_refused(api: Api) -> None:
    body = {"ceremony_id": "11111111-1111-4111-8111-111111111111", "credential": {}}
    for more in ({"user_id": "1"}, {"role": "admin"}, {"transport": "pigeon"}):
        refused = await api.client.post(FINISH, json=body | more)
        assert code(refused) == (422, "VALIDATION_ERROR")
