"""The verdicts, for use inside kernels: what is repeated, crossed, from another time, or an outlier."""

import numpy as np
import numpy.typing as npt
from numba import njit

from market.ticks import QUOTE, RATE, TRADE, Bools, Float64s, Int8s, Int16s, Int32s, Int64s
from pipelines.outliers import (
    ACCEPTED,
    DEVIATIONS,
    EXPONENT,
    FLOOR,
    HELD,
    HELD_COLUMNS,
    INVERSE_BEYOND,
    INVERTED,
    KIND,
    MINIMUM,
    MINOR_UNITS,
    OFFSET,
    OUTLIER,
    RELEASE,
    ROW,
    SEQ,
    SIZE,
    SIZE_EXPONENT,
    TICK_SIZE,
    TIME,
    WINDOW,
    held_mark,
    look_closer,
    mark_of,
    push,
    waits,
)
from pipelines.slots import find_slot, slot_key

FUTURE_TOLERANCE_US = 5_000_000
CLOCK_RUN = 20
"""So many ticks in a row ahead of us, all by about as much, and it is our clock that is behind."""

REPEATED = 1
CROSSED = 2
FUTURE = 3
STALE = 7
CLOCK_BEHIND = 8
CLOSED = 9
REASONS = {
    CROSSED: "crossed",
    FUTURE: "from the future",
    OUTLIER: "outlier",
    MINOR_UNITS: "minor units",
    INVERTED: "inverted pair",
    STALE: "stale",
    CLOCK_BEHIND: "receiver's clock is behind",
    CLOSED: "market closed",
}

KEY, LATE = HELD_COLUMNS, HELD_COLUMNS + 1
RELEASED_COLUMNS = HELD_COLUMNS + 2
"""A released row: the columns of a waiting tick, its slot's key, whether it is late."""

DISORDERED, RELEASED = range(2)
"""The tally: whether an accepted tick is not the newest of its kind, and how many rows are released."""

_RUN, _LEAD = range(2)

Verdicts = npt.NDArray[np.int8]
_Values = tuple[Int64s, Int64s, Int64s, Int64s, Int64s, Int64s]
_Keys = tuple[Int32s, Int16s, Int8s, Int8s, Int8s]
_State = tuple[Int64s, Int64s, Float64s, Float64s, Int64s, Int64s, Int64s]
_Output = tuple[Verdicts, Bools, Int64s, Int64s]


@njit(cache=True, nogil=True)
def _is_closed(time: int, closures: Int64s) -> bool:
    for index in range(len(closures)):  # noqa: SIM110 - the compiler knows no generator here
        if closures[index, 0] <= time < closures[index, 1]:
            return True
    return False


@njit(cache=True, nogil=True)
def _from_the_future(ahead: Int64s, lane: int, lead: int) -> int:
    """The verdict on one more tick that is `lead` µs ahead of us, beyond the tolerance."""
    run, least = ahead[lane, _RUN], ahead[lane, _LEAD]
    if run == 0 or abs(lead - least) > FUTURE_TOLERANCE_US:
        run, least = 0, lead
    ahead[lane, _RUN], ahead[lane, _LEAD] = run + 1, min(least, lead)
    return CLOCK_BEHIND if run + 1 >= CLOCK_RUN else FUTURE


@njit(cache=True, nogil=True)
def _accept(newest: Int64s, place: tuple[int, int], moment: tuple[int, int]) -> tuple[bool, bool]:
    """Whether an accepted tick is late, and whether it is not the newest; it is from now on if it is."""
    slot, lane = place
    mark = newest[slot, lane, 0], newest[slot, lane, 1]
    if moment > mark:
        newest[slot, lane, 0], newest[slot, lane, 1] = moment
        return False, False
    return moment[0] < mark[0], True


@njit(cache=True, nogil=True)
def _hold(state: _State, place: tuple[int, int], values: _Values, keys: _Keys, row: int) -> None:
    """Let the row wait at the end of its lane."""
    slot, lane = place
    counts, held = state[4], state[5]
    at = counts[slot, lane, HELD]
    for column in range(TICK_SIZE + 1):
        held[slot, lane, at, column] = values[column][row]
    held[slot, lane, at, EXPONENT] = keys[3][row]
    held[slot, lane, at, SIZE_EXPONENT] = keys[4][row]
    held[slot, lane, at, KIND] = keys[2][row]
    held[slot, lane, at, ROW] = row
    counts[slot, lane, HELD] = at + 1


@njit(cache=True, nogil=True)
def _release(
    state: _State, place: tuple[int, int], offset: int, width: int, output: _Output
) -> None:
    """Accept what waits, in order: rows of this record where they stand, others as released rows."""
    slot, lane = place
    slots, newest, window, sums, counts, held, _ = state
    verdicts, late, released, tally = output
    for index in range(counts[slot, lane, HELD]):
        moment = (held[slot, lane, index, TIME], held[slot, lane, index, SEQ])
        is_late, is_older = _accept(newest, place, moment)
        tally[DISORDERED] |= is_older
        push(window, sums, counts, place, held_mark(held, place, index), width)
        if held[slot, lane, index, OFFSET] == offset:
            verdicts[held[slot, lane, index, ROW]] = ACCEPTED
            late[held[slot, lane, index, ROW]] = is_late
            continue
        for column in range(HELD_COLUMNS):
            released[tally[RELEASED], column] = held[slot, lane, index, column]
        released[tally[RELEASED], KEY] = slots[slot]
        released[tally[RELEASED], LATE] = is_late
        tally[RELEASED] += 1
    counts[slot, lane, HELD] = 0


@njit(cache=True, nogil=True)
def _doubt(
    values: _Values,
    keys: _Keys,
    state: _State,
    where: tuple[int, int, int, int],
    mark: float,
    rules: tuple[float, float, float, int, bool],
    output: _Output,
) -> int:
    """The verdict on a mark beyond the floor; an outlier waits, or brings in those that did.

    `where`: row, slot, lane, offset; `rules`: floor, deviations, inverse beyond, width, whether it is a
    fixing, which is no outlier wherever it lies.
    """
    row, slot, lane, offset = where
    counts, held = state[4], state[5]
    place = (slot, lane)
    size = counts[slot, lane, SIZE]
    verdict = look_closer(state[2], place, size, mark, (rules[1], rules[2]))
    if verdict != OUTLIER:
        return verdict
    if rules[4]:
        return ACCEPTED
    waiting = counts[slot, lane, HELD]
    if waits(held, place, waiting, (values[0][row], values[1][row])):
        return REPEATED
    if waiting > 0:
        first = held_mark(held, place, 0)
        if abs(mark - first) > rules[0] * first:
            waiting = counts[slot, lane, HELD] = 0
    if waiting == RELEASE - 1:
        _release(state, place, offset, rules[3], output)
        return ACCEPTED
    _hold(state, place, values, keys, row)
    held[slot, lane, waiting, OFFSET] = offset
    return OUTLIER


@njit(cache=True, nogil=True)
def _by_itself(
    kind: int,
    quote: tuple[int, int],
    time: int,
    limits: tuple[int, int, int, bool],
    ahead: Int64s,
) -> int:
    """The verdict on a tick by its own numbers and the time of its receipt."""
    lane = 0 if kind == QUOTE else 1
    lead = time - limits[1]
    if lead <= FUTURE_TOLERANCE_US:
        ahead[lane, _RUN] = 0
    if kind == QUOTE and quote[0] > quote[1]:
        return CROSSED
    if lead > FUTURE_TOLERANCE_US:
        return _from_the_future(ahead, lane, lead)
    if time < limits[2] and kind != TRADE:
        return STALE
    return ACCEPTED


@njit(cache=True, nogil=True)
def judge_rows(
    values: _Values,
    keys: _Keys,
    state: _State,
    limits: tuple[int, int, int, bool],
    table: tuple[Float64s, Bools, Int64s],
    output: _Output,
) -> None:
    """Fill `output` (verdicts and lateness a row, released rows, the tally) and go on with `state`.

    Every key has its slot already. `limits`: offset, time of receipt, oldest time of a quote (µs),
    whether rates are fixings; `table`: rules, whether an instrument is a currency pair, closures.
    O(rows); what is not in doubt touches no tuple of arrays: counting their references costs more
    than judging.
    """
    time, seq, bid, ask, price, _ = values
    instrument, source, kind, exponent, _ = keys
    slots, newest, window, sums, counts, _, ahead = state
    rules, is_fx, closures = table
    verdicts, late, _, tally = output
    for row in range(len(time)):
        slot = find_slot(slots, slot_key(instrument[row], source[row]))
        lane = 0 if kind[row] == QUOTE else 1
        rule = instrument[row] if instrument[row] < len(rules) else 0
        verdict = _by_itself(kind[row], (bid[row], ask[row]), time[row], limits, ahead)
        if verdict == ACCEPTED and is_fx[rule] and _is_closed(time[row], closures):
            verdict = CLOSED
        known = time[row] == newest[slot, lane, 0] and seq[row] == newest[slot, lane, 1]
        if verdict == ACCEPTED and known:
            verdict = REPEATED
        if verdict != ACCEPTED:
            verdicts[row] = verdict
            continue
        mark = mark_of(kind[row], (bid[row], ask[row], price[row]), exponent[row])
        size, width = counts[slot, lane, SIZE], int(rules[rule, WINDOW])
        total, floor = sums[slot, lane], rules[rule, FLOOR]
        if size >= rules[rule, MINIMUM] and abs(mark * size - total) > floor * total:
            verdict = _doubt(
                values,
                keys,
                state,
                (row, slot, lane, limits[0]),
                mark,
                (
                    floor,
                    rules[rule, DEVIATIONS],
                    rules[rule, INVERSE_BEYOND],
                    width,
                    limits[3] and kind[row] == RATE,
                ),
                output,
            )
        verdicts[row] = verdict
        if verdict == ACCEPTED:
            counts[slot, lane, HELD] = 0
            push(window, sums, counts, (slot, lane), mark, width)
            late[row], is_older = _accept(newest, (slot, lane), (time[row], seq[row]))
            tally[DISORDERED] |= is_older
