"""Binary COPY: what PostgreSQL reads back are the numbers, times and letters that were written."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.bars import LAST, MID, Bar, BarBatch
from market.clock import datetime_of
from market.ticks import QUOTE, TRADE, Tick, TickBatch
from storage.copy_rows import HEADER, TRAILER, bar_rows, candle_rows, tick_rows
from tests.market.strategies import START_US, bars, ticks

Connection = psycopg.Connection[Any]

MANTISSAS = st.integers(0, 10**18)
EXPONENTS = st.integers(0, 36)
TIMES = st.sampled_from([0, 946_684_800_000_000, START_US, 253_402_300_799_999_999])


def read_back(connection: Connection, table: str, rows: bytes) -> list[tuple[Any, ...]]:
    """What a table like `market.<table>` holds after these rows were copied into it."""
    connection.execute(f"CREATE TEMPORARY TABLE IF NOT EXISTS read (LIKE market.{table})")
    connection.execute("TRUNCATE read")
    with connection.cursor().copy("COPY read FROM STDIN (FORMAT binary)") as copy:
        copy.write(HEADER + rows + TRAILER)
    return connection.execute("SELECT * FROM read ORDER BY ctid").fetchall()


def number(mantissa: int, exponent: int) -> Decimal | None:
    return Decimal(f"{mantissa}e-{exponent}") if mantissa else None


def same_digits(found: list[Any], wanted: list[Decimal | None]) -> bool:
    """Equal numbers with equal numbers of decimals."""
    return [None if d is None else d.as_tuple() for d in found] == [
        None if d is None else d.as_tuple() for d in wanted
    ]


class TestTickRows:
    @settings(max_examples=100)
    @given(st.lists(st.tuples(MANTISSAS, MANTISSAS, MANTISSAS, MANTISSAS, EXPONENTS, EXPONENTS)))
    def test_every_mantissa_with_every_exponent(
        self, connection: Connection, numbers: list[tuple[int, ...]]
    ) -> None:
        batch = TickBatch.empty(len(numbers))
        for row, drawn in enumerate(numbers):
            columns = batch.bid, batch.ask, batch.price, batch.size
            for column, value in zip(columns, drawn, strict=False):
                column[row] = value
            batch.exponent[row], batch.size_exponent[row] = drawn[4:]
        found = read_back(connection, "ticks", tick_rows(batch, "l"))
        wanted = [
            [*(number(value, exponent) for value in prices), number(size, size_exponent)]
            for *prices, size, exponent, size_exponent in numbers
        ]
        for values, values_wanted in zip(found, wanted, strict=True):
            assert same_digits(list(values[6:10]), values_wanted)

    @pytest.mark.parametrize("digits", range(1, 20))
    def test_every_length_of_number_at_every_exponent(
        self, connection: Connection, digits: int
    ) -> None:
        mantissas = [10 ** (digits - 1), int("1234567890123456789"[:digits])]
        pairs = [(m, exponent) for m in mantissas for exponent in range(37)]
        batch = TickBatch.empty(len(pairs))
        batch.bid[:] = [mantissa for mantissa, _ in pairs]
        batch.exponent[:] = [exponent for _, exponent in pairs]
        found = read_back(connection, "ticks", tick_rows(batch, "l"))
        assert same_digits([row[6] for row in found], [number(*pair) for pair in pairs])

    @given(st.lists(ticks(), max_size=6), st.sampled_from("lrs"), st.data())
    def test_keys_times_and_lateness(
        self, connection: Connection, rows: list[Tick], feed: str, data: st.DataObject
    ) -> None:
        batch = TickBatch.of(rows)
        for row in range(len(rows)):
            batch.time[row] = data.draw(TIMES)
            batch.seq[row] = data.draw(st.sampled_from([0, -1, 2**63 - 1, -(2**63)]))
            batch.late[row] = data.draw(st.booleans())
        found = read_back(connection, "ticks", tick_rows(batch, feed))
        assert [(*row[:6], row[10]) for row in found] == [
            (
                datetime_of(int(batch.time[row])),
                tick.instrument,
                tick.source,
                chr(tick.kind),
                feed,
                int(batch.seq[row]),
                bool(batch.late[row]),
            )
            for row, tick in enumerate(rows)
        ]

    def test_columns_stand_where_the_table_has_them(self, connection: Connection) -> None:
        quote = Tick(START_US, 1, 12, QUOTE, 7, bid="1.10", ask="1.20")
        trade = Tick(START_US + 1, 101, 12, TRADE, 8, price="9", size="0.5")
        rows = tick_rows(TickBatch.of([quote, trade]), "s")
        assert read_back(connection, "ticks", rows) == [
            (
                *(datetime(2023, 11, 14, 22, 14, 0, 0, UTC), 1, 12, "q", "s", 7),
                *(Decimal("1.1"), Decimal("1.2"), None, None, False),
            ),
            (
                *(datetime(2023, 11, 14, 22, 14, 0, 1, UTC), 101, 12, "t", "s", 8),
                *(None, None, Decimal(9), Decimal("0.5"), False),
            ),
        ]

    def test_no_ticks_are_no_rows(self, connection: Connection) -> None:
        assert tick_rows(TickBatch.empty(), "l") == b""
        assert read_back(connection, "ticks", b"") == []


class TestCandleRows:
    @given(st.lists(bars(), max_size=6), st.integers(1, 2**31 - 1), st.integers(0, 2**63 - 1))
    def test_are_the_bars_and_what_log_they_hold(
        self, connection: Connection, rows: list[Bar], partition: int, offset: int
    ) -> None:
        found = read_back(
            connection, "candles", candle_rows(BarBatch.of(rows), "r", partition, offset)
        )
        assert found == [
            (
                *(datetime_of(bar.time_us), bar.instrument, bar.source, chr(bar.side), "r"),
                *(bar.open, bar.high, bar.low, bar.close, bar.volume, bar.ticks),
                *(partition, offset),
            )
            for bar in rows
        ]

    @given(st.lists(st.tuples(st.integers(1, 10**18), EXPONENTS), min_size=4, max_size=4))
    def test_prices_are_written_without_trailing_zeros(
        self, connection: Connection, pairs: list[tuple[int, int]]
    ) -> None:
        batch = BarBatch.empty(1)
        batch.prices[0] = [mantissa for mantissa, _ in pairs]
        batch.exponents[0] = [exponent for _, exponent in pairs]
        (found,) = read_back(connection, "candles", candle_rows(batch, "l", 1, 1))
        trimmed = connection.execute(
            "SELECT trim_scale(price) FROM unnest(%s::numeric[]) WITH ORDINALITY AS p (price, n)"
            " ORDER BY n",
            ([number(*pair) for pair in pairs],),
        )
        assert same_digits(list(found[5:9]), [price for (price,) in trimmed])

    @given(st.integers(0, 2**63 - 1), st.integers(0, 10**18 - 1))
    def test_a_volume_loses_no_digit_and_shows_no_zeros(
        self, connection: Connection, units: int, fraction: int
    ) -> None:
        batch = BarBatch.empty(1)
        batch.prices[:] = 1
        batch.volume_units[:], batch.volume_fraction[:] = units, fraction
        (found,) = read_back(connection, "candles", candle_rows(batch, "l", 1, 1))
        if units == fraction == 0:
            assert found[9] is None
        else:
            text = f"{units}.{fraction:018d}".rstrip("0").rstrip(".")
            assert f"{found[9]:f}" == text

    def test_sides_are_letters(self, connection: Connection) -> None:
        batch = BarBatch.of([Bar(0, 1, 10, side, 1, 1, 1, 1) for side in (MID, LAST)])
        found = read_back(connection, "candles", candle_rows(batch, "l", 1, 0))
        assert [row[3] for row in found] == ["m", "t"]


def test_a_slice_of_columns_is_written_as_it_stands(connection: Connection) -> None:
    whole = TickBatch.of([Tick(n, 1, 12, TRADE, n, price=n + 1, size=1) for n in range(6)])
    every_other = whole.take(slice(None, None, 2))
    assert not every_other.time.flags.c_contiguous
    found = read_back(connection, "ticks", tick_rows(every_other, "l"))
    assert [row[5] for row in found] == np.arange(0, 6, 2).tolist()


class TestBarRows:
    def test_a_bar_has_its_interval_beside_its_key(self, connection: Connection) -> None:
        bar = Bar(START_US, 101, 12, MID, "1.5", 3, "0.25", 2, "7.5", interval_s=86_400)
        (row,) = read_back(connection, "bars", bar_rows(BarBatch.of([bar]), "s"))
        numbers = [Decimal(text) for text in ("1.5", "3", "0.25", "2", "7.5")]
        assert row[:2] == (datetime_of(START_US), 101)
        assert list(row[2:]) == [12, "m", "s", 86_400, *numbers]
