"""The exchange's tape: trades and best quotes of the tether pairs, minute by minute.

A minute holds a fixed number of trades and quotes a pair, at random, bursty times; so trade ids are
contiguous and update ids increase for ever, whoever listens and however often the sandbox restarts.
A kline is the sum of its minute's trades, so that history and the stream agree to the last digit.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from connectors.sandbox.noise import generator
from connectors.sandbox.simulator import MINUTE_US, STEP_US, Int64s, Simulator
from market.instruments import CATALOGUE, Instrument

MINUTE_MS = MINUTE_US // 1_000
STEP_MS = STEP_US // 1_000

_TRADE_SHARE = 0.4
_BURSTS_PER_MINUTE = 60
_BURST_SHARE = 0.3
_BURST_MEAN_MS = 40.0
_SIDE_FLIP = 0.3
_TRADE_USD, _TRADE_SIGMA = 300.0, 1.4
_QUOTE_USD, _QUOTE_SIGMA = 20_000.0, 1.0
_UPDATE_STRIDE = 8

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Pair:
    """One tether pair: the decimals of its lots, its share of the exchange's ticks."""

    instrument: Instrument
    lot_decimals: int
    share: float

    @property
    def venue_symbol(self) -> str:
        """The exchange's name: BTCUSDT."""
        return self.instrument.symbol.replace("-", "")


_LOTS_AND_SHARES = {
    "BTC-USDT": (5, 0.25),
    "ETH-USDT": (4, 0.18),
    "SOL-USDT": (3, 0.12),
    "XRP-USDT": (1, 0.10),
    "DOGE-USDT": (0, 0.09),
    "BNB-USDT": (3, 0.08),
    "ADA-USDT": (1, 0.05),
    "LINK-USDT": (2, 0.05),
    "AVAX-USDT": (2, 0.04),
    "LTC-USDT": (3, 0.04),
}
PAIRS = tuple(
    Pair(CATALOGUE.by_symbol(symbol), lot, share)
    for symbol, (lot, share) in _LOTS_AND_SHARES.items()
)


@dataclass(frozen=True, slots=True)
class Trades:
    """A pair's trades of one minute in time order; price and size in units."""

    time_ms: Int64s
    ids: Int64s
    price: Int64s
    size: Int64s
    buyer_is_maker: Bools

    def between(self, start_ms: int, end_ms: int) -> "Trades":
        """Those with start ≤ time < end."""
        rows = _rows(self.time_ms, start_ms, end_ms)
        return Trades(
            self.time_ms[rows],
            self.ids[rows],
            self.price[rows],
            self.size[rows],
            self.buyer_is_maker[rows],
        )


@dataclass(frozen=True, slots=True)
class Quotes:
    """A pair's best quotes of one minute in time order; prices and sizes in units."""

    time_ms: Int64s
    ids: Int64s
    bid: Int64s
    ask: Int64s
    bid_size: Int64s
    ask_size: Int64s

    def between(self, start_ms: int, end_ms: int) -> "Quotes":
        """Those with start ≤ time < end."""
        rows = _rows(self.time_ms, start_ms, end_ms)
        return Quotes(
            self.time_ms[rows],
            self.ids[rows],
            self.bid[rows],
            self.ask[rows],
            self.bid_size[rows],
            self.ask_size[rows],
        )


class Tape:
    """The trades and quotes of a simulated market, `ticks_per_s` over all pairs together."""

    def __init__(self, simulator: Simulator, ticks_per_s: float) -> None:
        self._simulator = simulator
        self._per_minute = ticks_per_s * 60.0

    def trades(self, pair: Pair, minute: int) -> Trades:
        """The trades of a minute (counted from 1970). A trade takes the bid or the ask."""
        count = self._count(pair, _TRADE_SHARE)
        noise = self._generator("trades", pair, minute)
        times = self._times(pair, minute, noise, count)
        buyer_is_maker = (np.cumsum(noise.random(count) < _SIDE_FLIP) % 2).astype(np.bool_)
        bids, asks = self._simulator.book(pair.instrument, minute)
        step = times // STEP_MS
        price = np.where(buyer_is_maker, bids[step], asks[step])
        size = _sizes(pair, noise.standard_normal(count), _TRADE_USD, _TRADE_SIGMA, price)
        ids = minute * count + np.arange(count)
        return Trades(minute * MINUTE_MS + times, ids, price, size, buyer_is_maker)

    def quotes(self, pair: Pair, minute: int) -> Quotes:
        """The best quotes of a minute; update ids skip like a real book's."""
        count = self._count(pair, 1.0 - _TRADE_SHARE)
        noise = self._generator("quotes", pair, minute)
        times = self._times(pair, minute, noise, count)
        bids, asks = self._simulator.book(pair.instrument, minute)
        step = times // STEP_MS
        bid, ask = bids[step], asks[step]
        normal = noise.standard_normal((2, count))
        skips = noise.integers(1, _UPDATE_STRIDE + 1, count)
        ids = minute * count * _UPDATE_STRIDE + np.cumsum(skips)
        bid_size = _sizes(pair, normal[0], _QUOTE_USD, _QUOTE_SIGMA, bid)
        ask_size = _sizes(pair, normal[1], _QUOTE_USD, _QUOTE_SIGMA, ask)
        return Quotes(minute * MINUTE_MS + times, ids, bid, ask, bid_size, ask_size)

    def _count(self, pair: Pair, share: float) -> int:
        return max(1, round(self._per_minute * pair.share * share))

    def _generator(self, what: str, pair: Pair, minute: int) -> np.random.Generator:
        return generator(self._simulator.seed, f"{what} {pair.venue_symbol}", minute)

    def _times(self, pair: Pair, minute: int, noise: np.random.Generator, count: int) -> Int64s:
        """Sorted milliseconds within the minute; trades and quotes of a pair share their bursts."""
        centres = self._generator("bursts", pair, minute).random(_BURSTS_PER_MINUTE) * MINUTE_MS
        times = noise.random(count) * MINUTE_MS
        in_burst = round(count * _BURST_SHARE)
        burst = centres[noise.integers(0, _BURSTS_PER_MINUTE, in_burst)]
        times[:in_burst] = (burst + noise.exponential(_BURST_MEAN_MS, in_burst)) % MINUTE_MS
        return np.sort(times.astype(np.int64))


def _rows(time_ms: Int64s, start_ms: int, end_ms: int) -> slice:
    first, last = np.searchsorted(time_ms, [start_ms, end_ms])
    return slice(int(first), int(last))


def _sizes(
    pair: Pair, normal: npt.NDArray[np.float64], usd: float, sigma: float, price: Int64s
) -> Int64s:
    """Log-normal sizes around an amount of dollars, at least one lot."""
    lots_per_usd = 10.0 ** (pair.lot_decimals + pair.instrument.decimals) / price
    return np.maximum(1, np.exp(sigma * normal) * usd * lots_per_usd).astype(np.int64)
