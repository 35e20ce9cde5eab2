"""Numbered keys, wall times and pence are read exactly, or refused."""

from datetime import UTC, date

import msgspec
import pytest

from connectors.alphavantage.fields import (
    EASTERN,
    cell,
    day_of,
    field,
    instant_us,
    price_text,
    table_of,
    zone_of,
)
from connectors.errors import MalformedError
from market.instruments import CATALOGUE
from tests.connectors.alphavantage.samples import TESCO
from tests.connectors.support import us


def test_a_field_is_found_whatever_its_number() -> None:
    fields = {"07. Time Zone": msgspec.Raw(b"1"), "6. Time": msgspec.Raw(b"2")}
    assert bytes(field(fields, "Time Zone")) == b"1"
    with pytest.raises(MalformedError, match="no field Zone"):
        field(fields, "Zone")
    with pytest.raises(MalformedError, match="no field price"):
        cell({}, "price")


@pytest.mark.parametrize(
    ("stamp", "utc"),
    [
        ("2026-07-01 09:30:00", "2026-07-01T13:30:00"),
        ("2026-12-01 09:30:00", "2026-12-01T14:30:00"),
        ("2026-11-24 10:04:05.678", "2026-11-24T15:04:05.678"),
        ("2026-11-01 01:30:00", "2026-11-01T05:30:00"),  # shown twice that night
        ("2026-03-08 03:00:00", "2026-03-08T07:00:00"),
    ],
)
def test_new_york_wall_times_know_summer_time(stamp: str, utc: str) -> None:
    assert instant_us(stamp, EASTERN) == us(utc)


@pytest.mark.parametrize(
    "stamp",
    [
        "2026-03-08 02:30:00",  # the clock went from 02:00 to 03:00
        "2026-03-08",
        "2026-03-08T03:30:00",
        "2026-02-30 03:30:00",
        "٢026-03-08 03:30:00",
        "0000-01-01 00:00:00",
        "0001-01-01 00:00:00",
        "1969-12-31 19:00:00",  # 1970 in UTC
        "9999-12-31 23:59:59",  # 10000 in UTC
        "",
    ],
)
def test_what_is_no_time_raises(stamp: str) -> None:
    with pytest.raises(MalformedError, match="time of another form"):
        instant_us(stamp, EASTERN)


def test_a_day_is_a_date_alone() -> None:
    assert day_of("2026-11-24") == date(2026, 11, 24)
    for stamp in ("2026-11-24 00:00:00", "2026-W48-2", "20261124", "2026-13-01"):
        with pytest.raises(MalformedError, match="date"):
            day_of(stamp)


def test_zones_have_three_names() -> None:
    assert zone_of("UTC") is UTC
    assert zone_of("US/Eastern") is EASTERN
    assert instant_us("2018-11-12 08:00:00", zone_of("GMT+8")) == us("2018-11-12T00:00:00")
    with pytest.raises(MalformedError, match="zone"):
        zone_of("Mars")


def test_pence_become_pounds() -> None:
    assert price_text("250.7", TESCO) == "250.7e-2"
    assert price_text(msgspec.Raw(b'"250.7"'), CATALOGUE.by_symbol("KO")) == "250.7"
    assert price_text("0.86", CATALOGUE.by_symbol("EUR-GBP")) == "0.86"


def test_a_table_begins_with_a_known_header() -> None:
    assert table_of(b"time,open\r\n1,2\r\n") == ["time,open\r", "1,2\r", ""]
    assert table_of(b'{"a":1}') is None
    with pytest.raises(MalformedError, match="no text"):
        table_of(b"timestamp,open\n\xff")
