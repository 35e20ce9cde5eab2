"""Pages of a tape: its trades by id, by time, and what has been told of them by now.

A trade is told 1 ms after it was made, on the stream as over REST: whoever asks for what the stream
has just said gets it. Nothing is told of more than a day ago.
"""

from collections.abc import Iterator

import numpy as np

from connectors.sandbox.simulator import BLOCK_MINUTES
from connectors.sandbox.tape import MINUTE_MS, Pair, Quotes, Tape, Trades

TOLD_AFTER_MS = 1
BLOCK_MS = BLOCK_MINUTES * MINUTE_MS
HORIZON_MS = 86_400_000
_LOOK_BACK_MINUTES = 10


def told_ms(now_us: int) -> int:
    """Before this millisecond lies all that has been told."""
    return now_us // 1_000 - TOLD_AFTER_MS + 1


def trades_from_id(tape: Tape, pair: Pair, first_id: int, limit: int, now_us: int) -> Trades:
    """The trades from an id on, oldest first."""
    per_block = len(tape.block(pair, told_ms(now_us) // BLOCK_MS).ids)
    start_ms = max(first_id // per_block * BLOCK_MS, told_ms(now_us) - HORIZON_MS)
    parts = []
    count = 0
    for block in _blocks(tape, pair, start_ms, told_ms(now_us)):
        part = block.rows(slice(int(np.searchsorted(block.ids, first_id)), None))
        parts.append(part)
        count += len(part.ids)
        if count >= limit:
            break
    return joined(parts).rows(slice(0, limit))


def trades_before_id(tape: Tape, pair: Pair, end_id: int, limit: int, now_us: int) -> Trades:
    """The trades before an id, the newest of them, oldest first."""
    first_id = max(0, end_id - limit)
    page = trades_from_id(tape, pair, first_id, end_id - first_id, now_us)
    return page.rows(slice(0, int(np.searchsorted(page.ids, end_id))))


def trades_from_ms(tape: Tape, pair: Pair, start_ms: int, limit: int, now_us: int) -> Trades:
    """The trades from a millisecond on, oldest first; those of the last one are all there."""
    start_ms = max(start_ms, told_ms(now_us) - HORIZON_MS)
    parts = []
    count = 0
    for block in _blocks(tape, pair, start_ms, told_ms(now_us)):
        parts.append(block)
        count += len(block.ids)
        if count > limit:
            break
    found = joined(parts)
    if len(found.ids) <= limit:
        return found
    last_ms = found.time_ms[limit - 1]
    return found.rows(slice(0, int(np.searchsorted(found.time_ms, last_ms, side="right"))))


def minutes_of(tape: Tape, pair: Pair, start_ms: int, end_ms: int) -> Iterator[Trades]:
    """The trades with start ≤ time < end, block by block."""
    yield from _blocks(tape, pair, start_ms, end_ms)


def last_quote(tape: Tape, pair: Pair, now_us: int) -> Quotes:
    """The newest best quote that has been told: one row, or none where there was none for minutes."""
    minute = told_ms(now_us) // MINUTE_MS
    quotes = tape.quotes(pair, minute)
    for back in range(1, _LOOK_BACK_MINUTES):
        found = quotes.between(0, told_ms(now_us))
        if len(found.ids):
            return found.rows(slice(len(found.ids) - 1, None))
        quotes = tape.quotes(pair, minute - back)
    return quotes.rows(slice(0, 0))


def joined(parts: list[Trades]) -> Trades:
    """Trades one after another."""
    empty = np.zeros(0, np.int64)
    if not parts:
        return Trades(empty, empty, empty, empty, empty.astype(np.bool_))
    return Trades(
        np.concatenate([part.time_ms for part in parts]),
        np.concatenate([part.ids for part in parts]),
        np.concatenate([part.price for part in parts]),
        np.concatenate([part.size for part in parts]),
        np.concatenate([part.buyer_is_maker for part in parts]),
    )


def _blocks(tape: Tape, pair: Pair, start_ms: int, end_ms: int) -> Iterator[Trades]:
    for block in range(start_ms // BLOCK_MS, -(-end_ms // BLOCK_MS)):
        yield tape.block(pair, block).between(start_ms, end_ms)
