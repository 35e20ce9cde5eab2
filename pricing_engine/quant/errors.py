"""What can be wrong with a quant query."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from reprlib import repr as repr_of

MAX_COMPARED = 64
"""Characters of an unknown name that are compared."""


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
    # A longer text is none of them, and takes a time to compare that grows with its square.
    near = get_close_matches(str(given)[:MAX_COMPARED], names, n=1, cutoff=0.5)
    message = f"unknown {what}: {repr_of(given)}"
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
