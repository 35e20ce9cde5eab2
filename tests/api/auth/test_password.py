"""Passwords changed and reset, and what ends with the old one."""

import asyncio
from datetime import timedelta

import pytest

from tests.api.auth.harness import (
    OTHER_PASSWORD,
    PASSWORD,
    Person,
    audited,
    code,
    letters,
    member,
    post,
    rows,
    signed_in,
    token_of,
)
from tests.api.harness import Api, Hands

CHANGE = {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}
ADDRESS = "ann@example.com"
MINUTE_US = 60_000_000
HOUR_US = timedelta(hours=1) // timedelta(microseconds=1)


async def _reset_token(api: Api, email: str = ADDRESS) -> str:
    assert (await post(api, "password/forgot", {"email": email})).status_code == 202
    return token_of(letters(api, email)["password_reset"]["link"])


async def _reset(api: Api, token: str) -> tuple[int, str]:
    answer = await post(api, "password/reset", {"token": token, "new_password": OTHER_PASSWORD})
    return (200, "") if answer.status_code == 200 else code(answer)


async def _refreshed(person: Person, token: str) -> int:
    answer = await post(person.api, "refresh-token", {"refresh_token": token})
    return answer.status_code


class TestChange:
    async def test_nobody_changes_a_password(self, api: Api) -> None:
        answer = await api.client.patch("/api/auth/password", json=CHANGE)
        assert code(answer) == (401, "UNAUTHENTICATED")

    async def test_an_authentication_of_more_than_five_minutes_ago_will_not_do(
        self, api: Api, clock: Hands
    ) -> None:
        ann = await signed_in(api)
        clock.now_us += 5 * MINUTE_US
        assert (await ann.send("PATCH", "password", CHANGE)).status_code == 200
        clock.now_us += 1
        renewed = await post(api, "refresh-token", {"refresh_token": ann.refresh_token})
        ann.keep(renewed.json()["data"])
        again = {"current_password": OTHER_PASSWORD, "new_password": PASSWORD}
        assert code(await ann.send("PATCH", "password", again)) == (403, "STEP_UP_REQUIRED")

    async def test_a_wrong_current_password_changes_nothing(self, api: Api) -> None:
        ann = await signed_in(api)
        answer = await ann.send("PATCH", "password", CHANGE | {"current_password": "no"})
        assert code(answer) == (401, "INVALID_CREDENTIALS")
        assert (await ann.login()).status_code == 200
        assert "password_failed" in audited(api)

    async def test_a_thief_of_a_session_guesses_five_times(self, api: Api) -> None:
        ann = await signed_in(api)
        wrong = CHANGE | {"current_password": "no"}
        answers = await asyncio.gather(*(ann.send("PATCH", "password", wrong) for _ in range(10)))
        assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 5

    async def test_a_weak_password_is_refused(self, api: Api) -> None:
        ann = await signed_in(api)
        answer = await ann.send("PATCH", "password", CHANGE | {"new_password": "short"})
        assert code(answer) == (422, "WEAK_PASSWORD")

    async def test_every_other_session_ends_and_devices_stay(self, api: Api) -> None:
        ann = await signed_in(api)
        other = ann.refresh_token
        await ann.login(device_token=ann.device_token)
        answer = await ann.send("PATCH", "password", CHANGE)
        assert answer.json()["data"] == {"ended": 1}
        assert await _refreshed(ann, other) == 401
        assert await _refreshed(ann, ann.refresh_token) == 200
        assert len(rows(api, "SELECT * FROM auth.devices")) == 1
        assert (await ann.login()).status_code == 401
        assert (await ann.login(password=OTHER_PASSWORD)).status_code == 200
        assert "password_changed" in audited(api)

    async def test_the_owner_is_told_and_can_lock_the_account(self, api: Api) -> None:
        ann = await signed_in(api)
        await ann.send("PATCH", "password", CHANGE)
        notice = letters(api, ADDRESS)["password_changed"]
        lock = await post(api, "account/lock", {"token": token_of(notice["link"])})
        assert lock.status_code == 200
        assert await _refreshed(ann, ann.refresh_token) == 401

    async def test_a_link_for_a_reset_is_void_after_a_change(self, api: Api) -> None:
        ann = await signed_in(api)
        token = await _reset_token(api)
        await ann.send("PATCH", "password", CHANGE)
        assert await _reset(api, token) == (400, "INVALID_TOKEN")


class TestForgot:
    async def test_known_and_unknown_addresses_are_answered_alike_and_do_the_same(
        self, api: Api
    ) -> None:
        await member(api)
        known = await post(api, "password/forgot", {"email": ADDRESS})
        unknown = await post(api, "password/forgot", {"email": "bob@example.com"})
        assert known.status_code == unknown.status_code == 202
        assert known.json()["data"] == unknown.json()["data"]
        for address in (ADDRESS, "bob@example.com"):
            assert letters(api, address)["password_reset"]["sent"] == "if_account"
        assert len(rows(api, "SELECT * FROM auth.mail_tokens")) == 2

    async def test_an_address_is_written_to_five_times_in_a_quarter_of_an_hour(
        self, api: Api
    ) -> None:
        answers = [await post(api, "password/forgot", {"email": ADDRESS}) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [202] * 5 + [429]


class TestReset:
    async def test_a_link_is_good_once_and_signs_nobody_in(self, api: Api) -> None:
        ann = await signed_in(api)
        token = await _reset_token(api)
        answer = await post(api, "password/reset", {"token": token, "new_password": OTHER_PASSWORD})
        assert answer.json()["data"] == {"status": "done"}
        assert "set-cookie" not in answer.headers
        assert await _reset(api, token) == (400, "INVALID_TOKEN")
        assert await _refreshed(ann, ann.refresh_token) == 401
        assert (await ann.login()).status_code == 401
        assert (await ann.login(password=OTHER_PASSWORD)).status_code == 200

    async def test_of_twenty_at_once_one_resets(self, api: Api) -> None:
        await member(api)
        token = await _reset_token(api)
        outcomes = await asyncio.gather(*(_reset(api, token) for _ in range(20)))
        assert sorted(outcomes) == [(200, "")] + [(400, "INVALID_TOKEN")] * 19

    async def test_devices_are_forgotten(self, api: Api) -> None:
        await signed_in(api)
        await _reset(api, await _reset_token(api))
        assert rows(api, "SELECT * FROM auth.devices") == []

    async def test_an_api_key_that_somebody_else_may_have_made_ends(self, api: Api) -> None:
        ann = await signed_in(api)
        body = {"name": "theirs", "scopes": ["market:read"], "expires_in_days": 1}
        assert (await ann.send("POST", "api-keys", body)).status_code == 201
        await _reset(api, await _reset_token(api))
        assert rows(api, "SELECT * FROM auth.api_keys WHERE revoked_at IS NULL") == []

    async def test_a_link_is_good_for_an_hour(self, api: Api, clock: Hands) -> None:
        await member(api)
        token = await _reset_token(api)
        clock.now_us += HOUR_US
        assert await _reset(api, token) == (400, "INVALID_TOKEN")

    async def test_a_link_of_an_address_without_account_resets_nothing(self, api: Api) -> None:
        assert await _reset(api, await _reset_token(api)) == (400, "INVALID_TOKEN")

    async def test_a_weak_password_leaves_the_link_good(self, api: Api) -> None:
        await member(api)
        token = await _reset_token(api)
        for weak in ("short", f"{ADDRESS}1234"):
            answer = await post(api, "password/reset", {"token": token, "new_password": weak})
            assert code(answer) == (422, "WEAK_PASSWORD")
        assert await _reset(api, token) == (200, "")

    @pytest.mark.parametrize(
        ("reason", "wanted"), [("owner", "active"), ("suspected fraud", "locked")]
    )
    async def test_a_lock_by_the_owner_is_lifted_and_one_by_an_administrator_stays(
        self, api: Api, reason: str, wanted: str
    ) -> None:
        await member(api)
        rows(api, "UPDATE auth.users SET status = 'locked', lock_reason = %s RETURNING id", reason)
        assert await _reset(api, await _reset_token(api)) == (200, "")
        [user] = rows(api, "SELECT status FROM auth.users")
        assert user["status"] == wanted
