"""What can be wrong with a quant query."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where in the body, what, what is allowed, and what may be meant."""

    field: str
    message: str
    allowed: tuple[str, ...] = ()
    did_you_mean: str | None = None


def unknown(field: str, what: str, given: object, allowed: Iterable[str]) -> Fault:
    """The fault of a name that is none of those allowed."""
    names = tuple(allowed)
    near = get_close_matches(str(given), names, n=1, cutoff=0.5)
    message = f"unknown {what}: {given!r}"
    if near:
        message += f"; did you mean {near[0]!r}?"
    return Fault(field, message, names, near[0] if near else None)


class QuantError(Exception):
    """The root of this package's errors."""


class InvalidQueryError(QuantError):
    """A query that cannot be meant; `faults` says all that is wrong with it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(tuple(faults))
        self.faults = tuple(faults)

    def __str__(self) -> str:
        return "; ".join(f"{fault.field}: {fault.message}" for fault in self.faults)
