"""Sessions: hours, holidays, daylight saving, and the day's reference of each class."""

import subprocess
import sys
from datetime import datetime

import pytest

from market.clock import datetime_of, microseconds
from market.instruments import CATALOGUE
from market.sessions import fx_closures, is_open, next_open, reference_time_us

EURUSD = CATALOGUE.by_symbol("EUR-USD")
BITCOIN = CATALOGUE.by_symbol("BTC-USD")
APPLE = CATALOGUE.by_symbol("AAPL")


def us(moment: str) -> int:
    return microseconds(datetime.fromisoformat(moment))


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-20T21:59:59+00:00", True),  # Friday 16:59:59 New York
        ("2026-11-20T22:00:00+00:00", False),
        ("2026-11-21T12:00:00+00:00", False),
        ("2026-11-22T21:59:59+00:00", False),
        ("2026-11-22T22:00:00+00:00", True),  # Sunday 17:00 New York
        ("2026-11-26T12:00:00+00:00", True),  # Thanksgiving: FX trades
        ("2026-07-10T20:59:59+00:00", True),  # in summer an hour earlier in UTC
        ("2026-07-10T21:00:00+00:00", False),
    ],
)
def test_fx_trades_from_sunday_to_friday_afternoon_in_new_york(moment: str, expected: bool) -> None:
    assert is_open(EURUSD, us(moment)) is expected


def test_the_weekends_of_a_range_are_those_that_it_touches() -> None:
    friday, sunday = us("2026-11-20T22:00:00+00:00"), us("2026-11-22T22:00:00+00:00")
    assert fx_closures(friday - 9, friday - 1) == []
    assert fx_closures(friday, friday) == [(friday, sunday)]
    assert fx_closures(sunday - 1, sunday + 9) == [(friday, sunday)]
    assert fx_closures(sunday, sunday + 9) == []
    assert [opening for _, opening in fx_closures(friday, us("2026-12-05T00:00:00+00:00"))] == [
        us(f"{day}T22:00:00+00:00") for day in ("2026-11-22", "2026-11-29", "2026-12-06")
    ]


def test_every_weekend_is_closed_and_its_edges_are_not() -> None:
    for close, opening in fx_closures(
        us("2013-12-30T00:00:00+00:00"), us("2015-01-05T00:00:00+00:00")
    ):
        assert is_open(EURUSD, close - 1)
        assert not is_open(EURUSD, close)
        assert not is_open(EURUSD, opening - 1)
        assert is_open(EURUSD, opening)


def test_crypto_is_always_open() -> None:
    saturday = us("2026-11-21T12:00:00+00:00")
    assert is_open(BITCOIN, saturday)
    assert next_open(BITCOIN, saturday) == saturday


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-24T14:29:59+00:00", False),
        ("2026-11-24T14:30:00+00:00", True),
        ("2026-11-24T20:59:59+00:00", True),
        ("2026-11-24T21:00:00+00:00", False),
        ("2026-11-26T16:00:00+00:00", False),  # Thanksgiving
        ("2026-11-27T17:59:00+00:00", True),  # the day after closes at 13:00
        ("2026-11-27T18:00:00+00:00", False),
        ("2026-07-06T13:30:00+00:00", True),
    ],
)
def test_stocks_follow_the_exchange(moment: str, expected: bool) -> None:
    assert is_open(APPLE, us(moment)) is expected


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-20T22:00:00+00:00", "2026-11-22T22:00:00+00:00"),
        ("2026-11-22T20:00:00+00:00", "2026-11-22T22:00:00+00:00"),
        ("2026-11-24T12:00:00+00:00", "2026-11-24T12:00:00+00:00"),
        ("2026-03-07T12:00:00+00:00", "2026-03-08T21:00:00+00:00"),  # clocks change in between
    ],
)
def test_next_open_of_fx(moment: str, expected: str) -> None:
    assert datetime_of(next_open(EURUSD, us(moment))) == datetime.fromisoformat(expected)


def test_next_open_of_stocks_jumps_over_a_holiday() -> None:
    wednesday_evening = us("2026-11-25T22:00:00+00:00")
    assert next_open(APPLE, wednesday_evening) == us("2026-11-27T14:30:00+00:00")


def test_next_open_of_stocks_reaches_into_the_next_year() -> None:
    assert next_open(APPLE, us("2026-12-31T22:00:00+00:00")) == us("2027-01-04T14:30:00+00:00")


def test_reference_of_crypto_is_midnight_utc() -> None:
    assert reference_time_us(BITCOIN, us("2026-11-24T00:00:00+00:00")) == us(
        "2026-11-24T00:00:00+00:00"
    )
    assert reference_time_us(BITCOIN, us("2026-11-24T23:59:59.999999+00:00")) == us(
        "2026-11-24T00:00:00+00:00"
    )


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-24T12:00:00+00:00", "2026-11-23T22:00:00+00:00"),
        ("2026-11-24T22:00:00+00:00", "2026-11-24T22:00:00+00:00"),
        ("2026-11-21T12:00:00+00:00", "2026-11-19T22:00:00+00:00"),  # Saturday: Friday's day
        ("2026-11-22T21:00:00+00:00", "2026-11-19T22:00:00+00:00"),
        ("2026-11-22T22:30:00+00:00", "2026-11-22T22:00:00+00:00"),
        ("2026-07-08T12:00:00+00:00", "2026-07-07T21:00:00+00:00"),
    ],
)
def test_reference_of_fx_is_the_start_of_its_trading_day(moment: str, expected: str) -> None:
    assert datetime_of(reference_time_us(EURUSD, us(moment))) == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-11-24T15:00:00+00:00", "2026-11-23T21:00:00+00:00"),
        ("2026-11-24T23:00:00+00:00", "2026-11-23T21:00:00+00:00"),  # closed: the session's change
        ("2026-11-24T14:00:00+00:00", "2026-11-20T21:00:00+00:00"),  # before Tuesday's opening
        ("2026-11-30T15:00:00+00:00", "2026-11-27T18:00:00+00:00"),  # the short Friday
        ("2027-01-04T15:00:00+00:00", "2026-12-31T21:00:00+00:00"),
    ],
)
def test_reference_of_stocks_is_the_previous_close(moment: str, expected: str) -> None:
    assert datetime_of(reference_time_us(APPLE, us(moment))) == datetime.fromisoformat(expected)


def test_reference_of_a_market_that_never_closes_is_at_most_a_day_old() -> None:
    sunday = us("2026-11-22T12:00:00+00:00")
    assert reference_time_us(EURUSD, sunday, continuous=True) == us("2026-11-21T22:00:00+00:00")
    assert reference_time_us(APPLE, sunday, continuous=True) == us("2026-11-21T21:00:00+00:00")
    assert reference_time_us(BITCOIN, sunday, continuous=True) == us("2026-11-22T00:00:00+00:00")


def test_the_heavy_calendar_is_not_imported_before_it_is_needed() -> None:
    code = "import sys, market.sessions; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
