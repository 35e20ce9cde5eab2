"""What the feeds are handed besides a log: the quotas' ledger, the book of gaps, what people want.

Also their stand-ins for a run on its own, such as a recording of the sandbox.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from connectors.repairing import GapBook
from market.gaps import Gap
from market.quotas import Budget, Grant, QuotaLedger, Wants
from market.sources import Feed


class Unlimited:
    """A ledger that grants every call: for providers that count nothing, such as the sandbox."""

    async def take(self, budget: Budget, *, spread: bool = True) -> Grant:
        """Granted."""
        return Grant(granted=True)

    async def block(self, budget: Budget, until_us: int) -> None:
        """Nothing is remembered."""

    async def note(self, budget: Budget, outcome: str, *, next_us: int | None = None) -> None:
        """Nothing is remembered."""


class NoGaps:
    """A book without gaps."""

    async def open(self, provider: str, feed: Feed) -> list[tuple[int, Gap]]:
        """None."""
        return []

    async def asked(self, gap_id: int) -> None:
        """There are none."""

    async def lost(self, gap_id: int) -> None:
        """There are none."""


class NobodyWants:
    """Nobody looks at anything: all instruments are alike."""

    async def wanted(self) -> Mapping[int, float]:
        """Nothing."""
        return {}


@dataclass(frozen=True, slots=True)
class Services:
    """The services of one run, shared by its providers."""

    ledger: QuotaLedger = field(default_factory=Unlimited)
    gaps: GapBook = field(default_factory=NoGaps)
    wants: Wants = field(default_factory=NobodyWants)
