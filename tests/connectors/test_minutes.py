"""What nobody listened to is asked for, no further back than a day."""

from connectors.answers import Request
from connectors.minutes import HORIZON_US, TOLERATED_US, missed_minutes, silent_minutes
from market.instruments import CATALOGUE, Instrument
from tests.connectors.gaps import silence
from tests.connectors.support import NOW_US

PAIRS = [CATALOGUE.by_symbol("BTC-USD"), CATALOGUE.by_symbol("ETH-USD")]


def span(instrument: Instrument, start_us: int, end_us: int) -> list[Request]:
    """Two requests for each span."""
    return [
        Request("minutes", f"{instrument.symbol} {start_us - NOW_US} {end_us - NOW_US} {part}", "")
        for part in "ab"
    ]


def test_each_uncovered_instrument_is_asked_for() -> None:
    covered = {PAIRS[0].id: NOW_US - TOLERATED_US - 1}
    asked = [each.context for each in missed_minutes(PAIRS, covered, NOW_US, span)]
    assert asked == [
        f"BTC-USD {-TOLERATED_US - 1} 0 a",
        f"BTC-USD {-TOLERATED_US - 1} 0 b",
        f"ETH-USD {-HORIZON_US} 0 a",
        f"ETH-USD {-HORIZON_US} 0 b",
    ]


def test_what_was_covered_a_moment_ago_is_not() -> None:
    covered = {each.id: NOW_US - TOLERATED_US for each in PAIRS}
    assert missed_minutes(PAIRS, covered, NOW_US, span) == []


def test_a_silence_is_asked_for_request_by_request() -> None:
    gap = silence("kraken", 60)
    asked = [silent_minutes(gap, number, PAIRS, span) for number in range(5)]
    assert [each.context if each else None for each in asked] == [
        "BTC-USD -60000000 0 a",
        "BTC-USD -60000000 0 b",
        "ETH-USD -60000000 0 a",
        "ETH-USD -60000000 0 b",
        None,
    ]


def test_the_silence_of_one_instrument() -> None:
    gap = silence("kraken", 60, "ETH-USD")
    first, third = (silent_minutes(gap, number, PAIRS, span) for number in (0, 2))
    assert first is not None
    assert first.context.startswith("ETH-USD")
    assert third is None


def test_a_silence_of_days_is_asked_for_as_far_as_a_day_back() -> None:
    request = silent_minutes(silence("kraken", 200_000), 0, PAIRS, span)
    assert request is not None
    assert request.context == f"BTC-USD {-HORIZON_US} 0 a"
