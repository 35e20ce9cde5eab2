"""The newest ticks that the database has."""

from decimal import Decimal

import pytest

from market.clock import datetime_of
from market.sources import Feed, source_of
from market.ticks import Tick
from storage.history.newest import newest_ticks, newest_ticks_at
from storage.pools import ReadPool
from tests.api.harness import BTCUSDT, EURUSD, quote, store_ticks, trade
from tests.storage.history.making import ALPHAVANTAGE, BINANCE, COINGECKO, FEED, OANDA, at, btc

pytestmark = pytest.mark.both_backends


class TestNewest:
    async def test_the_newest_quote_and_the_newest_trade_are_exact(
        self, database_url: str, pool: ReadPool
    ) -> None:
        store_ticks(
            database_url,
            [
                quote(at(0), OANDA, "1.10001", "1.10002", 1),
                quote(at(0.5), OANDA, "1.10003", "1.10004", 2),
                quote(at(0.5), OANDA, "1.10005", "1.10006", 3),
                trade(at(5), BINANCE, "0.000000000123456789"),
            ],
        )
        newest = await pool.read(newest_ticks, FEED, [EURUSD, BTCUSDT, 201])
        assert sorted(newest, key=lambda tick: tick.instrument) == [
            Tick(
                at(0.5), EURUSD, OANDA, ord("q"), 3, bid=Decimal("1.10005"), ask=Decimal("1.10006")
            ),
            Tick(
                at(5),
                BTCUSDT,
                BINANCE,
                ord("t"),
                0,
                price=Decimal("0.000000000123456789"),
                size=Decimal("0.5"),
            ),
        ]

    async def test_both_are_of_the_best_source_that_has_not_fallen_behind(
        self, database_url: str, pool: ReadPool
    ) -> None:
        store_ticks(
            database_url,
            [
                quote(at(0), OANDA, "1", "2"),
                trade(at(4), ALPHAVANTAGE, "3", of=EURUSD),
                trade(at(4.5), COINGECKO, "4", of=EURUSD),
            ],
        )
        assert [t.source for t in await pool.read(newest_ticks, FEED, [EURUSD])] == [ALPHAVANTAGE]
        store_ticks(database_url, [trade(at(11), COINGECKO, "5", of=EURUSD)])
        (newest,) = await pool.read(newest_ticks, FEED, [EURUSD])
        assert (newest.source, newest.price) == (COINGECKO, 5)


async def test_feeds_never_mix(database_url: str, pool: ReadPool) -> None:
    store_ticks(database_url, [btc(0, "1", 0, source_of("binance", Feed.SIMULATED).id)])
    assert await pool.read(newest_ticks, FEED, [BTCUSDT]) == []


class TestNewestAt:
    async def test_only_ticks_up_to_the_instant_count(
        self, database_url: str, pool: ReadPool
    ) -> None:
        store_ticks(
            database_url,
            [
                quote(at(0), OANDA, "1", "2", 1),
                quote(at(1.5), OANDA, "3", "4", 2),
                trade(at(1.25), OANDA, "9", of=EURUSD),
            ],
        )
        for minutes, expected in (
            (-1, []),
            (0, [("q", at(0))]),
            (1.2, [("q", at(0))]),  # its minute holds nothing but later ones
            (1.25, [("q", at(0)), ("t", at(1.25))]),
            (1.5, [("q", at(1.5)), ("t", at(1.25))]),
            (99, [("q", at(1.5)), ("t", at(1.25))]),
        ):
            instant = datetime_of(at(minutes))
            found = await pool.read(newest_ticks_at, FEED, [EURUSD, BTCUSDT], instant)
            assert sorted((chr(tick.kind), tick.time_us) for tick in found) == expected

    async def test_the_best_ranked_source_that_was_not_silent_then(
        self, database_url: str, pool: ReadPool
    ) -> None:
        store_ticks(
            database_url,
            [trade(at(0), ALPHAVANTAGE, "3", of=EURUSD), trade(at(4), COINGECKO, "4", of=EURUSD)],
        )
        store_ticks(database_url, [trade(at(5.1), COINGECKO, "5", of=EURUSD)])
        for minutes, source in ((4.5, ALPHAVANTAGE), (5.1, COINGECKO)):
            instant = datetime_of(at(minutes))
            (tick,) = await pool.read(newest_ticks_at, FEED, [EURUSD], instant)
            assert tick.source == source
        (tick,) = await pool.read(newest_ticks_at, FEED, [EURUSD], datetime_of(at(4.5)), COINGECKO)
        assert (tick.source, tick.price) == (COINGECKO, 4)
