"""Rates: how many requests of a kind a caller may make in a sliding window of time.

The window is an estimate of two counters (`limits`), which costs a caller the same however many requests
there are; what must be counted exactly is an attempt (`storage.attempts`).
"""

import math
import time
from dataclasses import dataclass
from typing import Any

from limits import RateLimitItemPerSecond
from limits.aio.storage import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from storage.cache import cache_answer, cache_connections


@dataclass(frozen=True, slots=True)
class Rate:
    """Whether a request may be made, and what is left of the limit until it begins anew."""

    allowed: bool
    limit: int
    remaining: int
    reset_s: int


class Rates:
    """One pool of connections. Every method raises CacheUnavailableError when Redis does not answer."""

    def __init__(self, redis_url: str) -> None:
        self._connections = cache_connections(redis_url)
        # Any: `limits` says that its options are plain values. The address is not looked at with a pool.
        options: dict[str, Any] = {"connection_pool": self._connections}
        self._limiter = SlidingWindowCounterRateLimiter(
            RedisStorage(
                "redis://unused:1", implementation="redispy", key_prefix="tw:rate", **options
            )
        )

    async def hit(self, name: str, key: str, *, most: int, per_s: int) -> Rate:
        """Count a request of this kind by this caller, if it may be made."""
        item = RateLimitItemPerSecond(most, per_s)
        async with cache_answer():
            allowed = await self._limiter.hit(item, name, key)
            left = await self._limiter.get_window_stats(item, name, key)
        reset_s = min(max(math.ceil(left.reset_time - time.time()), 1), per_s)
        return Rate(allowed, most, max(left.remaining, 0) if allowed else 0, reset_s)

    async def close(self) -> None:
        """Give the connections back."""
        await self._connections.aclose()
