"""Pages of the tape hold what was told by now, each trade once, whatever way they are asked for."""

import numpy as np
import pytest

from connectors.sandbox.pages import (
    BLOCK_MS,
    HORIZON_MS,
    joined,
    last_quote,
    minutes_of,
    told_ms,
    trades_before_id,
    trades_from_id,
    trades_from_ms,
)
from connectors.sandbox.tape import KRAKEN, MINUTE_MS, VENUE_PAIRS, Tape
from connectors.sandbox.wire import World
from tests.connectors.sandbox.conftest import NOW_US

PAIR = VENUE_PAIRS[KRAKEN][0]
NOW_MS = NOW_US // 1_000


@pytest.fixture(scope="module")
def tape(premium: World) -> Tape:
    return premium.tapes[KRAKEN]


def test_what_happened_a_millisecond_ago_is_told() -> None:
    assert told_ms(5_000_000) == 5_000
    assert told_ms(5_000_999) == 5_000


def test_by_id_over_the_edge_of_a_block(tape: Tape) -> None:
    edge = int(tape.block(PAIR, NOW_MS // BLOCK_MS).ids[0])
    page = trades_from_id(tape, PAIR, edge - 7, 20, NOW_US)
    assert page.ids.tolist() == list(range(edge - 7, edge + 13))
    older = trades_before_id(tape, PAIR, edge + 3, 10, NOW_US)
    assert older.ids.tolist() == list(range(edge - 7, edge + 3))


def test_what_is_not_told_yet_is_on_no_page(tape: Tape) -> None:
    newest = int(tape.last_trades(PAIR, NOW_MS, 1).ids[0])
    assert trades_from_id(tape, PAIR, newest - 2, 10, NOW_US).ids.tolist() == [
        newest - 2,
        newest - 1,
        newest,
    ]
    assert len(trades_from_id(tape, PAIR, newest + 1, 10, NOW_US).ids) == 0


def test_more_than_a_day_ago_is_on_no_page(tape: Tape) -> None:
    assert trades_from_id(tape, PAIR, 0, 1, NOW_US).time_ms[0] >= NOW_MS - HORIZON_MS
    assert trades_from_ms(tape, PAIR, 0, 1, NOW_US).time_ms[0] >= NOW_MS - HORIZON_MS


def test_by_time_the_last_millisecond_is_whole(tape: Tape) -> None:
    start_ms = NOW_MS - 30 * MINUTE_MS
    every = joined(list(minutes_of(tape, PAIR, start_ms, NOW_MS)))
    assert np.all(np.diff(every.ids) == 1)
    for limit in range(1, 300):
        page = trades_from_ms(tape, PAIR, start_ms, limit, NOW_US)
        assert len(page.ids) >= limit
        assert page.ids.tolist() == every.ids[: len(page.ids)].tolist()
        assert every.time_ms[len(page.ids)] > page.time_ms[-1]
    assert len(trades_from_ms(tape, PAIR, start_ms, 10**6, NOW_US).ids) == len(every.ids)


def test_the_last_quote(tape: Tape) -> None:
    quotes = tape.quotes(PAIR, NOW_MS // MINUTE_MS).between(0, NOW_MS)
    assert last_quote(tape, PAIR, NOW_US).ids.tolist() == [int(quotes.ids[-1])]


def test_the_last_quote_may_be_of_the_minute_before(tape: Tape) -> None:
    minute = NOW_MS // MINUTE_MS
    (first,) = last_quote(tape, PAIR, minute * MINUTE_MS * 1_000).ids.tolist()
    assert first == int(tape.quotes(PAIR, minute - 1).ids[-1])


def test_nothing_joined_is_nothing() -> None:
    assert len(joined([]).ids) == 0
