"""Attempts: how many of a kind somebody may make in a sliding window of time.

A bucket is a sorted set of the attempts in its window, by the time of the server. An attempt is entered
in all of its buckets or in none, in one step, before it is made; one that succeeds is given back.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import redis.asyncio

from storage.cache import cache_answer, cache_connections

MOST = 5
WINDOW_S = 900

# Scores are microseconds: exact in the double that a score is. The script's time is that of its beginning.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local most, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local again = 0
for _, key in ipairs(KEYS) do
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now - window)
    if redis.call('ZCARD', key) >= most then
        local freeing = redis.call('ZRANGE', key, -most, -most, 'WITHSCORES')
        again = math.max(again, freeing[2] + window - now)
    end
end
if again > 0 then return again end
for _, key in ipairs(KEYS) do
    redis.call('ZADD', key, now, ARGV[3])
    redis.call('PEXPIRE', key, math.ceil(window / 1000))
end
return 0
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """An attempt that may be made, entered in these buckets under a name of its own."""

    buckets: tuple[str, ...]
    member: str


@dataclass(frozen=True, slots=True)
class Refused:
    """An attempt that may not be made before so many seconds; nothing was entered."""

    retry_after_s: int


class Attempts:
    """One pool of connections. Every method raises CacheUnavailableError when Redis does not answer."""

    def __init__(self, redis_url: str) -> None:
        self._connections = cache_connections(redis_url)
        # Any: its stubs type answers as text, and these are numbers.
        self._redis: Any = redis.asyncio.Redis(connection_pool=self._connections)
        self._take: Any = self._redis.register_script(_TAKE)

    async def take(
        self, buckets: Sequence[str], *, most: int = MOST, window_s: int = WINDOW_S
    ) -> Taken | Refused:
        """Enter an attempt in all buckets, unless one of them has as many as it may in the window."""
        member = secrets.token_hex(16)
        keys = tuple(dict.fromkeys(buckets))
        arguments = [most, window_s * 1_000_000, member]
        async with cache_answer():
            again_us = await self._take(keys=[_key(each) for each in keys], args=arguments)
        return Refused(-(-again_us // 1_000_000)) if again_us else Taken(keys, member)

    async def give_back(self, taken: Taken) -> None:
        """Take this attempt, and no other, out of its buckets."""
        pipeline = self._redis.pipeline(transaction=True)
        for bucket in taken.buckets:
            pipeline.zrem(_key(bucket), taken.member)
        async with cache_answer():
            await pipeline.execute()

    async def close(self) -> None:
        """Give the connections back."""
        await self._connections.aclose()


def _key(bucket: str) -> str:
    return f"tw:attempts:{bucket}"
