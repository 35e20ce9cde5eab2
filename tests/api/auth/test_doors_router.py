"""The doors over HTTP: open to everybody, and counted."""

import pytest

from api.config import IdentityConfig
from tests.api.auth.harness import post
from tests.api.harness import Api

LOGIN = {"email": "nobody@example.com", "password": "x"}
REFUSED = [
    ("register", {"email": "a@example.com", "password": "short", "name": "A"}, 422),
    ("verify-email", {"token": "x"}, 400),
    ("login", LOGIN, 401),
    ("refresh-token", {"refresh_token": "x"}, 401),
    ("password/forgot", {"email": "a@example.com"}, 202),
    ("password/reset", {"token": "x", "new_password": "a good long one"}, 400),
    ("account/lock", {"token": "x"}, 400),
]


async def test_nobody_is_answered_by_the_door_itself(api: Api) -> None:
    for path, body, status in REFUSED:
        assert (await post(api, path, body)).status_code == status, path


class TestCounted:
    @pytest.fixture
    def identity(self) -> IdentityConfig:
        return IdentityConfig.for_tests(rates=True)

    async def test_an_answer_says_how_often_a_client_may_ask(self, api: Api) -> None:
        answers = [await post(api, "account/lock", {"token": "x"}) for _ in range(2)]
        left = [int(answer.headers["RateLimit-Remaining"]) for answer in answers]
        assert left[1] == left[0] - 1
