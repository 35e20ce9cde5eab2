"""What nobody listened to is asked for, no further back than a day, and its answers become bars."""

import msgspec
import pytest

from connectors.answers import Request
from connectors.errors import MalformedError
from connectors.minutes import (
    HORIZON_US,
    TOLERATED_US,
    Minute,
    MinutesOf,
    minutes_of,
    missed_minutes,
    silent_minutes,
    symbol_of,
)
from market.bars import BAR_US
from market.instruments import CATALOGUE, Instrument
from tests.connectors.gaps import silence
from tests.connectors.support import NOW_US, record

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


def minute(raw: msgspec.Raw) -> Minute | None:
    """A minute that began so many before now, at that price; None for a 0."""
    age = int(bytes(raw))
    if age < 0:
        raise MalformedError("kraken", "no minute")
    return Minute(NOW_US - age * BAR_US, ("7.0",) * 4, "2") if age else None


def test_rows_become_bars_one_by_one() -> None:
    rows = [msgspec.Raw(row) for row in (b"2", b"0", b"-5", b"1")]
    parsed = minutes_of(record("kraken", "ohlc", ""), 111, rows, minute)
    assert parsed.bars.time.tolist() == [NOW_US - 2 * BAR_US, NOW_US - BAR_US]
    assert set(parsed.bars.instrument.tolist()) == {111}
    assert [each.excerpt for each in parsed.refused] == ["-5"]


def test_a_minute_that_still_runs_is_left_out() -> None:
    answer = record("kraken", "ohlc", "", received_us=NOW_US - 1)
    parsed = minutes_of(answer, 111, [msgspec.Raw(b"1")], minute)
    assert (len(parsed.bars), parsed.refused) == (0, ())


def test_the_symbol_comes_back_from_the_context() -> None:
    assert symbol_of(record("kraken", "ohlc", "", MinutesOf("BTC/USD").text())) == "BTC/USD"
    with pytest.raises(MalformedError):
        symbol_of(record("kraken", "ohlc", "", "{}"))
