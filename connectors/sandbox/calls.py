"""What was asked: every call a provider got, counted by path, with the times of the last ones."""

from collections import deque
from dataclasses import dataclass, field

KEPT_TIMES = 10_000
MAX_PATHS = 1_000
OTHER_PATHS = "…"
"""Where the paths beyond the first thousand of a provider are counted."""


@dataclass(slots=True)
class _Count:
    calls: int = 0
    at_us: deque[int] = field(default_factory=lambda: deque(maxlen=KEPT_TIMES))


@dataclass(slots=True)
class Calls:
    """Counts without queries: they hold keys. Answers of faults count like any other."""

    _counts: dict[str, dict[str, _Count]] = field(default_factory=dict)

    def count(self, provider: str, path: str, now_us: int) -> None:
        """One call; `path` is below the provider's prefix."""
        of_provider = self._counts.setdefault(provider, {})
        if path not in of_provider and len(of_provider) >= MAX_PATHS:
            path = OTHER_PATHS
        counted = of_provider.setdefault(path, _Count())
        counted.calls += 1
        counted.at_us.append(now_us)

    def total(self, provider: str) -> int:
        """How many calls a provider got."""
        return sum(counted.calls for counted in self._counts.get(provider, {}).values())

    def times(self, provider: str, path: str) -> list[int]:
        """When a path was called, oldest first, the last ten thousand times, in microseconds."""
        counted = self._counts.get(provider, {}).get(path)
        return [] if counted is None else list(counted.at_us)

    def clear(self) -> None:
        """Begin anew."""
        self._counts.clear()

    def listing(self) -> dict[str, dict[str, dict[str, object]]]:
        """Provider → path → `calls` and `at_us`."""
        return {
            provider: {
                path: {"calls": counted.calls, "at_us": list(counted.at_us)}
                for path, counted in of_provider.items()
            }
            for provider, of_provider in self._counts.items()
        }
