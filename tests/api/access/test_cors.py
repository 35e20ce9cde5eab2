"""Other origins: exactly those that are named, never with cookies, and streams that pass it by."""

from collections.abc import AsyncIterator

import pytest

from api.config import ApiConfig, IdentityConfig
from market.sources import Feed
from tests.api.harness import NO_REDIS, NOWHERE, Api, Hands, events, serve

FRIEND = "https://friend.example"


@pytest.fixture
async def open_to_a_friend(clock: Hands) -> AsyncIterator[Api]:
    identity = IdentityConfig.for_tests(cors_origins=(FRIEND,))
    config = ApiConfig(NOWHERE, NO_REDIS, Feed.SIMULATED, clock=clock, identity=identity)
    async with serve(config) as api:
        yield api


async def test_a_named_origin_may_read(open_to_a_friend: Api) -> None:
    answer = await open_to_a_friend.client.get("/health", headers={"Origin": FRIEND})
    assert answer.headers["access-control-allow-origin"] == FRIEND
    assert "access-control-allow-credentials" not in answer.headers
    exposed = answer.headers["access-control-expose-headers"].split(", ")
    assert {"Retry-After", "RateLimit-Remaining", "X-Request-Id"} <= set(exposed)


@pytest.mark.parametrize(
    "origin", ["https://evil.example", FRIEND + ".evil.example", "http://friend.example", "null"]
)
async def test_no_other_may(open_to_a_friend: Api, origin: str) -> None:
    answer = await open_to_a_friend.client.get("/health", headers={"Origin": origin})
    assert "access-control-allow-origin" not in answer.headers


async def test_a_named_origin_may_ask_with_a_token(open_to_a_friend: Api) -> None:
    headers = {
        "Origin": FRIEND,
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization",
    }
    answer = await open_to_a_friend.client.options("/api/auth/me", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == FRIEND
    assert "x-request-id" in answer.headers


async def test_a_stream_says_so_in_its_head(open_to_a_friend: Api) -> None:
    async with events(open_to_a_friend, headers={"Origin": FRIEND}) as stream:
        assert stream.response.headers["access-control-allow-origin"] == FRIEND
        assert (await stream.next()).name == "snapshot"


async def test_where_none_is_named_none_may(alone: Api) -> None:
    answer = await alone.client.get("/health", headers={"Origin": FRIEND})
    assert "access-control-allow-origin" not in answer.headers
