"""How large a query may be, told before any work: rows, and values in memory."""

from collections.abc import Callable
from dataclasses import dataclass

from api.errors import RangeTooLargeError
from api.limits import MAX_QUERY_ROWS, MAX_QUERY_VALUES
from market.clock import datetime_of
from market.intervals import Interval
from pricing_engine.quant.plan import Plan

_HINT = "ask for a shorter range, a wider interval or fewer symbols, or page by start and end"


@dataclass(frozen=True, slots=True)
class Size:
    """So many symbols over a range; `pairs` are the values at each time of what is paired."""

    symbols: int
    start_us: int
    end_us: int
    interval: Interval
    pairs: int = 0


def check_size(size: Size, plan: Plan) -> None:
    """RangeTooLargeError where the rows, or the values of rows and pairs, may be more than are allowed.

    An estimate from above: as if every symbol had every bucket of the range, and all that its windows
    need before it. The error says which end would do.
    """
    most = _fitting(size, plan)
    times = _times(size, plan)
    for bound, count, allowed in (
        ("rows", lambda n: size.symbols * n, MAX_QUERY_ROWS),
        ("values", lambda n: _values(size, plan, n), MAX_QUERY_VALUES),
    ):
        if count(times) > allowed:
            end = None
            if most > plan.lookback:
                fitting_us = (most - plan.lookback) * size.interval.shortest_us
                end = datetime_of(size.start_us + fitting_us)
            raise RangeTooLargeError(bound, count(times), allowed, _HINT, end)


def rows_within(interval: Interval) -> Callable[[str], int]:
    """How many buckets of the interval a wider one can hold, by its name; 0 where it is no wider."""

    def rows(name: str) -> int:
        wider_us = Interval.parse(name).longest_us
        return -(-wider_us // interval.shortest_us) if wider_us > interval.longest_us else 0

    return rows


def _times(size: Size, plan: Plan) -> int:
    length_us = max(0, size.end_us - size.start_us)
    return -(-length_us // size.interval.shortest_us) + plan.lookback


def _values(size: Size, plan: Plan, times: int) -> int:
    width = len(plan.fields) + sum(len(step.outputs) for step in plan.steps)
    return times * (size.symbols * width + size.pairs)


def _fitting(size: Size, plan: Plan) -> int:
    """How many times fit, with those before the start."""
    each = max(1, _values(size, plan, 1))
    return min(MAX_QUERY_ROWS // size.symbols, MAX_QUERY_VALUES // each)
