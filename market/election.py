"""The election: of the sources that quote an instrument one is shown, fires alerts and values holdings.

The best-ranked of those that are not silent is elected. Silence is measured by the time of receipt, so
that a source whose own clock is wrong is no worse for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from market.sources import Source, source_by_id
from market.ticks import Float64s, Int64s

SILENT_AFTER_S: Mapping[str, float] = MappingProxyType(
    {
        "alphavantage": 20 * 60,
        "binance": 10,
        "coinbase": 30,
        "coingecko": 5 * 60,
        "ecb": 5 * 86_400,
        "fixer": 3 * 3_600,
        "kraken": 30,
        "oanda": 60,
        "openexchangerates": 3 * 3_600,
    }
)
"""Without a new price of an instrument for so long a source is silent, however often it spoke before."""
OTHERS_SILENT_AFTER_S = 60.0
USUAL_INTERVALS = 5
"""A source that speaks seldom is silent after so many of its usual intervals."""
BACK_FOR_US = 10_000_000
"""A better source must have been heard for so long, without silence and since the last election, before
it is elected."""

_NEVER = -1
_MEMORY = 0.9
"""How much of the usual interval is that of before, with each new price."""


class Why(StrEnum):
    """Why another source is elected."""

    SILENT = "the source before is silent"
    BETTER = "a better source is back"


@dataclass(frozen=True, slots=True)
class Switch:
    """Another source is elected for an instrument; the times are µs since 1970 UTC."""

    instrument: int
    before: Source
    now: Source
    why: Why
    at_us: int


@dataclass(slots=True)
class _Voice:
    """What is known of a source, by instrument: when it was heard last, its usual interval, and since
    when it has not been silent; µs."""

    heard: Int64s
    interval: Float64s
    back: Int64s
    silent_after_us: float

    @classmethod
    def of(cls, source: Source, length: int) -> "_Voice":
        seconds = SILENT_AFTER_S.get(source.provider, OTHERS_SILENT_AFTER_S)
        heard = np.full(length, _NEVER, np.int64)
        return cls(heard, np.zeros(length), np.zeros(length, np.int64), seconds * 1e6)

    def limits_us(self, ids: Int64s | int) -> npt.NDArray[np.float64]:
        """How long each may say nothing."""
        return np.maximum(self.silent_after_us, USUAL_INTERVALS * self.interval[ids])

    def is_silent(self, instrument: int, now_us: int) -> bool:
        heard = int(self.heard[instrument])
        return heard == _NEVER or now_us - heard > float(self.limits_us(instrument))

    def hear(self, ids: Int64s, now_us: int) -> None:
        before = self.heard[ids]
        gaps = np.maximum(now_us - before, 0)
        anew = (before == _NEVER) | (gaps > self.limits_us(ids))
        self.back[ids[anew]] = now_us
        known, gaps = ids[~anew], gaps[~anew]
        usual = self.interval[known]
        self.interval[known] = np.where(
            usual == 0, gaps, _MEMORY * usual + (1 - _MEMORY) * gaps.astype(np.float64)
        )
        self.heard[ids] = np.maximum(before, now_us)


class Election:
    """Who is elected, by instrument id: `elected` holds the source's id (0: nobody), `since` the instant.

    An instant never repeats, and only grows: of two items of an instrument that of the later one counts.
    """

    def __init__(self, highest_id: int) -> None:
        self.elected = np.zeros(highest_id + 1, np.int16)
        self.since = np.zeros(highest_id + 1, np.int64)
        self._voices: dict[int, _Voice] = {}

    def hear(
        self, source: Source, ids: Int64s, now_us: int, *, settled: bool = True
    ) -> list[Switch]:
        """A source said something new of these instruments; who is elected instead of whom.

        Not `settled`, nobody is: what the others said by now may not have been read yet.
        """
        self._voice(source).hear(ids, now_us)
        switches = []
        for instrument in ids[self.elected[ids] != source.id].tolist():
            if self.elected[instrument] == 0:
                self._elect(instrument, source, now_us)
                continue
            switch = self._challenge(source, instrument, now_us) if settled else None
            if switch is not None:
                switches.append(switch)
        return switches

    def restore(self, instrument: int, source: Source, since_us: int) -> None:
        """Take up who was elected before, unless a later election is known."""
        if since_us > self.since[instrument]:
            self._elect(instrument, source, since_us)

    def _challenge(self, challenger: Source, instrument: int, now_us: int) -> Switch | None:
        holder = source_by_id(int(self.elected[instrument]))
        voice = self._voice(holder)
        if voice.heard[instrument] == _NEVER:
            voice.heard[instrument] = now_us  # known from before a restart: its silence begins now
        if voice.is_silent(instrument, now_us):
            why = Why.SILENT
        elif challenger.rank < holder.rank and self._is_back(challenger, instrument, now_us):
            why = Why.BETTER
        else:
            return None
        if self._best(instrument, now_us).rank < challenger.rank:
            return None  # a better one is awake, and is elected with its next price
        self._elect(instrument, challenger, now_us)
        return Switch(instrument, holder, challenger, why, now_us)

    def _is_back(self, source: Source, instrument: int, now_us: int) -> bool:
        back_us = max(int(self._voice(source).back[instrument]), int(self.since[instrument]))
        return now_us - back_us >= BACK_FOR_US

    def _best(self, instrument: int, now_us: int) -> Source:
        """The best-ranked source that has been heard for a moment, or that asks to be elected."""
        awake = [
            source_by_id(id_)
            for id_, voice in self._voices.items()
            if not voice.is_silent(instrument, now_us)
        ]
        return min(awake, key=lambda source: source.rank)

    def _elect(self, instrument: int, source: Source, now_us: int) -> None:
        self.elected[instrument] = source.id
        self.since[instrument] = max(now_us, int(self.since[instrument]) + 1)

    def _voice(self, source: Source) -> _Voice:
        voice = self._voices.get(source.id)
        if voice is None:
            voice = self._voices[source.id] = _Voice.of(source, len(self.elected))
        return voice
