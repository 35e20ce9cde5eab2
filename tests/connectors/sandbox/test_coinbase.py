"""Coinbase's messages have the layout of its documentation, to the key."""

import json

from connectors.coinbase.frames import symbols_of
from connectors.coinbase.lines import read_lines
from connectors.sandbox.coinbase import (
    LAST_MATCH,
    MATCH,
    heartbeat_message,
    match_message,
    sequence_of,
    ticker_message,
)
from connectors.sandbox.days import Day
from connectors.sandbox.kraken import Best
from connectors.sandbox.tape import COINBASE, MINUTE_MS, VENUE_PAIRS
from connectors.sandbox.wire import World
from market.instruments import CATALOGUE
from tests.connectors.coinbase import samples
from tests.connectors.sandbox.conftest import NOW_US

MINUTE = NOW_US // 1_000 // MINUTE_MS


def test_every_message_of_every_product_takes_the_fast_way(premium: World) -> None:
    symbols, _ = symbols_of(CATALOGUE)
    for pair in VENUE_PAIRS[COINBASE]:
        trades = premium.tapes[COINBASE].trades(pair, MINUTE)
        best = Best.of(premium.tapes[COINBASE].quotes(pair, MINUTE), 0)
        day, messages = Day.of(trades), list[str]()
        for row in range(len(trades.ids)):
            day.add(trades, row)
            messages += [match_message(pair, day, MATCH), ticker_message(pair, best, day)]
        messages += [heartbeat_message(pair, day.last_id, NOW_US)]
        payload = "\n".join(f"1770000000000000000 {message}" for message in messages)
        columns, beats = read_lines(payload.encode(), symbols)
        assert len(columns.doubtful) == 0
        assert len(columns.instrument) == 2 * len(trades.ids)
        assert beats[:, 2].tolist() == [day.last_id]


def test_the_keys_are_those_of_the_documentation(premium: World) -> None:
    pair = VENUE_PAIRS[COINBASE][0]
    day = Day.of(premium.tapes[COINBASE].trades(pair, MINUTE))
    best = Best.of(premium.tapes[COINBASE].quotes(pair, MINUTE), 0)
    for text, sample in (
        (match_message(pair, day, LAST_MATCH), samples.LAST_MATCH),
        (ticker_message(pair, best, day), samples.TICKER),
        (heartbeat_message(pair, day.last_id, NOW_US), samples.HEARTBEAT),
    ):
        assert list(json.loads(text)) == list(json.loads(sample.split(" ", 1)[1]))


def test_the_sides_of_a_match_and_its_ticker_are_opposite(premium: World) -> None:
    pair = VENUE_PAIRS[COINBASE][0]
    trades = premium.tapes[COINBASE].trades(pair, MINUTE)
    best = Best.of(premium.tapes[COINBASE].quotes(pair, MINUTE), 0)
    day, seen = Day.of(trades), set()
    for row in range(len(trades.ids)):
        day.add(trades, row)
        match = json.loads(match_message(pair, day, MATCH))
        ticker = json.loads(ticker_message(pair, best, day))
        assert match["trade_id"] == ticker["trade_id"]
        assert match["sequence"] == ticker["sequence"]
        assert match["side"] == ("buy" if trades.buyer_is_maker[row] else "sell")
        seen.add((match["side"], ticker["side"]))
    assert seen == {("buy", "sell"), ("sell", "buy")}


def test_sequences_rise_with_gaps() -> None:
    steps = {sequence_of(number + 1) - sequence_of(number) for number in range(100)}
    assert min(steps) >= 1
    assert max(steps) > 1
