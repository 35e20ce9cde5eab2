"""How often one caller may ask, over HTTP: the headers, the refusal, and who is counted."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from api.access.rates import ALLOWANCES, Allowance, caller
from api.config import ApiConfig, IdentityConfig
from market.sources import Feed
from tests.api.access.making import connection, principal
from tests.api.harness import NO_REDIS, NOWHERE, Api, Hands, serve

VOCABULARY = "/api/market/query/vocabulary"
QUERY = "/api/market/query"


@pytest.fixture
async def counted(
    redis_url: str, clock: Hands, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Api]:
    monkeypatch.setitem(ALLOWANCES, "heavy", Allowance(most=2, per_s=60, strict=False))
    identity = IdentityConfig.for_tests(rates=True)
    config = ApiConfig(NOWHERE, redis_url, Feed.SIMULATED, clock=clock, identity=identity)
    async with serve(config) as api:
        yield api


async def test_who_asks_too_often_is_told_when_to_come_back(counted: Api) -> None:
    left = []
    for _ in range(2):
        answer = await counted.client.post(QUERY, json={})
        assert answer.status_code == 422
        assert answer.headers["ratelimit-limit"] == "2"
        left.append(answer.headers["ratelimit-remaining"])
    assert left == ["1", "0"]
    refused = await counted.client.post(QUERY, json={})
    assert refused.status_code == 429
    assert refused.json()["error"]["code"] == "RATE_LIMITED"
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.headers["ratelimit-remaining"] == "0"
    free = await counted.get(VOCABULARY)
    assert free.status_code == 200
    assert "ratelimit-limit" not in free.headers


async def test_without_redis_what_is_strict_is_refused_and_the_rest_goes_on(clock: Hands) -> None:
    identity = IdentityConfig.for_tests(rates=True)
    config = ApiConfig(NOWHERE, NO_REDIS, Feed.SIMULATED, clock=clock, identity=identity)
    async with serve(config) as api:
        assert (await api.client.post(QUERY, json={})).status_code == 422
        refused = await api.client.post("/api/auth/password/forgot", json={"email": "a@b.example"})
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "1"


def test_a_caller_is_the_user_where_one_is_known_and_else_the_address() -> None:
    request = connection()
    assert caller(request) == "203.0.113.9"
    found = principal()
    request.scope["state"]["principal"] = found
    assert caller(request) == f"user:{found.user_id}"
    request.scope["state"]["principal"] = replace(found, by="cookie")
    assert caller(request) == f"user:{found.user_id}"
