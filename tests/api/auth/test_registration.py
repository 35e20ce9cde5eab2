"""Registration: what the address gets, what it becomes, and that nobody learns who has an account."""

from datetime import timedelta

import pytest

from api.config import IdentityConfig
from tests.api.auth.harness import (
    OTHER_PASSWORD,
    PASSWORD,
    audited,
    code,
    letters,
    member,
    post,
    rows,
    token_of,
)
from tests.api.harness import Api, Hands

ANN = {"email": "Ann@Example.com", "password": PASSWORD, "name": "Ann"}
ADDRESS = "ann@example.com"
DAY_US = timedelta(days=1) // timedelta(microseconds=1)


async def _verify(api: Api, link: str) -> int:
    answer = await post(api, "verify-email", {"token": token_of(link)})
    return answer.status_code


class TestRegister:
    async def test_an_unknown_address_is_accepted_and_gets_a_link(self, api: Api) -> None:
        answer = await post(api, "register", ANN)
        assert answer.status_code == 202
        assert answer.json()["data"] == {"status": "accepted"}
        assert letters(api, ADDRESS)["registration"]["sent"] == "if_no_account"
        assert rows(api, "SELECT * FROM auth.users") == []

    async def test_a_known_address_is_answered_with_the_same_and_does_the_same(
        self, api: Api
    ) -> None:
        await member(api, ADDRESS)
        known = await post(api, "register", ANN)
        unknown = await post(api, "register", ANN | {"email": "bob@example.com"})
        assert known.status_code == unknown.status_code == 202
        assert known.json()["data"] == unknown.json()["data"]
        assert known.headers.keys() == unknown.headers.keys()
        assert letters(api, ADDRESS).keys() == letters(api, "bob@example.com").keys()
        assert letters(api, ADDRESS)["already_registered"]["sent"] == "if_account"

    async def test_a_weak_password_is_refused(self, api: Api) -> None:
        for password in ("short", "passwordpassword", ADDRESS + "12"):
            answer = await post(api, "register", ANN | {"password": password})
            assert code(answer) == (422, "WEAK_PASSWORD"), password
        assert rows(api, "SELECT * FROM auth.registrations") == []

    async def test_an_address_is_written_to_five_times_in_a_quarter_of_an_hour(
        self, api: Api
    ) -> None:
        answers = [await post(api, "register", ANN) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [202] * 5 + [429]
        assert int(answers[-1].headers["Retry-After"]) > 0


class TestVerifyEmail:
    async def test_a_link_makes_the_account_once(self, api: Api) -> None:
        await post(api, "register", ANN)
        link = letters(api, ADDRESS)["registration"]["link"]
        assert await _verify(api, link) == 200
        login = await post(api, "login", {"email": ADDRESS, "password": PASSWORD})
        assert login.json()["data"]["user"]["name"] == "Ann"
        again = await post(api, "verify-email", {"token": token_of(link)})
        assert code(again) == (400, "INVALID_TOKEN")
        assert audited(api)[:2] == ["registration_requested", "registered"]

    async def test_the_account_has_the_password_of_the_link_that_was_answered(
        self, api: Api, clock: Hands
    ) -> None:
        await post(api, "register", ANN | {"password": OTHER_PASSWORD})
        clock.now_us += 1
        await post(api, "register", ANN)
        assert await _verify(api, letters(api, ADDRESS)["registration"]["link"]) == 200
        for password, status in ((OTHER_PASSWORD, 401), (PASSWORD, 200)):
            answer = await post(api, "login", {"email": ADDRESS, "password": password})
            assert answer.status_code == status

    async def test_a_link_is_good_for_a_day(self, api: Api, clock: Hands) -> None:
        await post(api, "register", ANN)
        clock.now_us += DAY_US
        assert await _verify(api, letters(api, ADDRESS)["registration"]["link"]) == 400

    async def test_a_made_up_token_is_refused(self, api: Api) -> None:
        answer = await post(api, "verify-email", {"token": "twm_" + "A" * 43})
        assert code(answer) == (400, "INVALID_TOKEN")


class TestWithoutVerification:
    @pytest.fixture
    def identity(self) -> IdentityConfig:
        return IdentityConfig.for_tests(rates=False, require_verification=False)

    async def test_a_new_account_is_signed_in_at_once(self, api: Api) -> None:
        answer = await post(api, "register", ANN)
        assert answer.status_code == 201
        token = answer.json()["data"]["access_token"]
        me = await api.client.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"})
        assert me.json()["data"]["email"] == ADDRESS
        assert me.json()["data"]["email_verified"] is False

    async def test_a_known_address_is_told_by_mail_alone(self, api: Api) -> None:
        await member(api, ADDRESS)
        answer = await post(api, "register", ANN)
        assert answer.status_code == 202
        assert list(letters(api, ADDRESS)) == ["already_registered"]
