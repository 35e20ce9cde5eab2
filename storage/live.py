"""The live side in Redis: one stream a log partition, and the newest price of every instrument, the
elected one and each source's own.

An entry's id is `<offset>-1` (Redis knows no 0-0), so that Redis itself refuses what it has; the newest
prices are written in the same step, so that neither is ever ahead of the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import redis
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from market.latest import LATEST
from market.sources import SOURCES, Feed

STREAM_LENGTH = 10_000
"""About how many entries a stream keeps; older ones are trimmed."""

_RETRIES = 60
_LONGEST_PAUSE_S = 1.0

_PUBLISH = """
local items, size, flags, from = ARGV[6], tonumber(ARGV[7]), ARGV[8], 1
local all, own, shown, elected = not string.find(flags, '0', 1, true), {}, {}, {}
local count = 0
for symbol in string.gmatch(ARGV[5], '%S+') do
    local item = string.sub(items, from, from + size - 1)
    count = count + 1
    if all then
        shown[2 * count - 1] = symbol
        shown[2 * count] = item
    elseif string.byte(flags, count) == 49 then
        shown[#shown + 1] = symbol
        shown[#shown + 1] = item
        elected[#elected + 1] = item
    else
        own[#own + 1] = symbol
        own[#own + 1] = item
    end
    from = from + size
end
local added = redis.pcall('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], ARGV[1],
    'b', ARGV[3], 'e', all and items or table.concat(elected))
if type(added) == 'table' and added.err then
    if string.find(added.err, 'equal or smaller') then return -1 end
    return redis.error_reply(added.err)
end
redis.call('SADD', KEYS[3], ARGV[4])
for first = 1, #own, 4000 do
    redis.call('HSET', KEYS[4], unpack(own, first, math.min(first + 3999, #own)))
end
for first = 1, #shown, 4000 do
    redis.call('HSET', KEYS[2], unpack(shown, first, math.min(first + 3999, #shown)))
end
return redis.call('HLEN', KEYS[2])
"""
# The items come as one string and are cut up here: packing thousands of arguments costs the client more.
# A call takes 4,000 of them, for Lua's stack ends at 8,000.


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest prices of a provider: symbols, their `LATEST` items one after another, and whether each
    is the elected one of its instrument."""

    provider: str
    symbols: Sequence[str]
    items: bytes
    elected: Sequence[bool]


def stream_key(feed: Feed, partition: str) -> str:
    """The stream of a log's partition. An entry's `b` is a `TickBatch` as bytes, all that is news; its `e`
    are the items of the elected newest prices that it moved, one after another."""
    return f"tw:live:{feed.value}:{partition}"


def latest_key(feed: Feed, provider: str | None = None) -> str:
    """The hash of the newest prices, a symbol to a `market.latest.LATEST` item: the elected ones, or those
    of one provider that are not elected (where it is, its own may be old, and the elected one counts)."""
    return f"tw:latest:{feed.value}" + (f":{provider}" if provider else "")


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

    def publish(self, partition: str, offset: int, batch: bytes, newest: Newest) -> int | None:
        """Add a record's ticks to its stream and set the newest prices that they brought.

        None where the stream has this offset already: then nothing was done. Otherwise how many
        instruments have an elected newest price now.
        """
        item_bytes = len(newest.items) // len(newest.symbols) if newest.symbols else 0
        size = self._publish(
            keys=[
                stream_key(self._feed, partition),
                latest_key(self._feed),
                partitions_key(self._feed),
                latest_key(self._feed, newest.provider),
            ],
            args=[
                *(f"{offset}-1", STREAM_LENGTH, batch, partition),
                *(" ".join(newest.symbols), newest.items, item_bytes),
                "".join("1" if each else "0" for each in newest.elected),
            ],
        )
        return None if size == -1 else int(cast(int, size))

    def set_latest(self, latest: Mapping[str, bytes], provider: str | None = None) -> None:
        """Write newest prices that the cache has lost: the elected ones, or those of a provider."""
        if latest:
            mapping: dict[Any, Any] = dict(latest)
            self._redis.hset(latest_key(self._feed, provider), mapping=mapping)

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
                *(stream_key(self._feed, name) for name in foreign), *self._latest_keys()
            )
            self._redis.srem(partitions_key(self._feed), *foreign)
        return foreign

    def _last_offset(self, partition: str) -> int:
        entries = cast(
            "list[tuple[bytes, Any]]",
            self._redis.xrevrange(stream_key(self._feed, partition), count=1),
        )
        return int(entries[0][0].partition(b"-")[0]) if entries else -1

    def _latest_keys(self) -> list[str]:
        providers = {source.provider for source in SOURCES}
        return [latest_key(self._feed), *(latest_key(self._feed, name) for name in providers)]

    def newest(self) -> list[bytes]:
        """The newest prices that the cache has, of everybody, as `LATEST` items of this layout."""
        found = [cast("list[bytes]", self._redis.hvals(key)) for key in self._latest_keys()]
        return [item for items in found for item in items if len(item) == LATEST.itemsize]

    def close(self) -> None:
        """Give the connection back."""
        self._redis.close()
