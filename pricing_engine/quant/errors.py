"""What can be wrong with a quant query."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from reprlib import repr as repr_of

MAX_COMPARED = 64
"""Characters of an unknown name that are compared."""
MAX_FAULTS = 20
"""Faults of one query that are told: there may be as many as its body has words."""
MAX_TOLD = 500
"""Characters of what is told of one."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where in the body, what, what is allowed, and what may be meant."""

    field: str
    message: str
    allowed: tuple[str, ...] = ()
    did_you_mean: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "field", tellable(self.field))
        object.__setattr__(self, "message", tellable(self.message))


def tellable(text: str) -> str:
    """A text that may hold anything as one that can be sent: cut, halves of characters escaped."""
    cut = text if len(text) <= MAX_TOLD else text[:MAX_TOLD] + "..."
    return cut.encode("utf-8", "backslashreplace").decode()


def unknown(field: str, what: str, given: object, allowed: Iterable[str], before: int = 0) -> Fault:
    """The fault of a name that is none of those allowed.

    It is compared with them only if so few faults were `before` it that it will be told.
    """
    names = tuple(allowed)
    # A longer text is none of them, and takes a time to compare that grows with its square.
    compared = names if before < MAX_FAULTS else ()
    near = get_close_matches(str(given)[:MAX_COMPARED], compared, n=1, cutoff=0.5)
    message = f"unknown {what}: {repr_of(given)}"
    if near:
        message += f"; did you mean {near[0]!r}?"
    return Fault(field, message, names, near[0] if near else None)


class QuantError(Exception):
    """The root of this package's errors."""


class InvalidQueryError(QuantError):
    """A query that cannot be meant.

    `faults` says all that is wrong with it, or the first `MAX_FAULTS`, and `more` how many they are not.
    """

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(tuple(faults))
        self.faults = tuple(faults[:MAX_FAULTS])
        self.more = len(faults) - len(self.faults)

    def __str__(self) -> str:
        told = "; ".join(f"{fault.field}: {fault.message}" for fault in self.faults)
        return f"{told}; and {self.more:,} more" if self.more else told
