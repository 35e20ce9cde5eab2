"""Times are exact to the microsecond, and cut off below it, whichever way they are read."""

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.instants import instant_of, read_instant, seconds_of
from market.clock import microseconds
from tests.connectors.mutating import times
from tests.connectors.support import us


def read(text: str) -> tuple[int, int]:
    data = np.frombuffer(text.encode(), np.uint8)
    return read_instant(data, 0, len(data))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-10-06T17:35:55.440295Z", "2023-10-06T17:35:55.440295"),
        ("2023-10-04T16:25:00.123456999Z", "2023-10-04T16:25:00.123456"),
        ("2020-03-20T00:36:59.86Z", "2020-03-20T00:36:59.860"),
        ("2024-02-29T23:59:59Z", "2024-02-29T23:59:59"),
        ("2000-12-31T00:00:00.000001Z", "2000-12-31T00:00:00.000001"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999"),
    ],
)
def test_an_instant(text: str, expected: str) -> None:
    assert instant_of(text) == us(expected)
    assert read(text + '"') == (us(expected), len(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2023-10-06 17:35:55Z",
        "2023-10-06T17:35:55",
        "2023-10-06T17:35:55+00:00",
        "2023-13-06T17:35:55Z",
        "2023-02-29T17:35:55Z",
        "2100-02-29T17:35:55Z",
        "2023-04-31T17:35:55Z",
        "2023-10-06T24:00:00Z",
        "2023-10-06T23:59:60Z",
        "2023-10-06T17:35:55.Z",
        "2023-10-06T17:35:55.1234567890Z",
        "1970-01-01T00:00:00.000000Z",
        "1969-12-31T23:59:59Z",
        "202x-10-06T17:35:55Z",
    ],
)
def test_what_is_no_instant(text: str) -> None:
    assert read(text) == (-1, -1)
    with pytest.raises(ValueError, match="not a time"):
        instant_of(text)


@given(times)
def test_both_ways_read_alike(text: str) -> None:
    try:
        expected = instant_of(text), len(text)
    except ValueError:
        expected = -1, -1
    assert read(text) == expected


@given(st.datetimes(datetime(1970, 1, 2), timezones=st.just(UTC)))
def test_every_day_of_the_calendar(moment: datetime) -> None:
    text = moment.isoformat().replace("+00:00", "Z")
    assert instant_of(text) == microseconds(moment) == read(text)[0]


def test_seconds_with_decimals_are_cut_off_below_the_microsecond() -> None:
    assert seconds_of("1762795433.9717445") == 1_762_795_433_971_744
    assert seconds_of("1762795433") == 1_762_795_433_000_000
    assert seconds_of("1762795433.97") == 1_762_795_433_970_000


@pytest.mark.parametrize("text", ["", "0", "0.0000001", "-1", "1e9", "NaN", "1.", "9" * 12])
def test_what_are_no_seconds(text: str) -> None:
    with pytest.raises(ValueError, match="not a time"):
        seconds_of(text)
