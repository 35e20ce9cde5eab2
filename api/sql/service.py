"""Which form an answer takes, and what of it is told in JSON."""

from contextlib import aclosing
from decimal import Decimal
from math import isfinite
from typing import Any

import pyarrow as pa
from fastapi import Request

from api.errors import RangeTooLargeError
from api.formats import Format, asked_format
from api.limits import MAX_SQL_JSON_BYTES, MAX_SQL_JSON_ROWS
from storage.guarded_sql.reader import SqlAnswer


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


async def json_rows(answer: SqlAnswer) -> list[dict[str, Any]]:
    """The whole answer as objects. What is no finite number is null, and a decimal is a string.

    RangeTooLargeError for more than MAX_SQL_JSON_BYTES.
    """
    batches, size = [], 0
    async with aclosing(answer.batches) as found:
        async for batch in found:
            size += batch.nbytes
            if size > MAX_SQL_JSON_BYTES:
                hint = "ask for format=arrow, which is streamed, or for less"
                raise RangeTooLargeError("bytes", size, MAX_SQL_JSON_BYTES, hint)
            batches.append(batch)
    table = pa.Table.from_batches(batches, answer.schema)
    return [{name: _told(value) for name, value in row.items()} for row in table.to_pylist()]


def _told(value: object) -> object:
    if isinstance(value, Decimal):
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, float) and not isfinite(value):
        return None
    return value
