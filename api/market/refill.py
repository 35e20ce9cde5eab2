"""Fills the board from the database: what the cache has lost, or while it is away."""

from collections.abc import Sequence

from api.market.board import PriceBoard
from market.ticks import TickBatch
from storage.history.newest import newest_ticks
from storage.pools import ReadPool


async def refill(board: PriceBoard, database: ReadPool, ids: Sequence[int]) -> list[int]:
    """Merge the newest stored ticks of these instruments; the ids of those that moved."""
    if not ids:
        return []
    ticks = await database.read(newest_ticks, board.feed, ids)
    return board.apply(TickBatch.of(ticks))
