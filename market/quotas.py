"""Quotas: how many calls a provider allows, and the ledger that they are taken from."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Period(StrEnum):
    """The time that a limit is counted in: days and months are the calendar's, in UTC."""

    SECOND = "second"
    MINUTE = "minute"
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Limit:
    """So many calls in each period."""

    calls: int
    period: Period


@dataclass(frozen=True, slots=True)
class Budget:
    """What one key may ask of one provider. `key` is a digest of the key, never the key."""

    provider: str
    key: str
    limits: tuple[Limit, ...]


@dataclass(frozen=True, slots=True)
class Grant:
    """Whether a call may be made now; where not, from when on one may be tried (us since 1970)."""

    granted: bool
    again_us: int = 0


class QuotaLedger(Protocol):
    """Counts the calls of all processes, and remembers them over restarts."""

    async def take(self, budget: Budget, *, spread: bool = True) -> Grant:
        """Take one call. It is counted before it is made, so that a crash never gives one back.

        `spread` paces the calls of a day or a month evenly over what is left of it.
        """

    async def block(self, budget: Budget, until_us: int) -> None:
        """Grant nothing before this instant: the provider said so."""

    async def note(self, budget: Budget, outcome: str, *, next_us: int | None = None) -> None:
        """Remember how a call went ("ok", or what failed) and when the next is planned."""


class Wants(Protocol):
    """What people look at and hold."""

    async def wanted(self) -> Mapping[int, float]:
        """Instrument id to how much it is wanted, above 0; what nobody wants is absent."""
