"""Gaps: what a source is known to have said, or may have said, while nobody heard it."""

from dataclasses import dataclass
from enum import StrEnum

from market.sources import Source


class GapCause(StrEnum):
    """How a gap was noticed."""

    TRADE_IDS = "trade_ids"
    """Contiguous trade ids jumped."""
    HEARTBEAT = "heartbeat"
    """A heartbeat named a trade that never came."""
    SILENCE = "silence"
    """A stream said nothing for longer than its own interval."""


class GapState(StrEnum):
    """What has become of a gap."""

    OPEN = "open"
    FILLED = "filled"
    """All that was missing is stored."""
    LOST = "lost"
    """The provider does not offer what was missing (any more)."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Nothing was heard of `source` between two instants, in microseconds since 1970 UTC.

    `instrument` is None where it concerns everything that the partition carries. `first_id` and
    `last_id` are the trades that are missing, both included, where the venue counts them.
    """

    source: Source
    instrument: int | None
    cause: GapCause
    start_us: int
    end_us: int
    first_id: int | None = None
    last_id: int | None = None
