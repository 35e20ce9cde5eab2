"""Quotas: how many calls a provider allows, and the ledger that they are taken from."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol

from market.clock import datetime_of, microseconds

_LENGTH_US = {"second": 1_000_000, "minute": 60_000_000, "day": 86_400_000_000}


class Period(StrEnum):
    """The time that a limit is counted in: days and months are the calendar's, in UTC."""

    SECOND = "second"
    MINUTE = "minute"
    DAY = "day"
    MONTH = "month"

    def around(self, time_us: int) -> tuple[int, int]:
        """The beginning of the period that holds an instant, and of the next one, in µs since 1970."""
        if self is Period.MONTH:
            moment = datetime_of(time_us)
            year, month = divmod(moment.year * 12 + moment.month, 12)
            first = datetime(moment.year, moment.month, 1, tzinfo=UTC)
            return microseconds(first), microseconds(datetime(year, month + 1, 1, tzinfo=UTC))
        length_us = _LENGTH_US[self.value]
        start_us = time_us // length_us * length_us
        return start_us, start_us + length_us


@dataclass(frozen=True, slots=True)
class Limit:
    """So many calls in each period."""

    calls: int
    period: Period


def key_digest(key: str | None) -> str:
    """What a key is called wherever it is written down: the beginning of its digest, or "none"."""
    return hashlib.sha256(key.encode()).hexdigest()[:12] if key else "none"


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
