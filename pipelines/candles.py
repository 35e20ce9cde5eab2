"""One-minute candles, folded from a partition's ticks in log order.

A candle that is still the newest of its kind grows in place. A tick for an older minute does not: the
minute is named as stale, to be made anew from the ticks. The first minute of a state, whose beginning
it may have missed, is a candle like any other: who writes it finds what is there from before `since`.
"""

from dataclasses import dataclass, field

import numpy as np
from numba import njit

from market.bars import ASK, BAR_US, BID, LAST, MID, VOLUME_FRACTION, BarBatch
from market.ticks import QUOTE, Int8s, Int16s, Int32s, Int64s, TickBatch
from pipelines.slots import empty_slots, find_slot, slot_key, take_slots

_SIDES = np.array([MID, BID, ASK, LAST], np.int8)
_LANES = len(_SIDES)
(
    _TIME,
    _OPEN_TIME,
    _OPEN_SEQ,
    _CLOSE_TIME,
    _CLOSE_SEQ,
    _TICKS,
    _UNITS,
    _FRACTION,
    _TOUCHED,
) = range(9)
_COUNTERS = 9
_OPEN, _HIGH, _LOW, _CLOSE = range(4)
_POWERS = np.array([10**power for power in range(19)], np.int64)
_MID_LIMIT = np.iinfo(np.int64).max // 5


@dataclass(slots=True)
class CandleState:
    """The open candles of a partition: a row a slot (instrument, source) and a lane a side.

    `since` is the offset of the first record that it has seen: what came before, it does not know.
    `counters` (slots, 2, 9) holds time, first and last (time, sequence), ticks, volume, and whether
    the candle has grown, of a slot's quotes and of the rest: mid, bid and ask share them. `prices`
    (slots, 4, 4) and `exponents` hold open, high, low, close of every side.
    """

    slots: Int64s = field(default_factory=empty_slots)
    counters: Int64s = field(default_factory=lambda: np.zeros((16, 2, _COUNTERS), np.int64))
    prices: Int64s = field(default_factory=lambda: np.zeros((16, _LANES, 4), np.int64))
    exponents: Int8s = field(default_factory=lambda: np.zeros((16, _LANES, 4), np.int8))
    since: int = field(default=0, kw_only=True)

    def update(self, batch: TickBatch) -> "Folded":
        """Fold accepted ticks; the candles that closed or grew, and the minutes that are stale."""
        while not take_slots(self.slots, batch.instrument, batch.source):
            self._grow()
        bars = BarBatch.empty(_LANES * (len(batch) + len(self.slots)))
        stale = np.zeros((len(batch) * 3 + len(self.slots) * _LANES, 3), np.int64)
        counts = np.zeros(2, np.int64)
        _fold(
            (batch.time, batch.seq, batch.instrument, batch.source, batch.kind),
            (batch.bid, batch.ask, batch.price, batch.size, batch.exponent, batch.size_exponent),
            self.slots,
            (self.counters, self.prices, self.exponents),
            (bars.time, bars.instrument, bars.source, bars.side, bars.ticks),
            (bars.prices, bars.exponents, bars.volume_units, bars.volume_fraction),
            stale,
            counts,
        )
        return Folded(bars.take(slice(0, int(counts[0]))), np.unique(stale[: counts[1]], axis=0))

    def _grow(self) -> None:
        grown = CandleState(
            empty_slots(2 * len(self.slots)),
            *(
                np.zeros((2 * len(self.slots), *array.shape[1:]), array.dtype)
                for array in (self.counters, self.prices, self.exponents)
            ),
        )
        for old in np.flatnonzero(self.slots >= 0):
            new = find_slot(grown.slots, self.slots[old])
            grown.counters[new] = self.counters[old]
            grown.prices[new] = self.prices[old]
            grown.exponents[new] = self.exponents[old]
        self.slots, self.counters = grown.slots, grown.counters
        self.prices, self.exponents = grown.prices, grown.exponents


@dataclass(frozen=True, slots=True)
class Folded:
    """Candles as they stand after a record, and stale minutes as rows (time, instrument, source)."""

    bars: BarBatch
    stale: Int64s


@njit(cache=True, nogil=True)
def _less(mantissa: int, exponent: int, other: int, other_exponent: int) -> bool:
    """Whether one positive price is below another; exact whatever their exponents."""
    if exponent == other_exponent:
        return mantissa < other
    while exponent < other_exponent:
        if mantissa > np.iinfo(np.int64).max // 10:
            return False
        mantissa *= 10
        exponent += 1
    while other_exponent < exponent:
        if other > np.iinfo(np.int64).max // 10:
            return True
        other *= 10
        other_exponent += 1
    return mantissa < other


@njit(cache=True, nogil=True)
def _mid(bid: int, ask: int, exponent: int) -> tuple[int, int]:
    """The exact mid of a quote; half-even where it would need a 19th digit."""
    total = bid + ask
    if total % 2 == 0:
        return total // 2, exponent
    if total <= _MID_LIMIT:
        return total * 5, exponent + 1
    half = total // 2
    return half + half % 2, exponent


@njit(cache=True, nogil=True)
def _price_of(lane: int, numbers: tuple[int, int, int], exponent: int) -> tuple[int, int]:
    """The price that a tick (bid, ask, price) brings to a lane: mid, bid, ask or price."""
    bid, ask, price = numbers
    if lane == 0:
        return _mid(bid, ask, exponent)
    if lane == 1:
        return bid, exponent
    if lane == 2:
        return ask, exponent
    return price, exponent


@njit(cache=True, nogil=True)
def _add_volume(counters: Int64s, slot: int, size: int, exponent: int) -> None:
    """Add `size / 10**exponent` to the volume of a slot; what is finer than 10**-18 is dropped."""
    if exponent > 18:
        counters[slot, 1, _FRACTION] += size // _POWERS[min(exponent - 18, 18)]
    else:
        whole = size // _POWERS[exponent]
        counters[slot, 1, _UNITS] += whole
        rest = size - whole * _POWERS[exponent]
        counters[slot, 1, _FRACTION] += rest * _POWERS[18 - exponent]
    if counters[slot, 1, _FRACTION] >= VOLUME_FRACTION:
        counters[slot, 1, _FRACTION] -= VOLUME_FRACTION
        counters[slot, 1, _UNITS] += 1


@njit(cache=True, nogil=True)
def _start(counters: Int64s, place: tuple[int, int], moment: tuple[int, int]) -> None:
    """Begin the candles of a slot's quotes, or of the rest, with their first tick."""
    slot, half = place
    for column in range(_COUNTERS):
        counters[slot, half, column] = 0
    counters[slot, half, _TIME] = moment[0] - moment[0] % BAR_US
    counters[slot, half, _OPEN_TIME], counters[slot, half, _OPEN_SEQ] = moment
    counters[slot, half, _CLOSE_TIME], counters[slot, half, _CLOSE_SEQ] = moment


@njit(cache=True, nogil=True)
def _place_of(counters: Int64s, place: tuple[int, int], moment: tuple[int, int]) -> int:
    """Which price of its candle a tick is, by event time: the close, the open, or -1 for neither."""
    slot, half = place
    if moment >= (counters[slot, half, _CLOSE_TIME], counters[slot, half, _CLOSE_SEQ]):
        counters[slot, half, _CLOSE_TIME], counters[slot, half, _CLOSE_SEQ] = moment
        return _CLOSE
    if moment < (counters[slot, half, _OPEN_TIME], counters[slot, half, _OPEN_SEQ]):
        counters[slot, half, _OPEN_TIME], counters[slot, half, _OPEN_SEQ] = moment
        return _OPEN
    return -1


@njit(cache=True, nogil=True)
def _put_price(
    prices: Int64s, exponents: Int8s, place: tuple[int, int], column: int, price: tuple[int, int]
) -> None:
    """Put a price into a candle, as its open or close too where it is one.

    No views of the arrays and no tuple of them: counting their references costs more than this.
    """
    slot, lane = place
    if column >= 0:
        prices[slot, lane, column], exponents[slot, lane, column] = price
    if _less(prices[slot, lane, _HIGH], exponents[slot, lane, _HIGH], price[0], price[1]):
        prices[slot, lane, _HIGH], exponents[slot, lane, _HIGH] = price
    elif _less(price[0], price[1], prices[slot, lane, _LOW], exponents[slot, lane, _LOW]):
        prices[slot, lane, _LOW], exponents[slot, lane, _LOW] = price


@njit(cache=True, nogil=True)
def _name_stale(stale: Int64s, counts: Int64s, time: int, key: int) -> None:
    if counts[1] > 0:
        last = stale[counts[1] - 1]
        if last[0] == time and last[1] == key >> 16 and last[2] == key & 0xFFFF:
            return
    stale[counts[1], 0] = time
    stale[counts[1], 1] = key >> 16
    stale[counts[1], 2] = key & 0xFFFF
    counts[1] += 1


@njit(cache=True, nogil=True)
def _flush(
    place: tuple[int, int],
    key: int,
    state: tuple[Int64s, Int64s, Int8s],
    heads: tuple[Int64s, Int32s, Int16s, Int8s, Int32s],
    bodies: tuple[Int64s, Int8s, Int64s, Int64s],
    counts: Int64s,
) -> None:
    """Put out the candles of a slot's quotes, or of the rest, as they stand."""
    slot, half = place
    counter = state[0][slot, half]
    counter[_TOUCHED] = 0
    for lane in range(3) if half == 0 else range(3, 4):
        row = counts[0]
        heads[0][row] = counter[_TIME]
        heads[1][row] = key >> 16
        heads[2][row] = key & 0xFFFF
        heads[3][row] = _SIDES[lane]
        heads[4][row] = counter[_TICKS]
        bodies[0][row] = state[1][slot, lane]
        bodies[1][row] = state[2][slot, lane]
        bodies[2][row] = counter[_UNITS]
        bodies[3][row] = counter[_FRACTION]
        counts[0] += 1


@njit(cache=True, nogil=True)
def _fold(
    keys: tuple[Int64s, Int64s, Int32s, Int16s, Int8s],
    values: tuple[Int64s, Int64s, Int64s, Int64s, Int8s, Int8s],
    slots: Int64s,
    state: tuple[Int64s, Int64s, Int8s],
    heads: tuple[Int64s, Int32s, Int16s, Int8s, Int32s],
    bodies: tuple[Int64s, Int8s, Int64s, Int64s],
    stale: Int64s,
    counts: Int64s,
) -> None:
    """Fold rows into the open candles. O(rows + slots); every key has its slot already.

    `counts` receives the number of candles put out and of stale minutes named.
    """
    time, seq, instrument, source, kind = keys
    bid, ask, price, size, exponent, size_exponent = values
    counters, prices, exponents = state
    for row in range(len(time)):
        key = slot_key(instrument[row], source[row])
        slot = find_slot(slots, key)
        half = 0 if kind[row] == QUOTE else 1
        moment = (time[row], seq[row])
        since = moment[0] - counters[slot, half, _TIME]
        if since < 0:
            _name_stale(stale, counts, moment[0] - moment[0] % BAR_US, key)
            continue
        numbers = (bid[row], ask[row], price[row])
        first, end = (0, 3) if half == 0 else (3, 4)
        if since >= BAR_US:
            if counters[slot, half, _TOUCHED]:
                _flush((slot, half), key, state, heads, bodies, counts)
            _start(counters, (slot, half), moment)
            for lane in range(first, end):
                own = _price_of(lane, numbers, int(exponent[row]))
                for column in range(4):
                    prices[slot, lane, column], exponents[slot, lane, column] = own
        else:
            column = _place_of(counters, (slot, half), moment)
            for lane in range(first, end):
                own = _price_of(lane, numbers, int(exponent[row]))
                _put_price(prices, exponents, (slot, lane), column, own)
        counters[slot, half, _TICKS] += 1
        counters[slot, half, _TOUCHED] = 1
        if half == 1 and size[row] > 0:
            _add_volume(counters, slot, size[row], size_exponent[row])
    for slot in range(len(slots)):
        for half in range(2):
            if counters[slot, half, _TOUCHED]:
                _flush((slot, half), slots[slot], state, heads, bodies, counts)
