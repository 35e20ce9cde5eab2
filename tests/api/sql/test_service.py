"""The form of an answer, and rows as JSON."""

from collections.abc import AsyncGenerator
from decimal import Decimal

import pyarrow as pa
import pytest
from fastapi import Request

from api.errors import NotAcceptableError
from api.formats import Format
from api.limits import MAX_SQL_JSON_ROWS
from api.sql.service import json_rows, most_rows, sql_format
from storage.guarded_sql.reader import SqlAnswer


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

    async def batches() -> AsyncGenerator[pa.RecordBatch]:
        for batch in table.to_batches(1):
            yield batch

    assert await json_rows(SqlAnswer(table.schema, batches())) == [
        {"exact": "1.5", "float": None, "text": "a"},
        {"exact": None, "float": None, "text": None},
    ]
