"""One's own account over HTTP: for the person, in a session that goes on."""

import pytest

from tests.api.auth.harness import PASSWORD, code, signed_in
from tests.api.harness import Api

OPERATIONS = [
    ("POST", "logout", {}),
    ("GET", "me", None),
    ("PATCH", "me", {"name": "Bob"}),
    ("POST", "step-up", {"password": PASSWORD}),
    ("PATCH", "password", {"current_password": PASSWORD, "new_password": "a good long one"}),
    ("DELETE", "account", None),
    ("GET", "sessions", None),
]


@pytest.mark.parametrize(("method", "path", "body"), OPERATIONS)
async def test_each_is_for_who_is_signed_in(api: Api, method: str, path: str, body: object) -> None:
    nobody = await api.client.request(method, f"/api/auth/{path}", json=body)
    assert code(nobody) == (401, "UNAUTHENTICATED")
    ann = await signed_in(api)
    assert (await ann.send(method, path, body)).status_code == 200


async def test_a_write_by_cookie_needs_the_token_of_its_page(api: Api) -> None:
    ann = await signed_in(api)
    csrf = (await ann.login(transport="cookie")).json()["data"]["csrf_token"]
    body = {"name": "Bob"}
    assert code(await api.client.patch("/api/auth/me", json=body)) == (403, "CSRF_FAILED")
    headers = {"X-CSRF-Token": csrf, "Sec-Fetch-Site": "same-origin"}
    answer = await api.client.patch("/api/auth/me", json=body, headers=headers)
    assert answer.json()["data"]["name"] == "Bob"
