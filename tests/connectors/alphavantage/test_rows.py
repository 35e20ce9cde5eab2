"""Which rows of a series become bars, and which are left out or refused."""

import pytest

from connectors.alphavantage.fields import Context
from connectors.alphavantage.requests import Asking
from connectors.alphavantage.rows import context_of
from connectors.alphavantage.series import parse_series
from market.bars import Bar
from market.instruments import CATALOGUE
from tests.connectors.alphavantage.samples import av, recorded
from tests.connectors.support import us


def test_bars_before_the_context_and_the_running_one_are_left_out() -> None:
    since_us, now_us = us("2017-12-18T19:50:00"), us("2017-12-18T19:56:59")
    request = Asking("").intraday(CATALOGUE.by_symbol("MSFT"), since_us)
    record = av(request.kind, recorded("mock_time_series"), now_us, request.context)
    times = parse_series(record, CATALOGUE).bars.time
    assert (times[0], times[-1]) == (since_us, us("2017-12-18T19:55:00"))


@pytest.mark.parametrize(
    ("name", "now", "last"),
    [
        ("time_series_daily.json", "2021-04-24T03:59:59", "2021-04-22"),  # 23:59:59 in New York
        ("time_series_daily.json", "2021-04-24T04:00:00", "2021-04-23"),
        ("forex_daily.json", "2021-04-23T23:59:59", "2021-04-22"),
        ("forex_daily.json", "2021-04-24T00:00:00", "2021-04-23"),
        ("forex_weekly.json", "2021-04-25T23:59:59", "2021-04-12"),
        ("forex_monthly.json", "2021-04-30T23:59:59", "2021-03-01"),
    ],
)
def test_a_day_a_week_or_a_month_that_still_runs_is_left_out(
    name: str, now: str, last: str
) -> None:
    found: list[Bar] = parse_series(av("", recorded(name), us(now)), CATALOGUE).bars.rows()
    assert found[-1].time_us == us(last)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ((b'"1. open": "86.4900"', b'"1. open": "0.0000"'), "not a price: '0.0000'"),
        ((b'"1. open": "86.4900"', b'"1. open": true'), "not a price: 'true'"),
        (
            (b'"1. open": "86.4900"', b'"1. open": "86.9"'),
            "alphavantage: a bar whose high and low do not hold its open and close",
        ),
        ((b'"1. open"', b'"1. opened"'), "alphavantage: a bar without its four prices"),
        ((b"14:56:00", b"14:56"), "alphavantage: a time of another form"),
        ((b'"10494"', b'"-1"'), "not a price: '-1'"),
    ],
)
def test_a_bad_bar_is_refused_alone(change: tuple[bytes, bytes], reason: str) -> None:
    head, name, rows = recorded("mock_time_series").partition(b'"Time Series')
    payload = head + name + rows.replace(*change, 1)
    parsed = parse_series(av("TIME_SERIES_INTRADAY", payload), CATALOGUE)
    assert len(parsed.bars) == 99
    (refusal,) = parsed.refused
    assert refusal.reason == reason
    assert refusal.excerpt.startswith('"2017-12-18 14:56')


def test_a_record_without_a_context_wants_everything() -> None:
    assert context_of(av("FX_DAILY", "")) == Context("", 0, "", "")
    assert context_of(av("FX_DAILY", "", context='{"symbol":"A","since":7}')) == Context("A", 7)
