"""Kraken's messages have the layout of its documentation, to the key."""

import json

import numpy as np

from connectors.kraken.frames import symbols_of
from connectors.kraken.lines import read_lines
from connectors.sandbox.days import Day
from connectors.sandbox.kraken import (
    NAMES,
    SNAPSHOT,
    UPDATE,
    Best,
    ticker_message,
    time_ns,
    trade_message,
)
from connectors.sandbox.tape import KRAKEN, MINUTE_MS, VENUE_PAIRS
from connectors.sandbox.wire import World
from market.instruments import CATALOGUE
from tests.connectors.kraken import samples
from tests.connectors.sandbox.conftest import NOW_US

MINUTE = NOW_US // 1_000 // MINUTE_MS


def keys(text: str) -> list[str]:
    return list(json.loads(text)["data"][0])


def test_the_keys_are_those_of_the_documentation(premium: World) -> None:
    pair, tape = VENUE_PAIRS[KRAKEN][0], premium.tapes[KRAKEN]
    trades, quotes = tape.trades(pair, MINUTE), tape.quotes(pair, MINUTE)
    ticker = ticker_message(pair, Best.of(quotes, 0), Day.of(trades), UPDATE)
    assert keys(ticker) == keys(samples.TICKER.split(" ", 1)[1])
    assert keys(trade_message(pair, trades, SNAPSHOT)) == keys(samples.TRADES.split(" ", 1)[1])


def test_every_message_of_every_pair_takes_the_fast_way(premium: World) -> None:
    symbols, _ = symbols_of(CATALOGUE)
    for pair in VENUE_PAIRS[KRAKEN]:
        trades = premium.tapes[KRAKEN].trades(pair, MINUTE)
        quotes = premium.tapes[KRAKEN].quotes(pair, MINUTE)
        day = Day.of(trades)
        messages = [trade_message(pair, trades, UPDATE)]
        messages += [
            ticker_message(pair, Best.of(quotes, row), day, UPDATE)
            for row in range(len(quotes.ids))
        ]
        payload = "\n".join(f"1770000000000000000 {message}" for message in messages)
        columns = read_lines(payload.encode(), symbols)
        assert len(columns.doubtful) == 0
        assert len(columns.instrument) == len(trades.ids) + len(quotes.ids)


def test_trades_of_one_millisecond_have_times_of_their_own(premium: World) -> None:
    pair = VENUE_PAIRS[KRAKEN][0]
    block = premium.tapes[KRAKEN].block(pair, MINUTE // 10)
    times = time_ns(block)
    assert len(np.unique(block.time_ms)) < len(times) == len(np.unique(times))
    assert np.all(np.diff(times) > 0)
    assert np.all(times // 1_000_000 == block.time_ms)


def test_the_names_are_those_of_v2() -> None:
    assert list(NAMES.values())[:2] == ["BTC/USD", "ETH/USD"]
