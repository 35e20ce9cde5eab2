"""Back-off: how long to wait after the n-th failure in a row, spread so that nobody retries in step."""

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class Backoff:
    """Waits double from `first_s` to `longest_s`, each scaled by 0.5 to 1."""

    first_s: float = 0.5
    longest_s: float = 60.0
    uniform: Callable[[float, float], float] = random.uniform
    failures: int = 0

    def next_s(self) -> float:
        """The wait after one more failure."""
        exponent = min(self.failures, 30)
        self.failures += 1
        longest_s = min(self.longest_s, self.first_s * 2.0**exponent)
        return longest_s * self.uniform(0.5, 1.0)

    def reset(self) -> None:
        """Begin anew: something has worked."""
        self.failures = 0
