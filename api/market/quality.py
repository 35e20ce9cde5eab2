"""The quarantine as it is served: how much was set aside and why, and the newest of it."""

from api.market.board import PriceBoard
from api.market.schemas import QualityParameters
from api.market.sources import instrument_id, known_provider, symbol_of, time_range
from market.sources import source_by_id
from storage.pools import ReadPool
from storage.quarantine_reader import (
    QuarantineCount,
    QuarantineQuery,
    QuarantineRow,
    quarantine_counts,
    quarantine_rows,
)


async def find_quality(
    board: PriceBoard, database: ReadPool, parameters: QualityParameters
) -> tuple[dict[str, object], int]:
    """Counts by reason, source and symbol, with a page of the newest rows; how many rows there are."""
    start, end = time_range(parameters.start, parameters.end)
    query = QuarantineQuery(
        feed=board.feed,
        start=start,
        end=end,
        provider=known_provider(parameters.source),
        instrument_id=instrument_id(board.instruments, parameters.symbol),
        reason=parameters.reason,
        limit=parameters.limit,
        skip=(parameters.page - 1) * parameters.limit,
    )
    counts = await database.read(quarantine_counts, query)
    rows = await database.read(quarantine_rows, query)
    data: dict[str, object] = {
        "counts": [_count(board, count) for count in counts],
        "items": [_item(board, row) for row in rows],
    }
    return data, sum(count.count for count in counts)


def _count(board: PriceBoard, count: QuarantineCount) -> dict[str, object]:
    return {
        "reason": count.reason,
        "source": source_by_id(count.source_id).provider,
        "symbol": symbol_of(board.instruments, count.instrument_id),
        "count": count.count,
        "newest_at": count.newest_at,
    }


def _item(board: PriceBoard, row: QuarantineRow) -> dict[str, object]:
    return {
        "reason": row.reason,
        "source": source_by_id(row.source_id).provider,
        "symbol": symbol_of(board.instruments, row.instrument_id),
        "time": row.time,
        "set_aside_at": row.set_aside_at,
        "excerpt": row.excerpt,
        "partition": row.partition,
        "offset": row.log_offset,
        "item": row.item,
    }
