"""Kraken's messages become quotes and trades, whichever way they are read."""

from decimal import Decimal
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.kraken.frames import name_of, parse_frames, read_slowly, symbols_of
from connectors.parsing import parse
from market.instruments import CATALOGUE
from market.log import Parsed
from market.ticks import QUOTE, TRADE, Tick
from tests.connectors.kraken import samples
from tests.connectors.kraken.test_lines import lines
from tests.connectors.mutating import assert_sensible, settled_slowly
from tests.connectors.support import record, us

BTC = CATALOGUE.by_symbol("BTC-USD")


def parsed(payload: bytes | str) -> Parsed:
    return parse_frames(record("kraken", "frames", payload), CATALOGUE)


def test_a_ticker_is_a_quote_at_its_own_time() -> None:
    (tick,) = parsed(samples.TICKER).ticks.rows()
    assert tick == Tick(
        us("2022-12-25T09:30:59.123456"),
        BTC.id,
        61,
        QUOTE,
        bid=Decimal("105944.2"),
        ask=Decimal("105944.3"),
    )


def test_a_ticker_without_a_time_carries_the_receive_time() -> None:
    (tick,) = parsed(samples.TIMELESS).ticks.rows()
    assert tick.time_us == 1_723_161_254_087_896
    assert tick.kind == QUOTE


def test_each_trade_of_a_message_in_full() -> None:
    first, second = parsed(samples.TRADES).ticks.rows()
    assert first == Tick(
        us("2023-10-06T17:35:55.440295"),
        BTC.id,
        61,
        TRADE,
        10_218_208,
        price=Decimal("105944.2"),
        size=Decimal("0.00027625"),
    )
    assert (second.seq, second.price) == (10_218_209, Decimal("105910.5"))
    assert second.time_us == us("2023-10-06T17:35:56.123456")


@pytest.mark.parametrize("numeral", ["0.000008630", "8.63e-06", "8.63E-6"])
def test_a_small_number_keeps_its_digits_however_it_is_written(numeral: str) -> None:
    (first, _) = parsed(samples.TRADES.replace("105944.20", numeral)).ticks.rows()
    assert first.price == Decimal("0.00000863")


@pytest.mark.parametrize(
    "line", [samples.HEARTBEAT, samples.STATUS, samples.ACK, samples.PONG, samples.CANDLE]
)
def test_other_messages_are_skipped(line: str) -> None:
    outcome = parsed(f"{line}\n{samples.TICKER}\n")
    assert len(outcome.ticks) == 1
    assert outcome.refused == ()


def test_one_bad_trade_of_a_message_is_refused_alone() -> None:
    outcome = parsed(samples.TRADES.replace("105910.50", "-1"))
    assert [tick.seq for tick in outcome.ticks.rows()] == [10_218_208]
    (refusal,) = outcome.refused
    assert refusal.reason == "not a price: '-1'"
    assert refusal.excerpt.startswith('{"symbol":"BTC/USD","side":"sell","price":-1')


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (samples.TICKER.replace("105944.20", "0"), "not a price: '0'"),
        (samples.TICKER.replace("105944.20", "null"), "not a price: 'null'"),
        (samples.TICKER.replace("105944.20", "true"), "not a price: 'true'"),
        (samples.TICKER.replace("BTC/", "ZZZ/"), "unknown symbol: ZZZ/USD"),
        (samples.TICKER.replace("2022-12-25T", ""), "not a time: '09:30:59.123456Z'"),
        (samples.TICKER.replace('"data":[', '"data":7,"x":['), "not a frame: Expected `array`"),
        (samples.TRADES.replace("10218208", "-1").replace("10218209", "1"), "not a frame"),
        (samples.TICKER[:-1], "not a frame"),
        ("", "not a line of receive time and frame"),
        (samples.TICKER[:20] + "[" * 5_000, "not a frame"),
    ],
)
def test_a_line_that_is_no_tick_is_refused_with_its_reason(line: str, reason: str) -> None:
    outcome = parsed(f"{samples.TICKER}\n{line}\n{samples.TICKER}\n")
    assert len(outcome.refused) == 1
    assert outcome.refused[0].reason.startswith(reason)
    assert len(outcome.ticks) in (2, 3)


def test_the_names_are_those_of_the_streams() -> None:
    _, names = symbols_of(CATALOGUE)
    assert names["BTC/USD"] == BTC.id
    assert name_of(CATALOGUE.by_symbol("SHIB-USD")) == "SHIB/USD"
    assert not names.keys() & {"AAPL/USD", "EUR/USD", "BTC/USDT"}


@settings(deadline=None, max_examples=400)
@given(st.lists(lines, max_size=6))
def test_whatever_comes_gives_ticks_or_refusals(messages: list[str]) -> None:
    outcome = parse(record("kraken", "frames", "\n".join(messages)), CATALOGUE)
    assert_sensible(outcome)


@settings(deadline=None, max_examples=300)
@given(st.lists(lines, max_size=6))
def test_both_ways_give_the_same(messages: list[str]) -> None:
    payload = "\n".join(messages).encode()
    _, names = symbols_of(CATALOGUE)
    ticks, refusals = settled_slowly(payload, partial(read_slowly, names=names, source=61), 61)
    outcome = parsed(payload)
    assert outcome.ticks.to_bytes() == ticks.to_bytes()
    assert outcome.refused == refusals
