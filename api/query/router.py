"""Quant queries over HTTP: the answer to one, and the vocabulary that they are written with."""

import asyncio
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Body, Request, Response

from api.access.guards import MARKET_READER
from api.access.rates import rate_limited
from api.envelope import Success, success
from api.errors import RESPONSES
from api.formats import TABLE_CONTENT, Format, asked_format, described, table_response
from api.limits import HeavyPlace
from api.query.document import document
from api.query.schemas import EXAMPLES, QueryAnswer, QueryBody, VocabularyData
from api.query.service import (
    answered,
    arrow_table,
    batches_of,
    check_json,
    json_limit,
    understood,
)
from api.services import Services
from market.clock import datetime_of, microseconds, rfc3339

NEXT_START = "X-Next-Start"
"""The header of an answer that its limit has cut: the `start` of the rest."""

router = APIRouter(
    prefix="/api/market/query", tags=["quant"], responses=RESPONSES, dependencies=[MARKET_READER]
)

_Body = Annotated[
    QueryBody,
    Body(openapi_examples={name: {"value": example} for name, example in EXAMPLES.items()}),
]


@router.post(
    "",
    response_model=QueryAnswer,
    responses={200: {"content": TABLE_CONTENT}},
    dependencies=[rate_limited("heavy")],
)
async def query(request: Request, body: _Body, services: Services, place: HeavyPlace) -> Response:
    """Columns of a documented vocabulary, computed over the candles of symbols or of a universe.

    Everything in the body is checked before any work: what is unknown or too much is refused with its
    place in the body, what is allowed, and what may be meant. `/vocabulary` says what there is.
    """
    form = asked_format(request, body.format)
    limit = json_limit(body.limit) if form is Format.JSON else body.limit
    # Of a recording too it is the clock's: its bars may be newer than its newest tick.
    now = datetime_of(services.config.clock())
    question = understood(services.board, body, now)
    place.take()
    answer = await answered(services, question, limit)
    following = None if answer.next_start is None else _text(answer.next_start)
    if form is Format.JSON:
        pagination = {"limit": limit, "next_start": following}
        check_json(answer.frame)
        rows = await asyncio.to_thread(answer.frame.to_dicts)
        return success(request, rows, pagination=pagination)
    facts = {"next_start": following} if following else {}
    table = await asyncio.to_thread(arrow_table, answer.frame)
    schema = described(
        table.schema,
        feed=services.config.feed.value,
        interval=str(body.interval),
        timezone=body.timezone,
        **facts,
    )
    batches = batches_of(table.replace_schema_metadata(schema.metadata))
    headers = {NEXT_START: following} if following else {}
    return await table_response(request, schema, batches, form, file_name="query", headers=headers)


@router.get("/vocabulary", response_model=Success[VocabularyData])
async def vocabulary(request: Request) -> Response:
    """Everything that a query is written with: fields, operations, rules, bounds, examples."""
    return success(request, document())


def _text(moment: datetime) -> str:
    return rfc3339(microseconds(moment))
