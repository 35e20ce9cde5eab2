"""Ranges of time, in microseconds since 1970 UTC: what is still to be read, and how SQL says it."""

from collections.abc import Iterable, Sequence

from psycopg import sql

from market.clock import datetime_of
from market.intervals import Int64s

Range = tuple[int, int]
"""From the first instant to the one that follows the last."""

MAX_RANGES = 16
"""Each is planned on its own: where they are more, one is read that holds them all."""


def within(ranges: Iterable[Range], first_us: int, end_us: int) -> list[Range]:
    """What of these ranges lies in another one."""
    cut = ((max(start, first_us), min(end, end_us)) for start, end in ranges)
    return [(start, end) for start, end in cut if start < end]


def runs(starts_us: Int64s, width_us: int) -> list[Range]:
    """The ranges that units of one width make, which start there, in any order; touching ones joined."""
    joined: list[Range] = []
    for start in sorted(set(starts_us.tolist())):
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], start + width_us)
        else:
            joined.append((start, start + width_us))
    return joined


def bounded(ranges: Sequence[Range]) -> list[Range]:
    """The same ranges, or where they are too many the one that holds them all."""
    if len(ranges) <= MAX_RANGES:
        return list(ranges)
    return [(min(start for start, _ in ranges), max(end for _, end in ranges))]


def moment(time_us: int) -> sql.Literal:
    """The instant as SQL writes it."""
    return sql.Literal(datetime_of(time_us))
