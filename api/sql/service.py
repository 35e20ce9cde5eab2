"""Which form an answer takes, and what of it is told in JSON."""

import asyncio
from contextlib import aclosing
from decimal import Decimal
from math import isfinite

import orjson
import pyarrow as pa
from fastapi import Request

from api.errors import RangeTooLargeError
from api.formats import Format, asked_format
from api.limits import MAX_SQL_JSON_BYTES, MAX_SQL_JSON_CELLS, MAX_SQL_JSON_ROWS
from storage.guarded_sql.reader import SqlAnswer

_SLICE_CELLS = 50_000
"""What is made into text at once, while the interpreter's lock is held."""


def sql_format(request: Request, asked: Format | None) -> Format:
    """The form that is wanted: what the body says, else what Accept likes best; Arrow where it is silent.

    NotAcceptableError where it likes none of ours.
    """
    if asked is None and request.headers.get("accept", "*/*") == "*/*":
        return Format.ARROW
    return asked_format(request, asked)


def most_rows(form: Format, limit: int) -> int:
    """How many rows an answer may have: JSON is whole in memory."""
    return min(limit, MAX_SQL_JSON_ROWS) if form is Format.JSON else limit


async def json_rows(answer: SqlAnswer) -> orjson.Fragment:
    """The whole answer as an array of objects, made in threads a slice at a time.

    What is no finite number is null, and a decimal is a string. RangeTooLargeError for more than
    MAX_SQL_JSON_CELLS or MAX_SQL_JSON_BYTES.
    """
    columns = len(answer.schema)
    parts: list[bytes] = []
    cells = size = 0
    async with aclosing(answer.batches) as found:
        async for batch in found:
            cells += batch.num_rows * columns
            _require("cells", cells, MAX_SQL_JSON_CELLS)
            _require("bytes", size + batch.nbytes, MAX_SQL_JSON_BYTES)
            rows = max(1, _SLICE_CELLS // columns)
            for start in range(0, batch.num_rows, rows):
                part = await asyncio.to_thread(_encoded, batch.slice(start, rows))
                size += len(part) + 1
                _require("bytes", size, MAX_SQL_JSON_BYTES)
                parts.append(part)
    return orjson.Fragment(b"[" + b",".join(parts) + b"]")


def _require(bound: str, asked: int, most: int) -> None:
    if asked > most:
        hint = "ask for format=arrow, which is streamed, or for less"
        raise RangeTooLargeError(bound, asked, most, hint)


def _encoded(rows: pa.RecordBatch) -> bytes:
    """Objects, with commas between them."""
    names = rows.schema.names
    columns = [map(_told, column.to_pylist()) for column in rows.columns]
    objects = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    return orjson.dumps(objects, option=orjson.OPT_UTC_Z)[1:-1]


def _told(value: object) -> object:
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, float) and not isfinite(value):
        return None
    return value
