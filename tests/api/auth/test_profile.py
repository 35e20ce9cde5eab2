"""The profile: shown to its owner, changed by its owner."""

from identity.keyring import KeyRing
from tests.api.auth.harness import audited, code, member, rows, signed_in
from tests.api.harness import Api

PHONE = "+44 20 7946 0958"
UNFIT: list[dict[str, object]] = [
    {},
    {"name": None},
    {"name": " "},
    {"name": "a\nb"},
    {"phone": "12"},
    {"email": "bob@example.com"},
    {"role": "admin"},
    {"status": "active"},
    {"user_id": "00000000-0000-0000-0000-000000000000"},
]


class TestMe:
    async def test_nobody_is_nobody(self, api: Api) -> None:
        assert code(await api.client.get("/api/auth/me")) == (401, "UNAUTHENTICATED")

    async def test_one_sees_who_one_is(self, api: Api) -> None:
        ann = await signed_in(api)
        data = (await ann.send("GET", "me")).json()["data"]
        assert data["id"] == str(ann.id)
        assert (data["email"], data["name"], data["role"]) == (ann.email, "Ann", "user")
        assert data["two_factor_enabled"] is False
        assert data["phone_verified"] is False
        assert data["csrf_token"] is None
        assert "account:write" in data["permissions"]

    async def test_a_page_is_told_the_token_of_its_writes(self, api: Api) -> None:
        ann = await member(api)
        csrf = (await ann.login(transport="cookie")).json()["data"]["csrf_token"]
        answer = await api.client.get("/api/auth/me")
        assert answer.json()["data"]["csrf_token"] == csrf

    async def test_a_phone_that_no_key_opens_is_left_out(self, api: Api) -> None:
        ann = await signed_in(api)
        await ann.send("PATCH", "me", {"phone": PHONE})
        sealed = KeyRing.generate().seal(b"+442079460958", of=f"auth.users/{ann.id}/phone")
        rows(api, "UPDATE auth.users SET phone_sealed = %s RETURNING id", sealed)
        data = (await ann.send("GET", "me")).json()["data"]
        assert (data["name"], data["phone"]) == ("Ann", None)


class TestChange:
    async def test_nobody_changes_a_profile(self, api: Api) -> None:
        answer = await api.client.patch("/api/auth/me", json={"name": "Bob"})
        assert code(answer) == (401, "UNAUTHENTICATED")

    async def test_what_is_given_changes_and_the_rest_stays(self, api: Api) -> None:
        ann = await signed_in(api)
        await ann.send("PATCH", "me", {"phone": PHONE})
        data = (await ann.send("PATCH", "me", {"name": "  Ann B. "})).json()["data"]
        assert (data["name"], data["phone"]) == ("Ann B.", "+442079460958")
        assert data["phone_verified"] is False
        gone = (await ann.send("PATCH", "me", {"phone": None})).json()["data"]
        assert (gone["name"], gone["phone"]) == ("Ann B.", None)
        assert audited(api)[-3:] == ["profile_changed"] * 3

    async def test_a_phone_is_stored_sealed(self, api: Api) -> None:
        ann = await signed_in(api)
        await ann.send("PATCH", "me", {"phone": PHONE})
        [user] = rows(api, "SELECT phone_sealed FROM auth.users")
        assert b"442079460958" not in bytes(user["phone_sealed"])
        assert "442079460958" not in str(rows(api, "SELECT * FROM auth.audit"))

    async def test_what_cannot_be_changed_is_refused(self, api: Api) -> None:
        ann = await signed_in(api)
        for body in UNFIT:
            assert code(await ann.send("PATCH", "me", body)) == (422, "VALIDATION_ERROR"), body
