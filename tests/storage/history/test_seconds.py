"""Candles that do not end with a minute."""

from datetime import timedelta
from typing import Any

import psycopg
import pyarrow as pa
import pytest

from storage.columns import ColumnReader, Numbers
from storage.history.seconds import MAX_MINUTES, ticks_statement
from storage.history.units import Subject
from tests.api.harness import BTCUSDT, EURUSD, quote, store_ticks
from tests.storage.history.making import (
    BINANCE,
    COINGECKO,
    FEED,
    MINUTE_US,
    OANDA,
    START,
    at,
    btc,
    candle_query,
    first_candles,
)

pytestmark = pytest.mark.both_backends


async def closes(columns: ColumnReader, interval: str) -> list[tuple[float, float, int]]:
    """How long after the start each candle opens, its close and its ticks."""
    rows = (await first_candles(columns, candle_query(interval), 100)).rows.to_pylist()
    assert all(row["minutes"] == 0 for row in rows)
    return [((r["time"] - START).total_seconds(), r["close"], r["ticks"]) for r in rows]


async def test_only_ticks_of_the_minutes_elected_source_count(
    database_url: str, columns: ColumnReader
) -> None:
    store_ticks(database_url, [btc(0, "1", 1), btc(0.5, "2", 2), btc(0.25, "9", 1, COINGECKO)])
    store_ticks(database_url, [btc(1.25, "8", 2, COINGECKO)])
    assert await closes(columns, "15s") == [(0, 1.0, 1), (30, 2.0, 1), (75, 8.0, 1)]


async def test_a_bucket_may_hold_the_end_of_one_minute_and_the_start_of_the_next(
    database_url: str, columns: ColumnReader
) -> None:
    store_ticks(database_url, [btc(n / 4, str(n + 1), n) for n in range(12)])
    assert await closes(columns, "90s") == [(0, 6.0, 6), (90, 12.0, 6)]
    query = candle_query("90s", start=START + timedelta(seconds=1))
    page = await first_candles(columns, query, 9)
    assert [row["open"] for row in page.rows.to_pylist()] == [7.0]


async def test_ticks_that_are_read_in_portions_make_the_same_candles(
    database_url: str, columns: ColumnReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    store_ticks(database_url, [btc(n / 4, str(n + 1), n) for n in range(12)])
    whole = await closes(columns, "90s")
    monkeypatch.setattr("storage.history.seconds.MAX_TICKS", 5)
    assert await closes(columns, "90s") == whole


async def test_a_quote_counts_as_its_side_says(database_url: str, columns: ColumnReader) -> None:
    store_ticks(database_url, [quote(at(0), OANDA, "1", "1.0000000001")])
    for sides, price in ((("m",), "1.00000000005"), (("a",), "1.0000000001")):
        query = candle_query("1s", instrument=EURUSD, sides=sides)
        (row,) = (await first_candles(columns, query, 9)).rows.to_pylist()
        assert row["close"] == float(price)
    exact = candle_query("1s", instrument=EURUSD, sides=("a",))
    (row,) = (await first_candles(columns, exact, 9, numbers=Numbers.DECIMAL)).rows.to_pylist()
    assert str(row["close"]) == "1.000000000100000000"


async def test_volume_is_summed_and_ticks_of_one_instant_are_in_their_sequence(
    database_url: str, columns: ColumnReader
) -> None:
    store_ticks(database_url, [btc(0, "3", 3), btc(0, "1", 1), btc(0, "2", 2)])
    query = candle_query("1s", instrument=BTCUSDT)
    (row,) = (await first_candles(columns, query, 9)).rows.to_pylist()
    assert (row["open"], row["close"], row["volume"], row["ticks"]) == (1.0, 3.0, 1.5, 3)


def walked(plan: dict[str, Any]) -> float:
    """How many rows the nodes of a plan have read from tables, those that were filtered out too."""
    rows = 0.0
    if "Relation Name" in plan:
        removed = plan.get("Rows Removed by Filter", 0)
        rows = float((plan["Actual Rows"] + removed) * plan["Actual Loops"])
    return rows + sum(walked(below) for below in plan.get("Plans", []))


def test_only_the_minutes_that_are_named_are_read_of_a_partition_whose_statistics_are_known(
    database_url: str,
) -> None:
    elsewhere = 40_000
    store_ticks(database_url, [btc(0.5, "1", 1)])
    minutes = pa.table(
        {
            "time": pa.array([at(n) for n in range(MAX_MINUTES)], pa.timestamp("us", "UTC")),
            "source_id": pa.array([BINANCE] * MAX_MINUTES),
            "preference": pa.array([0] * MAX_MINUTES),
        }
    )
    statement = ticks_statement(
        Subject(BTCUSDT, FEED, ("t",)), minutes, (at(0), at(0) + MAX_MINUTES * MINUTE_US)
    )
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO market.ticks_recorded (time, instrument_id, source_id, kind, feed, seq, price,"
            " size, late) SELECT %s + n * interval '3 seconds', %s, %s, 't', 'r', n, 1, 1, false"
            " FROM generate_series(1, %s) AS n",
            (START - timedelta(days=2), BTCUSDT, BINANCE, elsewhere),
        )
        connection.execute("ANALYZE market.ticks_recorded")
        explain = b"EXPLAIN (ANALYZE, FORMAT JSON) " + statement.as_bytes(connection)
        row = connection.execute(explain).fetchone()
    assert row is not None
    assert walked(row[0][0]["Plan"]) < elsewhere / 4
