"""Candles as they are asked for: a page, or the whole range as a stream of tables."""

from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from fastapi import Request, Response

from api.envelope import success
from api.errors import InvalidParameterError, RangeTooLargeError
from api.formats import Format, asked_format, described, table_response
from api.limits import MAX_STREAMED_ROWS, HeavyLease
from api.market.crosses import cross_of, require_known, shown_path
from api.market.cursors import candle_cursor, candle_start
from api.market.prices import newest_board
from api.market.schemas import DEFAULT_CANDLES, CandleParameters
from api.market.sources import time_range
from api.services import ServiceSet
from market.clock import datetime_of, microseconds
from market.crosses import Cross, NoPathError
from market.instruments import AssetClass, Instrument
from storage.errors import DatabaseUnavailableError
from storage.history import walking
from storage.history.candles import CandleQuery, candle_series
from storage.history.cross_candles import CrossLeg, CrossQuery, CrossSide, cross_series
from storage.history.electing import numbers_of, times_of
from storage.history.units import MINUTE_US
from storage.history.walking import CandlePage, Series
from storage.pools import ANSWER_WITHIN_S, QueryTimeoutError
from storage.waiting import within

NEXT_CURSOR = "X-Next-Cursor"
"""The header of a page that is no JSON: the `cursor` of the page that follows, absent at the end."""

PAGE_WITHIN_S = 8.0
"""What the reading of a page may take, once the database has answered at all."""

_SIDES = {"mid": "m", "bid": "b", "ask": "a", "trade": "t"}


@dataclass(frozen=True, slots=True)
class Asked:
    """The candles that are asked for; `path` only of a cross."""

    symbol: str
    series: Series
    path: list[dict[str, object]] | None = None

    @property
    def is_itself(self) -> bool:
        """Whether the only leg is the pair: it is quoted, though not within the range."""
        return self.path is not None and [leg["symbol"] for leg in self.path] == [self.symbol]

    @property
    def facts(self) -> dict[str, object]:
        """What an answer says of a cross."""
        return {} if self.path is None else {"synthetic": True, "path": self.path}


@dataclass(frozen=True, slots=True)
class Now:
    """The time of the market, which of a recording is that of its newest tick, and the clock's.

    A provider's bars are no part of a recording's ticks: they are over when the clock says so.
    """

    market_us: int
    clock_us: int

    @classmethod
    def of(cls, services: ServiceSet) -> "Now":
        """The present."""
        return cls(services.board.now_us(), services.config.clock())


async def candles_response(
    request: Request, services: ServiceSet, place: HeavyLease, parameters: CandleParameters
) -> Response:
    """The answer in the form that is wanted."""
    form = asked_format(request, parameters.format)
    if form is not Format.JSON and parameters.limit is None:
        place.take()
        asked = await find_series(services, parameters)
        _check_length(asked.series)
        batches = walking.batches(asked.series)
        return await _table(request, services, asked, form, batches)
    async with services.pages.taken(request):
        asked = await find_series(services, parameters)
        page = await find_page(asked.series, parameters)
    following = page.following_us
    cursor = None if following is None else candle_cursor(datetime_of(following))
    if form is Format.JSON:
        pagination = {"limit": parameters.limit or DEFAULT_CANDLES, "next_cursor": cursor}
        rows = shown_rows(asked.series, page.rows, Now.of(services))
        return success(request, rows, pagination=pagination, facts=asked.facts)
    headers = {} if cursor is None else {NEXT_CURSOR: cursor}
    return await _table(request, services, asked, form, _batches(page.rows), headers)


async def find_series(services: ServiceSet, parameters: CandleParameters) -> Asked:
    """What the parameters ask for.

    UnknownSymbolError, NoPathError, InvalidParameterError.
    """
    if parameters.symbol not in services.board.instruments:
        return await _cross(services, parameters)
    instrument = services.board.instruments.by_symbol(parameters.symbol)
    start, end = asked_range(parameters)
    query = CandleQuery(
        instrument_id=instrument.id,
        feed=services.board.feed,
        sides=sides_of(instrument, parameters.side),
        interval=parameters.interval,
        zone=ZoneInfo(parameters.timezone),
        start=start,
        end=end,
    )
    series = await _at_once(candle_series(services.columns, query, parameters.numbers))
    if _is_empty(series) and instrument.asset_class is AssetClass.FX:
        with suppress(NoPathError, InvalidParameterError):  # then it is as empty as it was
            crossed = await _cross(services, parameters)
            if not crossed.is_itself:
                return crossed
    return Asked(instrument.symbol, series)


def _is_empty(series: Series) -> bool:
    return series.range_us[0] >= series.range_us[1]


async def _cross(services: ServiceSet, parameters: CandleParameters) -> Asked:
    require_known(services.board, parameters.symbol)
    start, end = asked_range(parameters)
    width_us = parameters.interval.width_us
    if width_us is not None and width_us % MINUTE_US:
        raise InvalidParameterError("interval", "of a cross rate must be of whole minutes")
    if parameters.side == "trade":
        raise InvalidParameterError("side", "of a cross rate is mid, bid or ask: nobody trades it")
    cross = await _path(services, parameters.symbol, end)
    instruments = services.board.instruments
    query = CrossQuery(
        legs=[
            CrossLeg(instruments.by_symbol(leg.rate.symbol).id, leg.inverted) for leg in cross.legs
        ],
        feed=services.board.feed,
        side=CrossSide(parameters.side or "mid"),
        interval=parameters.interval,
        zone=ZoneInfo(parameters.timezone),
        start=start,
        end=end,
    )
    series = cross_series(services.columns, query, parameters.numbers)
    return Asked(parameters.symbol, await _at_once(series), shown_path(cross))


async def _at_once(series: Coroutine[Any, Any, Series]) -> Series:
    late = DatabaseUnavailableError(f"no answer in {ANSWER_WITHIN_S} s")
    return await within(ANSWER_WITHIN_S, series, late)


async def _path(services: ServiceSet, symbol: str, end: datetime) -> Cross:
    """The way that a price at the end of the range would take."""
    board = services.board
    at_us = min(microseconds(end) - 1, board.now_us())
    pairs = [each.id for each in board.instruments if each.asset_class is AssetClass.FX]
    then = await newest_board(board, services.database, pairs, at_us)
    return cross_of(then, symbol, at_us)


def asked_range(parameters: CandleParameters) -> tuple[datetime, datetime]:
    """From where the cursor stands, or the start."""
    start, end = time_range(parameters.start, parameters.end)
    if parameters.cursor is not None:
        start = max(start, candle_start(parameters.cursor))
    return start, end


async def find_page(series: Series, parameters: CandleParameters) -> CandlePage:
    """The first candles of the range, or without a start the last."""
    limit = parameters.limit or DEFAULT_CANDLES
    if parameters.start is None and parameters.cursor is None:
        page = walking.last_page(series, limit)
    else:
        page = walking.first_page(series, limit)
    return await within(PAGE_WITHIN_S, page, QueryTimeoutError(round(PAGE_WITHIN_S * 1000)))


def shown_rows(series: Series, candles: pa.Table, now: Now) -> list[dict[str, object]]:
    """Candles as JSON has them: decimals as text, which loses no digit."""
    shown = _completed(series, candles, now)
    for place, field in enumerate(shown.schema):
        if pa.types.is_decimal(field.type):
            digits = pc.utf8_rtrim(shown.column(place).cast(pa.string()), "0")
            shown = shown.set_column(place, field.name, pc.utf8_rtrim(digits, "."))
    rows: list[dict[str, object]] = shown.to_pylist()
    return rows


def _completed(series: Series, candles: pa.Table, now: Now) -> pa.Table:
    bars = numbers_of(candles, "ticks") + numbers_of(candles, "minutes") == 0
    ends_us = series.interval.ends_of(times_of(candles), series.zone)
    complete = ends_us <= np.where(bars, now.clock_us, now.market_us)
    return candles.drop_columns(["minutes"]).append_column("complete", pa.array(complete))


def sides_of(instrument: Instrument, side: str | None) -> Sequence[str]:
    """The letters of the sides that candles are of, the preferred one first."""
    if side is not None:
        return (_SIDES[side],)
    # Some pairs are only known as a computed rate, which stands where trades do.
    return ("m", "t") if instrument.asset_class is AssetClass.FX else ("t",)


def _check_length(series: Series) -> None:
    shortest_us = series.interval.shortest_us
    start_us, end_us = series.range_us
    most = (end_us - start_us) // shortest_us
    if most > MAX_STREAMED_ROWS:
        end = datetime_of(start_us + MAX_STREAMED_ROWS * shortest_us)
        hint = "ask for a shorter range, a longer interval, or pages with `limit` and `cursor`"
        raise RangeTooLargeError("candles", most, MAX_STREAMED_ROWS, hint, end)


async def _table(
    request: Request,
    services: ServiceSet,
    asked: Asked,
    form: Format,
    batches: AsyncGenerator[pa.RecordBatch],
    headers: dict[str, str] | None = None,
) -> Response:
    now = Now.of(services)
    schema = described(
        _with_symbol(asked, asked.series.schema.empty_table(), now).schema,
        interval=str(asked.series.interval),
        timezone=asked.series.zone.key,
        feed=services.board.feed.value,
        **{name: orjson.dumps(fact).decode() for name, fact in asked.facts.items()},
    )
    name = f"{asked.symbol}-{asked.series.interval}"
    shown = _shown_batches(asked, schema, batches, now)
    return await table_response(request, schema, shown, form, file_name=name, headers=headers)


async def _shown_batches(
    asked: Asked, schema: pa.Schema, batches: AsyncGenerator[pa.RecordBatch], now: Now
) -> AsyncGenerator[pa.RecordBatch]:
    try:
        async for batch in batches:
            table = _with_symbol(asked, pa.Table.from_batches([batch]), now)
            for shown in table.replace_schema_metadata(schema.metadata).to_batches():
                yield shown
    finally:
        await batches.aclose()


def _with_symbol(asked: Asked, candles: pa.Table, now: Now) -> pa.Table:
    indices = np.zeros(candles.num_rows, np.int8)
    symbol = pa.DictionaryArray.from_arrays(indices, pa.array([asked.symbol]))
    return _completed(asked.series, candles, now).add_column(1, "symbol", symbol)


async def _batches(candles: pa.Table) -> AsyncGenerator[pa.RecordBatch]:
    for batch in candles.combine_chunks().to_batches():
        yield batch
