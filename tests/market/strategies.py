"""What Hypothesis draws from: numbers as providers write them, ticks, bars."""

from decimal import Decimal

from hypothesis import strategies as st

from market.bars import ASK, BAR_US, BID, LAST, MID, Bar
from market.instruments import CATALOGUE
from market.sources import SOURCES
from market.ticks import QUOTE, RATE, TRADE, Tick

START_US = 1_700_000_040_000_000
"""A full minute."""

INSTRUMENTS = [instrument.id for instrument in CATALOGUE]
SOURCE_IDS = [source.id for source in SOURCES]


def decimals(digits: int = 18, exponents: tuple[int, int] = (0, 18)) -> st.SearchStrategy[Decimal]:
    """Positive numbers of at most so many digits, with a number of decimals in a range."""
    return st.builds(
        lambda mantissa, exponent: Decimal(f"{mantissa}e-{exponent}"),
        st.integers(1, 10**digits - 1),
        st.integers(*exponents),
    )


def prices() -> st.SearchStrategy[Decimal]:
    """Prices of one tick that fit a common exponent: at most 9 digits on each side of the point."""
    return decimals(9, (0, 9))


@st.composite
def ticks(
    draw: st.DrawFn,
    instruments: list[int] | None = None,
    sources: list[int] | None = None,
    span_us: int = 3 * BAR_US,
) -> Tick:
    """A quote, a trade or a rate within a span of event time."""
    time_us = START_US + draw(st.integers(0, span_us - 1))
    instrument = draw(st.sampled_from(instruments or INSTRUMENTS))
    source = draw(st.sampled_from(sources or SOURCE_IDS))
    seq = draw(st.integers(0, 2**40))
    kind = draw(st.sampled_from([QUOTE, TRADE, RATE]))
    if kind == QUOTE:
        bid, ask = sorted([draw(prices()), draw(prices())])
        return Tick(time_us, instrument, source, kind, seq, bid=bid, ask=ask)
    size = draw(decimals()) if kind == TRADE else None
    return Tick(time_us, instrument, source, kind, seq, price=draw(decimals()), size=size)


@st.composite
def bars(draw: st.DrawFn) -> Bar:
    """A bar of any side, with or without volume."""
    low, opening, close, high = sorted(draw(st.lists(decimals(), min_size=4, max_size=4)))
    return Bar(
        time_us=START_US + BAR_US * draw(st.integers(0, 1_000)),
        instrument=draw(st.sampled_from(INSTRUMENTS)),
        source=draw(st.sampled_from(SOURCE_IDS)),
        side=draw(st.sampled_from([MID, BID, ASK, LAST])),
        open=opening,
        high=high,
        low=low,
        close=close,
        volume=draw(st.none() | decimals(36, (18, 18))),
        ticks=draw(st.integers(0, 2**31 - 1)),
    )
