"""Faults on demand: what goes wrong at which provider, how often or how long.

A fault of one provider never touches another, and nothing in here is left to chance: of several
faults at one place the one that was set first strikes, and each strike is counted. Not for threads:
call from the server's event loop.
"""

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from connectors.sandbox import fault_kinds
from connectors.sandbox.fault_kinds import PROVIDERS, Fault, Place

Numbers = set[int]
"""Which faults have struck a connection."""


@dataclass(slots=True, eq=False)
class _Active:
    number: int
    fault: Fault
    left: int | None
    until_s: float | None
    struck: int = 0


@dataclass(slots=True)
class Faults:
    """The faults that are set; `now_s` is any clock that never goes back."""

    now_s: Callable[[], float] = time.monotonic
    _active: dict[str, dict[str, _Active]] = field(default_factory=dict)
    _listeners: dict[str, Callable[[], None]] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def set(
        self,
        provider: str,
        fault: str,
        /,
        *,
        times: object = None,
        seconds: object = None,
        **options: object,
    ) -> None:
        """Set a fault in place of the provider's one of the same name; None: until it is cleared.

        A fault of connections strikes those that stand at once, in the order of their opening, then those
        that come, each once. FaultError says what can't be meant.
        """
        made = fault_kinds.build(provider, fault, options)
        left, lasting_s = fault_kinds.times_of(times), fault_kinds.seconds_of(seconds)
        until_s = None if lasting_s is None else self.now_s() + lasting_s
        of_provider = self._active.setdefault(provider, {})
        of_provider.pop(fault, None)
        of_provider[fault] = _Active(next(self._numbers), made, left, until_s)
        if made.place is Place.CONNECTION and provider in self._listeners:
            self._listeners[provider]()

    def clear(self, provider: str, fault: str | None = None) -> None:
        """Remove a provider's faults, or one of them. A connection that was struck stays as it is."""
        fault_kinds.require_provider(provider)
        if fault is None:
            self._active.pop(provider, None)
        else:
            self._active.get(provider, {}).pop(fault, None)

    def listing(self) -> list[dict[str, object]]:
        """What is set, with what is left of it and how often it struck."""
        return [
            {"provider": provider, "fault": active.fault.name, "times": active.left}
            | {"seconds": self._left_s(active), "struck": active.struck}
            | active.fault.options()
            for provider in PROVIDERS
            for active in self._of(provider)
        ]

    def strikes(self, provider: str, place: Place) -> bool:
        """Whether anything is set at that place; counts nothing."""
        return any(active.fault.place is place for active in self._of(provider))

    def take(
        self, provider: str, place: Place, *, path: str = "", symbol: str = ""
    ) -> Fault | None:
        """The fault that strikes now, counted; None where there is none."""
        for active in self._of(provider):
            fault = active.fault
            of_symbol = fault.symbol in ("", symbol)
            if fault.place is place and fault.path in path and of_symbol:
                return self._count(provider, active)
        return None

    def take_new(self, provider: str, seen: Numbers) -> list[Fault]:
        """The faults that strike a connection now, counted; `seen` remembers those that have."""
        new = [
            active
            for active in self._of(provider)
            if active.fault.place is Place.CONNECTION and active.number not in seen
        ]
        seen.update(active.number for active in new)
        return [self._count(provider, active) for active in new]

    def listen(self, provider: str, listener: Callable[[], None]) -> None:
        """Be called when a fault of the provider's connections was set."""
        self._listeners[provider] = listener

    def _of(self, provider: str) -> list[_Active]:
        """What is set and not over, in the order of setting."""
        of_provider = self._active.get(provider)
        if not of_provider:
            return []
        now_s = self.now_s()
        for name, active in list(of_provider.items()):
            if active.until_s is not None and active.until_s <= now_s:
                del of_provider[name]
        return list(of_provider.values())

    def _count(self, provider: str, active: _Active) -> Fault:
        active.struck += 1
        if active.left is not None:
            active.left -= 1
            if active.left == 0:
                del self._active[provider][active.fault.name]
        return active.fault

    def _left_s(self, active: _Active) -> float | None:
        return None if active.until_s is None else round(active.until_s - self.now_s(), 3)
