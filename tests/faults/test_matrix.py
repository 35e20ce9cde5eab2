"""Provider × fault, over real sockets against the sandbox of a running `up`.

Whatever goes wrong with some providers, each record is booked once, the others go on, no quota is
exceeded, nothing that is no price becomes one, and what was struck delivers again in time.
"""

import itertools
import time
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest

from connectors.config import FeedsConfig
from connectors.providers import PROVIDERS
from market.instruments import CATALOGUE
from market.quotas import Limit, Period
from tests.chaos.invariants import (
    assert_books_balance,
    assert_candles_are_those_of_the_ticks,
    assert_every_record_is_booked_once,
    assert_no_trade_is_stored_twice,
    assert_payloads_are_accounted_for,
    assert_the_log_has_no_hole,
    one_snapshot,
)
from tests.faults.lines import STREAMED, Cell, cell, cells, resting_cells
from tests.faults.striking import EDGE_US, Strike, strike_together
from tests.faults.system import System, now_us
from tests.tradewind.support import wait_until

BODIES_BYTES = 48 * 2**20
"""What bodies may take of the connectors' memory that are refused after 16 MiB."""
STEADY_S = 31.0
"""A stream that has stood for so long is connected anew without a wait."""
SETTLED_WITHIN_S = 90.0
PAUSE_S = 0.5
KEYS = ("apikey=", "access_key=", "app_id=", "x-cg-pro-api-key", "X-CG-PRO-API-KEY")

FEW: Sequence[Sequence[Cell]] = (
    (
        cell("openexchangerates", "truncated"),
        cell("coingecko", "503 HTML"),
        cell("binance", "connection reset"),
    ),
    (
        cell("alphavantage", "content type"),
        cell("ecb", "reset"),
        cell("coinbase", "shutdown"),
        cell("kraken", "garbage"),
    ),
    (
        cell("openexchangerates", "1e400"),
        cell("coingecko stream", "refused"),
        cell("binance", "repeated ids"),
        cell("kraken", "replay"),
    ),
    (
        cell("alphavantage", "NaN"),
        cell("fixer", "error body"),
        cell("coingecko", "100 MB"),
        cell("binance", "1e400 frames"),
        cell("coinbase", "skipped ids"),
        cell("kraken", "NaN frames"),
    ),
    (
        cell("alphavantage", "429, retry-after"),
        cell("ecb", "drip"),
        cell("fixer", "500"),
        cell("kraken", "silent"),
        cell("coinbase repairs", "429"),
        cell("binance repairs", "hang-up"),
    ),
)
"""Each fault once, each provider at least once."""


@pytest.mark.timeout(300)
def test_a_few_faults_of_each_provider(system: System, table: list[Strike]) -> None:
    for struck in FEW:
        table += _strike(system, struck)
    _assert_all_is_well(system)


@pytest.mark.slow
@pytest.mark.timeout(2_400)
def test_every_fault_of_each_provider(system: System, table: list[Strike]) -> None:
    steady_us: dict[str, int] = {}
    left = list(cells())
    for witnesses in itertools.cycle(GROUPS):
        struck = _next(system, left, witnesses, steady_us)
        if not struck:
            time.sleep(PAUSE_S)
        for each in struck:
            left.remove(each)
        strikes = _strike(system, struck)
        table += strikes
        for strike in strikes:
            if strike.cell.case.breaks:
                steady_us[strike.cell.line.name] = now_us() + round(STEADY_S * 1e6)
        if not left:
            break
    _assert_all_is_well(system)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_who_says_to_wait_long_is_left_alone(system: System, table: list[Strike]) -> None:
    """The last of the matrix: these providers rest from now on."""
    asked_us = {}
    for each in resting_cells():
        provider, case = each.line.provider, each.case
        system.set(provider, case.fault, {"path": each.line.path, **case.options, "times": 1})
    for each in resting_cells():
        provider = each.line.provider
        wait_until(lambda who=provider: system.blocked_us(who) > now_us(), 20, f"{each} strikes")  # type: ignore[misc]  # bound as it is now
        asked_us[provider] = now_us() + EDGE_US
        assert system.blocked_us(provider) > now_us() + 600_000_000
    strike_together(
        system, [cell("alphavantage", "503 HTML"), cell("kraken", "shutdown")], resting=asked_us
    )
    for provider, since_us in asked_us.items():
        assert [at for at in system.requests_us(provider) if at > since_us] == [], provider
    _assert_all_is_well(system)


def _strike(system: System, struck: Sequence[Cell]) -> list[Strike]:
    """One round, with what holds after each; the bodies that are too large are measured."""
    system.reset_peak()
    before, _ = system.memory()
    strikes = strike_together(system, struck)
    _, peak = system.memory()
    huge = sum(each.case.fault == "huge_body" for each in struck)
    if huge:
        assert peak - before < BODIES_BYTES * huge, f"{(peak - before) / 2**20:.0f} MiB more"
    with one_snapshot(system.connection):
        assert_books_balance(system.connection)
        assert_every_record_is_booked_once(system.connection, "store-simulated")
        assert_the_log_has_no_hole(system.connection)
        assert_no_trade_is_stored_twice(system.connection)
    return strikes


def _assert_all_is_well(system: System) -> None:
    """What takes long to look at."""
    wait_until(
        lambda: not any(system.open_gaps(line.provider) for line in STREAMED),
        SETTLED_WITHIN_S,
        "all gaps are settled",
    )
    with one_snapshot(system.connection):
        assert_candles_are_those_of_the_ticks(system.connection)
    assert_payloads_are_accounted_for(system.connection, {})
    assert system.connection.execute(_NO_PRICES).fetchall() == []
    _assert_quotas_were_kept(system)
    written = system.logs()
    assert [key for key in KEYS if key in written] == []


_NO_PRICES = """
    SELECT * FROM market.ticks WHERE EXISTS (
        SELECT FROM unnest(ARRAY[price, bid, ask]) AS one WHERE one <= 0 OR one >= 'Infinity'
    ) LIMIT 1
"""


def _assert_quotas_were_kept(system: System) -> None:
    """The sandbox counted no more calls than the plan allows, in any second or minute."""
    for provider, limit in _limits():
        length_us = {Period.SECOND: 1_000_000, Period.MINUTE: 60_000_000}.get(limit.period)
        if length_us is None:
            continue
        counted = Counter(at // length_us for at in system.requests_us(provider))
        assert max(counted.values(), default=0) <= limit.calls, f"{provider}: {limit}"


def _limits() -> Iterator[tuple[str, Limit]]:
    for provider, access in FeedsConfig.sandbox("http://127.0.0.1").access.items():
        endpoint = PROVIDERS[provider](access, CATALOGUE).endpoint
        for limit in () if endpoint is None else endpoint.limits:
            yield provider, limit


GROUPS = (
    {"alphavantage", "binance", "ecb"},
    {"coinbase", "coingecko", "fixer"},
    {"kraken", "openexchangerates"},
)
"""Who is not struck, in turn."""


def _next(
    system: System, left: Sequence[Cell], witnesses: set[str], steady_us: dict[str, int]
) -> list[Cell]:
    """One cell of each provider that may be struck now: the first that is left."""
    found: dict[str, Cell] = {}
    for each in left:
        provider = each.line.provider
        if provider in witnesses or provider in found:
            continue
        if each.case.breaks and steady_us.get(each.line.name, 0) > now_us():
            continue
        if each.is_of_gaps and system.open_gaps(provider):
            continue  # they are worked off one after another
        found[provider] = each
    return list(found.values())
