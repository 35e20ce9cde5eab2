"""Keeps the prices that the day's changes are measured from."""

import asyncio
import logging
from collections.abc import Callable

from api.market.board import PriceBoard, Reference
from market.clock import datetime_of
from market.instruments import AssetClass
from storage.errors import StorageError
from storage.history.closes import CloseQuestion, closes_before
from storage.pools import ReadPool

REFRESH_EVERY_S = 30.0
RETRY_EVERY_S = 5.0
"""While an instrument still lacks its reference: at a first start they come with the backfill."""
LOOK_EVERY_S = 1.0
"""How soon the passing of a reference instant is noticed."""

_log = logging.getLogger(__name__)


async def keep_references(
    board: PriceBoard, database: ReadPool, on_change: Callable[[list[int]], None]
) -> None:
    """Load the references, then again from time to time and when one's instant passes; runs for ever.

    `on_change` is told whose reference is another one.
    """
    loop = asyncio.get_running_loop()
    due = 0.0
    times: dict[int, int] = {}
    while True:
        now_times = reference_times(board)
        if loop.time() >= due or now_times != times:
            try:
                changed, complete = await load_references(board, database, now_times)
            except StorageError as error:
                _log.warning("references not loaded: %s", error)
                complete = False
            else:
                on_change(changed)
            times = now_times
            due = loop.time() + (REFRESH_EVERY_S if complete else RETRY_EVERY_S)
        await asyncio.sleep(LOOK_EVERY_S)


def reference_times(board: PriceBoard, now_us: int | None = None) -> dict[int, int]:
    """By instrument the instant that its change is measured from now, or was at another time."""
    now_us = board.now_us() if now_us is None else now_us
    return {
        instrument.id: board.reference_time(instrument, now_us) for instrument in board.instruments
    }


async def load_references(
    board: PriceBoard, database: ReadPool, times: dict[int, int]
) -> tuple[list[int], bool]:
    """Ask for the closes at these times; whose reference changed, and whether everybody has one."""
    questions = [
        CloseQuestion(
            instrument.id,
            datetime_of(times[instrument.id]),
            "m" if instrument.asset_class is AssetClass.FX else "t",
        )
        for instrument in board.instruments
    ]
    closes = await database.read(closes_before, board.feed, questions)
    references = {id_: Reference(times[id_], close) for id_, close in closes.items()}
    return board.set_references(references), len(references) == len(questions)
