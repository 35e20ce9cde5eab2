"""Tickets: what is left under a key for a moment, and can be taken away once."""

import asyncio
from typing import Any

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from storage.errors import CacheUnavailableError

LASTS_S = 30
ANSWER_WITHIN_S = 1.8


class Tickets:
    """One pool of connections. Every method raises CacheUnavailableError when Redis does not answer."""

    def __init__(self, redis_url: str) -> None:
        # Any: its stubs type answers as text, and these are bytes.
        self._redis: Any = redis.asyncio.Redis.from_url(
            redis_url,
            # Its own bound takes a cancellation for an answer at times (`asyncio.wait_for` of 3.11).
            socket_timeout=None,
            socket_connect_timeout=ANSWER_WITHIN_S,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )

    async def put(self, key: str, value: bytes, *, ttl_s: int = LASTS_S) -> None:
        """Leave a value for so long. The key is a digest, so that nobody who reads Redis has a ticket."""
        await self._run(self._redis.set(_key(key), value, ex=ttl_s))

    async def take(self, key: str) -> bytes | None:
        """What was left, to the first who asks; None: nothing, or no more."""
        found = await self._run(self._redis.getdel(_key(key)))
        return None if found is None else bytes(found)

    async def close(self) -> None:
        """Give the connections back."""
        await self._redis.aclose()

    async def _run(self, command: Any) -> Any:
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                return await command
        except (RedisError, OSError, TimeoutError) as error:
            raise CacheUnavailableError(str(error) or type(error).__name__) from error


def _key(key: str) -> str:
    return f"tw:ticket:{key}"
