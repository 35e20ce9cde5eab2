"""The publishing sink: every record once to its stream, and newest prices that outlive the cache."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import redis
from structlog.testing import capture_logs

from market.instruments import CATALOGUE
from market.latest import LATEST
from market.sources import Source, source_of
from market.ticks import TRADE, Tick, TickBatch
from pipelines.publish import News, PublishPartition, PublishSink
from storage.books import ReadRegister, consumer_offsets, partition_id
from storage.connecting import connect
from storage.live import LivePublisher, latest_key, partitions_key, stream_key
from tests.pipelines.logs import NOW, SOURCE

FEED = SOURCE.feed
CONSUMER = "live-simulated"
BTC = CATALOGUE.by_symbol("BTC-USDT")
ETH = CATALOGUE.by_symbol("ETH-USDT")


MakePartition = Callable[..., PublishPartition]


@pytest.fixture
def partition(database_url: str, redis_url: str) -> MakePartition:
    def make(state: bytes | None = None, clock_us: int = NOW) -> PublishPartition:
        sink = PublishSink(
            lambda: LivePublisher(redis_url, FEED),
            lambda: ReadRegister(database_url, CONSUMER),
            CATALOGUE,
            lambda: clock_us,
        )
        return sink.build_part("publish", "redis", state)

    return make


def news(offset: int, *prices: str, instrument: int = BTC.id) -> News:
    ticks = [
        Tick(NOW + offset, instrument, SOURCE.id, TRADE, n, price=price)
        for n, price in enumerate(prices)
    ]
    return News("binance-0", offset, SOURCE, NOW + offset, TickBatch.of(ticks))


def latest(client: Any) -> dict[str, int]:
    found = client.hgetall(latest_key(FEED))
    return {
        symbol.decode(): int(np.frombuffer(value, LATEST)[0]["price"])
        for symbol, value in found.items()
    }


def entries(client: Any) -> list[tuple[str, list[str]]]:
    return [
        (
            identity.decode(),
            [str(tick.price) for tick in TickBatch.from_bytes(fields[b"b"]).rows()],
        )
        for identity, fields in client.xrange(stream_key(FEED, "binance-0"))
    ]


def test_a_record_becomes_one_entry_and_the_newest_price(
    partition: MakePartition, redis_url: str
) -> None:
    part = partition()
    part.write_batch([news(0, "10", "11"), news(1, "12")])
    with redis.Redis.from_url(redis_url) as client:
        assert entries(client) == [("0-1", ["10", "11"]), ("1-1", ["12"])]
        assert latest(client) == {"BTC-USDT": 12}
        assert client.smembers(partitions_key(FEED)) == {b"binance-0"}
    part.close()


def test_a_record_without_news_is_no_entry_but_is_read(
    partition: MakePartition, database_url: str, redis_url: str
) -> None:
    with connect(database_url) as connection:
        partition_id(connection, "binance-0", SOURCE)
    part = partition()
    part.write_batch([News("binance-0", 0, SOURCE, NOW, TickBatch.empty()), news(1, "5")])
    part.snapshot()
    with redis.Redis.from_url(redis_url) as client:
        assert entries(client) == [("1-1", ["5"])]
    assert consumer_offsets(database_url, CONSUMER) == {"binance-0": 1}
    part.close()


def test_what_is_delivered_again_changes_nothing(partition: MakePartition, redis_url: str) -> None:
    first = partition()
    first.write_batch([news(0, "10"), news(1, "11"), news(2, "12")])
    first.close()
    second = partition()
    second.write_batch([news(1, "11")])
    with redis.Redis.from_url(redis_url) as client:
        assert [identity for identity, _ in entries(client)] == ["0-1", "1-1", "2-1"]
        assert latest(client) == {"BTC-USDT": 12}
    second.close()


def test_a_flushed_cache_is_refilled_with_the_next_record(
    partition: MakePartition, redis_url: str
) -> None:
    part = partition()
    part.write_batch([news(0, "10"), news(1, "20", instrument=ETH.id)])
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
        part.write_batch([news(2, "11")])
        assert latest(client) == {"BTC-USDT": 11, "ETH-USDT": 20}
    part.close()


def test_a_recovered_flow_refills_an_empty_cache_at_once(
    partition: MakePartition, redis_url: str
) -> None:
    part = partition()
    part.write_batch([news(0, "10")])
    state = part.snapshot()
    part.close()
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
        partition(state).close()
        assert latest(client) == {"BTC-USDT": 10}


@pytest.mark.parametrize("with_snapshot", [True, False])
def test_newest_prices_never_go_back_to_those_of_a_snapshot(
    partition: MakePartition, redis_url: str, with_snapshot: bool
) -> None:
    killed = partition()
    killed.write_batch([news(0, "10")])
    snapshot = killed.snapshot() if with_snapshot else None
    killed.write_batch([news(1, "11"), news(2, "12")])
    killed.close()
    with redis.Redis.from_url(redis_url) as client:
        recovered = partition(snapshot)
        assert latest(client) == {"BTC-USDT": 12}
        recovered.write_batch([news(1, "11"), news(2, "12")])
        assert latest(client) == {"BTC-USDT": 12}
        recovered.close()


KRAKEN, COINBASE = (source_of(name, FEED) for name in ("kraken", "coinbase"))
BTCUSD = CATALOGUE.by_symbol("BTC-USD")
SECOND = 1_000_000


def said(source: Source, second: int, price: str) -> News:
    """A trade of BTC-USD that a source told then."""
    at_us = NOW + second * SECOND
    tick = Tick(at_us, BTCUSD.id, source.id, TRADE, second, price=price)
    return News(f"{source.provider}-0", second, source, at_us, TickBatch.of([tick]))


def prices_of(client: Any, provider: str | None) -> dict[str, int]:
    return {
        symbol.decode(): int(np.frombuffer(value, LATEST)[0]["price"])
        for symbol, value in client.hgetall(latest_key(FEED, provider)).items()
    }


class TestElection:
    def test_the_elected_is_shown_and_the_others_keep_their_own(
        self, partition: MakePartition, redis_url: str
    ) -> None:
        part = partition()
        part.write_batch([said(KRAKEN, 0, "10"), said(COINBASE, 1, "20")])
        with redis.Redis.from_url(redis_url) as client:
            assert prices_of(client, None) == {"BTC-USD": 10}
            assert prices_of(client, "coinbase") == {"BTC-USD": 20}
            (_, fields) = client.xrange(stream_key(FEED, "coinbase-0"))[0]
            assert fields[b"e"] == b""
            assert len(TickBatch.from_bytes(fields[b"b"])) == 1
        part.close()

    def test_a_switch_is_told_and_leaves_the_price_before_among_its_sources_own(
        self, partition: MakePartition, redis_url: str
    ) -> None:
        part = partition()
        with capture_logs() as told:
            part.write_batch([said(KRAKEN, 0, "10"), said(COINBASE, 60, "20")])
        assert told == [
            {
                "event": "another source elected",
                "instrument": "BTC-USD",
                "before": "kraken",
                "now": "coinbase",
                "why": "the source before is silent",
                "log_level": "info",
            }
        ]
        with redis.Redis.from_url(redis_url) as client:
            assert prices_of(client, None) == {"BTC-USD": 20}
            assert prices_of(client, "kraken") == {"BTC-USD": 10}
        part.close()

    def test_who_catches_up_takes_nobody_for_silent(
        self, partition: MakePartition, redis_url: str
    ) -> None:
        part = partition(clock_us=NOW + 90 * SECOND)
        part.write_batch([said(KRAKEN, 0, "10"), said(COINBASE, 60, "20")])
        with redis.Redis.from_url(redis_url) as client:
            assert prices_of(client, None) == {"BTC-USD": 10}
            part.write_batch([said(KRAKEN, 59, "11"), said(COINBASE, 88, "21")])
            assert prices_of(client, None) == {"BTC-USD": 11}
        part.close()

    @pytest.mark.parametrize("with_snapshot", [True, False])
    def test_a_lost_cache_is_refilled_with_every_source_and_the_same_elected(
        self, partition: MakePartition, redis_url: str, with_snapshot: bool
    ) -> None:
        part = partition()
        part.write_batch([said(KRAKEN, 0, "10"), said(COINBASE, 60, "20")])
        state = part.snapshot()
        part.close()
        with redis.Redis.from_url(redis_url) as client:
            if with_snapshot:
                client.flushall()
            recovered = partition(state if with_snapshot else None)
            assert prices_of(client, None) == {"BTC-USD": 20}
            assert prices_of(client, "kraken") == {"BTC-USD": 10}
            recovered.write_batch([said(KRAKEN, 61, "11")])
            assert prices_of(client, None) == {"BTC-USD": 20}
            client.flushall()
            recovered.write_batch([said(COINBASE, 62, "21"), said(KRAKEN, 63, "12")])
            assert prices_of(client, None) == {"BTC-USD": 21}
            assert prices_of(client, "kraken") == {"BTC-USD": 12}
            recovered.close()
