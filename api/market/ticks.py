"""Ticks: a page of them in any form, or all of a range as a stream of CSV, Arrow or Parquet."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import datetime
from itertools import accumulate

import numpy as np
import pyarrow as pa
from fastapi import Request, Response

from api.envelope import success
from api.errors import InvalidParameterError, NoTicksError, RangeTooLargeError
from api.formats import Format, asked_format, described, table_response
from api.limits import MAX_LIGHT_ROWS, MAX_STREAMED_ROWS, HeavyLease
from api.market.board import PriceBoard
from api.market.crosses import cross_legs
from api.market.cursors import tick_cursor, tick_key
from api.market.schemas import MAX_TICKS, TickParameters
from api.market.sources import known_provider, time_range
from api.services import Services
from market.instruments import Instrument
from market.sources import SOURCES, source_by_id, source_of
from storage.columns import ColumnReader, Numbers
from storage.history.tick_columns import (
    Stretch,
    TickRange,
    tick_batches,
    tick_page,
    tick_schema,
    tick_stretches,
)
from storage.history.ticks import TickKey, TickQuery, TickRow, ticks_before, ticks_from
from storage.pools import ReadPool

Rows = list[dict[str, object]]

DEFAULT_TICKS = 1_000
"""A page of JSON, where no limit is said."""

_PROVIDERS = [source.provider for source in SOURCES]
_SOURCE_INDEX = np.zeros(max(source.id for source in SOURCES) + 1, np.int8)
_SOURCE_INDEX[[source.id for source in SOURCES]] = np.arange(len(SOURCES))
_NAMES = pa.dictionary(pa.int8(), pa.string())


async def answer_ticks(
    request: Request, services: Services, parameters: TickParameters, place: HeavyLease
) -> Response:
    """The answer in the form that the request asks for.

    `place` is taken for a whole range, and for a page that is larger than light ones are.
    """
    form = asked_format(request, parameters.format)
    board = services.board
    if form is Format.JSON:
        rows, following = await find_ticks(board, services.database, parameters)
        limit = parameters.limit or DEFAULT_TICKS
        return success(request, rows, pagination={"limit": limit, "next_cursor": following})
    instrument = _instrument(board, parameters.symbol)
    headers = {}
    if parameters.limit is not None:
        if parameters.limit > MAX_LIGHT_ROWS:
            place.take()
        async with services.pages.taken(request):
            page, following = await find_tick_table(board, services.columns, parameters)
        if following is not None:
            headers["X-Next-Cursor"] = following
        batches = _of(page.to_batches())
    else:
        place.take()
        batches = await stream_ticks(board, services.columns, parameters)
    return await table_response(
        request,
        _schema(board, instrument, parameters.numbers),
        _presented(batches, instrument, parameters.numbers),
        form,
        file_name=f"{instrument.symbol}-ticks",
        headers=headers,
    )


async def find_ticks(
    board: PriceBoard, database: ReadPool, parameters: TickParameters
) -> tuple[Rows, str | None]:
    """A page of ticks, ascending, and the cursor of the next one."""
    limit = parameters.limit or DEFAULT_TICKS
    if limit > MAX_TICKS:
        raise InvalidParameterError("limit", f"must be at most {MAX_TICKS} in JSON")
    numbers = parameters.numbers
    instrument, query = _query(board, parameters, limit)
    if _asks_for_last(parameters):
        return _tick_data(instrument, await database.read(ticks_before, query, numbers)), None
    rows = await database.read(ticks_from, replace(query, limit=limit + 1), numbers)
    following = None
    if len(rows) > limit:
        last = rows[limit - 1]
        following = tick_cursor(TickKey(last.time, last.source_id, last.kind, last.seq))
    return _tick_data(instrument, rows[:limit]), following


async def find_tick_table(
    board: PriceBoard, columns: ColumnReader, parameters: TickParameters
) -> tuple[pa.Table, str | None]:
    """The same as columns (`storage.history.tick_columns.TICK_NAMES`); the limit must be given."""
    limit, numbers = parameters.limit or DEFAULT_TICKS, parameters.numbers
    _, query = _query(board, parameters, limit)
    if _asks_for_last(parameters):
        return await tick_page(columns, query, last=True, numbers=numbers), None
    more = replace(query, limit=limit + 1)
    table = await tick_page(columns, more, last=False, numbers=numbers)
    if table.num_rows <= limit:
        return table, None
    (last,) = table.select(["time", "source_id", "kind", "seq"]).slice(limit - 1, 1).to_pylist()
    return table.slice(0, limit), tick_cursor(TickKey(**last))


async def stream_ticks(
    board: PriceBoard, columns: ColumnReader, parameters: TickParameters
) -> AsyncGenerator[pa.RecordBatch]:
    """All ticks of the range as columns. RangeTooLargeError where they are too many for one answer."""
    if parameters.cursor is not None:
        raise InvalidParameterError("cursor", "is for pages: give a limit too")
    _, query = _query(board, parameters, 0)
    wanted = TickRange(query.instrument_id, query.feed, query.start, query.end, query.source_id)
    stretches = await tick_stretches(columns, wanted)
    require_streamable(stretches)
    return tick_batches(columns, wanted, stretches, parameters.numbers)


def require_streamable(stretches: Sequence[Stretch]) -> None:
    """RangeTooLargeError where stretches hold more than one answer does; it says which end fits."""
    sums = list(accumulate(stretch.ticks for stretch in stretches))
    if not sums or sums[-1] <= MAX_STREAMED_ROWS:
        return
    fitting = sum(held <= MAX_STREAMED_ROWS for held in sums)
    end = stretches[fitting].start if fitting else None
    hint = "read it page by page, with limit and cursor"
    if end is not None:
        hint = f"end it at {_text(end)} and ask for the rest from there, or {hint}"
    raise RangeTooLargeError("ticks", sums[-1], MAX_STREAMED_ROWS, hint, end)


def _query(
    board: PriceBoard, parameters: TickParameters, limit: int
) -> tuple[Instrument, TickQuery]:
    instrument = _instrument(board, parameters.symbol)
    provider = known_provider(parameters.source)
    start, end = time_range(parameters.start, parameters.end)
    query = TickQuery(
        instrument_id=instrument.id,
        feed=board.feed,
        start=start,
        end=end,
        limit=limit,
        after=tick_key(parameters.cursor) if parameters.cursor is not None else None,
        source_id=None if provider is None else source_of(provider, board.feed).id,
    )
    return instrument, query


def _instrument(board: PriceBoard, symbol: str) -> Instrument:
    """UnknownSymbolError, or NoTicksError for a pair that is crossed over others."""
    if symbol not in board.instruments:
        raise NoTicksError(symbol, cross_legs(board, symbol))
    return board.instruments.by_symbol(symbol)


def _asks_for_last(parameters: TickParameters) -> bool:
    return parameters.start is None and parameters.cursor is None


def _tick_data(instrument: Instrument, rows: Sequence[TickRow]) -> Rows:
    return [
        {
            "time": row.time,
            "symbol": instrument.symbol,
            "bid": row.bid,
            "ask": row.ask,
            "price": row.price,
            "size": row.size,
            "source": source_by_id(row.source_id).provider,
            "seq": row.seq,
        }
        for row in rows
    ]


def _schema(board: PriceBoard, instrument: Instrument, numbers: Numbers) -> pa.Schema:
    return described(
        _shown_schema(numbers), content="ticks", symbol=instrument.symbol, feed=board.feed.value
    )


def _shown_schema(numbers: Numbers) -> pa.Schema:
    stored = tick_schema(numbers)
    names = "time symbol bid ask price size source kind seq".split()
    return pa.schema(
        [
            pa.field(name, _NAMES if name in ("symbol", "source") else stored.field(name).type)
            for name in names
        ]
    )


async def _presented(
    batches: AsyncGenerator[pa.RecordBatch], instrument: Instrument, numbers: Numbers
) -> AsyncGenerator[pa.RecordBatch]:
    """Batches as they are shown: with the symbol, and sources by their providers' names."""
    schema = _shown_schema(numbers)
    symbols, providers = pa.array([instrument.symbol]), pa.array(_PROVIDERS)
    async with aclosing(batches) as found:
        async for batch in found:
            sources = _SOURCE_INDEX[batch.column("source_id").to_numpy()]
            added = {
                "symbol": pa.DictionaryArray.from_arrays(
                    np.zeros(batch.num_rows, np.int8), symbols
                ),
                "source": pa.DictionaryArray.from_arrays(sources, providers),
            }
            columns = [
                added[name] if name in added else batch.column(name) for name in schema.names
            ]
            yield pa.RecordBatch.from_arrays(columns, schema=schema)


async def _of(batches: Sequence[pa.RecordBatch]) -> AsyncGenerator[pa.RecordBatch]:
    for batch in batches:
        yield batch


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
