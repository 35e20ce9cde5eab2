"""Cross rates: the path, the sides, the age; never a rate out of nothing."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.crosses import NoPathError, Rate, cross_rate
from market.sources import Feed, source_of

ECB = source_of("ecb", Feed.LIVE)
OANDA = source_of("oanda", Feed.LIVE)


def rate(
    symbol: str, bid: str, ask: str | None = None, time_us: int = 100, provider: str = "ecb"
) -> Rate:
    base, quote = symbol.split("-")
    source = source_of(provider, Feed.LIVE)
    return Rate(base, quote, Decimal(bid), Decimal(ask or bid), time_us, source)


def path(base: str, quote: str, rates: list[Rate]) -> list[tuple[str, bool]]:
    return [(leg.rate.symbol, leg.inverted) for leg in cross_rate(base, quote, rates).legs]


def test_a_pair_that_is_quoted_is_its_own_path() -> None:
    cross = cross_rate("EUR", "USD", [rate("EUR-USD", "1.17", "1.18")])
    assert (cross.bid, cross.ask, cross.mid) == (Decimal("1.17"), Decimal("1.18"), Decimal("1.175"))


def test_a_pair_is_turned_with_its_sides_exchanged() -> None:
    cross = cross_rate("USD", "EUR", [rate("EUR-USD", "1.25", "1.6")])
    assert (cross.bid, cross.ask) == (Decimal("0.625"), Decimal("0.8"))
    assert cross.bid <= cross.ask


def test_bids_multiply_with_bids_and_the_older_leg_is_the_age() -> None:
    rates = [rate("EUR-USD", "1.1", "1.2", 70), rate("USD-NGN", "1500", "1600", 90)]
    cross = cross_rate("EUR", "NGN", rates)
    assert (cross.bid, cross.ask, cross.time_us) == (Decimal(1650), Decimal(1920), 70)


def test_the_fewest_legs_win_over_better_sources() -> None:
    rates = [
        rate("EUR-NGN", "1700"),
        rate("EUR-USD", "1.1", provider="oanda"),
        rate("USD-NGN", "1500", provider="oanda"),
    ]
    assert path("EUR", "NGN", rates) == [("EUR-NGN", False)]


def test_of_equal_lengths_the_best_ranked_source_wins_then_the_freshest() -> None:
    through_dollar = [rate("EUR-USD", "1.1"), rate("USD-SEK", "10")]
    through_pound = [
        rate("EUR-GBP", "0.9", provider="oanda"),
        rate("GBP-SEK", "12", provider="oanda"),
    ]
    assert path("EUR", "SEK", through_dollar + through_pound)[0] == ("EUR-GBP", False)
    fresher = [rate("EUR-CHF", "0.9", time_us=101), rate("CHF-SEK", "12", time_us=101)]
    assert path("EUR", "SEK", through_dollar + fresher)[0] == ("EUR-CHF", False)


def test_three_legs_are_found_and_four_are_not() -> None:
    chain = [rate("AUD-BRL", "1"), rate("BRL-CAD", "2"), rate("CAD-DKK", "3"), rate("DKK-EUR", "4")]
    assert cross_rate("AUD", "DKK", chain).bid == 6
    with pytest.raises(NoPathError, match="no rates lead from AUD to EUR"):
        cross_rate("AUD", "EUR", chain)


def test_a_missing_rate_is_an_error_even_of_a_currency_against_itself() -> None:
    with pytest.raises(NoPathError):
        cross_rate("EUR", "XXX", [rate("EUR-USD", "1.1")])
    with pytest.raises(NoPathError):
        cross_rate("EUR", "EUR", [rate("EUR-USD", "1.1")])


@given(
    first=st.decimals("0.0001", "10000", places=4),
    second=st.decimals("0.0001", "10000", places=4),
    spread=st.decimals("1", "1.5", places=3),
)
def test_there_and_back_never_profits(first: Decimal, second: Decimal, spread: Decimal) -> None:
    rates = [
        Rate("AAA", "BBB", first, first * spread, 1, ECB),
        Rate("BBB", "CCC", second, second * spread, 1, OANDA),
    ]
    there, back = cross_rate("AAA", "CCC", rates), cross_rate("CCC", "AAA", rates)
    assert there.bid * back.bid <= 1 + Decimal("1e-30")
