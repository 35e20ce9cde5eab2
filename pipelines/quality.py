"""Verdicts on ticks, one after another in log order: accepted, late, repeated, crossed, from the future.

A verdict is a pure function of the partition's log up to the tick, so that every consumer of the log
reaches the same one.
"""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from numba import njit

from market.ticks import QUOTE, Bools, Int8s, Int16s, Int32s, Int64s, TickBatch
from pipelines.slots import empty_slots, find_slot, slot_key

FUTURE_TOLERANCE_US = 5_000_000

ACCEPTED = 0
REPEATED = 1
CROSSED = 2
FUTURE = 3
REASONS = {CROSSED: "crossed", FUTURE: "from the future"}

_TABLE_FULL = -1
_KINDS = 2

Verdicts = npt.NDArray[np.int8]


@dataclass(slots=True)
class QualityState:
    """The newest (time, sequence) of each instrument, source and kind of tick: quotes, and the rest."""

    slots: Int64s = field(default_factory=empty_slots)
    newest: Int64s = field(default_factory=lambda: np.full((16, _KINDS, 2), -1, np.int64))

    def update(self, batch: TickBatch, received_us: int) -> "Judged":
        """Judge a record's ticks, which were received at `received_us`."""
        verdicts = np.zeros(len(batch), np.int8)
        late = np.zeros(len(batch), np.bool_)
        while True:
            newest, slots = self.newest.copy(), self.slots.copy()
            disordered = _judge(
                (batch.time, batch.seq, batch.bid, batch.ask),
                (batch.instrument, batch.source, batch.kind),
                slots,
                newest,
                received_us + FUTURE_TOLERANCE_US,
                verdicts,
                late,
            )
            if disordered != _TABLE_FULL:
                self.newest, self.slots = newest, slots
                break
            self._grow()
        return _judged(batch, verdicts, late, bool(disordered))

    def _grow(self) -> None:
        slots = empty_slots(2 * len(self.slots))
        newest = np.full((len(slots), _KINDS, 2), -1, np.int64)
        for old in np.flatnonzero(self.slots >= 0):
            newest[find_slot(slots, self.slots[old])] = self.newest[old]
        self.slots, self.newest = slots, newest


@dataclass(frozen=True, slots=True)
class Judged:
    """The accepted ticks with their lateness, and what was set aside with the verdict of each.

    `disordered`: some accepted tick is not the newest of its kind, so it may have been seen before.
    """

    accepted: TickBatch
    disordered: bool
    repeated: int
    refused: TickBatch
    verdicts: Verdicts


def _judged(batch: TickBatch, verdicts: Verdicts, late: Bools, disordered: bool) -> Judged:
    batch.late[:] = late
    if not verdicts.any():
        return Judged(batch, disordered, 0, batch.take(slice(0, 0)), verdicts[:0])
    refused = (verdicts != ACCEPTED) & (verdicts != REPEATED)
    return Judged(
        accepted=batch.take(verdicts == ACCEPTED),
        disordered=disordered,
        repeated=int(np.count_nonzero(verdicts == REPEATED)),
        refused=batch.take(refused),
        verdicts=verdicts[refused],
    )


@njit(cache=True, nogil=True)
def _judge(
    values: tuple[Int64s, Int64s, Int64s, Int64s],
    keys: tuple[Int32s, Int16s, Int8s],
    slots: Int64s,
    newest: Int64s,
    latest_us: int,
    verdicts: Verdicts,
    late: Bools,
) -> int:
    """Fill `verdicts` and `late`; 1 if an accepted tick came out of order, -1 if the table is full.

    `newest` is (slots, 2, 2): per kind the time (µs) and sequence of the newest accepted tick.
    """
    time, seq, bid, ask = values
    instrument, source, kind = keys
    disordered = 0
    for row in range(len(time)):
        slot = find_slot(slots, slot_key(instrument[row], source[row]))
        if slot < 0:
            return _TABLE_FULL
        lane = 0 if kind[row] == QUOTE else 1
        mark = newest[slot, lane]
        if kind[row] == QUOTE and bid[row] > ask[row]:
            verdicts[row] = CROSSED
        elif time[row] > latest_us:
            verdicts[row] = FUTURE
        elif time[row] == mark[0] and seq[row] == mark[1]:
            verdicts[row] = REPEATED
        else:
            late[row] = time[row] < mark[0]
            if time[row] > mark[0] or (time[row] == mark[0] and seq[row] > mark[1]):
                mark[0], mark[1] = time[row], seq[row]
            else:
                disordered = 1
    return disordered
