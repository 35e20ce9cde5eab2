"""Gaps of a partition: trade ids that jump, heartbeats that name trades unheard of, streams gone silent.

A pure function of the log's prefix, but for its beginning: a state that has none is told by the database
what was heard before, so that a gap over a lost snapshot is found too.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from connectors.packed import NS_PER_US
from connectors.recorded_rows import leading_integers, row_ends
from market.gaps import Gap, GapCause
from market.log import Heartbeat, LogRecord, Parsed
from market.sources import Feed, Source
from market.ticks import TRADE, Int64s, TickBatch
from storage.gap_seeds import Heard

COUNTED = frozenset({"binance", "coinbase", "kraken"})
"""Venues whose trades of an instrument have contiguous ids."""
SILENCE_US = {
    "binance": 10_000_000,  # quotes of its busiest pairs never rest
    "coinbase": 5_000_000,  # a heartbeat a second
    "coingecko": 30_000_000,  # a price about every ten seconds
    "kraken": 5_000_000,  # a heartbeat a second
}
"""How long a stream is never silent, by provider; polls have no such time."""
STREAM_KIND = "frames"
TIME_DIGITS = 19
RESTART_US = 60_000_000
"""An id that is not above the newest, but traded so much later, is of a count that began anew."""

Seed = Callable[[LogRecord], Heard]
"""What was heard of a partition's source before a record."""


def heard_nothing(record: LogRecord) -> Heard:
    """For a flow that has no database."""
    return Heard()


@dataclass(slots=True)
class Place:
    """An instrument's newest trade, and the one that a heartbeat named beyond it (0: none)."""

    trade_id: int
    time_us: int
    named: int = 0


@dataclass(slots=True)
class GapFinder:
    """What has been heard of a partition: when, and each instrument's newest trade."""

    received_us: int | None = None
    places: dict[int, Place] = field(default_factory=dict)

    @classmethod
    def after(cls, heard: Heard) -> "GapFinder":
        """The state of one that has heard this."""
        places = {id_: Place(*newest) for id_, newest in heard.newest.items()}
        return cls(heard.received_us, places)

    def update(self, record: LogRecord, parsed: Parsed) -> list[Gap]:
        """The gaps that a record shows."""
        if record.is_history or record.source.feed is Feed.RECORDED:
            return []
        gaps = list(self._silence(record))
        if record.source.provider in COUNTED:
            gaps += self._jumps(record.source, parsed.ticks)
            for heartbeat in parsed.heartbeats:
                gaps += self._unheard_of(record.source, heartbeat)
        return gaps

    def _silence(self, record: LogRecord) -> Iterator[Gap]:
        limit_us = SILENCE_US.get(record.source.provider)
        if record.kind != STREAM_KIND or limit_us is None:
            return
        times = _received_us(record)
        if self.received_us is not None:
            times = np.concatenate([[self.received_us], times])
        self.received_us = record.received_us
        for at in np.flatnonzero(np.diff(times) > limit_us):
            yield Gap(record.source, None, GapCause.SILENCE, int(times[at]), int(times[at + 1]))

    def _jumps(self, source: Source, ticks: TickBatch) -> Iterator[Gap]:
        """Follow a record's trades by their ids, whatever their order in it. O(n log n), by columns."""
        rows = np.flatnonzero(ticks.kind == TRADE)
        if not len(rows):
            return
        rows = rows[np.lexsort((ticks.seq[rows], ticks.instrument[rows]))]
        bounds = np.flatnonzero(np.diff(ticks.instrument[rows])) + 1
        for own in np.split(rows, bounds):
            instrument = int(ticks.instrument[own[0]])
            yield from self._follow(source, instrument, ticks.seq[own], ticks.time[own])

    def _follow(self, source: Source, instrument: int, ids: Int64s, times: Int64s) -> Iterator[Gap]:
        """Follow an instrument's trades; `ids` ascend. What is older than the newest shows nothing."""
        place = self.places.get(instrument)
        if place is None or _is_of_a_new_count(place, int(ids[-1]), int(times[-1])):
            place = self.places[instrument] = Place(int(ids[0]), int(times[0]))
        newer = ids > place.trade_id
        ids = np.concatenate([[place.trade_id], ids[newer]])
        times = np.concatenate([[place.time_us], times[newer]])
        for at in np.flatnonzero(np.diff(ids) > 1):
            yield Gap(
                source,
                instrument,
                GapCause.TRADE_IDS,
                int(times[at]),
                int(times[at + 1]),
                int(ids[at]) + 1,
                int(ids[at + 1]) - 1,
            )
        place.trade_id, place.time_us = int(ids[-1]), int(times[-1])

    def _unheard_of(self, source: Source, heartbeat: Heartbeat) -> Iterator[Gap]:
        """A trade that a heartbeat named is missing where the next one comes before it."""
        place = self.places.get(heartbeat.instrument)
        if place is None:
            self.places[heartbeat.instrument] = Place(heartbeat.last_trade_id, heartbeat.time_us)
            return
        if place.named > place.trade_id:
            yield Gap(
                source,
                heartbeat.instrument,
                GapCause.HEARTBEAT,
                place.time_us,
                heartbeat.time_us,
                place.trade_id + 1,
                place.named,
            )
            place.trade_id, place.time_us = place.named, heartbeat.time_us
        place.named = max(heartbeat.last_trade_id, 0)


def _received_us(record: LogRecord) -> Int64s:
    """When each frame came: a log that was slow has packed many into one record."""
    if not record.payload:
        return np.array([record.received_us])
    return leading_integers(record.payload, row_ends(record.payload), TIME_DIGITS) // NS_PER_US


def _is_of_a_new_count(place: Place, id_: int, time_us: int) -> bool:
    return id_ <= place.trade_id and time_us > place.time_us + RESTART_US
