"""Newest prices: what the flow writes for a record against a pipelined SET of each price.

Ours: `LivePublisher.publish`, which adds a record of 1,000 ticks to its stream and writes the newest
prices of their 1,000 instruments, as the flow does. Baseline: one pipeline of 1,000 SETs of the same
bytes. Run: `pytest benchmarks/bench_cache.py`.
"""

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
import redis

from benchmarks.conftest import Compare
from market.elected import ElectedPrices
from market.instruments import AssetClass, Instrument, InstrumentTable
from market.latest import LATEST
from market.sources import Feed, source_of
from market.ticks import QUOTE, TickBatch
from storage.live import LivePublisher, Newest, latest_key
from tradewind.servers import Servers

INSTRUMENTS = 1_000
CALLS = 20
FEED = Feed.SIMULATED


def prices() -> tuple[TickBatch, Newest]:
    """A quote of each instrument, and the newest prices after them."""
    table = InstrumentTable(
        [
            Instrument(number, f"C{number}-USD", f"Coin {number}", AssetClass.CRYPTO, "", "", 2)
            for number in range(1, INSTRUMENTS + 1)
        ]
    )
    batch = TickBatch.empty(INSTRUMENTS)
    batch.time[:] = 1_700_000_000_000_000
    batch.seq[:] = batch.instrument[:] = np.arange(1, INSTRUMENTS + 1)
    batch.bid[:], batch.ask[:], batch.exponent[:] = 6_183_763, 6_183_764, 2
    batch.kind[:], batch.source[:] = QUOTE, source_of("binance", FEED).id
    source = source_of("binance", FEED)
    moved = ElectedPrices(table).apply(source, batch, int(batch.time[0]))
    symbols = [table.by_id(id_).symbol for id_ in moved.ids.tolist()]
    return batch, Newest(source.provider, symbols, moved.items.tobytes(), moved.elected.tolist())


@pytest.fixture
def client(servers: Servers) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(servers.redis_url) as client:
        client.flushall()
        yield client
        client.flushall()


def test_newest_prices(compare: Compare, servers: Servers, client: redis.Redis) -> None:
    batch, newest = prices()
    payload = batch.to_bytes()
    size = LATEST.itemsize
    items = [newest.items[at : at + size] for at in range(0, len(newest.items), size)]
    publisher = LivePublisher(servers.redis_url, FEED)
    offsets = itertools.count()

    def publish() -> None:
        for _ in range(CALLS):
            publisher.publish("bench-0", next(offsets), payload, newest)

    def pipelined_set() -> None:
        for _ in range(CALLS):
            pipeline = client.pipeline(transaction=False)
            for symbol, item in zip(newest.symbols, items, strict=True):
                pipeline.set(symbol, item)
            pipeline.execute()

    publish()
    pipelined_set()
    symbols = list(newest.symbols)
    assert client.hmget(latest_key(FEED), symbols) == client.mget(symbols)
    compare(
        "newest prices to Redis",
        publish,
        pipelined_set,
        baseline_name="pipelined SET",
        work=CALLS * len(items),
        unit="prices/s",
        target=">= 7",
    )
    publisher.close()
