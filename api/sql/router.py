"""SQL over HTTP: a statement's answer, and the documentation of what statements may ask."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request, Response

from api.access.guards import MARKET_READER
from api.access.rates import rate_limited
from api.envelope import Failure, Success, success
from api.errors import RESPONSES
from api.formats import TABLE_CONTENT, Format, described, table_response
from api.limits import MAX_SQL_JSON_CELLS, MAX_SQL_JSON_ROWS, MAX_SQL_ROWS, HeavyPlace
from api.services import Services
from api.sql.examples import EXAMPLES
from api.sql.schemas import SqlBody, SqlData
from api.sql.service import json_rows, most_rows, sql_format
from storage.guarded_sql.reader import SqlQuestion
from storage.guarded_sql.views import find_views

_REFUSALS: dict[int | str, dict[str, Any]] = {
    status: RESPONSES[status] for status in (406, 422, 429, 503)
}
_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": TABLE_CONTENT},
    403: {"model": Failure, "description": "The statement wants what it may not do"},
    408: {"model": Failure, "description": "The statement took too long"},
}

router = APIRouter(
    prefix="/api/market/sql", tags=["sql"], responses=_REFUSALS, dependencies=[MARKET_READER]
)


@router.post(
    "",
    response_model=Success[list[dict[str, Any]]],
    responses=_ANSWERS,
    dependencies=[rate_limited("heavy")],
)
async def ask(request: Request, body: SqlBody, services: Services, place: HeavyPlace) -> Response:
    """The rows that one read-only statement asks for, over the views that `/views` documents.

    It runs by a login that can read these views, of the served feed alone, and nothing else, in a READ
    ONLY transaction, within bounds of time, memory and rows. An answer that has more rows than it may is
    an error, or where it had begun, a broken connection; it is never cut.
    """
    form = sql_format(request, body.format)
    place.take()
    ends_s = asyncio.get_running_loop().time() + services.sql.bounds.whole_s
    question = SqlQuestion(body.sql, most_rows(form, body.limit), body.numbers)
    answer = await services.sql.answer(question)
    if form is Format.JSON:
        return success(request, await json_rows(answer))
    schema = described(answer.schema, feed=services.config.feed.value)
    return await table_response(
        request, schema, answer.batches, form, file_name="answer", ends_s=ends_s
    )


@router.get("/views", response_model=Success[SqlData])
async def views(request: Request, services: Services) -> Response:
    """The views and their columns, statements to begin with, and what a statement may take."""
    bounds = services.sql.bounds
    data = {
        "feed": services.config.feed.value,
        "views": await services.database.read(find_views, services.config.feed),
        "examples": [example.model_dump() for example in EXAMPLES],
        "bounds": {
            "rows": MAX_SQL_ROWS,
            "json_rows": MAX_SQL_JSON_ROWS,
            "json_cells": MAX_SQL_JSON_CELLS,
            "seconds": bounds.work_s,
            "memory_mb": bounds.memory_mb,
        },
    }
    return success(request, data)
