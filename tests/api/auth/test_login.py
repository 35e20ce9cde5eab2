"""Login: who gets in, with what, and what others learn from it."""

import asyncio

import pytest

from api.config import ApiConfig, IdentityConfig
from identity.passwords import Cost, PasswordHasher
from market.sources import Feed
from tests.api.auth.harness import (
    PASSWORD,
    Person,
    audited,
    code,
    letters,
    member,
    post,
    rows,
    signed_in,
    statuses,
    token_of,
)
from tests.api.harness import NO_REDIS, Api, Hands, serve

WRONG = "not the right one"
ADDRESS = "ann@example.com"


class TestLogin:
    async def test_an_unknown_account_and_a_wrong_password_are_answered_alike(
        self, api: Api
    ) -> None:
        await member(api)
        unknown = await post(api, "login", {"email": "bob@example.com", "password": WRONG})
        wrong = await post(api, "login", {"email": ADDRESS, "password": WRONG})
        assert code(unknown) == code(wrong) == (401, "INVALID_CREDENTIALS")
        assert unknown.json()["error"] == wrong.json()["error"]
        assert unknown.headers.keys() == wrong.headers.keys()
        assert audited(api) == ["login_failed", "login_failed"]

    async def test_a_right_password_gives_tokens_that_work(self, api: Api) -> None:
        ann = await member(api)
        answer = await ann.login()
        data = answer.json()["data"]
        assert data["token_type"] == "Bearer"
        assert data["expires_in"] == 900
        assert data["user"] == {
            "id": str(ann.id),
            "email": ADDRESS,
            "name": "Ann",
            "role": "user",
        }
        assert answer.headers["Cache-Control"] == "no-store"
        assert (await ann.send("GET", "me")).status_code == 200

    async def test_what_is_stored_and_noted_holds_no_token(self, api: Api) -> None:
        ann = await signed_in(api)
        tables = ("sessions", "refresh_tokens", "devices", "audit")
        stored = "".join(str(rows(api, f"SELECT * FROM auth.{table}")) for table in tables)
        for token in (ann.access_token, ann.refresh_token, ann.device_token, PASSWORD):
            assert token
            assert token not in stored

    async def test_by_cookie_no_script_gets_to_see_a_token(self, api: Api) -> None:
        ann = await member(api)
        answer = await ann.login(transport="cookie")
        data = answer.json()["data"]
        assert (data["access_token"], data["refresh_token"], data["device_token"]) == (
            None,
            None,
            None,
        )
        cookies = {c.split("=", 1)[0]: c for c in answer.headers.get_list("set-cookie")}
        assert cookies.keys() == {
            "tradewind_access",
            "tradewind_refresh",
            "tradewind_csrf",
            "tradewind_device",
        }
        for name, cookie in cookies.items():
            assert "SameSite=strict" in cookie
            assert ("HttpOnly" in cookie) == (name != "tradewind_csrf")

    async def test_another_sites_page_cannot_log_its_visitor_in(self, api: Api) -> None:
        await member(api)
        answer = await api.client.post(
            "/api/auth/login",
            json={"email": ADDRESS, "password": PASSWORD, "transport": "cookie"},
            headers={"Origin": "https://elsewhere.example"},
        )
        assert code(answer) == (403, "CSRF_FAILED")

    async def test_a_locked_account_is_told_to_who_knows_its_password(self, api: Api) -> None:
        ann = await member(api)
        rows(api, "UPDATE auth.users SET status = 'locked', lock_reason = 'fraud' RETURNING id")
        assert code(await ann.login()) == (403, "ACCOUNT_LOCKED")
        assert code(await ann.login(password=WRONG)) == (401, "INVALID_CREDENTIALS")
        assert audited(api) == ["login_while_locked", "login_failed"]


class TestDevices:
    async def test_the_first_device_is_no_news(self, api: Api) -> None:
        await signed_in(api)
        assert letters(api, ADDRESS) == {}

    async def test_another_device_is_told_to_the_owner_who_can_lock_the_account(
        self, api: Api
    ) -> None:
        ann = await signed_in(api)
        await ann.login()
        notice = letters(api, ADDRESS)["new_device"]
        assert notice["address"] == "127.0.0.1"
        assert await ann.login(device_token=ann.device_token)  # known: no other letter
        assert len(rows(api, "SELECT * FROM delivery.outbox")) == 1
        locked = await post(api, "account/lock", {"token": token_of(notice["link"])})
        assert locked.status_code == 200
        assert code(await ann.login()) == (403, "ACCOUNT_LOCKED")

    async def test_a_known_device_is_given_no_token_again(self, api: Api) -> None:
        ann = await signed_in(api)
        answer = await ann.login(device_token=ann.device_token)
        assert answer.json()["data"]["device_token"] is None


class TestAttempts:
    async def test_of_fifty_wrong_passwords_at_once_five_are_judged(self, api: Api) -> None:
        ann = await member(api)
        answers = await asyncio.gather(*(ann.login(password=WRONG) for _ in range(50)))
        assert statuses(answers) == [401] * 5 + [429] * 45
        assert audited(api) == ["login_failed"] * 5
        refused = [answer for answer in answers if answer.status_code == 429]
        assert {code(answer)[1] for answer in refused} == {"TOO_MANY_ATTEMPTS"}
        assert all(1 <= int(answer.headers["Retry-After"]) <= 900 for answer in refused)
        assert (await ann.login()).status_code == 429

    async def test_a_guesser_does_not_lock_out_a_device_that_is_known(self, api: Api) -> None:
        ann = await signed_in(api)
        await asyncio.gather(*(ann.login(password=WRONG) for _ in range(20)))
        assert (await ann.login()).status_code == 429
        assert (await ann.login(device_token=ann.device_token)).status_code == 200

    async def test_a_known_device_has_five_attempts_too(self, api: Api) -> None:
        ann = await signed_in(api)
        wrong = {"password": WRONG, "device_token": ann.device_token}
        answers = await asyncio.gather(*(ann.login(**wrong) for _ in range(20)))
        assert statuses(answers) == [401] * 5 + [429] * 15

    async def test_anothers_device_is_not_known_to_the_account(self, api: Api) -> None:
        bob = await signed_in(api, "bob@example.com")
        ann = await member(api)
        wrong = {"password": WRONG, "device_token": bob.device_token}
        answers = await asyncio.gather(*(ann.login(**wrong) for _ in range(8)))
        assert statuses(answers) == [401] * 5 + [429] * 3
        assert (await bob.login()).status_code == 429  # the client has had its five

    async def test_success_is_not_counted(self, api: Api) -> None:
        ann = await member(api)
        assert [(await ann.login()).status_code for _ in range(8)] == [200] * 8

    async def test_an_unknown_account_is_limited_like_a_known_one(self, api: Api) -> None:
        body = {"email": "nobody@example.com", "password": WRONG}
        answers = await asyncio.gather(*(post(api, "login", body) for _ in range(8)))
        assert statuses(answers) == [401] * 5 + [429] * 3

    async def test_without_redis_no_password_is_judged(
        self, database_url: str, clock: Hands, identity: IdentityConfig
    ) -> None:
        config = ApiConfig(database_url, NO_REDIS, Feed.SIMULATED, clock=clock, identity=identity)
        async with serve(config) as api:
            ann = await member(api)
            answer = await ann.login()
            assert code(answer) == (503, "SERVICE_UNAVAILABLE")
            assert audited(api) == []


class TestAnotherCost:
    @pytest.fixture
    async def ann(self, api: Api) -> Person:
        """Somebody whose password was hashed at another cost."""
        ann = await member(api)
        stored = await PasswordHasher(Cost(memory_kib=128, time=1, lanes=1)).hash(PASSWORD)
        rows(api, "UPDATE auth.users SET password_hash = %s RETURNING id", stored)
        return ann

    async def test_a_login_hashes_the_password_anew(self, ann: Person) -> None:
        assert (await ann.login()).status_code == 200
        [after] = rows(ann.api, "SELECT password_hash FROM auth.users")
        assert "m=64," in after["password_hash"]
        assert (await ann.send("GET", "me")).status_code == 200

    async def test_logins_at_once_all_get_in(self, ann: Person) -> None:
        answers = await asyncio.gather(*(ann.login() for _ in range(5)))
        assert statuses(answers) == [200] * 5
