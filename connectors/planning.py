"""Planning: which poll is asked next, so that what is wanted most is asked most and nothing is forgotten.

A poll's claim is how much its instruments are wanted times how long ago it was asked. So polls that all
want a call take turns in proportion to their weights, and even what nobody wants has its turn. Times are
seconds of a clock that nobody sets.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connectors.connector import Poll

UNWANTED = 0.1
"""How much an instrument is wanted that nobody wants: a tenth of what one person looks at."""
NEVER_ASKED_S = 172_800.0
"""What was never asked since the start counts as asked so long before it."""


@dataclass(slots=True)
class Turn:
    """Where a poll stands: when it was asked, from when on it may be asked again."""

    asked_s: float
    due_s: float


def first_turn(now_s: float) -> Turn:
    """Where a poll stands that was never asked."""
    return Turn(now_s - NEVER_ASKED_S, now_s)


def weight(poll: Poll, wants: Mapping[int, float]) -> float:
    """How much a poll's instruments are wanted together."""
    return sum(UNWANTED + wants.get(instrument, 0.0) for instrument in poll.instruments) or UNWANTED


def chosen(
    polls: Sequence[Poll], turns: Sequence[Turn], wants: Mapping[int, float], now_s: float
) -> int | None:
    """The index of the due poll with the largest claim, the first of equals; None where none is due."""
    due = [index for index, turn in enumerate(turns) if turn.due_s <= now_s]
    return max(
        due,
        key=lambda index: weight(polls[index], wants) * (now_s - turns[index].asked_s),
        default=None,
    )


def next_due_s(turns: Sequence[Turn]) -> float:
    """When the first of these polls is due."""
    return min(turn.due_s for turn in turns)
