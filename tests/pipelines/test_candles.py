"""Folding: the candles of the kernel equal those of the plain reference."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.bars import BAR_US, LAST, MID
from market.ticks import QUOTE, TRADE, Tick, TickBatch
from pipelines.candles import CandleState, Folded, _mid
from storage.outcomes import newest_of_each
from tests.reference.candles import Candle, Key, candles

START = 1_700_000_040_000_000 // BAR_US * BAR_US
BEFORE = Tick(START - BAR_US, 1, 51, QUOTE, bid="1", ask="1")


def trade(time_us: int, seq: int, price: str, size: str = "1", instrument: int = 1) -> Tick:
    return Tick(START + time_us, instrument, 11, TRADE, seq, price=price, size=size)


def quote(time_us: int, seq: int, bid: str, ask: str, instrument: int = 1) -> Tick:
    return Tick(START + time_us, instrument, 51, QUOTE, seq, bid=bid, ask=ask)


def fold(
    ticks: list[Tick], cuts: tuple[int, ...] = ()
) -> tuple[dict[Key, Candle], set[tuple[int, ...]]]:
    """The last state of each candle, and the stale minutes, over any cutting of the ticks."""
    state, folded = CandleState(), []
    bounds = [0, *sorted(min(cut, len(ticks)) for cut in cuts), len(ticks)]
    for start, end in pairwise(bounds):
        folded.append(state.update(TickBatch.of(ticks[start:end])))
    return rows(folded), {tuple(map(int, row)) for part in folded for row in part.stale}


def rows(folded: list[Folded]) -> dict[Key, Candle]:
    bars = newest_of_each([part.bars for part in folded])
    return {
        (bar.time_us, bar.instrument, bar.source, bar.side): Candle(
            Decimal(str(bar.open)),
            Decimal(str(bar.high)),
            Decimal(str(bar.low)),
            Decimal(str(bar.close)),
            None if bar.volume is None else Decimal(str(bar.volume)),
            bar.ticks,
        )
        for bar in bars.rows()
    }


def test_every_minute_of_a_state_is_a_candle_the_first_one_too() -> None:
    ticks = [trade(0, 1, "10"), trade(BAR_US, 2, "11", "0.5"), trade(BAR_US + 1, 3, "9", "0.25")]
    found, stale = fold(ticks)
    assert stale == set()
    assert found == {
        (START, 1, 11, LAST): Candle(
            Decimal(10), Decimal(10), Decimal(10), Decimal(10), Decimal(1), 1
        ),
        (START + BAR_US, 1, 11, LAST): Candle(
            Decimal(11), Decimal(11), Decimal(9), Decimal(9), Decimal("0.75"), 2
        ),
    }


def test_open_and_close_are_by_event_time_not_by_arrival() -> None:
    ticks = [trade(0, 1, "10"), *(trade(BAR_US + t, t, str(t)) for t in (5, 3, 9, 7))]
    found, _ = fold(ticks)
    candle = found[START + BAR_US, 1, 11, LAST]
    prices = [int(price) for price in (candle.open, candle.high, candle.low, candle.close)]
    assert prices == [3, 9, 3, 9]


def test_a_tick_for_a_closed_minute_makes_it_stale_and_leaves_the_open_one() -> None:
    ticks = [trade(t * BAR_US, t, "1") for t in range(3)]
    found, stale = fold([*ticks, trade(BAR_US + 1, 9, "5")])
    assert (START + BAR_US, 1, 11) in stale
    assert found[START + 2 * BAR_US, 1, 11, LAST].ticks == 1


def test_prices_of_unlike_exponents_are_compared_exactly() -> None:
    prices = ["0.1", "0.100000000000000001", "0.099999999999999999", "123456789012345678", "3"]
    ticks = [trade(0, 1, "1"), *(trade(BAR_US + n, n, price) for n, price in enumerate(prices))]
    found, _ = fold(ticks)
    candle = found[START + BAR_US, 1, 11, LAST]
    assert (candle.high, candle.low) == (
        Decimal("123456789012345678"),
        Decimal("0.099999999999999999"),
    )


def test_volumes_are_summed_exactly() -> None:
    sizes = ["0.000000000000000001", "999999999999999999", "0.999999999999999999"]
    ticks = [trade(0, 1, "1"), *(trade(BAR_US + n, n, "1", size) for n, size in enumerate(sizes))]
    found, _ = fold(ticks)
    assert found[START + BAR_US, 1, 11, LAST].volume == Decimal("1000000000000000000")


def test_more_instruments_than_the_first_table_holds() -> None:
    ticks = [trade(t * BAR_US, t, "1", instrument=n) for t in range(2) for n in range(1, 101)]
    found, stale = fold(ticks, cuts=(50,))
    assert (len(found), len(stale)) == (200, 0)


@pytest.mark.parametrize(
    ("bid", "ask", "exponent", "mid"),
    [
        (2, 4, 1, (3, 1)),
        (2, 3, 1, (25, 2)),
        (999_999_999_999_999_998, 999_999_999_999_999_999, 0, (999_999_999_999_999_998, 0)),
        (999_999_999_999_999_997, 999_999_999_999_999_998, 0, (999_999_999_999_999_998, 0)),
    ],
)
def test_the_mid_is_exact_and_half_even_at_the_19th_digit(
    bid: int, ask: int, exponent: int, mid: tuple[int, int]
) -> None:
    assert _mid(bid, ask, exponent) == mid


PRICES = st.decimals("0.00001", "99999", places=5).map(str)
TRADES = st.builds(
    trade,
    st.integers(0, 4 * BAR_US),
    st.integers(0, 9),
    PRICES,
    PRICES,
    instrument=st.integers(1, 3),
)
QUOTES = st.builds(
    quote,
    st.integers(0, 4 * BAR_US),
    st.integers(0, 9),
    PRICES,
    PRICES,
    instrument=st.integers(1, 3),
)


@given(
    st.lists(
        TRADES | QUOTES, max_size=60, unique_by=lambda t: (t.time_us, t.instrument, t.kind, t.seq)
    ),
    st.tuples(st.integers(0, 60), st.integers(0, 60)),
)
def test_what_is_not_stale_equals_the_reference(ticks: list[Tick], cuts: tuple[int, int]) -> None:
    found, stale = fold(ticks, cuts)
    expected = candles(ticks)
    assert {key[:3] for key in expected} == {key[:3] for key in found} | stale
    for key, candle in found.items():
        if key[:3] not in stale:
            assert candle == expected[key]


def test_the_mid_side_is_of_quotes_alone() -> None:
    found, _ = fold([BEFORE, quote(0, 1, "1.1", "1.2"), trade(0, 1, "7")])
    assert found[START, 1, 51, MID].open == Decimal("1.15")
