"""Reads the live side of Redis: the newest prices, and the streams as they grow."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from market.latest import LATEST
from market.sources import Feed, source_of
from market.ticks import TickBatch
from storage.errors import CacheUnavailableError
from storage.live import latest_key, partitions_key, stream_key

ANSWER_WITHIN_S = 1.5
ENTRIES_PER_READ = 200
"""Entries of one stream that one read returns at most; what is left comes with the next read."""

EntryId = tuple[int, int]
"""A stream entry's place: `<offset>-<n>`."""
BEFORE_ALL: EntryId = (0, 0)


@dataclass(frozen=True, slots=True)
class LiveEntry:
    """One entry of a partition's stream: all its ticks, and the elected newest prices that they moved as
    `LATEST` items one after another."""

    partition: str
    id: EntryId
    ticks: TickBatch
    elected: bytes


class LiveReader:
    """One connection to Redis. Every method raises CacheUnavailableError when it does not answer."""

    def __init__(self, redis_url: str, feed: Feed) -> None:
        self._feed = feed
        # Any: its stubs type answers as text, and these are bytes.
        self._redis: Any = redis.asyncio.Redis.from_url(
            redis_url,
            socket_timeout=None,  # a blocking read is bounded here, by the time it blocks
            socket_connect_timeout=ANSWER_WITHIN_S,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )

    async def ping(self) -> None:
        """Return when Redis answers."""
        async with _answer(ANSWER_WITHIN_S):
            await self._redis.ping()

    async def latest(self, provider: str | None = None) -> dict[str, bytes]:
        """The newest prices by symbol, as `LATEST` items: the elected ones, or those of one provider.

        What is not of that layout is left out.
        """
        async with _answer(ANSWER_WITHIN_S):
            found = await self._redis.hgetall(latest_key(self._feed))
            own = await self._redis.hgetall(latest_key(self._feed, provider)) if provider else {}
        elected, others = (
            {name.decode(): item for name, item in items.items() if len(item) == LATEST.itemsize}
            for items in (found, own)
        )
        if provider is None:
            return elected
        source_id = source_of(provider, self._feed).id
        return others | {
            symbol: item
            for symbol, item in elected.items()
            if np.frombuffer(item, LATEST)["source"][0] == source_id
        }

    async def ends(self, known: Iterable[str] = ()) -> dict[str, EntryId]:
        """The newest entry of each partition, of those that are announced and those `known`."""
        async with _answer(ANSWER_WITHIN_S):
            announced = await self._redis.smembers(partitions_key(self._feed))
            names = sorted({name.decode() for name in announced} | set(known))
            pipeline = self._redis.pipeline(transaction=False)
            for name in names:
                pipeline.xrevrange(stream_key(self._feed, name), count=1)
            newest = await pipeline.execute()
        return {
            name: _entry_id(entries[0][0]) if entries else BEFORE_ALL
            for name, entries in zip(names, newest, strict=True)
        }

    async def read(self, after: Mapping[str, EntryId], block_s: float) -> list[LiveEntry]:
        """Entries beyond these places, each partition's in order; blocks up to `block_s` for one."""
        prefix = len(stream_key(self._feed, ""))
        streams = {
            stream_key(self._feed, name): f"{offset}-{number}"
            for name, (offset, number) in after.items()
        }
        async with _answer(block_s + ANSWER_WITHIN_S):
            answer = await self._redis.xread(
                streams, count=ENTRIES_PER_READ, block=int(block_s * 1_000)
            )
        return [
            LiveEntry(
                key.decode()[prefix:],
                _entry_id(entry),
                TickBatch.from_bytes(fields[b"b"]),
                _items(fields.get(b"e", b"")),
            )
            for key, entries in answer or ()
            for entry, fields in entries
        ]

    async def close(self) -> None:
        """Give the connection back."""
        await self._redis.aclose()


@asynccontextmanager
async def _answer(within_s: float) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(within_s):
            yield
    except TimeoutError as error:
        raise CacheUnavailableError(f"no answer in {within_s} s") from error
    except (RedisError, OSError) as error:
        raise CacheUnavailableError(str(error)) from error


def _items(raw: bytes) -> bytes:
    """Items of this layout; nothing where another version wrote them."""
    return raw if len(raw) % LATEST.itemsize == 0 else b""


def _entry_id(raw: bytes) -> EntryId:
    offset, number = raw.split(b"-")
    return int(offset), int(number)
