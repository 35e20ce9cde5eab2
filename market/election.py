"""The election: of the sources that quote an instrument one is shown, fires alerts and values holdings.

The best-ranked of those that are not silent is elected. Silence is measured by the time of receipt, so
that a source whose own clock is wrong is no worse for it. How long a source usually pauses is learned: it
is the length of the pause that an instant falls into, so that a burst of prices does not shorten it, and a
single pause lengthens by a factor at most what is borne from then on, be it an outage of a day.
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
USUAL_PAUSES = 3
"""A source that speaks seldom is silent after so many of its usual pauses."""
STREAM_SILENT_AFTER_S = 5 * 60.0
POLLS_SILENT_AFTER_S = 3 * 86_400.0
"""But after so long at the latest, where that is more than its provider has above: a small plan is asked
for an instrument once a day."""
STREAMED = frozenset({"binance", "coinbase", "kraken"})
MEMORY = 5
"""Pauses are remembered for about so many times what a provider has above."""
BACK_FOR_US = 10_000_000
"""A better source must have been heard for so long, without silence and since the last election, before
it is elected."""
LONGEST_BACK_FOR_US = 3_600_000_000
BACK_FOR_GROWTH = 4
"""Each return makes that time so many times longer for the next one: who comes and goes is seldom shown."""
BACK_FOR_HALF_LIFE_US = 3_600_000_000

PAUSES = np.dtype([("source", "<i2"), ("instrument", "<i4"), ("pause_us", "<f8")])
"""The usual pauses, of each source and instrument of which one is known."""

_NEVER = -1


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
    """What is known of a source, by instrument: when it was heard last, its usual pause, and since when
    it has not been silent; µs."""

    heard: Int64s
    pause: Float64s
    back: Int64s
    silent_after_us: float
    silent_at_last_us: float

    @classmethod
    def of(cls, source: Source, length: int) -> "_Voice":
        seconds = SILENT_AFTER_S.get(source.provider, OTHERS_SILENT_AFTER_S)
        is_streamed = source.provider in STREAMED
        longest_s = STREAM_SILENT_AFTER_S if is_streamed else POLLS_SILENT_AFTER_S
        heard = np.full(length, _NEVER, np.int64)
        back = np.zeros(length, np.int64)
        return cls(heard, np.zeros(length), back, seconds * 1e6, max(seconds, longest_s) * 1e6)

    def limits_us(self, ids: Int64s | int) -> npt.NDArray[np.float64]:
        """How long each may say nothing."""
        usual = np.minimum(USUAL_PAUSES * self.pause[ids], self.silent_at_last_us)
        return np.maximum(self.silent_after_us, usual)

    def is_silent(self, instrument: int, now_us: int) -> bool:
        heard = int(self.heard[instrument])
        return heard == _NEVER or now_us - heard > float(self.limits_us(instrument))

    def hear(self, ids: Int64s, now_us: int) -> None:
        before = self.heard[ids]
        pauses = np.maximum(now_us - before, 0).astype(np.float64)
        known = before != _NEVER
        anew = ~known | (pauses > self.limits_us(ids))
        self._learn(ids[known], pauses[known])
        self.back[ids[anew]] = now_us
        self.heard[ids] = np.maximum(before, now_us)

    def _learn(self, ids: Int64s, pauses: Float64s) -> None:
        """Average the pauses by the time that they took, each taken for no longer than it may be."""
        borne, usual = np.minimum(pauses, self.limits_us(ids)), self.pause[ids]
        weight = -np.expm1(-pauses / (MEMORY * self.silent_after_us))
        self.pause[ids] = np.where(usual == 0, borne, usual + weight * (borne - usual))


class Election:
    """Who is elected, by instrument id: `elected` holds the source's id (0: nobody), `since` the instant.

    An instant never repeats, and only grows: of two items of an instrument that of the later one counts.
    """

    def __init__(self, highest_id: int) -> None:
        self.elected = np.zeros(highest_id + 1, np.int16)
        self.since = np.zeros(highest_id + 1, np.int64)
        self._voices: dict[int, _Voice] = {}
        self._back_for_us = np.full(highest_id + 1, BACK_FOR_US, np.float64)
        self._returned_us = np.zeros(highest_id + 1, np.int64)

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

    def pauses(self) -> npt.NDArray[np.void]:
        """The usual pauses as `PAUSES`: those of a source that speaks seldom take days to be learned."""
        found = []
        for source_id, voice in self._voices.items():
            ids = np.flatnonzero(voice.pause)
            rows = np.zeros(len(ids), PAUSES)
            rows["source"], rows["instrument"], rows["pause_us"] = source_id, ids, voice.pause[ids]
            found.append(rows)
        return np.concatenate(found) if found else np.zeros(0, PAUSES)

    def restore_pauses(self, source: Source, ids: Int64s, pauses_us: Float64s) -> None:
        """Take up what was known of a source."""
        self._voice(source).pause[ids] = pauses_us

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
        if why is Why.BETTER:
            self._note_return(instrument, now_us)
        self._elect(instrument, challenger, now_us)
        return Switch(instrument, holder, challenger, why, now_us)

    def _is_back(self, source: Source, instrument: int, now_us: int) -> bool:
        back_us = max(int(self._voice(source).back[instrument]), int(self.since[instrument]))
        return now_us - back_us >= self._must_be_back_for_us(instrument, now_us)

    def _must_be_back_for_us(self, instrument: int, now_us: int) -> float:
        lives = max(now_us - int(self._returned_us[instrument]), 0) / BACK_FOR_HALF_LIFE_US
        return max(float(BACK_FOR_US), float(self._back_for_us[instrument]) * float(2.0**-lives))

    def _note_return(self, instrument: int, now_us: int) -> None:
        longer_us = BACK_FOR_GROWTH * self._must_be_back_for_us(instrument, now_us)
        self._back_for_us[instrument] = min(longer_us, LONGEST_BACK_FOR_US)
        self._returned_us[instrument] = now_us

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
