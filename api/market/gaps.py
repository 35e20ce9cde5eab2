"""Gaps as they are served: what was missed, and what became of it."""

from api.market.board import PriceBoard
from api.market.schemas import GapParameters
from api.market.sources import instrument_id, known_provider, symbol_of, time_range
from market.sources import source_by_id
from storage.gap_reader import GapQuery, GapRow, count_gaps, gaps
from storage.pools import ReadPool


async def find_gaps(
    board: PriceBoard, database: ReadPool, parameters: GapParameters
) -> tuple[list[dict[str, object]], int]:
    """A page of the gaps, the newest first, and how many there are in all."""
    start, end = time_range(parameters.start, parameters.end)
    query = GapQuery(
        feed=board.feed,
        start=start,
        end=end,
        provider=known_provider(parameters.source),
        instrument_id=instrument_id(board.instruments, parameters.symbol),
        state=parameters.state,
        cause=parameters.cause,
        limit=parameters.limit,
        skip=(parameters.page - 1) * parameters.limit,
    )
    rows = await database.read(gaps, query)
    return [_shown(board, row) for row in rows], await database.read(count_gaps, query)


def _shown(board: PriceBoard, row: GapRow) -> dict[str, object]:
    return {
        "id": row.id,
        "symbol": symbol_of(board.instruments, row.instrument_id),
        "source": source_by_id(row.source_id).provider,
        "cause": row.cause,
        "state": row.state,
        "start": row.start_at,
        "end": row.end_at,
        "first_id": row.first_id,
        "last_id": row.last_id,
        "missing": row.missing,
        "asked_at": row.asked_at,
        "settled_at": row.settled_at,
    }
