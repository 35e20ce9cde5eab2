"""The judgement of what was accepted sees everything that must not be."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from market.bars import Bar, BarBatch
from market.instruments import CATALOGUE
from market.log import Heartbeat, Parsed, Refused
from market.ticks import QUOTE, RATE, TRADE, Tick, TickBatch
from tests.connectors.support import NOW_US, record
from tests.fuzz.promises import LAST_US, BrokenPromiseError, assert_kept

BTC = CATALOGUE.by_symbol("BTC-USD").id
PAYLOAD = '{"price":"105.50","size":2,"bid":105.4,"ask":105.6,"low":1e2}'
RECORD = record("kraken", "frames", PAYLOAD)
SOURCE = RECORD.source.id
TICKS = TickBatch.of(
    [
        Tick(NOW_US, BTC, SOURCE, TRADE, 7, price="105.5", size="2"),
        Tick(NOW_US, BTC, SOURCE, QUOTE, 8, bid="105.4", ask="105.6"),
        Tick(NOW_US, BTC, SOURCE, RATE, price="100"),
    ]
)
BARS = BarBatch.of([Bar(1, BTC, SOURCE, ord("t"), "105.4", "105.6", "100", "105.5", "2")])


def judged(ticks: TickBatch = TICKS, bars: BarBatch = BARS, **more: Any) -> None:
    assert_kept(Parsed(ticks, bars, **more), RECORD, CATALOGUE)


def test_what_is_sensible_passes() -> None:
    beat = Heartbeat(NOW_US, BTC, 0)
    judged(refused=(Refused("why", ""),), heartbeats=(beat,))


@pytest.mark.parametrize(
    ("column", "row", "value"),
    [
        ("time", 0, 0),
        ("time", 0, -1),
        ("time", 0, LAST_US + 1),
        ("seq", 0, -1),
        ("price", 0, 0),
        ("price", 0, -1055),
        ("price", 0, 1),
        ("price", 1, 1055),
        ("size", 0, 0),
        ("bid", 1, 0),
        ("ask", 1, -1),
        ("ask", 1, 1057),
        ("price", 2, 0),
        ("exponent", 0, -1),
        ("exponent", 0, 37),
        ("size_exponent", 0, 37),
        ("instrument", 2, 0),
        ("source", 1, 1),
        ("kind", 2, 0),
        ("late", 0, True),
    ],
)
def test_a_tick_that_must_not_be(column: str, row: int, value: int) -> None:
    spoilt = np.array(getattr(TICKS, column))
    spoilt[row] = value
    with pytest.raises(BrokenPromiseError):
        judged(ticks=replace(TICKS, **{column: spoilt}))


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("time", -1),
        ("time", NOW_US),
        ("prices", [[1054, 1053, 100, 1055]]),
        ("prices", [[1054, 1056, 106, 1055]]),
        ("prices", [[1054, 1056, 0, 1055]]),
        ("prices", [[1054, 1056, 99, 1055]]),
        ("exponents", [[1, 1, -1, 1]]),
        ("volume_units", -1),
        ("volume_fraction", 10**18),
        ("instrument", 99),
        ("source", 1),
        ("side", 0),
        ("ticks", -1),
        ("interval_s", 0),
    ],
)
def test_a_bar_that_must_not_be(column: str, value: object) -> None:
    spoilt = np.array(getattr(BARS, column))
    spoilt[:] = value
    with pytest.raises(BrokenPromiseError):
        judged(bars=replace(BARS, **{column: spoilt}))


@pytest.mark.parametrize("beat", [Heartbeat(0, BTC, 1), Heartbeat(1, 0, 1), Heartbeat(1, BTC, -1)])
def test_a_heartbeat_that_must_not_be(beat: Heartbeat) -> None:
    with pytest.raises(BrokenPromiseError):
        judged(heartbeats=(beat,))


@pytest.mark.parametrize("refusal", [Refused("", ""), Refused("x", "x" * 201)])
def test_a_refusal_that_must_not_be(refusal: Refused) -> None:
    with pytest.raises(BrokenPromiseError):
        judged(refused=(refusal,))
