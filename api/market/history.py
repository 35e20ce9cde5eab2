"""Pages of ticks: which range, where the next one begins."""

from collections.abc import Sequence

from api.market.board import PriceBoard
from api.market.cursors import tick_cursor, tick_key
from api.market.schemas import TickParameters
from api.market.sources import time_range
from market.instruments import Instrument
from market.sources import source_by_id
from storage.history.ticks import TickKey, TickQuery, TickRow, ticks_before, ticks_from
from storage.pools import ReadPool

Rows = list[dict[str, object]]


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
