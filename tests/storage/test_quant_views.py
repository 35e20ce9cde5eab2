"""The views for quants and the specification's relations: what they hold, of one feed class each."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from market.instruments import CATALOGUE
from market.sources import Feed, source_of
from market.ticks import QUOTE, RATE, TRADE, Tick
from storage.rollups import refresh
from tests.api.harness import store_ticks
from tests.storage.making import numbers
from tests.storage.rolling import MIDNIGHT, Minutes, minute_bar

Connection = psycopg.Connection[Any]

DAY = datetime(2026, 11, 24, tzinfo=UTC)
VIEWS = {
    "asset_prices",
    "bars",
    "candles",
    "candles_1d",
    "candles_1h",
    "exchange_rates",
    "gaps",
    "instruments",
    "sources",
    "ticks",
}
EURUSD = CATALOGUE.by_symbol("EUR-USD").id
EURNGN = CATALOGUE.by_symbol("EUR-NGN").id
BTCUSD = CATALOGUE.by_symbol("BTC-USD").id
CANDLE = "(time, instrument_id, source_id, side, feed, open, high, low, close, volume, ticks)"
ROLLED = CANDLE.replace("ticks", "ticks, minutes, tick_minutes")


def at(minutes: int) -> int:
    """So many minutes after the day's beginning, in microseconds."""
    return int((DAY + timedelta(minutes=minutes)).timestamp()) * 1_000_000


def hour(count: int) -> datetime:
    return DAY + timedelta(hours=count)


def source(provider: str, feed: Feed = Feed.SIMULATED) -> int:
    return source_of(provider, feed).id


def quote(minutes: int, bid: str, ask: str, feed: Feed = Feed.SIMULATED) -> Tick:
    return Tick(at(minutes), EURUSD, source("oanda", feed), QUOTE, 0, bid=bid, ask=ask)


def trade(minutes: int, price: str, provider: str, seq: int = 0) -> Tick:
    return Tick(at(minutes), BTCUSD, source(provider), TRADE, seq, price=price, size="0.5")


pytestmark = pytest.mark.both_backends


class TestDocumentation:
    @pytest.mark.parametrize("feed", Feed)
    def test_every_view_and_every_column_says_what_it_is(
        self, connection: Connection, feed: Feed
    ) -> None:
        rows = numbers(
            connection,
            "SELECT c.relname, obj_description(c.oid), attname, col_description(c.oid, attnum)"
            " FROM pg_class AS c JOIN pg_attribute ON attrelid = c.oid AND attnum > 0"
            f" WHERE relnamespace = 'quant_{feed.value}'::regnamespace",
        )
        assert {row[0] for row in rows} == VIEWS
        assert [row for row in rows if not row[1] or not row[3]] == []

    def test_every_row_says_its_feed(self, connection: Connection) -> None:
        for feed in Feed:
            found = numbers(connection, f"SELECT DISTINCT feed FROM quant_{feed.value}.sources")
            assert found == [(feed.value,)]


class TestFeeds:
    def test_a_schema_holds_one_feed(self, database_url: str, connection: Connection) -> None:
        for number, feed in enumerate(Feed, 1):
            store_ticks(database_url, [quote(0, f"{number}.0", f"{number}.2", feed)])
        for number, feed in enumerate(Feed, 1):
            for view, column in (
                ("ticks", "bid + 0.1"),
                ("candles", "close"),
                ("candles_1h", "close"),
                ("candles_1d", "close"),
                ("exchange_rates", "rate"),
            ):
                mid = "AND side = 'mid'" if view.startswith("candles") else ""
                found = numbers(
                    connection,
                    f"SELECT feed, {column} FROM quant_{feed.value}.{view} WHERE true {mid}",
                )
                assert found == [(feed.value, Decimal(f"{number}.1"))], view


class TestTicks:
    def test_words_stand_for_numbers_and_letters(
        self, database_url: str, connection: Connection
    ) -> None:
        store_ticks(
            database_url,
            [
                quote(0, "1.10000", "1.10002"),
                trade(1, "60000.5", "binance"),
                Tick(at(2), EURNGN, source("ecb"), RATE, 0, price="1700"),
            ],
        )
        found = numbers(
            connection,
            "SELECT symbol, source, kind, bid, ask, price, size FROM quant_simulated.ticks"
            " ORDER BY time",
        )
        assert found == [
            ("EUR-USD", "oanda", "quote", Decimal("1.10000"), Decimal("1.10002"), None, None),
            ("BTC-USD", "binance", "trade", None, None, Decimal("60000.5"), Decimal("0.5")),
            ("EUR-NGN", "ecb", "rate", None, None, Decimal("1700"), None),
        ]


class TestSpecifiedRelations:
    def test_an_exchange_rate_is_the_mid_of_a_quote_or_what_was_said(
        self, database_url: str, connection: Connection
    ) -> None:
        store_ticks(
            database_url,
            [
                quote(0, "1.10000", "1.10003"),
                trade(1, "60000.5", "binance"),
                Tick(at(2), EURNGN, source("ecb"), RATE, 0, price="1700.25"),
            ],
        )
        for relation in ("market.exchange_rates", "quant_simulated.exchange_rates"):
            found = numbers(
                connection,
                "SELECT base_currency, quote_currency, trim_scale(rate), source, feed"
                f" FROM {relation} ORDER BY time",
            )
            assert found == [
                ("EUR", "USD", Decimal("1.100015"), "oanda", "simulated"),
                ("EUR", "NGN", Decimal("1700.25"), "ecb", "simulated"),
            ]

    def test_an_asset_has_one_price_a_minute_of_the_preferred_source(
        self, database_url: str, connection: Connection
    ) -> None:
        store_ticks(
            database_url,
            [
                trade(0, "60000", "kraken"),
                trade(0, "60010", "binance"),
                trade(1, "60020", "kraken"),
                quote(1, "1.1", "1.2"),
            ],
        )
        connection.execute("UPDATE market.candles_simulated SET ticks = 0 WHERE close = 60010")
        for relation in ("market.asset_prices", "quant_simulated.asset_prices"):
            found = numbers(
                connection,
                "SELECT time, symbol, asset_type, open, high, low, close, volume, source, feed"
                f" FROM {relation} ORDER BY time",
            )
            prices = [(Decimal(price),) * 4 for price in (60000, 60020)]
            assert found == [
                (
                    DAY + timedelta(minutes=minute),
                    "BTC-USD",
                    "crypto",
                    *prices[minute],
                    Decimal("0.5"),
                    "kraken",
                    "simulated",
                )
                for minute in range(2)
            ]


class TestRolledUp:
    """Rollups with prices of their own show where they are read and where minutes are."""

    def rolled(self, connection: Connection, level: str, time: datetime, price: int) -> None:
        connection.execute(
            f"INSERT INTO market.candles_{level} {ROLLED} VALUES (%s, %s, %s, 't', 's',"
            " %s, %s, %s, %s, 1, 1, 1, 1)".encode(),
            (time, BTCUSD, source("kraken"), *[price] * 4),
        )

    def minutes(self, database_url: str) -> None:
        """Two minutes of each of the first three hours of three days: 10 to 12, of 2.5 in all."""
        store_ticks(
            database_url,
            [
                trade(1440 * day + 60 * hours + minute, price, "kraken", seq)
                for day in range(3)
                for hours in range(3)
                for seq, (minute, price) in enumerate([(5, "10"), (5, "12"), (40, "9"), (40, "11")])
            ],
        )

    def closes(self, connection: Connection, level: str) -> list[tuple[Any, ...]]:
        return numbers(
            connection,
            f"SELECT time, close FROM quant_simulated.candles_{level} WHERE symbol = 'BTC-USD'"
            " AND side = 'trade' ORDER BY time",
        )

    def test_without_marks_all_is_made_of_minutes(
        self, database_url: str, connection: Connection
    ) -> None:
        self.minutes(database_url)
        for level, count, ticks, minutes in (("1h", 9, 4, 2), ("1d", 3, 12, 6)):
            found = numbers(
                connection,
                "SELECT open, high, low, close, volume, ticks, minutes, tick_minutes, source"
                f" FROM quant_simulated.candles_{level} WHERE time >= '2026-01-01'",
            )
            volume = Decimal("0.5") * ticks
            prices = [Decimal(price) for price in (10, 12, 9, 11)]
            assert found == [(*prices, volume, ticks, minutes, minutes, "kraken")] * count

    @pytest.mark.plain_only("rollups are written by hand")
    def test_hours_that_are_whole_come_from_the_rollups(
        self, database_url: str, connection: Connection
    ) -> None:
        self.minutes(database_url)
        for each in (0, 1, 2, 24, 25):
            self.rolled(connection, "1h", hour(each), 77)
        connection.execute("INSERT INTO market.rollup_marks VALUES ('s', %s, %s)", [hour(25)] * 2)
        connection.execute(
            "INSERT INTO market.touched_hours VALUES ('s', %s, %s, %s)",
            (BTCUSD, hour(1), source("kraken")),
        )
        found = dict(self.closes(connection, "1h"))
        assert [each for each in found if found[each] == 77] == [hour(0), hour(2), hour(24)]
        assert [each for each in found if found[each] == 11] == [
            hour(each) for each in (1, 25, 26, 48, 49, 50)
        ]

    @pytest.mark.plain_only("rollups are written by hand")
    def test_days_that_are_whole_come_from_the_rollups(
        self, database_url: str, connection: Connection
    ) -> None:
        self.minutes(database_url)
        for each in (0, 24, 48):
            self.rolled(connection, "1d", hour(each), 77)
        connection.execute("INSERT INTO market.rollup_marks VALUES ('s', %s, %s)", [hour(50)] * 2)
        connection.execute(
            "INSERT INTO market.touched_hours VALUES ('s', %s, %s, %s)",
            (BTCUSD, hour(1), source("kraken")),
        )
        for each in (48, 49):
            self.rolled(connection, "1h", hour(each), 88)
        assert self.closes(connection, "1d") == [(hour(0), 11), (hour(24), 77), (hour(48), 11)]
        opens = numbers(
            connection,
            "SELECT open, volume FROM quant_simulated.candles_1d WHERE time >= '2026-11-26'",
        )
        assert opens == [(88, Decimal(4))]


class TestRefreshed:
    def of_minutes(self, connection: Connection, unit: str) -> list[tuple[Any, ...]]:
        """What the minutes make of the hours or days."""
        return numbers(
            connection,
            f"SELECT date_trunc('{unit}', time), (array_agg(open ORDER BY time))[1], max(high),"
            " min(low), (array_agg(close ORDER BY time DESC))[1], trim_scale(sum(volume)), count(*)"
            " FROM quant_simulated.candles GROUP BY 1 ORDER BY 1",
        )

    def shown(self, connection: Connection, level: str) -> list[tuple[Any, ...]]:
        return numbers(
            connection,
            "SELECT time, open, high, low, close, trim_scale(volume), minutes"
            f" FROM quant_simulated.candles_{level} ORDER BY time",
        )

    def test_what_is_shown_is_always_what_the_minutes_make(
        self, database_url: str, connection: Connection
    ) -> None:
        minutes = Minutes(database_url)
        steps = (
            [minute_bar(minute, minute % 7 + 2) for minute in (1, 2, 59, 65, 1500, 1501, 2999)],
            [minute_bar(0, 40), minute_bar(70, 50), minute_bar(3000, 9)],
        )
        for bars in steps:
            minutes.write(bars)
            for _ in range(2):
                for level, unit in (("1h", "hour"), ("1d", "day")):
                    assert self.shown(connection, level) == self.of_minutes(connection, unit)
                refresh(database_url, Feed.SIMULATED, now=MIDNIGHT + timedelta(days=2))
        minutes.close()


class TestPlans:
    @pytest.mark.plain_only("partitions have these names")
    def test_time_and_symbol_reach_the_index_and_leave_out_partitions(
        self, database_url: str, connection: Connection
    ) -> None:
        store_ticks(database_url, [quote(1440 * day, "1.1", "1.2") for day in range(4)])
        connection.execute("SET enable_seqscan = off")
        plan = "\n".join(
            line
            for (line,) in numbers(
                connection,
                "EXPLAIN SELECT time, bid FROM quant_simulated.ticks WHERE symbol = 'EUR-USD'"
                " AND time >= '2026-11-25' AND time < '2026-11-26'",
            )
        )
        assert "ticks_simulated_20261125" in plan
        assert "ticks_simulated_20261124" not in plan
        assert "sources" not in plan
        assert plan.count("Index Cond") == 2
        assert "instrument_id = i.id" in plan
