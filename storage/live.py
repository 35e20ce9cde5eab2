"""The live side in Redis: one stream a log partition, and the newest price of every instrument.

An entry's id is `<offset>-1` (Redis knows no 0-0), so that Redis itself refuses what it has; the newest
prices are written in the same step, so that neither is ever ahead of the other.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from market.latest import LATEST
from market.sources import Feed

STREAM_LENGTH = 10_000
"""About how many entries a stream keeps; older ones are trimmed."""

_RETRIES = 60
_LONGEST_PAUSE_S = 1.0

_PUBLISH = """
local id = ARGV[1]
local added = redis.pcall('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], id, 'b', ARGV[3])
if type(added) == 'table' and added.err then
    if string.find(added.err, 'equal or smaller') then return -1 end
    return redis.error_reply(added.err)
end
redis.call('SADD', KEYS[3], ARGV[4])
local items, size, from, fields = ARGV[6], tonumber(ARGV[7]), 1, {}
for symbol in string.gmatch(ARGV[5], '%S+') do
    fields[#fields + 1] = symbol
    fields[#fields + 1] = string.sub(items, from, from + size - 1)
    from = from + size
    if #fields == 4000 then
        redis.call('HSET', KEYS[2], unpack(fields))
        fields = {}
    end
end
if #fields > 0 then redis.call('HSET', KEYS[2], unpack(fields)) end
return redis.call('HLEN', KEYS[2])
"""
# The items come as one string and are cut up here: packing thousands of arguments costs the client more.
# A call takes 4,000 of them, for Lua's stack ends at 8,000.


def stream_key(feed: Feed, partition: str) -> str:
    """The stream of a log's partition: entries of one field `b`, a `TickBatch` as bytes."""
    return f"tw:live:{feed.value}:{partition}"


def latest_key(feed: Feed) -> str:
    """The hash of the newest prices: a symbol to a `market.latest.LATEST` item."""
    return f"tw:latest:{feed.value}"


def partitions_key(feed: Feed) -> str:
    """The set of the partitions that have a stream."""
    return f"tw:partitions:{feed.value}"


class LivePublisher:
    """Publishes over one connection; while Redis is away it waits and tries again."""

    def __init__(self, redis_url: str, feed: Feed) -> None:
        self._redis = redis.Redis.from_url(
            redis_url,
            retry=Retry(ExponentialBackoff(_LONGEST_PAUSE_S, 0.02), _RETRIES),
            retry_on_error=[redis.ConnectionError, redis.TimeoutError, redis.BusyLoadingError],
        )
        self._publish = self._redis.register_script(_PUBLISH)
        self._feed = feed

    def publish(
        self, partition: str, offset: int, batch: bytes, latest: Sequence[tuple[str, bytes]]
    ) -> int | None:
        """Add a record's ticks to its stream and set the newest prices that they brought.

        None where the stream has this offset already: then nothing was done. Otherwise how many
        instruments have a newest price now.
        """
        symbols = " ".join(symbol for symbol, _ in latest)
        items = b"".join(item for _, item in latest)
        item_bytes = len(items) // len(latest) if latest else 0
        size = self._publish(
            keys=[
                stream_key(self._feed, partition),
                latest_key(self._feed),
                partitions_key(self._feed),
            ],
            args=[f"{offset}-1", STREAM_LENGTH, batch, partition, symbols, items, item_bytes],
        )
        return None if size == -1 else int(cast(int, size))

    def set_latest(self, latest: Sequence[tuple[str, bytes]]) -> None:
        """Write newest prices that the cache has lost."""
        if latest:
            mapping: dict[Any, Any] = dict(latest)
            self._redis.hset(latest_key(self._feed), mapping=mapping)

    def forget_beyond(self, ends: Mapping[str, int]) -> list[str]:
        """Remove the streams that go beyond the end of their partition's log, by name; which those are.

        They are of another log (another database, or an older state of this one) and would refuse what
        this one brings. With them go the newest prices, which may be of that log too.
        """
        found = cast("set[bytes]", self._redis.smembers(partitions_key(self._feed)))
        foreign = [
            name
            for name in sorted(part.decode() for part in found)
            if self._last_offset(name) > ends.get(name, -1)
        ]
        if foreign:
            self._redis.delete(
                *(stream_key(self._feed, name) for name in foreign), latest_key(self._feed)
            )
            self._redis.srem(partitions_key(self._feed), *foreign)
        return foreign

    def _last_offset(self, partition: str) -> int:
        entries = cast(
            "list[tuple[bytes, Any]]",
            self._redis.xrevrange(stream_key(self._feed, partition), count=1),
        )
        return int(entries[0][0].partition(b"-")[0]) if entries else -1

    def newest(self) -> list[bytes]:
        """The newest prices that the cache has, as `LATEST` items of this layout."""
        items = cast("list[bytes]", self._redis.hvals(latest_key(self._feed)))
        return [item for item in items if len(item) == LATEST.itemsize]

    def close(self) -> None:
        """Give the connection back."""
        self._redis.close()
