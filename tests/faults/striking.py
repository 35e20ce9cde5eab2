"""Striking: a fault is set, has struck, is removed, and the line delivers again; many side by side.

Each strike is a generator that yields while it waits, so that a round strikes several providers at once
and looks at all the others.
"""

import itertools
import time
from collections.abc import Callable, Collection, Generator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from connectors.parsing import parse
from market.instruments import CATALOGUE
from tests.faults.lines import POLLED, RETRY_AFTER_S, STREAMED, Cell, Line, Way
from tests.faults.system import System, now_us

T = TypeVar("T")
Waiting = Generator[None, None, T]

HOLD_S = 2.5
"""How long a fault stands, at least: a brisk poll comes every two seconds."""
STRIKES_WITHIN_S = 40.0
HISTORIES_WITHIN_S = 180.0
BOOKED_WITHIN_S = 10.0
"""A record that came is in the books so much later at most."""
POLL_S = 0.05
EDGE_US = 700_000
"""What was on its way when a fault was set or removed has come by then."""
MARGIN_US = 50_000
SPOILED = (b"NaN", b"1e400", b"rror", b"Information")
"""One of these stands in everything that a fault has spoiled, and in nothing else that is live."""


@dataclass(frozen=True)
class Strike:
    """What a fault did; instants in µs."""

    cell: Cell
    began_us: int
    removed_us: int
    recovered_us: int

    @property
    def recovery_s(self) -> float:
        """From the removal to the first prices after it, 0 where they never stopped."""
        return max(0.0, (self.recovered_us - self.removed_us) / 1e6)


def strike_together(
    system: System, struck: Sequence[Cell], resting: Collection[str] = ()
) -> list[Strike]:
    """Strike, see all recover and nobody else suffer; AssertionError says what did not hold.

    `resting` are providers that deliver nothing anyway.
    """
    began_us = now_us()
    strikes = _interleaved([_strike(system, cell) for cell in struck])
    for strike in strikes:
        assert strike.recovery_s <= strike.cell.within_s, f"{strike.cell}: {strike.recovery_s} s"
        _assert_no_price_was_made_up(system, strike)
        _assert_retry_after_was_kept(system, strike)
    others = {line.provider for line in (*POLLED, *STREAMED)}
    others -= {*resting, *(cell.line.provider for cell in struck)}
    for line in (*POLLED, *STREAMED):
        if line.provider in others:
            _assert_unmoved(system, line, began_us)
    return strikes


def _interleaved(generators: Sequence[Waiting[Strike]]) -> list[Strike]:
    done: dict[int, Strike] = {}
    while len(done) < len(generators):
        for number, generator in enumerate(generators):
            if number in done:
                continue
            try:
                next(generator)
            except StopIteration as stop:
                done[number] = stop.value
        time.sleep(POLL_S)
    return [done[number] for number in range(len(generators))]


def _strike(system: System, cell: Cell) -> Waiting[Strike]:
    if cell.is_of_gaps:  # what a provider is asked of its past, it is asked one after another
        yield from _until(
            lambda: system.has_its_history(cell.line.provider) or None,
            HISTORIES_WITHIN_S,
            f"the history of {cell.line.provider}",
        )
    match cell.line.way:
        case Way.REPAIRS:
            return (yield from _strike_repairs(system, cell))
        case Way.POLLS:
            return (yield from _strike_polls(system, cell))
        case Way.STREAM if cell.case.fault == "ws_skip":
            return (yield from _strike_ids(system, cell))
        case _:
            return (yield from _strike_stream(system, cell))


def _strike_polls(system: System, cell: Cell) -> Waiting[Strike]:
    line, case = cell.line, cell.case
    began_us = now_us()
    system.set(line.provider, case.fault, {"path": line.path, **case.options})
    removed_us = yield from _held(system, cell, began_us)

    def delivers() -> int | None:
        if line.provider == "ecb":  # its document of the day is no news
            success_us = system.success_us(line.provider)
            return success_us if success_us > removed_us else None
        return system.all_good_us(line.partition, removed_us)

    recovered_us = yield from _until(delivers, cell.within_s + BOOKED_WITHIN_S, f"{cell} is over")
    return Strike(cell, began_us, removed_us, recovered_us)


def _strike_stream(system: System, cell: Cell) -> Waiting[Strike]:
    line, case = cell.line, cell.case
    began_us = now_us()
    system.set(line.provider, case.fault, case.options)
    if case.fault == "ws_refused":  # only who connects can be refused
        system.set(line.provider, "ws_reset", {"times": 1})
    removed_us = yield from _held(system, cell, began_us)

    def delivers() -> int | None:
        since_us = removed_us
        if case.breaks:
            anew = [at for at in system.handshakes_us(line.provider) if at > began_us]
            if not anew:
                return None
            since_us = max(removed_us, anew[-1])
        return system.good_us(line.partition, since_us)

    recovered_us = yield from _until(delivers, cell.within_s + BOOKED_WITHIN_S, f"{cell} is over")
    if case.leaves:
        yield from _until(
            lambda: system.booked(case.leaves, line.partition, began_us, now_us()) or None,
            BOOKED_WITHIN_S,
            f"{cell} leaves {case.leaves}",
        )
    return Strike(cell, began_us, removed_us, recovered_us)


def _strike_ids(system: System, cell: Cell) -> Waiting[Strike]:
    """Ids that are skipped are a gap, which is filled."""
    provider, above, began_us = cell.line.provider, system.newest_gap(), now_us()
    system.set(provider, cell.case.fault, cell.case.options)
    removed_us = yield from _held(system, cell, began_us)
    filled_us = yield from _until(
        lambda: _filled_us(system, cell, above), cell.within_s, f"{cell}: the gap is filled"
    )
    return Strike(cell, began_us, removed_us, filled_us)


def _strike_repairs(system: System, cell: Cell) -> Waiting[Strike]:
    """The same while what would fill the gap fails."""
    line, case = cell.line, cell.case
    above, began_us = system.newest_gap(), now_us()
    system.set(line.provider, case.fault, {"path": line.path, **case.options})
    system.set(line.provider, "ws_skip", {"times": 3})
    removed_us = yield from _held(system, cell, began_us)
    filled_us = yield from _until(
        lambda: _filled_us(system, cell, above), cell.within_s, f"{cell}: the gap is filled"
    )
    return Strike(cell, began_us, removed_us, filled_us)


def _filled_us(system: System, cell: Cell, above: int) -> int | None:
    """When the last of the new gaps was settled; None while one is open, or none was found."""
    gaps = system.gaps(cell.line.provider, above)
    lost = [gap for gap in gaps if gap[1] == "lost"]
    assert not lost, f"{cell}: {lost}"
    if not gaps or any(state == "open" for _, state, _ in gaps):
        return None
    return max(settled_us for _, _, settled_us in gaps)


def _held(system: System, cell: Cell, began_us: int) -> Waiting[int]:
    """Wait for the fault to strike, and for its time, then remove it; when."""
    provider, fault = cell.line.provider, cell.case.fault

    def struck() -> bool | None:
        return system.has_struck(provider, fault) or None

    yield from _until(struck, STRIKES_WITHIN_S, f"{cell} strikes")
    if "times" in cell.case.options:
        return began_us if cell.case.breaks else now_us()
    yield from _until(lambda: now_us() > began_us + HOLD_S * 1e6 or None, HOLD_S + 1, "its time")
    system.clear(provider, fault)
    return now_us()


def _until(found: Callable[[], T | None], within_s: float, what: str) -> Waiting[T]:
    deadline_s = time.monotonic() + within_s
    while True:
        value = found()
        if value is not None:
            return value
        assert time.monotonic() < deadline_s, f"not within {within_s:g} s: {what}"
        yield


def _assert_no_price_was_made_up(system: System, strike: Strike) -> None:
    """No price is read out of an answer or a frame that was spoiled."""
    if not strike.cell.case.spoils or strike.cell.line.way is Way.REPAIRS:
        return
    for record in system.records(strike.cell.line.partition, strike.began_us):
        for part in record.payload.splitlines() if record.kind == "frames" else [record.payload]:
            if any(token in part for token in SPOILED):
                parsed = parse(replace(record, payload=part + b"\n"), CATALOGUE)
                assert len(parsed.ticks) == 0, f"{strike.cell}: {part[:200]!r}"


def _assert_retry_after_was_kept(system: System, strike: Strike) -> None:
    """After the provider's word nothing was asked of it, on any path, until its time was over."""
    if strike.cell.case.name != "429, retry-after":
        return
    line = strike.cell.line
    first_us = next(
        at for at in system.requests_us(line.provider, line.path) if at > strike.began_us
    )
    over_us = first_us + RETRY_AFTER_S * 1_000_000 - MARGIN_US
    asked = system.requests_us(line.provider)
    early = [(at - first_us) / 1e6 for at in asked if first_us + EDGE_US < at < over_us]
    assert not early, f"{strike.cell}: asked after {early} s"


def _assert_unmoved(system: System, line: Line, since_us: int) -> None:
    """A line that was not struck went on, and nobody complained about it."""
    assert system.complaints(line.provider, since_us) == [], f"{line.name} was not struck"
    if line.provider == "ecb":
        late_s = (now_us() - system.success_us(line.provider)) / 1e6
    else:
        came = [since_us, *system.received_us(line.partition, since_us), now_us()]
        late_s = max(after - before for before, after in itertools.pairwise(came)) / 1e6
    assert late_s <= line.interval_s, f"{line.name} was not struck, and silent for {late_s} s"
