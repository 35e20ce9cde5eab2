"""A circuit breaker: what fails again and again is left alone for a while, then probed once."""

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True)
class Breaker:
    """Opens after `threshold` failures in a row; from then on each failure costs a rest.

    A rest is `rest_s` seconds, scaled by 1 to 1.5 so that not all probe at once. One success closes it.
    """

    threshold: int = 10
    rest_s: float = 60.0
    uniform: Callable[[float, float], float] = random.uniform
    failures: int = 0

    @property
    def is_open(self) -> bool:
        """Whether the next attempt is a probe."""
        return self.failures >= self.threshold

    def failed(self) -> float:
        """Note a failure; how long to rest, in seconds, 0 while it is closed."""
        self.failures += 1
        return self.rest_s * self.uniform(1.0, 1.5) if self.is_open else 0.0

    def worked(self) -> None:
        """Note a success."""
        self.failures = 0
