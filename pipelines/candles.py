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
    `counters` (slots, 4, 9) holds time, first and last (time, sequence), ticks, volume, and whether
    the candle has grown; `prices` (slots, 4, 4) and `exponents` open, high, low, close.
    """

    slots: Int64s = field(default_factory=empty_slots)
    counters: Int64s = field(default_factory=lambda: np.zeros((16, _LANES, _COUNTERS), np.int64))
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
def _add_volume(counter: Int64s, size: int, exponent: int) -> None:
    """Add `size / 10**exponent` to a volume; what is finer than 10**-18 is dropped."""
    if exponent > 18:
        counter[_FRACTION] += size // _POWERS[min(exponent - 18, 18)]
    else:
        whole = size // _POWERS[exponent]
        counter[_UNITS] += whole
        counter[_FRACTION] += (size - whole * _POWERS[exponent]) * _POWERS[18 - exponent]
    if counter[_FRACTION] >= VOLUME_FRACTION:
        counter[_FRACTION] -= VOLUME_FRACTION
        counter[_UNITS] += 1


@njit(cache=True, nogil=True)
def _start(
    counter: Int64s,
    prices: Int64s,
    exponents: Int8s,
    moment: tuple[int, int],
    price: tuple[int, int],
) -> None:
    """Begin a candle with its first tick."""
    counter[:] = 0
    counter[_TIME] = moment[0] - moment[0] % BAR_US
    counter[_OPEN_TIME], counter[_OPEN_SEQ] = moment
    counter[_CLOSE_TIME], counter[_CLOSE_SEQ] = moment
    prices[:] = price[0]
    exponents[:] = price[1]


@njit(cache=True, nogil=True)
def _grow_candle(
    state: tuple[Int64s, Int64s, Int8s],
    place: tuple[int, int],
    moment: tuple[int, int],
    price: tuple[int, int],
) -> None:
    """Put one more tick into a candle. No views of the arrays: counting them costs more than this."""
    counters, prices, exponents = state
    slot, lane = place
    if moment >= (counters[slot, lane, _CLOSE_TIME], counters[slot, lane, _CLOSE_SEQ]):
        counters[slot, lane, _CLOSE_TIME], counters[slot, lane, _CLOSE_SEQ] = moment
        prices[slot, lane, _CLOSE], exponents[slot, lane, _CLOSE] = price
    elif moment < (counters[slot, lane, _OPEN_TIME], counters[slot, lane, _OPEN_SEQ]):
        counters[slot, lane, _OPEN_TIME], counters[slot, lane, _OPEN_SEQ] = moment
        prices[slot, lane, _OPEN], exponents[slot, lane, _OPEN] = price
    if _less(prices[slot, lane, _HIGH], exponents[slot, lane, _HIGH], price[0], price[1]):
        prices[slot, lane, _HIGH], exponents[slot, lane, _HIGH] = price
    if _less(price[0], price[1], prices[slot, lane, _LOW], exponents[slot, lane, _LOW]):
        prices[slot, lane, _LOW], exponents[slot, lane, _LOW] = price


@njit(cache=True, nogil=True)
def _emit(
    row: int,
    key: int,
    lane: int,
    state: tuple[Int64s, Int64s, Int8s],
    heads: tuple[Int64s, Int32s, Int16s, Int8s, Int32s],
    bodies: tuple[Int64s, Int8s, Int64s, Int64s],
) -> None:
    """Copy a candle (one lane of one slot) to a row of the output."""
    counter, prices, exponents = state
    heads[0][row] = counter[_TIME]
    heads[1][row] = key >> 16
    heads[2][row] = key & 0xFFFF
    heads[3][row] = _SIDES[lane]
    heads[4][row] = counter[_TICKS]
    bodies[0][row] = prices
    bodies[1][row] = exponents
    bodies[2][row] = counter[_UNITS]
    bodies[3][row] = counter[_FRACTION]


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
    """Put out a candle as it stands."""
    slot, lane = place
    counter = state[0][slot, lane]
    counter[_TOUCHED] = 0
    own = (counter, state[1][slot, lane], state[2][slot, lane])
    _emit(counts[0], key, lane, own, heads, bodies)
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
    counters = state[0]
    for row in range(len(time)):
        key = slot_key(instrument[row], source[row])
        slot = find_slot(slots, key)
        moment = (time[row], seq[row])
        minute = time[row] - time[row] % BAR_US
        quote = kind[row] == QUOTE
        for lane in range(0, 3) if quote else range(3, 4):
            own = _price_of(lane, (bid[row], ask[row], price[row]), int(exponent[row]))
            if minute < counters[slot, lane, _TIME]:
                _name_stale(stale, counts, minute, key)
                continue
            if minute > counters[slot, lane, _TIME]:
                if counters[slot, lane, _TOUCHED]:
                    _flush((slot, lane), key, state, heads, bodies, counts)
                _start(
                    counters[slot, lane], state[1][slot, lane], state[2][slot, lane], moment, own
                )
            else:
                _grow_candle(state, (slot, lane), moment, own)
            counters[slot, lane, _TICKS] += 1
            counters[slot, lane, _TOUCHED] = 1
            if not quote and size[row] > 0:
                _add_volume(counters[slot, lane], size[row], size_exponent[row])
    for slot in range(len(slots)):
        for lane in range(_LANES):
            if state[0][slot, lane, _TOUCHED]:
                _flush((slot, lane), slots[slot], state, heads, bodies, counts)
