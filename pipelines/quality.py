"""Verdicts on ticks, one after another in log order: accepted, late, repeated, or set aside and why.

A verdict is a pure function of the partition's log up to the tick, so that every consumer of the log
reaches the same one. An outlier waits: if four more follow at its level, all five are accepted with the
fifth, and are news from there on. A state that was lost begins anew: until it has seen a few prices, it
takes none for an outlier, and what waited stays set aside. So does each record of history: it is of
another time than the one before it, whose level says nothing about its own.
"""

from dataclasses import dataclass, field

import numpy as np

from market.instruments import InstrumentTable
from market.log import LogRecord
from market.quality import MAX_WINDOW, QualityRules
from market.sessions import fx_closures
from market.sources import Feed
from market.ticks import Bools, Float64s, Int64s, TickBatch
from pipelines.outliers import (
    ACCEPTED,
    ASK,
    BID,
    COUNTS,
    EXPONENT,
    HELD,
    HELD_COLUMNS,
    KIND,
    OFFSET,
    PRICE,
    RELEASE,
    ROW,
    SEQ,
    SIZE_EXPONENT,
    TICK_SIZE,
    TIME,
)
from pipelines.rules import RuleTable
from pipelines.slots import empty_slots, find_slot, take_slots
from pipelines.verdicts import (
    DISORDERED,
    KEY,
    LATE,
    RELEASED,
    RELEASED_COLUMNS,
    REPEATED,
    Verdicts,
    judge_rows,
)

_KINDS = 2
_NEVER_US = np.iinfo(np.int64).min
_NO_CLOSURE = np.zeros((0, 2), np.int64)
_BY_SLOT = ("newest", "window", "sums", "counts", "held")


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of a record's ticks: row `i` of them is item `i` of what the record gives.

    `accepted`, with their lateness; `refused` with their `verdicts` and `items`. `released` were set
    aside as the items `released_from` (offset, item) of earlier records, and are accepted now, before
    all others. `disordered`: some accepted tick is not the newest of its kind, so it may have been
    seen before.
    """

    accepted: TickBatch
    disordered: bool
    repeated: int
    refused: TickBatch
    verdicts: Verdicts
    items: Int64s
    released: TickBatch
    released_from: tuple[tuple[int, int], ...]

    @property
    def news(self) -> TickBatch:
        """All that is accepted with this record, in the order in which it counts."""
        return TickBatch.concat([self.released, self.accepted]) if self.released else self.accepted


class Judge:
    """Judges records by rules; the states are the partitions' own."""

    def __init__(self, instruments: InstrumentTable, rules: QualityRules | None = None) -> None:
        self._rules = rules or QualityRules()
        self._table = RuleTable.of(instruments, self._rules)

    def __call__(self, state: "QualityState", record: LogRecord, ticks: TickBatch) -> Judged:
        """Judge a record's ticks after all that the state has seen. Fills `ticks.late`."""
        if record.is_history:
            state.forget_prices()
        feed, received_us = record.source.feed, record.received_us
        oldest_us, closures = _NEVER_US, _NO_CLOSURE
        if not record.is_history and feed is not Feed.RECORDED:
            oldest_us = received_us - self._rules.max_age_us(record.source.provider)
        if len(ticks) and feed is not Feed.SIMULATED:
            weekends = fx_closures(int(ticks.time.min()), int(ticks.time.max()))
            closures = np.array(weekends, np.int64) if weekends else _NO_CLOSURE
        fixings = record.source.provider in self._rules.fixings
        limits = (record.offset, received_us, oldest_us, fixings)
        return state.update(ticks, limits, closures, self._table)


@dataclass(slots=True)
class QualityState:
    """What a partition's next ticks are judged by: per slot (instrument, source) and kind of tick (quotes,
    and the rest) the newest accepted (time, sequence), the window of prices, and the outliers that wait.

    `ahead` (2, 2): per kind how many ticks in a row came from the future, and the least lead of them.
    """

    slots: Int64s = field(default_factory=empty_slots)
    newest: Int64s = field(default_factory=lambda: np.full((16, _KINDS, 2), -1, np.int64))
    window: Float64s = field(default_factory=lambda: np.zeros((16, _KINDS, MAX_WINDOW)))
    sums: Float64s = field(default_factory=lambda: np.zeros((16, _KINDS)))
    counts: Int64s = field(default_factory=lambda: np.zeros((16, _KINDS, COUNTS), np.int64))
    held: Int64s = field(
        default_factory=lambda: np.zeros((16, _KINDS, RELEASE - 1, HELD_COLUMNS), np.int64)
    )
    ahead: Int64s = field(default_factory=lambda: np.zeros((_KINDS, 2), np.int64))

    def update(
        self,
        batch: TickBatch,
        limits: tuple[int, int, int, bool],
        closures: Int64s,
        table: RuleTable,
    ) -> Judged:
        """Judge a record's ticks. `limits`: its offset, when it was received, the time (µs) before
        which a quote is stale, and whether its rates are fixings; `closures` (n, 2): from when to when
        no currencies trade."""
        while not take_slots(self.slots, batch.instrument, batch.source):
            self._grow()
        verdicts = np.zeros(len(batch), np.int8)
        late = np.zeros(len(batch), np.bool_)
        waiting = int(self.counts[:, :, HELD].sum())
        released = np.zeros((waiting, RELEASED_COLUMNS), np.int64)
        tally = np.zeros(2, np.int64)
        judge_rows(
            (batch.time, batch.seq, batch.bid, batch.ask, batch.price, batch.size),
            (batch.instrument, batch.source, batch.kind, batch.exponent, batch.size_exponent),
            (self.slots, self.newest, self.window, self.sums, self.counts, self.held, self.ahead),
            limits,
            (table.numbers, table.is_fx, closures),
            (verdicts, late, released, tally),
        )
        disordered = bool(tally[DISORDERED])
        return _judged(batch, verdicts, late, disordered, released[: tally[RELEASED]])

    def forget_prices(self) -> None:
        """Empty the windows, and let nothing wait."""
        self.counts[:] = 0
        self.sums[:] = 0

    def __reduce__(self) -> tuple[object, ...]:
        """For a snapshot: of what waits, which is next to nothing, only the lanes that have any."""
        parts = (self.slots, self.newest, self.window, self.sums, self.counts)
        return _restored, (*parts, self.held[self.counts[:, :, HELD] > 0], self.ahead)

    def _grow(self) -> None:
        grown = QualityState(empty_slots(2 * len(self.slots)))
        for name in _BY_SLOT:
            old = getattr(self, name)
            new = np.full((len(grown.slots), *old.shape[1:]), -1 if name == "newest" else 0)
            setattr(grown, name, new.astype(old.dtype))
        for place in np.flatnonzero(self.slots >= 0):
            slot = find_slot(grown.slots, self.slots[place])
            for name in _BY_SLOT:
                getattr(grown, name)[slot] = getattr(self, name)[place]
        self.slots, self.newest, self.window = grown.slots, grown.newest, grown.window
        self.sums, self.counts, self.held = grown.sums, grown.counts, grown.held


def _restored(
    slots: Int64s,
    newest: Int64s,
    window: Float64s,
    sums: Float64s,
    counts: Int64s,
    waiting: Int64s,
    ahead: Int64s,
) -> QualityState:
    """A state out of its snapshot."""
    held = np.zeros((len(slots), _KINDS, RELEASE - 1, HELD_COLUMNS), np.int64)
    held[counts[:, :, HELD] > 0] = waiting
    return QualityState(slots, newest, window, sums, counts, held, ahead)


def _judged(
    batch: TickBatch, verdicts: Verdicts, late: Bools, disordered: bool, released: Int64s
) -> Judged:
    batch.late[:] = late
    origins = tuple((int(row[OFFSET]), int(row[ROW])) for row in released)
    earlier = _ticks_of(released)
    if not verdicts.any():
        nothing = batch.take(slice(0, 0))
        items = np.zeros(0, np.int64)
        return Judged(batch, disordered, 0, nothing, verdicts[:0], items, earlier, origins)
    items = np.flatnonzero((verdicts != ACCEPTED) & (verdicts != REPEATED))
    return Judged(
        accepted=batch.take(verdicts == ACCEPTED),
        disordered=disordered,
        repeated=int(np.count_nonzero(verdicts == REPEATED)),
        refused=batch.take(items),
        verdicts=verdicts[items],
        items=items,
        released=earlier,
        released_from=origins,
    )


def _ticks_of(released: Int64s) -> TickBatch:
    batch = TickBatch.empty(len(released))
    if not len(released):
        return batch
    columns = {
        "time": released[:, TIME],
        "seq": released[:, SEQ],
        "bid": released[:, BID],
        "ask": released[:, ASK],
        "price": released[:, PRICE],
        "size": released[:, TICK_SIZE],
        "exponent": released[:, EXPONENT],
        "size_exponent": released[:, SIZE_EXPONENT],
        "kind": released[:, KIND],
        "instrument": released[:, KEY] >> 16,
        "source": released[:, KEY] & 0xFFFF,
        "late": released[:, LATE],
    }
    for name, values in columns.items():
        getattr(batch, name)[:] = values
    return batch
