"""Coinbase's messages become quotes, trades and heartbeats, whichever way they are read."""

from decimal import Decimal
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.coinbase.frames import name_of, parse_frames, read_slowly, symbols_of
from connectors.parsing import parse
from market.instruments import CATALOGUE
from market.log import Heartbeat, Parsed, Refused
from market.ticks import QUOTE, TRADE, Tick
from tests.connectors.coinbase import samples
from tests.connectors.coinbase.test_lines import lines
from tests.connectors.mutating import assert_sensible, settled_slowly
from tests.connectors.support import record, us


def parsed(payload: bytes | str) -> Parsed:
    return parse_frames(record("coinbase", "frames", payload), CATALOGUE)


@pytest.mark.parametrize("line", [samples.TICKER, samples.OLD_TICKER])
def test_a_ticker_is_a_quote_and_its_own_trade_is_left_to_the_match(line: str) -> None:
    assert parsed(line).ticks.rows() == [
        Tick(
            us("2022-10-19T23:28:22.061769"),
            CATALOGUE.by_symbol("ETH-USD").id,
            71,
            QUOTE,
            37_475_248_783,
            bid=Decimal("1285.04"),
            ask=Decimal("1285.27"),
        )
    ]


@pytest.mark.parametrize("line", [samples.MATCH, samples.LAST_MATCH])
def test_a_match_is_a_trade(line: str) -> None:
    assert parsed(line).ticks.rows() == [
        Tick(
            us("2021-04-17T16:43:30.244075"),
            CATALOGUE.by_symbol("DOT-USD").id,
            71,
            TRADE,
            881_613,
            price=Decimal("14.7775"),
            size=Decimal("0.04"),
        )
    ]


def test_a_heartbeat_names_the_newest_trade() -> None:
    outcome = parsed(samples.HEARTBEAT)
    assert len(outcome.ticks) == 0
    assert outcome.heartbeats == (
        Heartbeat(us("2014-11-07T08:19:28.464459"), CATALOGUE.by_symbol("BTC-USD").id, 20),
    )


def test_a_heartbeat_in_another_layout_is_read_too() -> None:
    line = samples.HEARTBEAT.replace(",", ", ")
    assert parsed(line).heartbeats == parsed(samples.HEARTBEAT).heartbeats


def test_a_ticker_without_a_time_carries_the_receive_time() -> None:
    line = samples.TICKER.replace('"time":"2022-10-19T23:28:22.061769Z",', "")
    assert parsed(line).ticks.row(0).time_us == 1_723_161_254_087_896


@pytest.mark.parametrize("line", [samples.SUBSCRIPTIONS, samples.ERROR, samples.UNKNOWN])
def test_other_messages_are_skipped(line: str) -> None:
    outcome = parsed(f"{line}\n{samples.TICKER}\n")
    assert len(outcome.ticks) == 1
    assert outcome.refused == ()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (samples.MATCH.replace('"14.7775"', '"0"'), "not a price: '0'"),
        (samples.MATCH.replace('"14.7775"', '"NaN"'), "not a price: 'NaN'"),
        (samples.MATCH.replace('"14.7775"', "true"), "not a frame: Expected `str`"),
        (samples.MATCH.replace('"0.04"', '"-0.04"'), "not a price: '-0.04'"),
        (samples.MATCH.replace("DOT-", "ZZZ-"), "unknown symbol: ZZZ-USD"),
        (samples.MATCH.replace("2021-04-17T", ""), "not a time: '16:43:30.244075Z'"),
        (samples.HEARTBEAT.replace(":20,", ":-1,"), "not a frame"),
        (samples.TICKER.replace('"best_bid":"1285.04",', ""), "not a frame"),
        (samples.TICKER[:20] + "{}", "not a frame"),
        (samples.TICKER[:20] + "[" * 5_000, "not a frame"),
        (samples.TICKER[:-1], "not a frame"),
        ("", "not a line of receive time and frame"),
    ],
)
def test_a_line_that_is_no_tick_is_refused_with_its_reason(line: str, reason: str) -> None:
    outcome = parsed(f"{samples.TICKER}\n{line}\n{samples.TICKER}\n")
    assert len(outcome.ticks) == 2
    (refusal,) = outcome.refused
    assert refusal.reason.startswith(reason)
    assert refusal.excerpt == line[:200]


def test_the_names_are_those_of_the_products() -> None:
    _, names = symbols_of(CATALOGUE)
    assert names["BTC-USD"] == CATALOGUE.by_symbol("BTC-USD").id
    assert name_of(CATALOGUE.by_symbol("SHIB-USD")) == "SHIB-USD"
    assert not names.keys() & {"AAPL-USD", "EUR-USD", "BTC-USDT"}


@settings(deadline=None, max_examples=400)
@given(st.lists(lines, max_size=6))
def test_whatever_comes_gives_ticks_or_refusals(messages: list[str]) -> None:
    outcome = parse(record("coinbase", "frames", "\n".join(messages)), CATALOGUE)
    assert_sensible(outcome)


@settings(deadline=None, max_examples=300)
@given(st.lists(lines, max_size=6))
def test_both_ways_give_the_same(messages: list[str]) -> None:
    payload = "\n".join(messages).encode()
    _, names = symbols_of(CATALOGUE)
    beats: list[Heartbeat] = []
    slow = partial(slowly, names=names, beats=beats)
    ticks, refusals = settled_slowly(payload, slow, 71)
    outcome = parsed(payload)
    assert outcome.ticks.to_bytes() == ticks.to_bytes()
    assert outcome.refused == refusals
    key = partial(map, str)
    assert sorted(key(outcome.heartbeats)) == sorted(key(beats))


def slowly(
    line: bytes, names: dict[str, int], beats: list[Heartbeat]
) -> tuple[list[Tick], list[Refused]]:
    read = read_slowly(line, names, 71)
    beats += [read] if isinstance(read, Heartbeat) else []
    return ([read] if isinstance(read, Tick) else []), []
