"""Packed frames become trades and quotes, whichever way they are read."""

import gzip
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.binance.frames import parse_frames, read_slowly, symbols_of
from market.instruments import CATALOGUE
from market.log import Parsed
from market.ticks import QUOTE, TRADE, Tick, TickBatch
from tests.connectors.binance import samples
from tests.connectors.binance.test_lines import lines
from tests.connectors.support import DATA, record, us
from tests.reference import binance as reference

RECORDINGS = [
    ("btcusdt_20240808", "BTC-USDT", 9_757, 28_040),
    ("btcusdt_20240809", "BTC-USDT", 10_147, 45_134),
    ("ethusdt_20240808", "ETH-USDT", 6_106, 24_077),
]


def parsed(payload: bytes | str) -> Parsed:
    return parse_frames(record("binance", "frames", payload), CATALOGUE)


@pytest.mark.parametrize(("name", "symbol", "trades", "quotes"), RECORDINGS)
def test_a_recording_equals_its_plain_reading(
    name: str, symbol: str, trades: int, quotes: int
) -> None:
    payload = gzip.decompress((DATA / "crypto_ws/binance_spot_2024" / f"{name}.gz").read_bytes())
    outcome = parsed(payload)
    ticks = outcome.ticks
    assert outcome.refused == ()
    assert np.count_nonzero(ticks.kind == TRADE) == trades
    assert np.count_nonzero(ticks.kind == QUOTE) == quotes
    assert set(ticks.instrument.tolist()) == {CATALOGUE.by_symbol(symbol).id}
    assert (np.diff(ticks.seq[ticks.kind == TRADE]) == 1).all()
    assert (np.diff(ticks.seq[ticks.kind == QUOTE]) > 0).all()
    rows = [
        (row.time_us, row.seq, row.price or row.bid, row.size or row.ask) for row in ticks.rows()
    ]
    assert rows == list(reference.ticks(payload))


def test_a_trade_in_full() -> None:
    tick = parsed(samples.TRADE).ticks.row(0)
    assert tick == Tick(
        us("2024-08-08T23:54:15.342"),
        CATALOGUE.by_symbol("BTC-USDT").id,
        11,
        TRADE,
        3_735_683_259,
        price=Decimal("61837.63"),
        size=Decimal("0.02"),
    )


def test_a_quote_carries_the_receive_time() -> None:
    tick = parsed(samples.BOOK).ticks.row(0)
    assert (tick.time_us, tick.kind, tick.seq) == (1_723_161_254_087_896, QUOTE, 50_093_239_212)
    assert (tick.bid, tick.ask) == (Decimal("2683.8"), Decimal("2683.81"))


def test_the_slow_way_keeps_the_order() -> None:
    lines = [samples.TRADE, samples.SPACED.replace("3735683259", "3735683260"), samples.BOOK]
    assert parsed("\n".join(lines)).ticks.seq.tolist() == [3735683259, 3735683260, 50093239212]


@pytest.mark.parametrize(
    "line",
    [
        samples.ACK,
        samples.DEPTH,
        '1723161254087896568 {"lastUpdateId":1,"bids":[["1","2"]],"asks":[]}',
        '1723161254087896568 {"code":2,"msg":"Invalid request"}',
        '1723161254087896568 {"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}}',
    ],
)
def test_other_frames_are_skipped(line: str) -> None:
    outcome = parsed(f"{line}\n{samples.BOOK}\n")
    assert len(outcome.ticks) == 1
    assert outcome.refused == ()


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (samples.TRADE.replace("61837.63000000", "0.00000000"), "not a price: '0.00000000'"),
        (samples.TRADE.replace("61837.63000000", "-1"), "not a price: '-1'"),
        (samples.TRADE.replace("61837.63000000", "NaN"), "not a price: 'NaN'"),
        (samples.TRADE.replace('"61837.63000000"', "true"), "not a frame: Expected `str`"),
        (samples.TRADE.replace("btc", "zzz").replace("BTC", "ZZZ"), "unknown symbol: ZZZUSDT"),
        (samples.TRADE.replace('"BTCUSDT"', '"ETHUSDT"'), "a frame of ETHUSDT in another symbol's"),
        (samples.TRADE.replace('"T":1723161255342', '"T":0'), "not a frame"),
        (samples.TRADE[:-1], "not a frame"),
        ("", "not a line of receive time and frame"),
        ("9" * 19 + " {}", "not a line of receive time and frame"),
    ],
)
def test_a_line_that_is_no_tick_is_refused_with_its_reason(line: str, reason: str) -> None:
    outcome = parsed(f"{samples.BOOK}\n{line}\n{samples.BOOK}\n")
    assert len(outcome.ticks) == 2
    (refusal,) = outcome.refused
    assert refusal.reason.startswith(reason)
    assert refusal.excerpt == line[:200]


@settings(deadline=None, max_examples=300)
@given(st.lists(lines(), max_size=6))
def test_both_ways_give_the_same(given_lines: list[str]) -> None:
    payload = "\n".join(given_lines).encode()
    _, names = symbols_of(CATALOGUE)
    ticks, reasons = [], []
    for line in payload.split(b"\n") if payload else []:
        try:
            tick = read_slowly(line, names, 11)
        except ValueError as error:
            reasons.append(str(error)[:200])
            continue
        ticks += [] if tick is None else [tick]
    if payload.endswith(b"\n") and reasons:
        reasons.pop()  # what follows the last newline is no line
    outcome = parsed(payload)
    assert outcome.ticks.to_bytes() == TickBatch.of(ticks).to_bytes()
    assert [each.reason for each in outcome.refused] == reasons
