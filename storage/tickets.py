"""Tickets: what is left under a key for a moment, and can be taken away once."""

from typing import Any

import redis.asyncio

from storage.cache import cache_answer, cache_connections

LASTS_S = 30


class Tickets:
    """One pool of connections. Every method raises CacheUnavailableError when Redis does not answer."""

    def __init__(self, redis_url: str) -> None:
        self._connections = cache_connections(redis_url)
        # Any: its stubs type answers as text, and these are bytes.
        self._redis: Any = redis.asyncio.Redis(connection_pool=self._connections)

    async def put(self, key: str, value: bytes, *, ttl_s: int = LASTS_S) -> None:
        """Leave a value for so long. The key is a digest, so that nobody who reads Redis has a ticket."""
        async with cache_answer():
            await self._redis.set(_key(key), value, ex=ttl_s)

    async def take(self, key: str) -> bytes | None:
        """What was left, to the first who asks; None: nothing, or no more."""
        async with cache_answer():
            found = await self._redis.getdel(_key(key))
        return None if found is None else bytes(found)

    async def close(self) -> None:
        """Give the connections back."""
        await self._connections.aclose()


def _key(key: str) -> str:
    return f"tw:ticket:{key}"
