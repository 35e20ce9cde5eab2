"""The second factor (I5): what a password alone opens, and codes that work once."""

import asyncio

import httpx2
import pytest

from api.auth.second_factor import secret_place
from api.config import IdentityConfig
from identity.keyring import KeyRing
from tests.api.auth.harness import (
    Person,
    audited,
    bearer,
    code,
    enrolled,
    letters,
    member,
    post,
    rows,
    signed_in,
    statuses,
    token_of,
    totp,
)
from tests.api.harness import Api, Hands

OPERATIONS = [
    ("GET", "me"),
    ("PATCH", "me"),
    ("PATCH", "password"),
    ("DELETE", "account"),
    ("GET", "sessions"),
    ("DELETE", "sessions/00000000-0000-0000-0000-000000000000"),
    ("POST", "logout"),
    ("POST", "step-up"),
]
STEP_US = 30_000_000


async def _verify(person: Person, body: dict[str, str]) -> httpx2.Response:
    headers = bearer(person.pre_2fa_token)
    return await person.api.client.post("/api/auth/verify-2fa", json=body, headers=headers)


@pytest.fixture
async def ann(api: Api) -> Person:
    return await member(api)


class TestPasswordAlone:
    async def test_it_is_told_what_else_it_takes(self, ann: Person) -> None:
        await enrolled(ann)
        answer = await ann.login()
        data = answer.json()["data"]
        assert data.pop("pre_2fa_token")
        assert data == {
            "two_factor_required": True,
            "methods": ["totp", "backup_code"],
            "expires_in": 300,
        }
        assert audited(ann.api) == []

    async def test_its_token_opens_nothing_else(self, ann: Person) -> None:
        await enrolled(ann)
        await ann.login()
        for method, path in OPERATIONS:
            answer = await ann.api.client.request(
                method, f"/api/auth/{path}", headers=bearer(ann.pre_2fa_token)
            )
            assert code(answer) == (401, "UNAUTHENTICATED"), path

    async def test_its_session_is_not_listed(self, api: Api) -> None:
        ann = await signed_in(api)
        await enrolled(ann)
        await post(api, "login", {"email": ann.email, "password": ann.password})
        listed = (await ann.send("GET", "sessions")).json()["data"]
        assert [session["current"] for session in listed] == [True]


class TestVerify:
    async def test_nobody_and_a_whole_session_have_nothing_to_verify(self, api: Api) -> None:
        ann = await signed_in(api)
        nobody = await post(api, "verify-2fa", {"code": "123456"})
        assert code(nobody) == (401, "UNAUTHENTICATED")
        answer = await ann.send("POST", "verify-2fa", {"code": "123456"})
        assert code(answer) == (401, "UNAUTHENTICATED")

    async def test_a_code_opens_a_session(self, ann: Person, clock: Hands) -> None:
        secret, _ = await enrolled(ann)
        await ann.login()
        answer = await _verify(ann, {"code": totp(secret, clock)})
        assert answer.status_code == 200
        ann.keep(answer.json()["data"])
        listed = (await ann.send("GET", "sessions")).json()["data"]
        assert [session["second_factor"] for session in listed] == [True]

    async def test_a_backup_code_does_too(self, ann: Person) -> None:
        _, codes = await enrolled(ann)
        await ann.login()
        assert (await _verify(ann, {"backup_code": codes[3].upper()})).status_code == 200

    async def test_a_secret_that_no_key_opens_leaves_the_backup_codes(
        self, ann: Person, clock: Hands
    ) -> None:
        secret, codes = await enrolled(ann)
        sealed = KeyRing.generate().seal(secret, of=secret_place(ann.id))
        rows(ann.api, "UPDATE auth.two_factor_auth SET secret = %s RETURNING user_id", sealed)
        await ann.login()
        answer = await _verify(ann, {"code": totp(secret, clock)})
        assert code(answer) == (401, "INVALID_CODE")
        assert (await _verify(ann, {"backup_code": codes[0]})).status_code == 200

    @pytest.mark.parametrize("steps", [-2, 2])
    async def test_a_code_of_another_minute_is_refused(
        self, ann: Person, clock: Hands, steps: int
    ) -> None:
        secret, _ = await enrolled(ann)
        await ann.login()
        answer = await _verify(ann, {"code": totp(secret, clock, steps)})
        assert code(answer) == (401, "INVALID_CODE")
        assert audited(ann.api) == ["second_factor_failed"]

    async def test_a_code_that_was_used_is_refused_to_another_login(
        self, ann: Person, clock: Hands
    ) -> None:
        secret, _ = await enrolled(ann)
        await ann.login()
        assert (await _verify(ann, {"code": totp(secret, clock)})).status_code == 200
        await ann.login()
        again = await _verify(ann, {"code": totp(secret, clock)})
        assert code(again) == (401, "INVALID_CODE")

    async def test_a_password_is_good_for_five_minutes(self, ann: Person, clock: Hands) -> None:
        secret, _ = await enrolled(ann)
        await ann.login()
        clock.now_us += 10 * STEP_US
        answer = await _verify(ann, {"code": totp(secret, clock)})
        assert code(answer) == (401, "UNAUTHENTICATED")

    async def test_a_password_opens_one_session(self, ann: Person, clock: Hands) -> None:
        secret, codes = await enrolled(ann)
        await ann.login()
        assert (await _verify(ann, {"code": totp(secret, clock)})).status_code == 200
        answer = await _verify(ann, {"backup_code": codes[0]})
        assert code(answer) == (401, "UNAUTHENTICATED")

    @pytest.mark.parametrize("body", [{}, {"code": "123456", "backup_code": "aaaaa-aaaaa"}])
    async def test_it_takes_one_of_the_two(self, ann: Person, body: dict[str, str]) -> None:
        await enrolled(ann)
        await ann.login()
        assert (await _verify(ann, body)).status_code == 422

    async def test_five_codes_are_judged_whatever_the_login(self, ann: Person) -> None:
        await enrolled(ann)
        answers = []
        for _ in range(2):
            await ann.login()
            answers += await asyncio.gather(
                *(_verify(ann, {"backup_code": f"aaaaa-{n:05}"}) for n in range(10))
            )
        assert statuses(answers) == [401] * 5 + [429] * 15
        assert audited(ann.api) == ["second_factor_failed"] * 5


class TestAtOnce:
    @pytest.fixture
    def identity(self) -> IdentityConfig:
        return IdentityConfig.for_tests(rates=False, most_attempts=100)

    @pytest.mark.parametrize("kind", ["code", "backup_code"])
    async def test_a_code_sent_twenty_times_works_once(
        self, ann: Person, clock: Hands, kind: str
    ) -> None:
        secret, codes = await enrolled(ann)
        body = {kind: totp(secret, clock) if kind == "code" else codes[0]}
        tokens = []
        for _ in range(20):
            await ann.login()
            tokens.append(ann.pre_2fa_token)
        answers = await asyncio.gather(
            *(
                ann.api.client.post("/api/auth/verify-2fa", json=body, headers=bearer(token))
                for token in tokens
            )
        )
        assert statuses(answers) == [200] + [401] * 19
        assert audited(ann.api).count("login") == 1


async def test_a_reset_leaves_the_second_factor_on(api: Api) -> None:
    ann = await member(api)
    await enrolled(ann)
    await post(api, "password/forgot", {"email": ann.email})
    token = token_of(letters(api, ann.email)["password_reset"]["link"])
    ann.password = "something quite different"
    body = {"token": token, "new_password": ann.password}
    assert (await post(api, "password/reset", body)).status_code == 200
    assert (await ann.login()).json()["data"]["two_factor_required"] is True
    assert rows(api, "SELECT * FROM auth.sessions WHERE NOT pending") == []
