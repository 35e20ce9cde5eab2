"""The simulated market: every instrument's price at any time, a function of the seed and the time.

Between two minutes of the skeleton (`levels`) a Brownian bridge walks a grid of 100 ms. Nothing is
carried from tick to tick: history, the live market and a restart see the same prices, and two
markets of one seed are one market.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from connectors.sandbox.activity import activity
from connectors.sandbox.hours import AlwaysOpen, Hours
from connectors.sandbox.levels import MINUTES, Levels
from connectors.sandbox.noise import Float32s, generator, normals
from connectors.sandbox.universe import (
    COMMON_FACTORS,
    DRIVER_INDEX,
    DRIVERS,
    Float64s,
    half_spread,
    minute_volatilities,
)
from market.instruments import CATALOGUE, AssetClass, Instrument

Int64s = npt.NDArray[np.int64]

MINUTE_US = 60_000_000
STEP_US = 100_000
STEPS = MINUTE_US // STEP_US
BLOCK_MINUTES = 10
BLOCK_STEPS = BLOCK_MINUTES * STEPS
DOLLAR = "USD"

_KEPT_NOISE_BLOCKS = 700
_KEPT_PATH_BLOCKS = 300
_KEPT_BAR_BLOCKS = 4_096
_MINUTE_SIGMAS = minute_volatilities()
_SHARES_PER_MINUTE = 40_000
_VOLUME_SIGMA = 0.6


@dataclass(frozen=True, slots=True)
class Quote:
    """Bid and ask in units of 10**-decimals."""

    bid: int
    ask: int
    decimals: int


@dataclass(frozen=True, slots=True)
class MinuteBars:
    """Bars of the mid, one an open minute: opening times in microseconds, (n, 4) prices, volume."""

    time_us: Int64s
    prices: Float64s
    volume: Int64s


class Simulator:
    """A market of one seed, open when `hours` say; while closed its last price stands."""

    def __init__(self, seed: int, hours: Hours | None = None) -> None:
        self.seed = seed
        self.hours: Hours = hours or AlwaysOpen()
        self._levels = Levels(seed)
        self._noise = lru_cache(maxsize=_KEPT_NOISE_BLOCKS)(self._make_noise)
        self._path = lru_cache(maxsize=_KEPT_PATH_BLOCKS)(self._make_path)
        self._block_bars = lru_cache(maxsize=_KEPT_BAR_BLOCKS)(self._make_block_bars)

    def mid(self, symbol: str, time_us: int) -> float:
        """The exact middle price of an instrument, at the 100 ms step of that time."""
        instrument = CATALOGUE.by_symbol(symbol)
        return self.rate(instrument.base, instrument.quote, time_us)

    def rate(self, base: str, quote: str, time_us: int) -> float:
        """The price of one driver in another; both may be the dollar. KeyError where unknown."""
        return float(np.exp(self._level(base, time_us) - self._level(quote, time_us)))

    def minute_rate(self, base: str, quote: str, time_us: int) -> float:
        """The same at the opening of that time's minute, which is quick for times far apart."""
        levels = [self._minute_level(name, time_us) for name in (base, quote)]
        return float(np.exp(levels[0] - levels[1]))

    def quote(self, symbol: str, time_us: int) -> Quote:
        """Bid and ask of an instrument, on the venue's grid of prices."""
        instrument = CATALOGUE.by_symbol(symbol)
        open_us = self.hours.last_open(instrument.asset_class, time_us)
        minute, offset = divmod(open_us, MINUTE_US)
        bids, asks = self.book(instrument, minute)
        step = offset // STEP_US
        return Quote(int(bids[step]), int(asks[step]), instrument.decimals)

    def last(self, symbol: str, time_us: int) -> int:
        """The last traded price in units of 10**-decimals: the mid, rounded."""
        units: int = round(self.mid(symbol, time_us) * 10 ** CATALOGUE.by_symbol(symbol).decimals)
        return units

    def book(self, instrument: Instrument, minute: int, minutes: int = 1) -> tuple[Int64s, Int64s]:
        """Bids and asks of the 600 steps of each minute (counted from 1970), in units; hours ignored.

        They surround the mid, are never equal, and are further apart in turbulence. Several minutes must
        lie in one block.
        """
        mids = self._mids(instrument, minute, minutes).reshape(minutes, STEPS)
        scale = 10.0**instrument.decimals
        turbulence = self._turbulence(instrument, minute, minutes)
        spreads = 2.0 * half_spread(instrument) * mids[:, :1] * turbulence[:, None]
        units = np.maximum(1, np.rint(spreads * scale)).astype(np.int64)
        bids = np.floor(mids * scale - 0.5 * (units - 1)).astype(np.int64)
        bids = np.maximum(bids, 1)
        return bids.ravel(), (bids + units).ravel()

    def activity(self, instrument: Instrument, block: int) -> Float64s:
        """How much is traded in each second of a block, in multiples of the usual: (10, 60)."""
        day, of_day = divmod(block * BLOCK_MINUTES, MINUTES)
        driver, skeleton = _leg(instrument), self._levels.day(day)
        sigmas = skeleton.sigmas[of_day : of_day + BLOCK_MINUTES, driver]
        levels = skeleton.levels[of_day : of_day + BLOCK_MINUTES + 1, driver]
        noise = generator(self.seed, f"activity {instrument.symbol}", block)
        return activity(noise, sigmas / _MINUTE_SIGMAS[driver], np.diff(levels) / sigmas)

    def minute_bars(self, symbol: str, first_minute: int, end_minute: int) -> MinuteBars:
        """Bars of the minutes [first, end) in which the market is open."""
        instrument = CATALOGUE.by_symbol(symbol)
        if first_minute >= end_minute:
            return MinuteBars(np.empty(0, np.int64), np.empty((0, 4)), np.empty(0, np.int64))
        blocks = range(first_minute // BLOCK_MINUTES, -(-end_minute // BLOCK_MINUTES))
        parts = [self._block_bars(symbol, block) for block in blocks]
        minutes = np.arange(blocks.start * BLOCK_MINUTES, blocks.stop * BLOCK_MINUTES)
        wanted = (minutes >= first_minute) & (minutes < end_minute)
        wanted[wanted] = self._open_minutes(instrument.asset_class, minutes[wanted])
        return MinuteBars(
            minutes[wanted] * MINUTE_US,
            np.concatenate([prices for prices, _ in parts])[wanted],
            np.concatenate([volume for _, volume in parts])[wanted],
        )

    def running_bar(self, symbol: str, time_us: int) -> MinuteBars:
        """The minute that `time_us` falls into, as far as it has come; empty while closed."""
        minute, inside_us = divmod(time_us, MINUTE_US)
        full = self.minute_bars(symbol, minute, minute + 1)
        if len(full.time_us) == 0:
            return full
        seen = self._mids(CATALOGUE.by_symbol(symbol), minute)[: inside_us // STEP_US + 1]
        prices = np.array([[seen[0], seen.max(), seen.min(), seen[-1]]])
        return MinuteBars(full.time_us, prices, full.volume * inside_us // MINUTE_US)

    def _level(self, name: str, time_us: int) -> float:
        if name == DOLLAR:
            return 0.0
        driver = DRIVER_INDEX[name]
        open_us = self.hours.last_open(DRIVERS[driver].asset_class, time_us)
        block, step = divmod(open_us // STEP_US, BLOCK_STEPS)
        return float(self._path(driver, block)[step])

    def _minute_level(self, name: str, time_us: int) -> float:
        if name == DOLLAR:
            return 0.0
        driver = DRIVER_INDEX[name]
        open_us = self.hours.last_open(DRIVERS[driver].asset_class, time_us)
        day, of_day = divmod(open_us // MINUTE_US, MINUTES)
        return float(self._levels.day(day).levels[of_day, driver])

    def _mids(self, instrument: Instrument, minute: int, minutes: int = 1) -> Float64s:
        block, minute_of_block = divmod(minute, BLOCK_MINUTES)
        first = minute_of_block * STEPS
        return self._block_mids(instrument, block, slice(first, first + minutes * STEPS))

    def _block_mids(self, instrument: Instrument, block: int, steps: slice) -> Float64s:
        level = np.zeros(steps.stop - steps.start)
        if instrument.base != DOLLAR:
            level = level + self._path(DRIVER_INDEX[instrument.base], block)[steps]
        if instrument.quote != DOLLAR:
            level = level - self._path(DRIVER_INDEX[instrument.quote], block)[steps]
        mids: Float64s = np.exp(level)
        return mids

    def _turbulence(self, instrument: Instrument, minute: int, minutes: int) -> Float64s:
        """Volatility relative to the usual."""
        day, of_day = divmod(minute, MINUTES)
        turbulence = self._levels.day(day).turbulence
        return turbulence[of_day : of_day + minutes, _leg(instrument)]

    def _open_minutes(self, asset_class: AssetClass, minutes: Int64s) -> npt.NDArray[np.bool_]:
        openings = (int(minute) * MINUTE_US for minute in minutes)
        flags = (self.hours.last_open(asset_class, time_us) == time_us for time_us in openings)
        return np.fromiter(flags, np.bool_, len(minutes))

    def _make_block_bars(self, symbol: str, block: int) -> tuple[Float64s, Int64s]:
        mids = self._block_mids(CATALOGUE.by_symbol(symbol), block, slice(0, BLOCK_STEPS))
        mids = mids.reshape(BLOCK_MINUTES, STEPS)
        prices = np.stack([mids[:, 0], mids.max(axis=1), mids.min(axis=1), mids[:, -1]], axis=1)
        noise = generator(self.seed, f"volume {symbol}", block)
        volume = noise.lognormal(0.0, _VOLUME_SIGMA, BLOCK_MINUTES) * _SHARES_PER_MINUTE
        return prices, np.maximum(1, volume).astype(np.int64)

    def _make_path(self, driver: int, block: int) -> Float64s:
        """The log-level of a driver in one block: a bridge between the minutes of the skeleton."""
        day, of_day = divmod(block * BLOCK_MINUTES, MINUTES)
        skeleton = self._levels.day(day)
        ends = skeleton.levels[of_day : of_day + BLOCK_MINUTES + 1, driver]
        sigmas = skeleton.sigmas[of_day : of_day + BLOCK_MINUTES, driver] / np.sqrt(STEPS)
        walk = np.cumsum(self._shocks(driver, block).reshape(BLOCK_MINUTES, STEPS), axis=1)
        walk *= sigmas[:, None]
        share = np.arange(1, STEPS + 1) / STEPS
        bridge = walk + share * (np.diff(ends) - walk[:, -1])[:, None]
        path = np.empty((BLOCK_MINUTES, STEPS))
        path[:, 0] = ends[:-1]
        path[:, 1:] = ends[:-1, None] + bridge[:, :-1]
        return path.reshape(BLOCK_STEPS)

    def _shocks(self, driver: int, block: int) -> Float64s:
        specification = DRIVERS[driver]
        shocks = specification.own_loading * self._noise(COMMON_FACTORS + driver, block)
        for factor, loading in enumerate(specification.loadings):
            if loading:
                shocks = shocks + loading * self._noise(factor, block)
        return shocks.astype(np.float64)

    def _make_noise(self, factor: int, block: int) -> Float32s:
        return normals(self.seed, f"step {factor}", block, BLOCK_STEPS)


def _leg(instrument: Instrument) -> int:
    """The driver that makes an instrument's volatility: the leg that is not the dollar."""
    return DRIVER_INDEX[instrument.quote if instrument.base == DOLLAR else instrument.base]
