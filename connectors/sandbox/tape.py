"""A venue's tape: trades and best quotes of its pairs, minute by minute.

A minute holds a fixed number of trades and quotes a pair, at random, bursty times; so trade ids are
contiguous and update ids increase for ever, whoever listens and however often the sandbox restarts.
How much is traded is in the sizes, which follow the market's activity. Trades are made ten minutes at
once: a history of a thousand minutes is a hundred calls into numpy, not a thousand.
A kline is the sum of its minute's trades, so that history and the stream agree to the last digit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from connectors.sandbox.activity import SECONDS
from connectors.sandbox.noise import Float32s, generator
from connectors.sandbox.offsets import venue_offset
from connectors.sandbox.simulator import (
    BLOCK_MINUTES,
    MINUTE_US,
    STEP_US,
    STEPS,
    Int64s,
    Simulator,
)
from connectors.sandbox.universe import Float64s
from market.instruments import CATALOGUE, Instrument

MINUTE_MS = MINUTE_US // 1_000
STEP_MS = STEP_US // 1_000
SECOND_MS = 1_000

_TRADE_SHARE = 0.4
_BURSTS_PER_MINUTE = 60
_BURST_SHARE = 0.3
_BURST_MEAN_MS = 40.0
_SIDE_FLIP = 0.3
_TRADE_USD, _TRADE_SIGMA = 300.0, 1.4
_QUOTE_USD, _QUOTE_SIGMA = 20_000.0, 1.0
_UPDATE_STRIDE = 8
_KEPT_BLOCKS = 20

Bools = npt.NDArray[np.bool_]
Milliseconds = npt.NDArray[np.uint16]
"""Within a minute: sixteen bits hold them, and are sorted ten times as fast as more."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One pair of a venue: the decimals of its lots, its share of the venue's ticks."""

    instrument: Instrument
    lot_decimals: int
    share: float

    @property
    def venue_symbol(self) -> str:
        """The exchange's name: BTCUSDT."""
        return self.instrument.symbol.replace("-", "")


BINANCE, KRAKEN, COINBASE = "binance", "kraken", "coinbase"
VENUE_SHARES = {BINANCE: 0.6, KRAKEN: 0.2, COINBASE: 0.2}
"""How the ticks of the sandbox are shared."""

_TETHER = {
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
_DOLLAR = {
    "BTC-USD": (8, 0.30),
    "ETH-USD": (8, 0.22),
    "DOT-USD": (6, 0.09),
    "ATOM-USD": (6, 0.08),
    "UNI-USD": (6, 0.08),
    "XMR-USD": (6, 0.06),
    "XLM-USD": (4, 0.07),
    "SHIB-USD": (2, 0.05),
    "PEPE-USD": (2, 0.05),
}


def _pairs(lots_and_shares: Mapping[str, tuple[int, float]], without: str = "") -> tuple[Pair, ...]:
    listed = {symbol: row for symbol, row in lots_and_shares.items() if symbol != without}
    total = sum(share for _, share in listed.values())
    return tuple(
        Pair(CATALOGUE.by_symbol(symbol), lot, share / total)
        for symbol, (lot, share) in listed.items()
    )


VENUE_PAIRS = {
    BINANCE: _pairs(_TETHER),
    KRAKEN: _pairs(_DOLLAR),
    COINBASE: _pairs(_DOLLAR, without="XMR-USD"),
}
PAIRS = VENUE_PAIRS[BINANCE]


@dataclass(frozen=True, slots=True)
class Trades:
    """A pair's trades of some minutes in time order; price and size in units."""

    time_ms: Int64s
    ids: Int64s
    price: Int64s
    size: Int64s
    buyer_is_maker: Bools

    def between(self, start_ms: int, end_ms: int) -> "Trades":
        """Those with start ≤ time < end."""
        return self.rows(_rows(self.time_ms, start_ms, end_ms))

    def rows(self, rows: slice | list[int]) -> "Trades":
        """Those at these places."""
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
        return self.rows(_rows(self.time_ms, start_ms, end_ms))

    def rows(self, rows: slice) -> "Quotes":
        """Those at these places."""
        return Quotes(
            self.time_ms[rows],
            self.ids[rows],
            self.bid[rows],
            self.ask[rows],
            self.bid_size[rows],
            self.ask_size[rows],
        )


class Tape:
    """The trades and quotes of one venue, `ticks_per_s` over all its pairs together.

    Binance trades at the market's price; another venue's lies its own offset beside.
    """

    def __init__(self, simulator: Simulator, ticks_per_s: float, venue: str = BINANCE) -> None:
        self.venue = venue
        self.pairs = VENUE_PAIRS[venue]
        self._simulator = simulator
        self._per_minute = ticks_per_s * 60.0
        self._offsets = {
            pair: venue_offset(simulator.seed, venue, pair.instrument.symbol)
            for pair in self.pairs
            if venue != BINANCE
        }
        self.block = lru_cache(maxsize=_KEPT_BLOCKS)(self._make_block)

    def trades(self, pair: Pair, minute: int) -> Trades:
        """The trades of a minute (counted from 1970). A trade takes the bid or the ask."""
        block, of_block = divmod(minute, BLOCK_MINUTES)
        count = self._count(pair, _TRADE_SHARE)
        return self.block(pair, block).rows(slice(of_block * count, (of_block + 1) * count))

    def last_trades(self, pair: Pair, end_ms: int, count: int) -> Trades:
        """The last trades before `end_ms`, at most `count` and all of two blocks (20 minutes)."""
        block = end_ms // MINUTE_MS // BLOCK_MINUTES
        parts = [self.block(pair, block - 1), self.block(pair, block).between(0, end_ms)]
        joined = Trades(
            np.concatenate([part.time_ms for part in parts]),
            np.concatenate([part.ids for part in parts]),
            np.concatenate([part.price for part in parts]),
            np.concatenate([part.size for part in parts]),
            np.concatenate([part.buyer_is_maker for part in parts]),
        )
        return joined.rows(slice(max(0, len(joined.ids) - count), None))

    def quotes(self, pair: Pair, minute: int) -> Quotes:
        """The best quotes of a minute; update ids skip like a real book's."""
        count = self._count(pair, 1.0 - _TRADE_SHARE)
        noise = self._generator("quotes", pair, minute)
        block, of_block = divmod(minute, BLOCK_MINUTES)
        bursts = self._bursts(pair, block)[of_block : of_block + 1]
        times = _times(bursts, noise, count)[0].astype(np.int64)
        bids, asks = self.book(pair, minute)
        step = times // STEP_MS
        bid, ask = bids[step], asks[step]
        normal = noise.standard_normal((2, count))
        skips = noise.integers(1, _UPDATE_STRIDE + 1, count)
        ids = minute * count * _UPDATE_STRIDE + np.cumsum(skips)
        bid_size = _sizes(pair, normal[0], _QUOTE_USD, _QUOTE_SIGMA, bid)
        ask_size = _sizes(pair, normal[1], _QUOTE_USD, _QUOTE_SIGMA, ask)
        return Quotes(minute * MINUTE_MS + times, ids, bid, ask, bid_size, ask_size)

    def book(self, pair: Pair, minute: int, minutes: int = 1) -> tuple[Int64s, Int64s]:
        """The venue's bids and asks; see `Simulator.book`."""
        bids, asks = self._simulator.book(pair.instrument, minute, minutes)
        if pair not in self._offsets:
            return bids, asks
        time_s = minute * 60.0 + np.arange(len(bids), dtype=np.float64) * (STEP_MS / 1_000)
        shift = np.rint(self._offsets[pair].at(time_s) * bids).astype(np.int64)
        shift = np.maximum(shift, 1 - bids)
        return bids + shift, asks + shift

    def _count(self, pair: Pair, share: float) -> int:
        return max(1, round(self._per_minute * pair.share * share))

    def _make_block(self, pair: Pair, block: int) -> Trades:
        """The trades of ten minutes."""
        count, minute = self._count(pair, _TRADE_SHARE), block * BLOCK_MINUTES
        noise = self._generator("trades", pair, block)
        times = _times(self._bursts(pair, block), noise, count)
        flips = noise.random(times.shape, np.float32) < _SIDE_FLIP
        buyer_is_maker = (np.cumsum(flips, axis=1, dtype=np.uint8) & 1).view(np.bool_)
        of_block = np.arange(BLOCK_MINUTES)[:, None]
        book = np.concatenate(self.book(pair, minute, BLOCK_MINUTES))
        step = times // STEP_MS + of_block * STEPS
        price = book[step + ~buyer_is_maker * (BLOCK_MINUTES * STEPS)]
        usd = _TRADE_USD * self._simulator.activity(pair.instrument, block).ravel()
        normal = noise.standard_normal(times.shape, np.float32)
        traded = usd[times // SECOND_MS + of_block * SECONDS]
        size = _sizes(pair, normal, traded, _TRADE_SIGMA, price)
        ids = minute * count + np.arange(times.size)
        time_ms = times + (minute + of_block) * MINUTE_MS
        return Trades(time_ms.ravel(), ids, price.ravel(), size.ravel(), buyer_is_maker.ravel())

    def _bursts(self, pair: Pair, block: int) -> Float32s:
        """When each minute's bursts are, in milliseconds; a pair's trades and quotes share them."""
        noise = self._generator("bursts", pair, block)
        shape = (BLOCK_MINUTES, _BURSTS_PER_MINUTE)
        return noise.random(shape, np.float32) * np.float32(MINUTE_MS)

    def _generator(self, what: str, pair: Pair, number: int) -> np.random.Generator:
        where = "" if self.venue == BINANCE else f"{self.venue} "
        return generator(self._simulator.seed, f"{what} {where}{pair.venue_symbol}", number)


def _times(bursts: Float32s, noise: np.random.Generator, count: int) -> Milliseconds:
    """Sorted times within each minute, (minutes, count)."""
    minutes, in_burst = len(bursts), round(count * _BURST_SHARE)
    times = noise.random((minutes, count), np.float32) * np.float32(MINUTE_MS)
    chosen = noise.integers(0, _BURSTS_PER_MINUTE, (minutes, in_burst))
    late = noise.standard_exponential((minutes, in_burst), np.float32) * np.float32(_BURST_MEAN_MS)
    late += np.take_along_axis(bursts, chosen, axis=1)
    times[:, :in_burst] = np.where(late < MINUTE_MS, late, late - np.float32(MINUTE_MS))
    return np.sort(times.astype(np.uint16), axis=1, kind="stable")


def _rows(time_ms: Int64s, start_ms: int, end_ms: int) -> slice:
    first, last = np.searchsorted(time_ms, [start_ms, end_ms])
    return slice(int(first), int(last))


def _sizes(
    pair: Pair,
    normal: Float32s | Float64s,
    usd: float | Float64s,
    sigma: float,
    price: Int64s,
) -> Int64s:
    """Log-normal sizes around an amount of dollars, at least one lot."""
    lots_per_usd = 10.0 ** (pair.lot_decimals + pair.instrument.decimals) / price
    return np.maximum(1, np.exp(sigma * normal) * usd * lots_per_usd).astype(np.int64)
