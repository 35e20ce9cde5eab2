"""Verdicts the plain way: one tick after another, lists of floats, the formulas as they are written."""

from collections import defaultdict
from dataclasses import dataclass, field

from market.quality import Tolerance
from market.ticks import QUOTE, TRADE, Tick

TOLERANCE_US = 5_000_000
Origin = tuple[int, int]
"""Offset of the record, row within it."""


@dataclass
class Lane:
    """What is known of an instrument's quotes, or of its trades and rates."""

    newest: tuple[int, int] = (-1, -1)
    window: list[float] = field(default_factory=list)
    place: int = 0
    total: float = 0.0
    waiting: list[tuple[Tick, Origin]] = field(default_factory=list)

    def take(self, tick: Tick, width: int) -> bool:
        """Accept a tick; whether it is late."""
        if len(self.window) < width:
            self.window.append(mark(tick))
            self.total += mark(tick)
        else:
            self.total += mark(tick) - self.window[self.place]
            self.window[self.place] = mark(tick)
        self.place = (self.place + 1) % width
        if self.place == 0:
            self.total = 0.0
            for each in self.window:
                self.total += each
        late = tick.time_us < self.newest[0]
        self.newest = max(self.newest, (tick.time_us, tick.seq))
        return late


def mark(tick: Tick) -> float:
    """The mid of a quote, else the price."""
    if tick.kind == QUOTE:
        return (float(str(tick.bid)) + float(str(tick.ask))) / 2
    return float(str(tick.price))


class ReferenceJudge:
    """Judges ticks of one partition. `verdicts` by origin, `accepted` in order with their lateness."""

    def __init__(self, tolerance: Tolerance, inverse_beyond: float, max_age_us: int) -> None:
        self.verdicts: dict[Origin, str] = {}
        self.accepted: list[tuple[Origin, bool]] = []
        self._tolerance = tolerance
        self._inverse_beyond = inverse_beyond
        self._max_age_us = max_age_us
        self._lanes: dict[tuple[int, bool], Lane] = defaultdict(Lane)
        self._ahead: dict[bool, list[int]] = {False: [], True: []}

    def judge(self, tick: Tick, origin: Origin, received_us: int) -> None:
        """Judge the next tick of the log."""
        lane = self._lanes[tick.instrument, tick.kind == QUOTE]
        verdict = self._by_itself(tick, received_us)
        if verdict == "accepted" and (tick.time_us, tick.seq) == lane.newest:
            verdict = "repeated"
        if verdict == "accepted":
            verdict = self._by_the_window(tick, lane)
            if verdict == "outlier":
                verdict = self._wait(tick, origin, lane)
        self.verdicts[origin] = verdict
        if verdict == "accepted":
            for each, where in lane.waiting if len(lane.waiting) == 4 else []:
                self.verdicts[where] = "accepted"
                self.accepted.append((where, lane.take(each, self._tolerance.window)))
            lane.waiting = []
            self.accepted.append((origin, lane.take(tick, self._tolerance.window)))

    def _by_itself(self, tick: Tick, received_us: int) -> str:
        ahead = self._ahead[tick.kind == QUOTE]
        lead = tick.time_us - received_us
        if lead <= TOLERANCE_US:
            ahead.clear()
        if tick.kind == QUOTE and float(str(tick.bid)) > float(str(tick.ask)):
            return "crossed"
        if lead > TOLERANCE_US:
            if ahead and abs(lead - min(ahead)) > TOLERANCE_US:
                ahead.clear()
            ahead.append(lead)
            return "receiver's clock is behind" if len(ahead) >= 20 else "from the future"
        if tick.kind != TRADE and tick.time_us < received_us - self._max_age_us:
            return "stale"
        return "accepted"

    def _by_the_window(self, tick: Tick, lane: Lane) -> str:
        size, price, rules = len(lane.window), mark(tick), self._tolerance
        if size < rules.minimum or abs(price * size - lane.total) <= rules.floor * lane.total:
            if size:
                lane.waiting = []
            return "accepted"
        mean = total(lane.window) / size
        spread = total([abs(each - mean) for each in lane.window])
        if abs(price - mean) <= rules.deviations * spread / size:
            lane.waiting = []
            return "accepted"
        for factor in (100.0, 0.01):
            if abs(price - factor * mean) <= 0.1 * factor * mean:
                return "minor units"
        beyond = self._inverse_beyond
        if (mean >= beyond or mean * beyond <= 1.0) and abs(price * mean - 1.0) <= 0.02:
            return "inverted pair"
        return "outlier"

    def _wait(self, tick: Tick, origin: Origin, lane: Lane) -> str:
        if (tick.time_us, tick.seq) in [(t.time_us, t.seq) for t, _ in lane.waiting]:
            return "repeated"
        if lane.waiting:
            first = mark(lane.waiting[0][0])
            if abs(mark(tick) - first) > self._tolerance.floor * first:
                lane.waiting = []
        if len(lane.waiting) == 4:
            return "accepted"
        lane.waiting.append((tick, origin))
        return "outlier"


def total(values: list[float]) -> float:
    """Their sum, added one after another: the built-in one compensates what it rounds."""
    result = 0.0
    for value in values:
        result += value
    return result
