"""The fast way reads canonical lines alone, and as the slow way does."""

import pytest
from hypothesis import given, settings

from connectors.coinbase.frames import read_slowly, symbols_of
from connectors.coinbase.lines import read_lines
from market.instruments import CATALOGUE
from market.log import Heartbeat
from market.ticks import Tick, TickBatch
from tests.connectors.coinbase import samples
from tests.connectors.mutating import mutated

SYMBOLS, NAMES = symbols_of(CATALOGUE)

lines = mutated(
    samples.LINES,
    ["-USD", "-EUR", "-VERYLONGSYMBOLNAME", ""],
    numbers='"(?:best_bid|best_ask|price|size|best_bid_size)":"',
    ids='"(?:trade_id|sequence|last_trade_id)":',
    instants='"time":"',
)


def fast(payload: bytes) -> tuple[list[Tick], list[Heartbeat], list[bytes]]:
    columns, beats = read_lines(payload, SYMBOLS)
    doubtful = [payload[start:end] for _, start, end in columns.doubtful.tolist()]
    return columns.ticks(72).rows(), [Heartbeat(*row) for row in beats.tolist()], doubtful


@settings(deadline=None, max_examples=600)
@given(lines)
def test_what_the_fast_way_accepts_the_slow_way_reads_alike(line: str) -> None:
    ticks, beats, doubtful = fast(line.encode())
    if doubtful:
        assert (ticks, beats, doubtful) == ([], [], [line.encode()])
        return
    slow = read_slowly(line.encode(), NAMES, 72) if line else None
    assert ticks == (TickBatch.of([slow]).rows() if isinstance(slow, Tick) else [])
    assert beats == ([slow] if isinstance(slow, Heartbeat) else [])


@pytest.mark.parametrize(
    "line",
    [samples.TICKER, samples.OLD_TICKER, samples.MATCH, samples.LAST_MATCH, samples.HEARTBEAT],
)
def test_the_exchanges_own_layout_is_never_doubtful(line: str) -> None:
    assert fast(f"{line}\n".encode())[2] == []
    assert fast(line.encode())[2] == []


@pytest.mark.parametrize(
    "line",
    [
        samples.SUBSCRIPTIONS,
        samples.ERROR,
        samples.UNKNOWN,
        samples.SPACED,
        samples.MATCH + "x",
        samples.MATCH[:-1],
        samples.MATCH.replace("0.04", "0.00"),
        samples.MATCH.replace("27fff20b", "27\\u0066f20b"),
        samples.TICKER.replace("ETH", "XYZ"),
        samples.TICKER.replace('"1313.8"', "1313.8"),
        samples.HEARTBEAT.replace(":20,", ":-20,"),
        samples.HEARTBEAT[3:],
        "",
    ],
)
def test_another_layout_is_doubtful(line: str) -> None:
    assert fast(f"{line}\n".encode()) == ([], [], [line.encode()])


def test_a_doubtful_line_leaves_nothing_behind_in_the_next_row() -> None:
    ticks, _, doubtful = fast(f"{samples.MATCH}x\n{samples.TICKER}\n".encode())
    assert [(tick.price, tick.size) for tick in ticks] == [(None, None)]
    assert doubtful == [f"{samples.MATCH}x".encode()]


def test_a_doubtful_line_knows_its_place() -> None:
    lines = [samples.MATCH, samples.ERROR, samples.HEARTBEAT, samples.TICKER, samples.SPACED]
    columns, beats = read_lines("\n".join(lines).encode(), SYMBOLS)
    assert columns.doubtful[:, 0].tolist() == [1, 2]
    assert (len(columns.instrument), len(beats)) == (2, 1)


def test_no_bytes_are_no_lines() -> None:
    assert fast(b"") == ([], [], [])
