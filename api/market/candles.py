"""Pages of candles: which range, which side, where the next one begins, and which still grow."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import pyarrow as pa

from api.market.board import PriceBoard
from api.market.cursors import candle_cursor, candle_start
from api.market.schemas import CandleParameters
from api.market.sources import time_range
from market.clock import datetime_of
from market.instruments import AssetClass, Instrument
from storage.columns import ColumnReader
from storage.history.candles import CandleQuery, first_candles, last_candles

Rows = list[dict[str, object]]

_SIDES = {"mid": "m", "bid": "b", "ask": "a", "trade": "t"}


async def find_candles(
    board: PriceBoard, columns: ColumnReader, parameters: CandleParameters
) -> tuple[Rows, str | None]:
    """A page of candles, ascending, and the cursor of the next one."""
    query = candle_query(board, parameters)
    if parameters.start is None and parameters.cursor is None:
        page = await last_candles(columns, query, parameters.limit)
    else:
        page = await first_candles(columns, query, parameters.limit)
    following = page.following_us
    cursor = None if following is None else candle_cursor(datetime_of(following))
    return _shown(query, page.rows, board.now_us()), cursor


def candle_query(board: PriceBoard, parameters: CandleParameters) -> CandleQuery:
    """What the parameters ask for; raises where they name no instrument, or no range."""
    instrument = board.instruments.by_symbol(parameters.symbol)
    start, end = time_range(parameters.start, parameters.end)
    if parameters.cursor is not None:
        start = max(start, candle_start(parameters.cursor))
    return CandleQuery(
        instrument_id=instrument.id,
        feed=board.feed,
        sides=_sides(instrument, parameters.side),
        interval=parameters.interval,
        zone=ZoneInfo(parameters.timezone),
        start=start,
        end=end,
    )


def _sides(instrument: Instrument, side: str | None) -> Sequence[str]:
    if side is not None:
        return (_SIDES[side],)
    # Some pairs are only known as a computed rate, which stands where trades do.
    return ("m", "t") if instrument.asset_class is AssetClass.FX else ("t",)


def _shown(query: CandleQuery, candles: pa.Table, now_us: int) -> Rows:
    starts = candles.column("time").cast(pa.int64()).to_numpy()
    complete = query.interval.ends_of(starts, query.zone) <= now_us
    shown = candles.drop_columns(["minutes"]).append_column("complete", pa.array(complete))
    rows: Rows = shown.to_pylist()
    return rows
