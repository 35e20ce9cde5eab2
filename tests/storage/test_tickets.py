"""Tickets in a real Valkey: taken once, and not for long."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import redis

from storage.errors import CacheUnavailableError
from storage.tickets import Tickets


@pytest.fixture
async def tickets(redis_url: str) -> AsyncIterator[Tickets]:
    opened = Tickets(redis_url)
    yield opened
    await opened.close()


async def test_of_twenty_who_take_one_at_once_one_has_it(tickets: Tickets) -> None:
    await tickets.put("abc", b"who")
    found = await asyncio.gather(*(tickets.take("abc") for _ in range(20)))
    assert sorted(found, key=bool) == [None] * 19 + [b"who"]


async def test_what_nobody_left_is_not_there(tickets: Tickets) -> None:
    assert await tickets.take("abc") is None


async def test_it_lasts_as_long_as_was_said(tickets: Tickets, redis_url: str) -> None:
    await tickets.put("abc", b"who")
    await tickets.put("def", b"who", ttl_s=5)
    with redis.Redis.from_url(redis_url) as client:
        assert 29 <= client.ttl("tw:ticket:abc") <= 30
        assert 4 <= client.ttl("tw:ticket:def") <= 5


async def test_without_redis_that_is_said() -> None:
    tickets = Tickets("redis://127.0.0.1:1/0")
    with pytest.raises(CacheUnavailableError):
        await tickets.put("abc", b"who")
    with pytest.raises(CacheUnavailableError):
        await tickets.take("abc")
    await tickets.close()
