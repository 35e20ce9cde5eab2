"""The fast way reads canonical lines alone, and as the slow way does."""

import pytest
from hypothesis import given, settings

from connectors.kraken.frames import read_slowly, symbols_of
from connectors.kraken.lines import LEAST_TICK_BYTES, read_lines
from market.instruments import CATALOGUE
from market.ticks import Tick, TickBatch
from tests.connectors.kraken import samples
from tests.connectors.mutating import RECEIVED, mutated

SYMBOLS, NAMES = symbols_of(CATALOGUE)

lines = mutated(
    samples.LINES,
    ["BTC/USD", "ETH/USD", "SHIB/USD", "ZZZ/USD", "VERYLONGSYMBOL/NAME", ""],
    numbers=r'"(?:bid|ask|price|qty|bid_qty|last|change|vwap)":',
    ids='"trade_id":',
    instants='"timestamp":"',
)


def fast(payload: bytes) -> tuple[list[Tick], list[bytes]]:
    columns = read_lines(payload, SYMBOLS)
    doubtful = [payload[start:end] for _, start, end in columns.doubtful.tolist()]
    return columns.ticks(62).rows(), doubtful


@settings(deadline=None, max_examples=600)
@given(lines)
def test_what_the_fast_way_accepts_the_slow_way_reads_alike(line: str) -> None:
    ticks, doubtful = fast(line.encode())
    if doubtful:
        assert (ticks, doubtful) == ([], [line.encode()])
        return
    slow, refusals = read_slowly(line.encode(), NAMES, 62)
    assert refusals == []
    assert ticks == TickBatch.of(slow).rows()


@pytest.mark.parametrize(
    "line", [samples.TICKER, samples.TIMELESS, samples.TRADES, samples.HEARTBEAT]
)
def test_the_exchanges_own_layout_is_never_doubtful(line: str) -> None:
    assert fast(f"{line}\n".encode())[1] == []
    assert fast(line.encode())[1] == []


@pytest.mark.parametrize(
    "line",
    [
        samples.ACK,
        samples.STATUS,
        samples.SPACED,
        samples.TRADES + "x",
        samples.TRADES[:-1],
        samples.TRADES.replace("0.00012460", "0.0"),
        samples.TRADES.replace("0.00012460", "1.246e-04"),
        samples.TRADES.replace("105910.50", "0105910.50"),
        samples.TICKER.replace("BTC", "XYZ"),
        samples.TICKER.replace("-0.24", "."),
        samples.TICKER.replace("12-25T", "13-25T"),
        samples.TICKER[3:],
        "",
    ],
)
def test_another_layout_is_doubtful(line: str) -> None:
    assert fast(f"{line}\n".encode()) == ([], [line.encode()])


def test_a_doubtful_line_leaves_nothing_behind_in_the_next_row() -> None:
    ticks, doubtful = fast(f"{samples.TRADES}x\n{samples.TICKER}\n".encode())
    assert [(tick.price, tick.size) for tick in ticks] == [(None, None)]
    assert doubtful == [f"{samples.TRADES}x".encode()]


def test_a_doubtful_line_knows_its_place() -> None:
    payload = "\n".join([samples.TRADES, samples.ACK, samples.TICKER, samples.SPACED]).encode()
    columns = read_lines(payload, SYMBOLS)
    assert columns.doubtful[:, 0].tolist() == [2, 3]
    assert len(columns.instrument) == 3


def test_no_bytes_are_no_lines() -> None:
    assert fast(b"") == ([], [])


def test_there_is_room_for_the_shortest_ticks() -> None:
    trade = (
        '{"symbol":"BTC/USD","side":"","price":1,"qty":1,"ord_type":"","trade_id":1,'
        '"timestamp":"2023-10-06T17:35:55Z"}'
    )
    assert len(trade) > LEAST_TICK_BYTES
    line = f'{RECEIVED} {{"channel":"trade","type":"update","data":[{",".join([trade] * 999)}]}}'
    ticks, doubtful = fast(line.encode())
    assert (len(ticks), doubtful) == (999, [])
