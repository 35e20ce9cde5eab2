"""What Redis shows is what PostgreSQL keeps: looked at while the connectors hold still."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg

from market.latest import LATEST
from market.sources import Feed
from market.ticks import TickBatch
from storage.live import latest_key, partitions_key, stream_key
from tests.chaos.invariants import Connection
from tests.tradewind.support import Up, wait_until

FEED = Feed.SIMULATED
AT_REST_WITHIN_S = 30.0
FLOWS = ("store", "live")

Cache = Any
"""A client of Redis, whose stubs type answers as text: these are bytes."""


@contextmanager
def at_rest(up: Up) -> Iterator[Connection]:
    """A block in which no connector says anything, and both flows have read all there is."""
    pid = up.pids()["feeds"]
    os.kill(pid, signal.SIGSTOP)
    try:
        with psycopg.connect(up.state().database_url, autocommit=True) as connection:
            wait_until(lambda: not lag(connection), AT_REST_WITHIN_S, "both flows at rest")
            yield connection
    finally:
        os.kill(pid, signal.SIGCONT)


def lag(connection: Connection) -> int:
    """How many records the two flows have not read yet."""
    row = connection.execute(_LAG, ([f"{flow}-{FEED.value}" for flow in FLOWS],)).fetchone()
    assert row is not None
    return int(row[0])


def assert_shown_are_the_newest(connection: Connection, cache: Cache) -> int:
    """Each elected newest price is the newest that is stored of its source; how many they are."""
    items = newest_shown(cache)
    stored = {
        (instrument, source, is_quote): (time_us, seq, bid, ask, price)
        for instrument, source, is_quote, time_us, seq, bid, ask, price in connection.execute(
            _NEWEST
        )
    }
    for item in items.values():
        shown = _halves(item)
        kept = {
            is_quote: stored.get((int(item["instrument"]), int(item["source"]), is_quote))
            for is_quote in (True, False)
        }
        assert shown == kept, f"instrument {item['instrument']}: {shown} is shown, {kept} is stored"
    return len(items)


def newest_shown(cache: Cache) -> dict[str, npt.NDArray[Any]]:
    """The elected newest prices by symbol."""
    found = cache.hgetall(latest_key(FEED))
    return {name.decode(): np.frombuffer(item, LATEST)[0] for name, item in found.items()}


def assert_no_news_came_twice(cache: Cache) -> int:
    """No tick is in a live stream twice, and a stream's entries ascend; how many entries there are."""
    count = 0
    for name in sorted(part.decode() for part in cache.smembers(partitions_key(FEED))):
        entries = cache.xrange(stream_key(FEED, name))
        ids = [tuple(int(part) for part in id_.split(b"-")) for id_, _ in entries]
        assert ids == sorted(set(ids)), name
        ticks = TickBatch.concat([TickBatch.from_bytes(fields[b"b"]) for _, fields in entries])
        keys = np.stack([ticks.time, ticks.instrument, ticks.source, ticks.kind, ticks.seq])
        assert len(np.unique(keys, axis=1).T) == len(ticks), f"{name}: a tick is there twice"
        count += len(entries)
    return count


def _halves(item: npt.NDArray[Any]) -> dict[bool, tuple[Any, ...] | None]:
    """The quote (True) and the price of an item as they are stored; numbers as decimals."""
    quote = price = None
    if item["quote_time"]:
        bid, ask = (
            _decimal(int(item[side]), int(item["quote_exponent"])) for side in ("bid", "ask")
        )
        quote = (int(item["quote_time"]), int(item["quote_seq"]), bid, ask, None)
    if item["price_time"]:
        number = _decimal(int(item["price"]), int(item["price_exponent"]))
        price = (int(item["price_time"]), int(item["price_seq"]), None, None, number)
    return {True: quote, False: price}


def _decimal(number: int, exponent: int) -> Decimal:
    return Decimal(number).scaleb(-exponent)


_LAG = """
    SELECT coalesce(sum(newest.log_offset - coalesce(read.log_offset, -1)), 0)
    FROM (
        SELECT partition_id, max(log_offset) AS log_offset FROM market.inbox GROUP BY partition_id
    ) AS newest
    CROSS JOIN unnest(%s::text[]) AS flow (consumer)
    LEFT JOIN market.inbox_consumers AS read USING (partition_id, consumer)
"""

_NEWEST = """
    SELECT DISTINCT ON (instrument_id, source_id, kind = 'q') instrument_id, source_id, kind = 'q',
        (extract(epoch FROM time) * 1000000)::bigint, seq, bid, ask, price
    FROM market.ticks ORDER BY instrument_id, source_id, kind = 'q', time DESC, seq DESC
"""
