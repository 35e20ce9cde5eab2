"""What is asked of history: which range, which side, where the next page begins."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from api.market.board import PriceBoard
from api.market.cursors import candle_cursor, candle_start, tick_cursor, tick_key
from api.market.schemas import CandleParameters, TickParameters
from api.market.sources import time_range
from market.clock import datetime_of
from market.instruments import AssetClass, Instrument
from market.sources import source_by_id
from storage.history.candles import CandleQuery, CandleRow, candles_before, candles_from
from storage.history.ticks import TickKey, TickQuery, TickRow, ticks_before, ticks_from
from storage.pools import ReadPool

Rows = list[dict[str, object]]

_SIDES = {"mid": "m", "bid": "b", "ask": "a", "trade": "t"}


async def find_ticks(
    board: PriceBoard, database: ReadPool, parameters: TickParameters
) -> tuple[Rows, str | None]:
    """A page of ticks, ascending, and the cursor of the next one."""
    instrument = board.instruments.by_symbol(parameters.symbol)
    after = tick_key(parameters.cursor) if parameters.cursor is not None else None
    start, end = time_range(parameters.start, parameters.end)
    limit = parameters.limit
    if parameters.start is None and after is None:
        query = TickQuery(instrument.id, board.feed, start, end, limit)
        return _tick_data(instrument, await database.read(ticks_before, query)), None
    query = TickQuery(instrument.id, board.feed, start, end, limit + 1, after)
    rows = await database.read(ticks_from, query)
    following = None
    if len(rows) > limit:
        last = rows[limit - 1]
        following = tick_cursor(TickKey(last.time, last.source_id, last.kind, last.seq))
    return _tick_data(instrument, rows[:limit]), following


async def find_candles(
    board: PriceBoard, database: ReadPool, parameters: CandleParameters
) -> tuple[Rows, str | None]:
    """A page of candles, ascending, and the cursor of the next one."""
    instrument = board.instruments.by_symbol(parameters.symbol)
    start, end = time_range(parameters.start, parameters.end)
    if parameters.cursor is not None:
        start = max(start, candle_start(parameters.cursor))
    query = CandleQuery(
        instrument_id=instrument.id,
        feed=board.feed,
        sides=_sides(instrument, parameters.side),
        interval=parameters.interval,
        zone=ZoneInfo(parameters.timezone),
        start=start,
        end=end,
        limit=parameters.limit,
    )
    now = datetime_of(board.now_us())
    if parameters.start is None and parameters.cursor is None:
        return _candle_data(query, await database.read(candles_before, query), now), None
    rows, more = await database.read(candles_from, query)
    following = None
    if more:
        following = candle_cursor(query.interval.end_of(rows[-1].time, query.zone))
    return _candle_data(query, rows, now), following


def _sides(instrument: Instrument, side: str | None) -> Sequence[str]:
    if side is not None:
        return (_SIDES[side],)
    # Some pairs are only known as a computed rate, which stands where trades do.
    return ("m", "t") if instrument.asset_class is AssetClass.FX else ("t",)


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


def _candle_data(query: CandleQuery, rows: Sequence[CandleRow], now: datetime) -> Rows:
    longest = timedelta(minutes=query.interval.minutes)
    return [
        {
            "time": row.time,
            "open": row.open,
            "high": row.high,
            "low": row.low,
            "close": row.close,
            "volume": row.volume,
            "ticks": row.ticks,
            "complete": row.time + longest <= now
            or query.interval.end_of(row.time, query.zone) <= now,
        }
        for row in rows
    ]
