"""The end of an account, and its lock by a letter."""

from tests.api.auth.harness import (
    audited,
    bearer,
    code,
    letters,
    member,
    post,
    rows,
    signed_in,
    token_of,
)
from tests.api.harness import Api, Hands

ADDRESS = "ann@example.com"
WEEK_US = 7 * 86_400_000_000


class TestDelete:
    async def test_nobody_deletes_an_account(self, api: Api) -> None:
        answer = await api.client.delete("/api/auth/account")
        assert code(answer) == (401, "UNAUTHENTICATED")

    async def test_it_takes_an_authentication_of_late(self, api: Api, clock: Hands) -> None:
        ann = await signed_in(api)
        clock.now_us += 301_000_000
        assert code(await ann.send("DELETE", "account")) == (403, "STEP_UP_REQUIRED")

    async def test_nobody_gets_in_any_more(self, api: Api) -> None:
        ann = await signed_in(api)
        assert (await ann.send("DELETE", "account")).status_code == 200
        unknown = await post(api, "login", {"email": "bob@example.com", "password": "x"})
        login = await ann.login()
        assert login.json()["error"] == unknown.json()["error"]
        refreshed = await post(api, "refresh-token", {"refresh_token": ann.refresh_token})
        assert refreshed.status_code == 401
        assert "account_deleted" in audited(api)
        assert letters(api, ADDRESS)["account_deleted"]["erased_at"] == "2026-12-24"

    async def test_its_address_is_free_again(self, api: Api) -> None:
        ann = await signed_in(api)
        await ann.send("DELETE", "account")
        bob = await member(api, ADDRESS)
        assert bob.id != ann.id
        assert (await bob.login()).status_code == 200


class TestLock:
    async def _notice(self, api: Api) -> str:
        ann = await signed_in(api)
        await ann.login()
        return token_of(letters(api, ADDRESS)["new_device"]["link"])

    async def test_a_made_up_token_locks_nothing(self, api: Api) -> None:
        await signed_in(api)
        answer = await post(api, "account/lock", {"token": "twm_" + "A" * 43})
        assert code(answer) == (400, "INVALID_TOKEN")
        assert rows(api, "SELECT * FROM auth.users WHERE status <> 'active'") == []

    async def test_every_session_ends_and_every_device_is_forgotten(self, api: Api) -> None:
        token = await self._notice(api)
        assert (await post(api, "account/lock", {"token": token})).status_code == 200
        assert rows(api, "SELECT * FROM auth.sessions WHERE revoked_at IS NULL") == []
        assert rows(api, "SELECT * FROM auth.devices") == []
        assert "account_locked" in letters(api, ADDRESS)
        assert audited(api)[-1] == "account_locked"

    async def test_a_link_is_good_once_and_for_a_week(self, api: Api, clock: Hands) -> None:
        token = await self._notice(api)
        clock.now_us += WEEK_US
        assert (await post(api, "account/lock", {"token": token})).status_code == 400

    async def test_a_reset_link_locks_nothing(self, api: Api) -> None:
        await member(api)
        await post(api, "password/forgot", {"email": ADDRESS})
        token = token_of(letters(api, ADDRESS)["password_reset"]["link"])
        answer = await post(api, "account/lock", {"token": token})
        assert code(answer) == (400, "INVALID_TOKEN")

    async def test_the_owner_opens_it_again_by_a_reset(self, api: Api, clock: Hands) -> None:
        token = await self._notice(api)
        await post(api, "account/lock", {"token": token})
        clock.now_us += 1  # what was issued up to the lock is revoked
        await post(api, "password/forgot", {"email": ADDRESS})
        link = letters(api, ADDRESS)["password_reset"]["link"]
        new = "something quite different"
        await post(api, "password/reset", {"token": token_of(link), "new_password": new})
        login = await post(api, "login", {"email": ADDRESS, "password": new})
        assert login.status_code == 200
        assert await _me(api, login.json()["data"]["access_token"]) == 200


async def _me(api: Api, token: str) -> int:
    answer = await api.client.get("/api/auth/me", headers=bearer(token))
    return answer.status_code
