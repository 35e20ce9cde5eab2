"""Rows into columns: what psycopg reads is what the columns hold, for every type and both numbers."""

import threading
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import psycopg
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.columns import ColumnQuery, copied
from storage.copy_decoding import DECIMAL, TIME, Numbers, RowDecoder, arrow_type
from storage.errors import UnfitValueError
from tests.storage.making import written

Connection = psycopg.Connection[Any]

pytestmark = pytest.mark.both_backends

TYPES = {
    "timestamptz": st.datetimes(timezones=st.just(UTC)),
    "date": st.dates(),
    "int2": st.integers(-(2**15), 2**15 - 1),
    "int4": st.integers(-(2**31), 2**31 - 1),
    "int8": st.integers(-(2**63), 2**63 - 1),
    "bool": st.booleans(),
    "float8": st.floats(allow_nan=False),
    "numeric": st.decimals(min_value=-(10**19), max_value=10**19, allow_nan=False, places=18),
    '"char"': st.sampled_from("qtrm"),
    "text": st.text(st.characters(exclude_characters="\x00", codec="utf-8"), max_size=9),
}
ROW = st.tuples(*(st.none() | values for values in TYPES.values()))
COLUMNS = [f"c{index}" for index in range(len(TYPES))]


def query_of(statement: str, **types: str) -> ColumnQuery:
    return ColumnQuery(written(statement), tuple(types), tuple(types.values()))


def read(
    connection: Connection, query: ColumnQuery, numbers: Numbers = Numbers.FLOAT64
) -> pa.Table:
    batches = list(copied(connection, query, numbers=numbers, stop=threading.Event(), rows=7))
    return pa.Table.from_batches(batches, schema=query.schema(numbers))


@pytest.mark.parametrize("numbers", Numbers)
@settings(max_examples=50)
@given(rows=st.lists(ROW, max_size=20))
def test_columns_hold_what_psycopg_reads(
    connection: Connection, rows: list[tuple[Any, ...]], numbers: Numbers
) -> None:
    columns = ", ".join(f"{name} {type_}" for name, type_ in zip(COLUMNS, TYPES, strict=True))
    connection.execute(f"CREATE TEMPORARY TABLE IF NOT EXISTS stored (n int, {columns})".encode())
    connection.execute("TRUNCATE stored")
    places = ", ".join(["%s"] * (len(TYPES) + 1))
    numbered = [(number, *row) for number, row in enumerate(rows)]
    connection.cursor().executemany(f"INSERT INTO stored VALUES ({places})".encode(), numbered)
    statement = f"SELECT {', '.join(COLUMNS)} FROM stored ORDER BY n"
    wanted = connection.execute(statement.encode()).fetchall()
    query = query_of(statement, **dict(zip(COLUMNS, TYPES, strict=True)))
    found = read(connection, query, numbers)
    if numbers is Numbers.FLOAT64:
        at = list(TYPES).index("numeric")
        wanted = [
            (*row[:at], None if row[at] is None else float(row[at]), *row[at + 1 :])
            for row in wanted
        ]
    assert [tuple(row.values()) for row in found.to_pylist()] == wanted
    assert found.schema == query.schema(numbers)


def test_hard_numbers_are_rounded_as_python_rounds(connection: Connection) -> None:
    texts = ["0.1", "1e-300", "1e300", "9007199254740993", "1.00000000000000011102230246251565404"]
    values = ", ".join(f"({number}::numeric)" for number in texts)
    query = query_of(f"SELECT * FROM (VALUES {values}) AS v (n)", n="numeric")
    assert read(connection, query)["n"].to_pylist() == [float(Decimal(text)) for text in texts]


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        ("'NaN'", "column n holds NaN, which is no decimal number"),
        ("1e-19", r"column n holds 1.0E-19, which has more than 18 decimals"),
        ("1e20", r"column n holds 1E\+20, which has more than 20 digits"),
    ],
)
def test_a_number_that_is_no_decimal_says_so_and_what_to_do(
    connection: Connection, number: str, reason: str
) -> None:
    query = query_of(f"SELECT 1.5 UNION ALL SELECT {number}::numeric", n="numeric")
    with pytest.raises(UnfitValueError, match=f"{reason}.* ask for numbers=float64"):
        read(connection, query, Numbers.DECIMAL)


@pytest.mark.parametrize("value", ["'infinity'::timestamptz", "'-infinity'::date"])
def test_a_time_without_end_does_not_fit(connection: Connection, value: str) -> None:
    query = query_of(f"SELECT {value}", t=value.rpartition(":")[2])
    with pytest.raises(UnfitValueError, match="column t holds infinity"):
        read(connection, query)


@pytest.mark.parametrize(
    ("value", "type_", "side"),
    [
        ("'294270-01-01'", "timestamptz", "after the year 9999"),
        ("'10000-01-01Z'", "timestamptz", "after the year 9999"),
        ("'0001-12-31 23:59:59.999999Z BC'", "timestamptz", "before the year 1"),
        ("'4713-01-01 BC'", "timestamptz", "before the year 1"),
        ("'5874897-01-01'", "date", "after the year 9999"),
        ("'10000-01-01'", "date", "after the year 9999"),
        ("'0001-12-31 BC'", "date", "before the year 1"),
        ("'0044-01-01 BC'", "date", "before the year 1"),
    ],
)
def test_a_time_that_no_calendar_has_does_not_fit(
    connection: Connection, value: str, type_: str, side: str
) -> None:
    query = query_of(f"SELECT NULL UNION ALL SELECT {value}::{type_}", t=type_)
    with pytest.raises(UnfitValueError, match=f"column t holds a time {side}"):
        read(connection, query)


def test_a_nan_and_an_infinity_are_floats(connection: Connection) -> None:
    query = query_of("SELECT 'NaN'::numeric, 'infinity'::numeric", a="numeric", b="numeric")
    found = read(connection, query)
    assert [str(found[name][0]) for name in "ab"] == ["nan", "inf"]


def test_the_ends_of_time(connection: Connection) -> None:
    query = query_of(
        "SELECT '1970-01-01Z'::timestamptz, '9999-12-31 23:59:59.999999Z'::timestamptz,"
        " '0001-01-01'::date, '0001-01-01Z'::timestamptz, '9999-12-31'::date",
        a="timestamptz",
        b="timestamptz",
        c="date",
        d="timestamptz",
        e="date",
    )
    assert read(connection, query).to_pylist() == [
        {
            "a": datetime(1970, 1, 1, tzinfo=UTC),
            "b": datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC),
            "c": date(1, 1, 1),
            "d": datetime(1, 1, 1, tzinfo=UTC),
            "e": date(9999, 12, 31),
        }
    ]


def test_a_column_of_another_type_is_not_misread(connection: Connection) -> None:
    with pytest.raises(ValueError, match="column n is no int8"):
        read(connection, query_of("SELECT 1::int4", n="int8"))
    with pytest.raises(ValueError, match="other columns"):
        read(connection, query_of("SELECT 1::int4", n="int4", m="int4"))
    for numbers in Numbers:
        for value in ("2147483647::int4", "'not a number'::text"):
            with pytest.raises(ValueError, match="column n is no numeric"):
                read(connection, query_of(f"SELECT {value}", n="numeric"), numbers)


def test_rows_that_are_cut_are_not_misread() -> None:
    row = bytearray(b"\x00\x01\x00\x00\x00\x02\x00\x07")
    schema = pa.schema([("n", pa.int16())])
    decoder = RowDecoder(schema, ["int2"])
    assert decoder.decode(row * 2, 2).to_pylist() == [{"n": 7}, {"n": 7}]
    for cut in range(1, len(row)):
        with pytest.raises(ValueError, match="other columns"):
            decoder.decode(row + row[:-cut], 2)


def test_types_are_said() -> None:
    assert arrow_type("numeric", Numbers.DECIMAL) == DECIMAL
    assert arrow_type("numeric", Numbers.FLOAT64) == pa.float64()
    assert arrow_type("timestamptz", Numbers.DECIMAL) == TIME
    with pytest.raises(KeyError):
        arrow_type("jsonb", Numbers.FLOAT64)
