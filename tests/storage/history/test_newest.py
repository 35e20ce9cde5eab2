"""The newest ticks that the database has."""

from decimal import Decimal

from market.sources import Feed, source_of
from market.ticks import Tick
from storage.history.newest import newest_ticks
from storage.pools import ReadPool
from tests.api.harness import BTCUSDT, EURUSD, quote, store_ticks, trade
from tests.storage.history.making import ALPHAVANTAGE, BINANCE, COINGECKO, FEED, OANDA, at, btc


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
