"""The fast way reads canonical lines alone, and as the slow way does."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.binance.frames import read_slowly, symbols_of
from connectors.binance.lines import read_lines
from market.instruments import CATALOGUE
from market.ticks import Tick, TickBatch
from tests.connectors.binance.samples import ACK, BOOK, DEPTH, LINES, SPACED, TRADE

SYMBOLS, NAMES = symbols_of(CATALOGUE)

numbers = st.from_regex(r"[0-9]{1,12}(\.[0-9]{1,12})?", fullmatch=True) | st.sampled_from(
    ["0", "0.00000000", "-1", "1e3", "NaN", "", "9" * 25, "0.000000000000000000001", "007", "1_0"]
)
integers = st.integers(-5, 2**66).map(str) | st.sampled_from(["0", "007", "1.0", "null", "true"])
edits = st.tuples(st.integers(0, 250), st.sampled_from([*'"0,{}:. -xé', "", "\r", "\\"]))


@st.composite
def lines(draw: st.DrawFn) -> str:
    """A line that is canonical, or nearly so."""
    line = draw(st.sampled_from(LINES))
    if draw(st.booleans()):
        for name in "pqba":
            line = re.sub(rf'"{name}":"[^"]*"', f'"{name}":"{draw(numbers)}"', line)
    if draw(st.integers(0, 3)) == 0:
        for name in "tTuE":
            line = re.sub(rf'"{name}":[0-9]+', f'"{name}":{draw(integers)}', line)
    if draw(st.integers(0, 3)) == 0:
        symbol = draw(st.sampled_from(["SOL", "ZZZ", "VERYLONGSYMBOLNAME", ""]))
        line = line.replace("BTC", symbol).replace("btc", symbol.lower())
    if draw(st.integers(0, 2)) == 0:
        at, text = draw(edits)
        line = line[:at] + text + line[at + 1 :]
    return line


def fast(payload: bytes) -> tuple[list[Tick], list[bytes]]:
    columns = read_lines(payload, SYMBOLS)
    doubtful = [payload[start:end] for _, start, end in columns.doubtful.tolist()]
    return columns.ticks(12).rows(), doubtful


@settings(deadline=None, max_examples=500)
@given(lines())
def test_what_the_fast_way_accepts_the_slow_way_reads_alike(line: str) -> None:
    ticks, doubtful = fast(line.encode())
    if doubtful:
        assert (ticks, doubtful) == ([], [line.encode()])
        return
    tick = read_slowly(line.encode(), NAMES, 12)
    assert ticks == ([] if tick is None else TickBatch.of([tick]).rows())


@pytest.mark.parametrize("line", [TRADE, BOOK, DEPTH])
def test_the_exchanges_own_layout_is_never_doubtful(line: str) -> None:
    assert fast(f"{line}\n".encode())[1] == []
    assert fast(line.encode())[1] == []


@pytest.mark.parametrize(
    "line",
    [
        ACK,
        SPACED,
        TRADE + "x",
        TRADE[:-1],
        TRADE.replace("0.02000000", "0.00000000"),
        TRADE.replace('"s":"BTCUSDT"', '"s":"ETHUSDT"'),
        BOOK.replace("eth", "xyz").replace("ETH", "XYZ"),
        BOOK.replace("3.78826000", "?"),
        BOOK[3:],
        "",
    ],
)
def test_another_layout_is_doubtful(line: str) -> None:
    assert fast(f"{line}\n".encode()) == ([], [line.encode()])


def test_a_doubtful_line_leaves_nothing_behind_in_the_next_row() -> None:
    (tick,), doubtful = fast(f"{TRADE}x\n{BOOK}\n".encode())
    assert (tick.price, tick.size) == (None, None)
    assert doubtful == [f"{TRADE}x".encode()]


def test_a_doubtful_line_knows_its_place() -> None:
    payload = "\n".join([TRADE, ACK, BOOK, DEPTH, SPACED, TRADE]).encode()
    columns = read_lines(payload, SYMBOLS)
    assert columns.doubtful[:, 0].tolist() == [1, 2]
    assert len(columns.instrument) == 3


def test_no_bytes_are_no_lines() -> None:
    assert fast(b"") == ([], [])
