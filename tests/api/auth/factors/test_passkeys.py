"""Passkeys of an account: added by a ceremony that is checked, named, and removed."""

from api.auth.factors.passkeys import MAX_PASSKEYS
from tests.api.auth.factors.acting import (
    LONG_AGO_US,
    ORIGIN,
    REFUSED,
    begin,
    data,
    finish,
    key_of,
    passkey_of,
    proof,
    told,
)
from tests.api.auth.harness import audited, bearer, code, rows, signed_in
from tests.api.harness import Api, Hands
from tests.identity.authenticator import Authenticator

REGISTER = "biometric/register"
FINISH = f"{REGISTER}/finish"
MISSING = "11111111-1111-4111-8111-111111111111"
ANSWER = {"ceremony_id": MISSING, "name": "a phone", "credential": {}}


class TestRegistering:
    async def test_is_for_the_user_in_person_who_was_authenticated_lately(
        self, api: Api, clock: Hands
    ) -> None:
        ann = await signed_in(api)
        key = (await key_of(ann))["key"]
        clock.now_us += LONG_AGO_US
        for path, body in ((f"{REGISTER}/begin", None), (REGISTER, ANSWER), (FINISH, ANSWER)):
            url = f"/api/auth/{path}"
            assert code(await api.client.post(url, json=body)) == (401, "UNAUTHENTICATED")
            by_key = await api.client.post(url, json=body, headers=bearer(key))
            assert code(by_key) == (403, "FORBIDDEN")
            assert code(await ann.send("POST", path, body)) == (403, "STEP_UP_REQUIRED")
        assert rows(api, "SELECT * FROM auth.challenges") == []

    async def test_keeps_several_and_tells_the_owner(self, api: Api) -> None:
        ann = await signed_in(api)
        first, _ = await passkey_of(ann, "a phone")
        second, _ = await passkey_of(ann, "a key")
        listed = await ann.send("GET", "biometric")
        assert {passkey["name"] for passkey in data(listed)} == {"a phone", "a key"}
        assert data(listed)[0].keys() == {
            "id",
            "name",
            "backed_up",
            "transports",
            "created_at",
            "last_used_at",
        }
        assert audited(api)[-2:] == ["passkey_added"] * 2
        assert "was added" in told(ann, "passkey_changed")
        for passkey in (first, second):
            assert (await proof(api, "biometric/verify", passkey)).status_code == 200

    async def test_asks_for_a_discoverable_passkey_and_a_verified_user(self, api: Api) -> None:
        ann = await signed_in(api)
        await passkey_of(ann)
        options = (await begin(api, REGISTER, ann.access_token))["options"]
        assert options["rp"]["id"] == "localhost"
        assert options["authenticatorSelection"]["residentKey"] == "required"
        assert options["authenticatorSelection"]["userVerification"] == "required"
        assert len(options["excludeCredentials"]) == 1

    async def test_refuses_what_was_not_made_here_by_a_verified_user(self, api: Api) -> None:
        ann = await signed_in(api)
        faulty: tuple[tuple[Authenticator, str], ...] = (
            (Authenticator(), "https://elsewhere.example.com"),
            (Authenticator(rp_id="elsewhere.example.com"), ORIGIN),
            (Authenticator(verifies=False), ORIGIN),
            (Authenticator(cross_origin=True), ORIGIN),
        )
        for passkey, origin in faulty:
            begun = await begin(api, REGISTER, ann.access_token)
            credential = passkey.create(begun["options"], origin)
            refused = await finish(api, REGISTER, ann.access_token, begun, credential, name="mine")
            assert code(refused) == REFUSED
        assert data(await ann.send("GET", "biometric")) == []

    async def test_does_not_give_one_credential_to_two_accounts(self, api: Api) -> None:
        ann = await signed_in(api)
        ben = await signed_in(api, "ben@example.com")
        passkey, _ = await passkey_of(ann)
        begun = await begin(api, REGISTER, ben.access_token)
        credential = passkey.create(begun["options"], ORIGIN)
        refused = await finish(api, REGISTER, ben.access_token, begun, credential, name="mine")
        assert code(refused) == REFUSED
        assert data(await ben.send("GET", "biometric")) == []

    async def test_refuses_a_body_that_is_not_its_own(self, api: Api) -> None:
        ann = await signed_in(api)
        for change in ({"user_id": MISSING}, {"name": ""}, {"ceremony_id": "x"}, {"credential": 1}):
            refused = await ann.send("POST", REGISTER, ANSWER | change)
            assert code(refused) == (422, "VALIDATION_ERROR")

    async def test_ends_at_the_most(self, api: Api) -> None:
        ann = await signed_in(api)
        for _ in range(MAX_PASSKEYS):
            await passkey_of(ann)
        refused = await ann.send("POST", f"{REGISTER}/begin")
        assert code(refused) == (409, "CONFLICT")


class TestNaming:
    async def test_is_for_its_owner_who_was_authenticated_lately(
        self, api: Api, clock: Hands
    ) -> None:
        ann = await signed_in(api)
        ben = await signed_in(api, "ben@example.com")
        _, id_ = await passkey_of(ann)
        body = {"name": "another"}
        nobody = await api.client.patch(f"/api/auth/biometric/{id_}", json=body)
        assert nobody.status_code == 401
        others = await ben.send("PATCH", f"biometric/{id_}", body)
        missing = await ben.send("PATCH", f"biometric/{MISSING}", body)
        assert others.status_code == 404
        assert others.json()["error"] == missing.json()["error"]
        assert (await ann.send("PATCH", f"biometric/{id_}", {"user_id": 1})).status_code == 422
        assert data(await ann.send("PATCH", f"biometric/{id_}", body))["name"] == "another"
        assert [passkey["name"] for passkey in data(await ann.send("GET", "biometric"))] == [
            "another"
        ]
        assert audited(api)[-1] == "passkey_renamed"
        assert "was renamed" in told(ann, "passkey_changed")
        clock.now_us += LONG_AGO_US
        refused = await ann.send("PATCH", f"biometric/{id_}", body)
        assert code(refused) == (403, "STEP_UP_REQUIRED")


class TestRemoving:
    async def test_is_for_its_owner_who_was_authenticated_lately(
        self, api: Api, clock: Hands
    ) -> None:
        ann = await signed_in(api)
        ben = await signed_in(api, "ben@example.com")
        passkey, id_ = await passkey_of(ann)
        assert (await api.client.delete(f"/api/auth/biometric/{id_}")).status_code == 401
        others = await ben.send("DELETE", f"biometric/{id_}")
        missing = await ben.send("DELETE", f"biometric/{MISSING}")
        assert others.status_code == 404
        assert others.json()["error"] == missing.json()["error"]
        clock.now_us += LONG_AGO_US
        refused = await ann.send("DELETE", f"biometric/{id_}")
        assert code(refused) == (403, "STEP_UP_REQUIRED")
        assert (await proof(api, "biometric/verify", passkey)).status_code == 200

    async def test_has_it_open_nothing_any_more(self, api: Api) -> None:
        ann = await signed_in(api)
        passkey, id_ = await passkey_of(ann)
        assert data(await ann.send("DELETE", f"biometric/{id_}")) == {"status": "done"}
        assert code(await proof(api, "biometric/verify", passkey)) == REFUSED
        assert (await ann.send("DELETE", f"biometric/{id_}")).status_code == 404
        assert "passkey_removed" in audited(api)
        assert "was removed" in told(ann, "passkey_changed")


async def test_passkeys_are_listed_to_their_owner_in_person(api: Api) -> None:
    ann = await signed_in(api)
    key = (await key_of(ann))["key"]
    assert (await api.get("/api/auth/biometric")).status_code == 401
    by_key = await api.client.get("/api/auth/biometric", headers=bearer(key))
    assert code(by_key) == (403, "FORBIDDEN")
