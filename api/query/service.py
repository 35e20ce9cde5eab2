"""Answers a quant query: names become symbols, columns a plan, candles a panel, and that a table."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pyarrow as pa

from api.errors import InvalidParameterError, RangeTooLargeError
from api.limits import MAX_QUERY_JSON_ROWS, MAX_QUERY_JSON_VALUES
from api.market.board import PriceBoard
from api.market.crosses import require_known
from api.query.bounds import Size, check_size, rows_within
from api.query.loading import Wanted, load_members
from api.query.schemas import MAX_SYMBOLS, QueryBody, age_us
from api.services import ServiceSet
from market.clock import microseconds
from market.errors import UnknownSymbolError
from pricing_engine.quant.errors import Fault, InvalidQueryError, unknown
from pricing_engine.quant.evaluate import evaluate
from pricing_engine.quant.panel import Fill, Span, panel
from pricing_engine.quant.plan import Plan, plan
from pricing_engine.quant.table import TIME
from storage.pools import QueryTimeoutError

TIMEOUT_S = 60.0
"""For loading and computing together."""
DEFAULT_JSON_ROWS = 10_000
BATCH_ROWS = 65_536

_TEXT = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows in the order of time, and the `start` of those that the limit left out, if it did."""

    frame: pl.DataFrame
    next_start: datetime | None


@dataclass(frozen=True, slots=True)
class Question:
    """A query that is known to be answerable: its symbols, asked for or benchmarks, and its plan."""

    body: QueryBody
    symbols: tuple[tuple[str, bool], ...]
    plan: Plan
    end: datetime


def understood(board: PriceBoard, body: QueryBody, now: datetime) -> Question:
    """What the body asks for, checked wholly, with nothing read.

    Buckets that open after `now` are not asked for. InvalidQueryError says all that is wrong;
    RangeTooLargeError that it is too much.
    """
    made = plan(body.columns, body.layout, rows_within(body.interval))
    symbols = _symbols(board, body)
    _check_symbols(board, body, symbols, made)
    others = [each for each in made.benchmarks if each not in symbols]
    following = now + timedelta(microseconds=1)  # a bucket may open right now
    end = following if body.end is None else min(body.end, following)
    if end <= body.start:
        raise InvalidQueryError([Fault("start", f"must be earlier than now, {now.isoformat()}")])
    pairs = _pairs(len(symbols), made) if body.layout.of_pairs else 0
    size = Size(
        symbols=len(symbols) + len(others),
        start_us=microseconds(body.start),
        end_us=microseconds(end),
        interval=body.interval,
        pairs=pairs,
    )
    check_size(size, made)
    members = [*((each, True) for each in symbols), *((each, False) for each in others)]
    return Question(body, tuple(members), made, end)


async def answered(services: ServiceSet, question: Question, limit: int | None) -> Answer:
    """The answer, of at most `limit` rows; computed in a thread.

    QueryTimeoutError where it takes longer than `TIMEOUT_S`; NoPathError; what reading and `limited`
    raise.
    """
    body, made = question.body, question.plan
    # A flat bar is the last close.
    held = ["close"] if body.fill is Fill.FLAT else []
    fields = tuple(dict.fromkeys((*made.fields, *held)))
    deadline = time.monotonic() + TIMEOUT_S
    holds = body.fill is not Fill.NONE
    wanted = Wanted(
        interval=body.interval,
        timezone=body.timezone,
        side=body.side,
        start=body.start,
        end=question.end,
        before=made.lookback + holds,
    )
    try:
        async with asyncio.timeout(TIMEOUT_S):
            members = await load_members(services, question.symbols, wanted, fields)
    except TimeoutError:
        raise QueryTimeoutError(int(TIMEOUT_S * 1_000)) from None

    def proceed() -> None:
        if time.monotonic() > deadline:
            raise QueryTimeoutError(int(TIMEOUT_S * 1_000))

    def compute() -> Answer:
        span = Span(
            start_us=microseconds(body.start),
            end_us=microseconds(question.end),
            interval=body.interval,
            zone=ZoneInfo(body.timezone),
            lookback=made.lookback,
        )
        age = age_us(body.max_age)
        table = panel(members, span, fields, body.grid, body.fill, age)
        frame = evaluate(made, table, body.layout, body.resample, proceed)
        return limited(frame, limit, made.whole)

    return await asyncio.to_thread(compute)


def json_limit(limit: int | None) -> int:
    """How many rows an answer in JSON has, which is whole in memory."""
    if limit is not None and limit > MAX_QUERY_JSON_ROWS:
        message = f"must be at most {MAX_QUERY_JSON_ROWS} in JSON: ask for arrow, parquet or csv"
        raise InvalidParameterError("limit", message)
    return limit or DEFAULT_JSON_ROWS


def check_json(frame: pl.DataFrame) -> None:
    """RangeTooLargeError where these rows are more values than an answer in JSON may have."""
    values = frame.height * frame.width
    if values > MAX_QUERY_JSON_VALUES:
        rows = MAX_QUERY_JSON_VALUES // frame.width
        hint = (
            f"ask for arrow, parquet or csv, or for fewer columns, or give a limit of {rows:,} rows"
        )
        raise RangeTooLargeError("values in JSON", values, MAX_QUERY_JSON_VALUES, hint)


def limited(frame: pl.DataFrame, limit: int | None, whole: Sequence[str] = ()) -> Answer:
    """The first rows, as many whole times as the limit holds.

    RangeTooLargeError where that parts columns of the `whole` range, which would begin anew.
    """
    if limit is None or frame.height <= limit:
        return Answer(frame, None)
    if whole:
        hint = (
            f"{', '.join(whole)} without a window is of the whole range, which pages would begin anew:"
            f" ask for arrow, parquet or csv without a limit, give a higher limit (in JSON up to"
            f" {MAX_QUERY_JSON_ROWS:,}), a wider interval, or a window"
        )
        raise RangeTooLargeError("rows", frame.height, limit, hint)
    following = frame[TIME][limit]
    kept = frame.filter(pl.col(TIME) < following)
    if not kept.height:
        rows = frame.filter(pl.col(TIME) == following).height
        raise InvalidParameterError("limit", f"must be at least {rows}: the rows of one time")
    return Answer(kept, following)


def arrow_table(frame: pl.DataFrame) -> pa.Table:
    """As Arrow: `time` in microseconds of UTC, symbols dictionary-encoded text, columns float64."""
    table = frame.to_arrow()
    fields = [
        pa.field(field.name, _TEXT if pa.types.is_dictionary(field.type) else field.type)
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))


async def batches_of(table: pa.Table) -> AsyncGenerator[pa.RecordBatch]:
    """A table in batches."""
    for batch in table.combine_chunks().to_batches(BATCH_ROWS):
        yield batch


def _symbols(board: PriceBoard, body: QueryBody) -> tuple[str, ...]:
    if body.symbols is not None:
        return tuple(dict.fromkeys(body.symbols))
    universe = body.universe
    assert universe is not None  # the schema sees to it
    found = [
        each.symbol
        for each in board.instruments
        if universe.asset_class in (None, each.asset_class)
        and universe.base in (None, each.base)
        and universe.quote in (None, each.quote)
    ]
    if not 1 <= len(found) <= MAX_SYMBOLS:
        message = f"must hold 1 to {MAX_SYMBOLS} instruments, and holds {len(found)}"
        raise InvalidQueryError([Fault("universe", message)])
    return tuple(found)


def _check_symbols(
    board: PriceBoard, body: QueryBody, symbols: tuple[str, ...], made: Plan
) -> None:
    named = [(f"symbols.{place}", name) for place, name in enumerate(body.symbols or ())]
    named += [
        (f"columns.{place}.benchmark", str(column["benchmark"]))
        for place, column in enumerate(body.columns)
        if isinstance(column, dict) and column.get("benchmark")
    ]
    known = [instrument.symbol for instrument in board.instruments]
    faults: list[Fault] = []
    for field, name in named:
        try:
            require_known(board, name)
        except UnknownSymbolError:
            faults.append(unknown(field, "symbol", name, known, len(faults)))
    if body.layout.of_pairs and len(symbols) < 2:
        faults.append(Fault("symbols", "pairs need two symbols at least"))
    if faults:
        raise InvalidQueryError(faults)


def _pairs(symbols: int, made: Plan) -> int:
    """Values of pairs at one time; of a matrix there are as many again for its other half."""
    return symbols * symbols * len(made.shown)
