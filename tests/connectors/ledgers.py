"""A ledger of quotas for the connectors' tests: it grants as told, and remembers what it heard."""

from dataclasses import dataclass, field

from market.quotas import Budget, Grant, Limit, Period

BUDGET = Budget("fixer", "none", (Limit(100, Period.MONTH),))


@dataclass
class ToldLedger:
    """Gives these answers in order, then grants; what it was told, by method."""

    answers: list[Grant] = field(default_factory=list)
    taken: list[bool] = field(default_factory=list)
    blocked: list[int] = field(default_factory=list)
    noted: list[tuple[str, int | None]] = field(default_factory=list)

    async def take(self, budget: Budget, *, spread: bool = True) -> Grant:
        self.taken.append(spread)
        return self.answers.pop(0) if self.answers else Grant(granted=True)

    async def block(self, budget: Budget, until_us: int) -> None:
        self.blocked.append(until_us)

    async def note(self, budget: Budget, outcome: str, *, next_us: int | None = None) -> None:
        self.noted.append((outcome, next_us))
