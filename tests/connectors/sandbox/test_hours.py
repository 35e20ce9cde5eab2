"""Trading hours, in New York's summer and winter."""

from datetime import UTC, date, datetime

import pytest

from connectors.sandbox.hours import AlwaysOpen, RealHours
from market.clock import datetime_of, microseconds
from market.instruments import AssetClass


def at(text: str) -> int:
    return microseconds(datetime.fromisoformat(text).replace(tzinfo=UTC))


@pytest.mark.parametrize(
    ("asset_class", "moment", "expected"),
    [
        (AssetClass.STOCK, "2026-11-24 15:00", "2026-11-24 15:00"),
        (AssetClass.STOCK, "2026-11-24 21:00", "2026-11-24 20:59:59.999999"),
        (AssetClass.STOCK, "2026-07-14 20:00", "2026-07-14 19:59:59.999999"),
        (AssetClass.STOCK, "2026-11-24 14:29", "2026-11-23 20:59:59.999999"),
        (AssetClass.STOCK, "2026-11-23 14:29", "2026-11-20 20:59:59.999999"),
        (AssetClass.STOCK, "2026-11-22 12:00", "2026-11-20 20:59:59.999999"),
        (AssetClass.FX, "2026-11-24 03:00", "2026-11-24 03:00"),
        (AssetClass.FX, "2026-11-20 21:59", "2026-11-20 21:59"),
        (AssetClass.FX, "2026-11-20 22:00", "2026-11-20 21:59:59.999999"),
        (AssetClass.FX, "2026-11-21 12:00", "2026-11-20 21:59:59.999999"),
        (AssetClass.FX, "2026-11-22 21:59", "2026-11-20 21:59:59.999999"),
        (AssetClass.FX, "2026-11-22 22:00", "2026-11-22 22:00"),
        (AssetClass.FX, "2026-07-17 21:00", "2026-07-17 20:59:59.999999"),
        (AssetClass.CRYPTO, "2026-11-22 12:00", "2026-11-22 12:00"),
    ],
)
def test_the_last_open_moment(asset_class: AssetClass, moment: str, expected: str) -> None:
    assert datetime_of(RealHours().last_open(asset_class, at(moment))) == datetime_of(at(expected))


def test_a_session_before_its_opening_is_the_one_before() -> None:
    session = RealHours().session(at("2026-11-23 14:00"))
    assert session.day == date(2026, 11, 20)
    assert session.open_us == at("2026-11-20 14:30")
    assert session.close_us == at("2026-11-20 21:00")


def test_an_open_market_never_closes_and_its_session_is_a_new_york_day() -> None:
    hours = AlwaysOpen()
    sunday = at("2026-11-22 03:00")
    assert hours.last_open(AssetClass.STOCK, sunday) == sunday
    session = hours.session(sunday)
    assert session.day == date(2026, 11, 21)
    assert session.open_us == at("2026-11-21 05:00")
    assert session.close_us == at("2026-11-22 05:00")
