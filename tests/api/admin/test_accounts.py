"""What administrators do to accounts: audited, never to themselves, and one of them always stays."""

import asyncio

from tests.api.admin.staff import MISSING, ask, staff
from tests.api.auth.factors.acting import data, key_of
from tests.api.auth.harness import Person, bearer, code, letters, rows, signed_in, statuses
from tests.api.harness import Api

REASON = {"reason": "a stolen phone"}


async def works(person: Person) -> int:
    """The status of somebody's token, once it is known what was revoked."""
    await person.api.app.state.services.revocations.poll()
    return (await person.send("GET", "me")).status_code


def noted(api: Api) -> dict[str, object]:
    """The newest row of the audit."""
    row = rows(api, "SELECT * FROM auth.audit ORDER BY id DESC LIMIT 1")[0]
    names = ("action", "actor_id", "user_id", "details")
    return {name: row[name] for name in names}


class TestLocking:
    async def test_ends_every_way_into_the_account_and_tells_its_owner(self, api: Api) -> None:
        root, ann = await staff(api, "admin"), await signed_in(api)
        key = (await key_of(ann))["key"]
        locked = data(await ask(root, "POST", f"users/{ann.id}/lock", REASON))
        assert (locked["id"], locked["status"]) == (str(ann.id), "locked")
        assert noted(api) == {
            "action": "user_locked",
            "actor_id": root.id,
            "user_id": ann.id,
            "details": {},
        }
        assert await works(ann) == 401
        by_key = await api.client.get("/api/market/instruments", headers=bearer(key))
        assert by_key.status_code == 401
        body = {"refresh_token": ann.refresh_token}
        refreshed = await api.client.post("/api/auth/refresh-token", json=body)
        assert refreshed.status_code == 401
        assert code(await ann.login()) == (403, "ACCOUNT_LOCKED")
        assert letters(api, ann.email)["account_locked"]["reason"] == "a stolen phone"
        shown = data(await ask(root, "GET", f"users/{ann.id}"))
        assert shown["lock_reason"] == "a stolen phone"

    async def test_is_for_an_active_account_of_somebody_else(self, api: Api) -> None:
        root, ann = await staff(api, "admin"), await signed_in(api)
        data(await ask(root, "POST", f"users/{ann.id}/lock", REASON))
        again = await ask(root, "POST", f"users/{ann.id}/lock", REASON)
        assert code(again) == (409, "CONFLICT")
        assert code(await ask(root, "POST", f"users/{root.id}/lock", REASON)) == (409, "CONFLICT")
        missing = await ask(root, "POST", f"users/{MISSING}/lock", REASON)
        assert code(missing) == (404, "NOT_FOUND")

    async def test_takes_a_reason_and_nothing_else(self, api: Api) -> None:
        root, ann = await staff(api, "admin"), await signed_in(api)
        for body in ({}, {"reason": " "}, {"reason": "a\x00b"}, REASON | {"status": "locked"}):
            refused = await ask(root, "POST", f"users/{ann.id}/lock", body)
            assert code(refused) == (422, "VALIDATION_ERROR")
        assert await works(ann) == 200


class TestUnlocking:
    async def test_opens_the_account_to_its_password_and_to_nothing_older(self, api: Api) -> None:
        root, ann = await staff(api, "admin"), await signed_in(api)
        assert code(await ask(root, "POST", f"users/{ann.id}/unlock")) == (409, "CONFLICT")
        data(await ask(root, "POST", f"users/{ann.id}/lock", REASON))
        opened = data(await ask(root, "POST", f"users/{ann.id}/unlock"))
        assert opened["status"] == "active"
        assert noted(api)["action"] == "user_unlocked"
        assert await works(ann) == 401
        assert (await ann.login()).status_code == 200
        assert await works(ann) == 200


class TestRoles:
    async def test_a_change_ends_the_sessions_that_had_the_old_one(self, api: Api) -> None:
        root, ann = await staff(api, "admin"), await signed_in(api)
        path = f"users/{ann.id}/role"
        assert data(await ask(root, "PUT", path, {"role": "support"}))["role"] == "support"
        assert noted(api) == {
            "action": "role_changed",
            "actor_id": root.id,
            "user_id": ann.id,
            "details": {"before": "user", "after": "support"},
        }
        assert await works(ann) == 401
        await ann.login()
        assert (await ask(ann, "GET", "users")).status_code == 200

    async def test_the_same_one_changes_nothing(self, api: Api) -> None:
        root, ann = await staff(api, "admin"), await signed_in(api)
        data(await ask(root, "PUT", f"users/{ann.id}/role", {"role": "user"}))
        assert await works(ann) == 200
        assert noted(api)["action"] != "role_changed"

    async def test_nobody_gives_one_up_or_gets_one_that_there_is_not(self, api: Api) -> None:
        root, ann = await staff(api, "admin"), await signed_in(api)
        for body in ({}, {"role": "owner"}, {"role": "user", "user_id": MISSING}):
            assert (await ask(root, "PUT", f"users/{ann.id}/role", body)).status_code == 422
        own = await ask(root, "PUT", f"users/{root.id}/role", {"role": "user"})
        assert code(own) == (409, "CONFLICT")
        missing = await ask(root, "PUT", f"users/{MISSING}/role", {"role": "user"})
        assert code(missing) == (404, "NOT_FOUND")

    async def test_of_administrators_who_depose_each_other_at_once_one_stays(
        self, api: Api
    ) -> None:
        roots = [await staff(api, "admin", f"admin{n}@example.com") for n in range(4)]
        circle = zip(roots, roots[1:] + roots[:1], strict=True)
        answers = await asyncio.gather(
            *(ask(one, "PUT", f"users/{other.id}/role", {"role": "user"}) for one, other in circle)
        )
        assert set(statuses(answers)) <= {200, 401, 403}
        left = rows(api, "SELECT id FROM auth.users WHERE role = 'admin' AND status = 'active'")
        assert len(left) >= 1


class TestSessions:
    async def test_one_is_ended_and_the_others_stay(self, api: Api) -> None:
        root, ann = await staff(api, "admin"), await signed_in(api)
        first = ann.access_token
        await ann.login()
        newest = data(await ask(root, "GET", f"users/{ann.id}/sessions"))
        assert len(newest) == 2
        assert newest[0].keys() == {
            "id",
            "user_agent",
            "ip_address",
            "transport",
            "second_factor",
            "created_at",
            "last_used_at",
            "expires_at",
        }
        for session in newest:
            path = f"users/{ann.id}/sessions/{session['id']}"
            assert data(await ask(root, "DELETE", path)) == {"status": "done"}
            assert noted(api)["details"] == {"session": session["id"]}
            await api.app.state.services.revocations.poll()
            tokens = (first, ann.access_token)
            answers = [
                await api.client.get("/api/auth/me", headers=bearer(token)) for token in tokens
            ]
            assert 401 in statuses(answers)
            assert (await ask(root, "DELETE", path)).status_code == 404
        assert data(await ask(root, "GET", f"users/{ann.id}/sessions")) == []

    async def test_one_of_another_account_is_a_missing_one(self, api: Api) -> None:
        root, ann = await staff(api, "admin"), await signed_in(api)
        ben = await signed_in(api, "ben@example.com")
        session = data(await ask(root, "GET", f"users/{ben.id}/sessions"))[0]
        others = await ask(root, "DELETE", f"users/{ann.id}/sessions/{session['id']}")
        missing = await ask(root, "DELETE", f"users/{ann.id}/sessions/{MISSING}")
        assert others.status_code == 404
        assert others.json()["error"] == missing.json()["error"]
        assert await works(ben) == 200
