"""One's own account over HTTP: for the person, in a session that goes on."""

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


async def test_each_is_for_who_is_signed_in(api: Api) -> None:
    for number, (method, path, body) in enumerate(OPERATIONS):
        nobody = await api.client.request(method, f"/api/auth/{path}", json=body)
        assert code(nobody) == (401, "UNAUTHENTICATED"), path
        person = await signed_in(api, f"somebody{number}@example.com")
        assert (await person.send(method, path, body)).status_code == 200, path


async def test_a_write_by_cookie_needs_the_token_of_its_page(api: Api) -> None:
    ann = await signed_in(api)
    csrf = (await ann.login(transport="cookie")).json()["data"]["csrf_token"]
    body = {"name": "Bob"}
    assert code(await api.client.patch("/api/auth/me", json=body)) == (403, "CSRF_FAILED")
    headers = {"X-CSRF-Token": csrf, "Sec-Fetch-Site": "same-origin"}
    answer = await api.client.patch("/api/auth/me", json=body, headers=headers)
    assert answer.json()["data"]["name"] == "Bob"
