"""The form of an answer, and rows as JSON."""

from collections.abc import AsyncGenerator
from decimal import Decimal
from typing import Any

import orjson
import pyarrow as pa
import pytest
from fastapi import Request

from api.errors import NotAcceptableError, RangeTooLargeError
from api.formats import Format
from api.limits import MAX_SQL_JSON_CELLS, MAX_SQL_JSON_ROWS
from api.sql.service import json_rows, most_rows, sql_format
from storage.guarded_sql.reader import SqlAnswer


async def told(table: pa.Table, rows: int) -> Any:
    """What a client reads of an answer that comes in batches of so many rows."""

    async def batches() -> AsyncGenerator[pa.RecordBatch]:
        for batch in table.to_batches(rows):
            yield batch

    return orjson.loads(orjson.dumps(await json_rows(SqlAnswer(table.schema, batches()))))


def request(accept: str | None) -> Request:
    headers = [] if accept is None else [(b"accept", accept.encode())]
    return Request({"type": "http", "headers": headers})


@pytest.mark.parametrize(
    ("accept", "asked", "form"),
    [
        (None, None, Format.ARROW),
        ("*/*", None, Format.ARROW),
        ("*/*", Format.CSV, Format.CSV),
        ("application/json", None, Format.JSON),
        ("text/csv, */*;q=0.1", None, Format.CSV),
        ("text/csv", Format.PARQUET, Format.PARQUET),
    ],
)
def test_the_body_wins_over_accept_and_arrow_is_for_silence(
    accept: str | None, asked: Format | None, form: Format
) -> None:
    assert sql_format(request(accept), asked) is form


def test_none_of_ours() -> None:
    with pytest.raises(NotAcceptableError):
        sql_format(request("image/png"), None)


def test_json_alone_has_a_bound_of_its_own() -> None:
    assert most_rows(Format.JSON, 1_000_000) == MAX_SQL_JSON_ROWS
    assert most_rows(Format.JSON, 10) == 10
    assert most_rows(Format.ARROW, 1_000_000) == 1_000_000


async def test_numbers_in_json() -> None:
    columns = {
        "exact": pa.array([Decimal("1.500"), None], pa.decimal128(38, 18)),
        "float": [float("nan"), float("-inf")],
        "text": ["a", None],
    }
    table = pa.table(columns)

    assert await told(table, 1) == [
        {"exact": "1.5", "float": None, "text": "a"},
        {"exact": None, "float": None, "text": None},
    ]


async def test_slices_follow_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.sql.service._SLICE_CELLS", 7)
    table = pa.table({"a": range(100), "b": range(100)})
    assert await told(table, 40) == table.to_pylist()
    assert await told(table.slice(0, 0), 1) == []


async def test_cells_are_bounded_however_little_they_take() -> None:
    flag = pa.array([True] * 1_000)
    columns = MAX_SQL_JSON_CELLS // 1_000
    fitting = pa.table([flag] * columns, [f"c{number}" for number in range(columns)])
    assert len(await told(fitting, 1_000)) == 1_000
    with pytest.raises(RangeTooLargeError) as refused:
        await told(fitting.append_column("more", flag), 1_000)
    assert (refused.value.bound, refused.value.asked) == ("cells", MAX_SQL_JSON_CELLS + 1_000)


async def test_bytes_are_those_of_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.sql.service.MAX_SQL_JSON_BYTES", 10_000)
    named = pa.table({"n" * 60: pa.array([True] * 100)})
    assert len(await told(named, 100)) == 100
    escaped = pa.table({"n": ["\x01" * 20] * 100})
    for table in (pa.concat_tables([named, named]), escaped):
        assert table.nbytes < 10_000
        with pytest.raises(RangeTooLargeError) as refused:
            await told(table, 100)
        assert refused.value.bound == "bytes"
