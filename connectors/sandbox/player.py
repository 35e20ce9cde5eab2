"""The player: walks a venue's tape in the order of its events, never goes back, and tells a hub.

An event is told 1 ms after its time; what falls due at once is told pair by pair, in runs of one kind.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from connectors.sandbox.simulator import Int64s
from connectors.sandbox.streams import TRY_AGAIN_LATER, Hub
from connectors.sandbox.tape import MINUTE_MS, Pair, Quotes, Tape, Trades
from market.clock import Clock

TICK_S = 0.005
"""The player wakes this often at most: frames leave within 5 ms of their event time."""
TOLD_AFTER_MS = 1
PREPARE_MS = 10_000
"""The next minute is made in a thread so long before it begins."""
MAX_PAUSE_S = 0.1
MAX_LAG_MS = 30_000
"""After a larger jump of the clock (a sleeping machine) connections are cut; the player follows."""


@dataclass(frozen=True, slots=True)
class Reel:
    """A minute of a venue's tape: its events in the order of time.

    An event is a row of the arrays of trades (even codes) or quotes (odd ones) of the pair `code // 2`.
    """

    minute: int
    pairs: tuple[Pair, ...]
    trades: list[Trades]
    quotes: list[Quotes]
    time_ms: Int64s
    codes: npt.NDArray[np.int8]
    rows: Int64s

    @property
    def end_ms(self) -> int:
        """The first millisecond after the minute."""
        return (self.minute + 1) * MINUTE_MS

    def due(self, now_ms: int) -> int:
        """How many events are to be told by now."""
        return int(np.searchsorted(self.time_ms, now_ms - TOLD_AFTER_MS, side="right"))

    def runs(self, start: int, end: int) -> Iterator[tuple[Pair, Trades | Quotes]]:
        """The events from one number to another, neighbours of one pair and kind together."""
        codes = self.codes[start:end]
        cuts = np.flatnonzero(np.diff(codes)) + 1
        firsts = [start, *(start + cuts).tolist()]
        for first, beyond in zip(firsts, [*firsts[1:], end], strict=True):
            place, kind = divmod(int(self.codes[first]), 2)
            rows = slice(int(self.rows[first]), int(self.rows[beyond - 1]) + 1)
            events = self.quotes[place] if kind else self.trades[place]
            yield self.pairs[place], events.rows(rows)


class Player:
    """Plays one venue's tape to its hub."""

    def __init__(self, tape: Tape, hub: Hub, clock: Clock) -> None:
        self._tape = tape
        self._hub = hub
        self._clock = clock

    async def play(self) -> None:
        """Tell each event when its time has come, until cancelled."""
        while True:
            await self._play_from(self._clock() // 1_000)
            self._hub.cut_all(TRY_AGAIN_LATER)

    async def _play_from(self, start_ms: int) -> None:
        """Play from a time on; returns when the clock has jumped: the machine slept, or was set."""
        reel = await self._reel(start_ms // MINUTE_MS)
        told, last_ms = reel.due(start_ms), start_ms
        following: asyncio.Task[Reel] | None = None
        while True:
            now_ms = self._clock() // 1_000
            if abs(now_ms - last_ms) > MAX_LAG_MS:
                return
            due = reel.due(now_ms)
            if due > told:
                self._tell(reel, told, due)
                told = due
            last_ms = max(last_ms, now_ms)
            if following is None and reel.end_ms - now_ms < PREPARE_MS:
                following = asyncio.create_task(self._reel(reel.minute + 1))
            if following is not None and now_ms >= reel.end_ms + TOLD_AFTER_MS:
                reel, following, told = await following, None, 0
                continue
            await asyncio.sleep(_pause_s(reel, told, now_ms))

    def _tell(self, reel: Reel, start: int, end: int) -> None:
        if not len(self._hub):
            return
        for pair, events in reel.runs(start, end):
            if isinstance(events, Trades):
                self._hub.traded(pair, events)
            else:
                self._hub.quoted(pair, events)

    async def _reel(self, minute: int) -> Reel:
        return await asyncio.to_thread(load_reel, self._tape, minute)


def load_reel(tape: Tape, minute: int) -> Reel:
    """The events of all pairs in one minute."""
    trades = [tape.trades(pair, minute) for pair in tape.pairs]
    quotes = [tape.quotes(pair, minute) for pair in tape.pairs]
    columns = [times for pair in zip(trades, quotes, strict=True) for times in pair]
    lengths = [len(column.ids) for column in columns]
    time_ms = np.concatenate([column.time_ms for column in columns])
    order = np.argsort(time_ms, kind="stable")
    codes = np.repeat(np.arange(len(columns), dtype=np.int8), lengths)
    rows = np.concatenate([np.arange(length) for length in lengths])
    return Reel(minute, tape.pairs, trades, quotes, time_ms[order], codes[order], rows[order])


def _pause_s(reel: Reel, told: int, now_ms: int) -> float:
    next_ms = int(reel.time_ms[told]) if told < len(reel.time_ms) else reel.end_ms
    return max(TICK_S, min((next_ms + TOLD_AFTER_MS - now_ms) / 1_000, MAX_PAUSE_S))
