"""Latencies: their percentiles, and the pace at which they are provoked."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np


def p50(latencies_s: Sequence[float]) -> float:
    """The median, in milliseconds."""
    return float(np.percentile(latencies_s, 50)) * 1_000


def p99(latencies_s: Sequence[float]) -> float:
    """The 99th percentile, in milliseconds."""
    return float(np.percentile(latencies_s, 99)) * 1_000


def median_ratio(
    ours: Sequence[Sequence[float]],
    baseline: Sequence[Sequence[float]],
    percentile: Callable[[Sequence[float]], float],
) -> float:
    """Of rounds that took turns the median ratio of a percentile, pair by pair."""
    pairs = zip(ours, baseline, strict=True)
    return statistics.median(percentile(one) / percentile(other) for one, other in pairs)


def due_times(rate: float, seconds: float) -> Iterator[float]:
    """The instants (of `time.monotonic`) at which to act, `rate` a second, beginning now.

    Whoever falls behind catches up: an instant is never left out.
    """
    start = time.monotonic()
    for number in range(round(rate * seconds)):
        yield start + number / rate
