"""What is shown of accounts: found by what begins, paged, and without anything that opens one."""

from tests.api.admin.staff import MISSING, ask, staff
from tests.api.auth.factors.acting import data, enrolled, key_of, passkey_of
from tests.api.auth.harness import PASSWORD, account, rows, signed_in
from tests.api.harness import Api, Hands


class TestUsers:
    async def test_are_found_by_what_address_or_name_begins_with(self, api: Api) -> None:
        helper = await staff(api, "support")
        for email in ("zoe@example.com", "zora@example.com", "z%@example.com", "bob@example.com"):
            await account(api, email)
        found = data(await ask(helper, "GET", "users?q=ZO"))
        assert {user["email"] for user in found} == {"zoe@example.com", "zora@example.com"}
        assert [user["email"] for user in data(await ask(helper, "GET", "users?q=z%25"))] == [
            "z%@example.com"
        ]
        assert len(data(await ask(helper, "GET", "users?q=ann"))) == 5
        support = data(await ask(helper, "GET", "users?role=support&status=active"))
        assert [user["id"] for user in support] == [str(helper.id)]
        assert data(await ask(helper, "GET", "users?status=locked")) == []

    async def test_come_in_pages_the_newest_first(self, api: Api, clock: Hands) -> None:
        helper = await staff(api, "support")
        for number in range(3):
            clock.now_us += 1_000_000
            await account(api, f"user{number}@example.com")
        answer = await ask(helper, "GET", "users?limit=3&page=1")
        assert [user["email"][:5] for user in data(answer)] == ["user2", "user1", "user0"]
        assert answer.json()["meta"]["pagination"]["total"] == 4
        second = await ask(helper, "GET", "users?limit=3&page=2")
        assert [user["id"] for user in data(second)] == [str(helper.id)]

    async def test_one_is_shown_with_how_it_may_be_entered(self, api: Api, clock: Hands) -> None:
        helper, ann = await staff(api, "support"), await signed_in(api)
        secret, codes = await enrolled(ann, clock)
        await passkey_of(ann)
        key = (await key_of(ann))["key"]
        answer = await ask(helper, "GET", f"users/{ann.id}")
        shown = data(answer)
        assert (shown["two_factor_enabled"], shown["passkeys"], shown["api_keys"]) == (True, 1, 1)
        hidden = rows(api, "SELECT password_hash FROM auth.users WHERE id = %s", ann.id)[0]
        for secret_text in (PASSWORD, secret, codes[0], key, str(hidden["password_hash"])):
            assert secret_text not in answer.text
        assert not {"password_hash", "phone_sealed", "phone_digest", "secret"} & shown.keys()

    async def test_a_missing_one_has_no_sessions_to_show(self, api: Api) -> None:
        helper = await staff(api, "support")
        assert (await ask(helper, "GET", f"users/{MISSING}/sessions")).status_code == 404


class TestAudit:
    async def test_is_found_by_user_action_and_time(self, api: Api, clock: Hands) -> None:
        root, ann = await staff(api, "admin"), await signed_in(api)
        clock.now_us += 60_000_000
        data(await ask(root, "POST", f"users/{ann.id}/lock", {"reason": "a reason"}))
        newest = data(await ask(root, "GET", "audit?limit=1"))[0]
        assert newest == newest | {
            "action": "user_locked",
            "actor_id": str(root.id),
            "user_id": str(ann.id),
            "ip_address": "127.0.0.1",
            "at": "2026-11-24T15:01:30Z",
        }
        assert newest["request_id"]
        of_ann = data(await ask(root, "GET", f"audit?user_id={ann.id}"))
        assert [row["action"] for row in of_ann] == ["user_locked", "login", "new_device"]
        logins = await ask(root, "GET", "audit?action=login&limit=1")
        assert logins.json()["meta"]["pagination"]["total"] == 2
        late = data(await ask(root, "GET", "audit?since=2026-11-24T15:01:00Z"))
        assert [row["action"] for row in late] == ["user_locked"]
        early = data(await ask(root, "GET", f"audit?until=2026-11-24T15:01:00Z&actor_id={root.id}"))
        assert {row["action"] for row in early} == {"login", "new_device"}
