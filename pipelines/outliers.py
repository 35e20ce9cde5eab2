"""Outliers: the window of accepted prices that a new one is held against, and what waits for its release.

All of it is for use inside kernels. A lane is one (slot, kind): quotes apart from trades and rates. Its
window is a ring of marks (the mid of a quote, else the price, as float64) beside their running sum,
which is summed anew at every turn of the ring, so that no rounding piles up.
"""

import numpy as np
from numba import njit

from market.ticks import QUOTE, Float64s, Int64s

RELEASE = 5
"""So many outliers in a row, close to the first of them, are the new level and not wrong."""

ACCEPTED = 0
OUTLIER = 4
MINOR_UNITS = 5
INVERTED = 6

SIZE, PLACE, HELD = range(3)
"""Of a lane: how many marks its window holds, where the next one goes, how many ticks wait."""
COUNTS = 3

TIME, SEQ, BID, ASK, PRICE, TICK_SIZE, EXPONENT, SIZE_EXPONENT, KIND, OFFSET, ROW = range(11)
"""The columns of a waiting tick; it came as row `ROW` of the record at `OFFSET`."""
HELD_COLUMNS = 11

FLOOR, DEVIATIONS, WINDOW, MINIMUM, INVERSE_BEYOND = range(5)
"""The columns of an instrument's rules."""
RULES = 5

MINOR_UNITS_WITHIN = 0.1
"""How close to a hundred times the mean, or a hundredth of it, a price in other units lies."""
INVERSE_WITHIN = 0.02
"""How close to one over the mean the price of a pair the wrong way round lies."""

_SCALES = 10.0 ** np.arange(64)


@njit(cache=True, nogil=True)
def mark_of(kind: int, numbers: tuple[int, int, int], exponent: int) -> float:
    """The price that a tick (bid, ask, price) is judged by."""
    if kind == QUOTE:
        return 0.5 * (numbers[0] + numbers[1]) / float(_SCALES[exponent])
    return numbers[2] / float(_SCALES[exponent])


@njit(cache=True, nogil=True)
def _sum_anew(window: Float64s, place: tuple[int, int], size: int) -> float:
    total = 0.0
    for index in range(size):
        total += window[place[0], place[1], index]
    return total


@njit(cache=True, nogil=True, inline="always")
def push(
    window: Float64s,
    sums: Float64s,
    counts: Int64s,
    place: tuple[int, int],
    mark: float,
    width: int,
) -> None:
    """Take an accepted mark into a window of at most `width`. O(1), and O(width) once a turn."""
    slot, lane = place
    at, size = counts[slot, lane, PLACE], counts[slot, lane, SIZE]
    total = sums[slot, lane]
    if at >= width or size > width:  # the rules were other ones
        at, size, total = 0, 0, 0.0
    if size < width:
        total += mark
        counts[slot, lane, SIZE] = size + 1
    else:
        total += mark - window[slot, lane, at]
    window[slot, lane, at] = mark
    counts[slot, lane, PLACE] = at + 1
    if at + 1 == width:
        counts[slot, lane, PLACE] = 0
        total = _sum_anew(window, place, width)
    sums[slot, lane] = total


@njit(cache=True, nogil=True)
def look_closer(
    window: Float64s, place: tuple[int, int], size: int, mark: float, rules: tuple[float, float]
) -> int:
    """The verdict on a mark beyond the floor. `rules`: deviations, and how far from 1 an inverse counts.

    An outlier lies more than so many mean absolute deviations from the mean of the window. O(size).
    """
    slot, lane = place
    deviations, inverse_beyond = rules
    total = 0.0
    for index in range(size):
        total += window[slot, lane, index]
    mean = total / size
    spread = 0.0
    for index in range(size):
        spread += abs(window[slot, lane, index] - mean)
    if abs(mark - mean) <= deviations * spread / size:
        return ACCEPTED
    for factor in (100.0, 0.01):
        if abs(mark - factor * mean) <= MINOR_UNITS_WITHIN * factor * mean:
            return MINOR_UNITS
    far_from_one = mean >= inverse_beyond or mean * inverse_beyond <= 1.0
    if far_from_one and abs(mark * mean - 1.0) <= INVERSE_WITHIN:
        return INVERTED
    return OUTLIER


@njit(cache=True, nogil=True)
def waits(held: Int64s, place: tuple[int, int], count: int, moment: tuple[int, int]) -> bool:
    """Whether a tick of this time and sequence is among those that wait."""
    slot, lane = place
    for index in range(count):
        if (held[slot, lane, index, TIME], held[slot, lane, index, SEQ]) == moment:
            return True
    return False


@njit(cache=True, nogil=True)
def held_mark(held: Int64s, place: tuple[int, int], index: int) -> float:
    """The mark of a waiting tick."""
    slot, lane = place
    numbers = (
        held[slot, lane, index, BID],
        held[slot, lane, index, ASK],
        held[slot, lane, index, PRICE],
    )
    return mark_of(held[slot, lane, index, KIND], numbers, held[slot, lane, index, EXPONENT])
