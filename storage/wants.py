"""Wants: what people look at, told by every API process to Redis and added up for whoever polls.

One hash holds a field for each API process: until when it is good, and how many people look at each
instrument. It is a hint and no more: while Redis is away what was last known is good for a minute,
and then nobody wants anything.
"""

import asyncio
import uuid
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import msgspec
import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from market.clock import Clock, system_clock
from storage.errors import CacheUnavailableError

WATCHED_KEY = "tw:watched"
GOOD_FOR_US = 60_000_000
"""What an API process said last holds so long: it says it again several times in between."""
READ_EVERY_US = 5_000_000
ANSWER_WITHIN_S = 0.5


class _Said(msgspec.Struct):
    until_us: int
    watchers: dict[int, int]


class Watched:
    """The telling side: one of these an API process."""

    def __init__(self, redis_url: str, *, clock: Clock = system_clock) -> None:
        self._redis = _client(redis_url)
        self._clock = clock
        self._process = uuid.uuid4().hex

    async def tell(self, watchers: Mapping[int, int]) -> None:
        """How many look at each instrument, by its id. CacheUnavailableError where nobody listens."""
        said = _Said(self._clock() + GOOD_FOR_US, dict(watchers))
        await _answer(self._redis.hset(WATCHED_KEY, self._process, msgspec.json.encode(said)))

    async def close(self) -> None:
        """Give the connection back."""
        await self._redis.aclose()


class Wants:
    """The asking side: see `market.quotas.Wants`. It never fails."""

    def __init__(self, redis_url: str, *, clock: Clock = system_clock) -> None:
        self._redis = _client(redis_url)
        self._clock = clock
        self._watched: Mapping[int, float] = {}
        self._read_us: int | None = None
        self._good_until_us = 0

    async def wanted(self) -> Mapping[int, float]:
        """How much each instrument is wanted: one for each who looks at it.

        What people hold will be added here, once there are holdings.
        """
        return added_up(await self._looked_at())

    async def close(self) -> None:
        """Give the connection back."""
        await self._redis.aclose()

    async def _looked_at(self) -> Mapping[int, float]:
        now_us = self._clock()
        if self._read_us is not None and abs(now_us - self._read_us) < READ_EVERY_US:
            return self._watched
        self._read_us = now_us
        try:
            self._watched = await self._read(now_us)
            self._good_until_us = now_us + GOOD_FOR_US
        except CacheUnavailableError:
            if now_us > self._good_until_us:
                self._watched = {}
        return self._watched

    async def _read(self, now_us: int) -> Mapping[int, float]:
        fields = await _answer(self._redis.hgetall(WATCHED_KEY))
        good: list[Mapping[int, float]] = []
        ended = []
        for process, value in fields.items():
            said = _decoded(value)
            if said is None or said.until_us <= now_us:
                ended.append(process)
            else:
                good.append({id_: float(number) for id_, number in said.watchers.items()})
        if ended:
            await _answer(self._redis.hdel(WATCHED_KEY, *ended))
        return added_up(*good)


def added_up(*wants: Mapping[int, float]) -> dict[int, float]:
    """How much each instrument is wanted, of several who want."""
    total: defaultdict[int, float] = defaultdict(float)
    for each in wants:
        for id_, number in each.items():
            total[id_] += number
    return {id_: number for id_, number in total.items() if number > 0}


def _decoded(value: bytes) -> _Said | None:
    try:
        return msgspec.json.decode(value, type=_Said)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _client(redis_url: str) -> Any:
    # Any: its stubs type answers as text, and these are bytes.
    return redis.asyncio.Redis.from_url(
        redis_url,
        socket_timeout=None,  # bounded by `_answer`: see `storage.quota_windows`
        socket_connect_timeout=ANSWER_WITHIN_S,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )


async def _answer(command: Any) -> Any:
    try:
        async with asyncio.timeout(2 * ANSWER_WITHIN_S):
            return await command
    except (RedisError, OSError, TimeoutError) as error:
        raise CacheUnavailableError(str(error)) from error
