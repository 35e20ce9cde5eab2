"""Alpha Vantage's days: the running one exact to the moment, whole ones out of the minutes' levels.

A hundred exact days would take minutes to make; of a whole day only the levels at its minutes are looked
at, so that its high and low may be a little inside those of its one-minute bars.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

import numpy as np

from connectors.sandbox.hours import NEW_YORK
from connectors.sandbox.levels import MINUTES, Levels
from connectors.sandbox.noise import generator
from connectors.sandbox.simulator import DOLLAR, MINUTE_US, Simulator
from connectors.sandbox.universe import DRIVER_INDEX, Float64s
from market.clock import datetime_of, microseconds
from market.instruments import CATALOGUE, AssetClass, Instrument

HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US

_KEPT_DAYS = 1_024
_VOLUME_PER_MINUTE = 40_000
_VOLUME_SIGMA = 0.4


@dataclass(frozen=True, slots=True)
class DayBar:
    """One trading day; `volume` is in shares or coins."""

    day: date
    open: float
    high: float
    low: float
    close: float
    volume: int


@dataclass(frozen=True, slots=True)
class _Span:
    """When a day trades, in us since 1970."""

    open_us: int
    close_us: int


class Days:
    """The days of one market; whole ones are kept."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._levels = Levels(simulator.seed)
        self._whole = lru_cache(maxsize=_KEPT_DAYS)(self._make_whole)

    def newest(self, symbol: str, now_us: int, count: int) -> list[DayBar]:
        """The last `count` trading days, the newest first; the first of them may still be running."""
        instrument = CATALOGUE.by_symbol(symbol)
        bars: list[DayBar] = []
        for day in _back_from(now_us):
            span = self._span(instrument.asset_class, day)
            if span is not None and span.open_us <= now_us:
                bars.append(self._bar(instrument, day, span, now_us))
            if len(bars) == count:
                break
        return bars

    def so_far(self, symbol: str, day: date, open_us: int, at_us: int) -> DayBar:
        """The day from its opening up to and with this moment."""
        opened, high, low, volume = _until_minute(
            self._simulator, symbol, open_us // MINUTE_US, at_us // MINUTE_US
        )
        running = self._simulator.running_bar(symbol, at_us)
        first, highest, lowest, last = (float(price) for price in running.prices[0])
        return DayBar(
            day,
            opened or first,
            max(high, highest),
            min(low, lowest),
            last,
            volume + int(running.volume.sum()),
        )

    def _bar(self, instrument: Instrument, day: date, span: _Span, now_us: int) -> DayBar:
        if now_us < span.close_us:
            return self.so_far(instrument.symbol, day, span.open_us, now_us)
        prices = self._whole(instrument.asset_class, day)[instrument.symbol]
        noise = generator(self._simulator.seed, f"day {instrument.symbol}", day.toordinal())
        minutes = (span.close_us - span.open_us) // MINUTE_US
        volume = int(noise.lognormal(0.0, _VOLUME_SIGMA) * _VOLUME_PER_MINUTE * minutes)
        return DayBar(day, *prices, volume)

    def _span(self, asset_class: AssetClass, day: date) -> _Span | None:
        """A stock's session; else the UTC day, and none where a pair's market is closed at noon."""
        hours = self._simulator.hours
        if asset_class is AssetClass.STOCK:
            noon = datetime.combine(day, time(12), NEW_YORK)
            session = hours.session(microseconds(noon))
            return _Span(session.open_us, session.close_us) if session.day == day else None
        start_us = microseconds(datetime.combine(day, time(), UTC))
        starts = range(start_us, start_us + DAY_US, HOUR_US)
        hours_open = [at_us for at_us in starts if hours.last_open(asset_class, at_us) == at_us]
        if start_us + DAY_US // 2 not in hours_open:
            return None
        return _Span(hours_open[0], hours_open[-1] + HOUR_US)

    def _make_whole(
        self, asset_class: AssetClass, day: date
    ) -> dict[str, tuple[float, float, float, float]]:
        """Open, high, low and close of all instruments of a class: their days are made together."""
        span = self._span(asset_class, day)
        assert span is not None
        levels = self._minutes(span.open_us // MINUTE_US, span.close_us // MINUTE_US)
        prices = {}
        for each in CATALOGUE:
            if each.asset_class is asset_class:
                mids = np.exp(_level(levels, each.base) - _level(levels, each.quote))
                first, last = float(mids[0]), float(mids[-1])
                prices[each.symbol] = (first, float(mids.max()), float(mids.min()), last)
        return prices

    def _minutes(self, first: int, end: int) -> Float64s:
        """Log-levels of all drivers at the minutes from first up to and with end."""
        parts = []
        for day in range(first // MINUTES, (end - 1) // MINUTES + 1):
            start = day * MINUTES
            last = end - start + 1 if end - start <= MINUTES else MINUTES
            parts.append(self._levels.day(day).levels[max(0, first - start) : last])
        return np.concatenate(parts)


def _back_from(now_us: int) -> Iterator[date]:
    """Dates from the newest one on; one that has not begun is skipped by its opening."""
    day = datetime_of(now_us).date()
    while True:
        yield day
        day -= timedelta(days=1)


def _level(levels: Float64s, name: str) -> Float64s | float:
    return 0.0 if name == DOLLAR else levels[:, DRIVER_INDEX[name]]


@lru_cache(maxsize=128)
def _until_minute(
    simulator: Simulator, symbol: str, first: int, end: int
) -> tuple[float | None, float, float, int]:
    """Open (None: no minute is over), high, low and volume of whole minutes; new once a minute."""
    bars = simulator.minute_bars(symbol, first, end)
    if len(bars.time_us) == 0:
        return None, 0.0, float("inf"), 0
    prices = bars.prices
    high, low = float(prices[:, 1].max()), float(prices[:, 2].min())
    return float(prices[0, 0]), high, low, int(bars.volume.sum())


@lru_cache(maxsize=8)
def days_of(simulator: Simulator) -> Days:
    """The days of a market, made once."""
    return Days(simulator)
