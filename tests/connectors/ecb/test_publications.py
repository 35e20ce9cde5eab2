"""Reference rates become ticks of the time at which they were published."""

from datetime import date
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.ecb.publications import (
    last_publication,
    parse_rates,
    publication_before,
    published_us,
)
from connectors.errors import ConnectorError, MalformedError
from market.errors import MarketError
from market.instruments import CATALOGUE
from market.log import Parsed
from market.ticks import RATE, Tick
from tests.connectors.ecb.samples import DAILY, NINETY, envelope, recorded
from tests.connectors.support import NOW_US, record, us


def parsed(payload: bytes, since: str = "", received_us: int = NOW_US) -> Parsed:
    return parse_rates(record("ecb", "eurofxref-daily.xml", payload, since, received_us), CATALOGUE)


def rate(symbol: str, time: str, price: str) -> Tick:
    return Tick(us(time), CATALOGUE.by_symbol(symbol).id, 91, RATE, price=Decimal(price))


def test_a_days_rates_are_those_of_16_00_in_frankfurt() -> None:
    assert parsed(DAILY).ticks.rows() == [
        rate("EUR-USD", "2026-04-13T14:00:00", "1.1684"),
        rate("EUR-SEK", "2026-04-13T14:00:00", "10.892"),
    ]


def test_many_days_come_oldest_first() -> None:
    assert parsed(NINETY).ticks.rows() == [
        rate("EUR-USD", "2026-04-10T14:00:00", "1.1711"),
        rate("EUR-CHF", "2026-04-10T14:00:00", "0.9241"),
        rate("EUR-USD", "2026-04-13T14:00:00", "1.1684"),
        rate("EUR-SEK", "2026-04-13T14:00:00", "10.892"),
    ]


def test_days_before_those_that_are_wanted_are_left_out() -> None:
    assert len(parsed(NINETY, "2026-04-11").ticks) == 2
    assert len(parsed(NINETY, "2026-04-10").ticks) == 4


def test_what_comes_some_minutes_early_is_not_of_the_future() -> None:
    early = us("2026-04-13T13:57:00")
    assert parsed(DAILY, received_us=early).ticks.time.tolist() == [early, early]
    late = us("2026-04-13T19:00:00")
    assert parsed(DAILY, received_us=late).ticks.row(0).time_us == us("2026-04-13T14:00:00")


def test_a_day_of_the_future_stays_one_for_the_flow_to_judge() -> None:
    ticks = parsed(DAILY, received_us=us("2026-04-12T12:00")).ticks
    assert ticks.row(0).time_us == us("2026-04-13T14:00:00")


class TestRecorded:
    def test_the_whole_history(self) -> None:
        outcome = parsed(recorded("eurofxref-hist.zip"))
        ticks = outcome.ticks
        assert (len(ticks), outcome.refused) == (68_813, ())
        assert ticks.row(0) == rate("EUR-USD", "1999-01-04T15:00:00", "1.1789")
        assert ticks.row(len(ticks) - 1) == rate("EUR-ZAR", "2026-04-13T14:00:00", "19.3849")
        assert (np.diff(ticks.time) >= 0).all()

    def test_a_currency_begins_where_its_holes_end(self) -> None:
        ticks = parsed(recorded("eurofxref-hist.zip")).ticks
        lira = ticks.take(ticks.instrument == CATALOGUE.by_symbol("EUR-TRY").id)
        assert lira.row(0) == rate("EUR-TRY", "2005-01-03T15:00:00", "1.815")
        dollar = ticks.take(ticks.instrument == CATALOGUE.by_symbol("EUR-USD").id)
        assert len(dollar) == 6_983

    def test_the_file_of_one_day(self) -> None:
        ticks = parsed(recorded("eurofxref.csv")).ticks
        assert len(ticks) == 11
        assert ticks.row(0) == rate("EUR-USD", "2026-04-13T14:00:00", "1.1684")
        assert ticks.row(2) == rate("EUR-PLN", "2026-04-13T14:00:00", "4.2543")


@pytest.mark.parametrize("value", ["0", "-1", "NaN", "inf", "", "true", "1e400", "1,5", "N/A", "١"])
def test_what_is_no_rate_is_refused_alone(value: str) -> None:
    outcome = parsed(envelope({"2026-04-13": {"USD": value, "SEK": "10.892"}}))
    assert outcome.ticks.rows() == [rate("EUR-SEK", "2026-04-13T14:00:00", "10.892")]
    assert [each.excerpt for each in outcome.refused] == [f'"USD":{value}']


@pytest.mark.parametrize(
    ("day", "rates", "reason"),
    [
        ("2026-02-30", {"USD": "1"}, "ecb: a day that is none"),
        ("today", {"USD": "1"}, "ecb: a day that is none"),
        ("1998-12-31", {"USD": "1"}, "ecb: a day that is none"),
        ("2026-04-14", {}, "ecb: a day without rates"),
    ],
)
def test_a_day_that_is_none_is_refused_alone(day: str, rates: dict[str, str], reason: str) -> None:
    outcome = parsed(envelope({day: rates, "2026-04-13": {"USD": "1.1684"}}))
    assert len(outcome.ticks) == 1
    assert [(each.reason, each.excerpt) for each in outcome.refused] == [(reason, day)]


def test_a_document_without_a_day_is_malformed() -> None:
    with pytest.raises(MalformedError, match="without a day"):
        parsed(envelope({}))


@given(at=st.integers(0, len(NINETY)), length=st.integers(0, 30), put=st.binary(max_size=20))
def test_a_mutilated_document_gives_prices_or_a_typed_error(
    at: int, length: int, put: bytes
) -> None:
    try:
        outcome = parsed(NINETY[:at] + put + NINETY[at + length :])
    except (ConnectorError, MarketError):
        return
    for tick in outcome.ticks.rows():
        assert isinstance(tick.price, Decimal)
        assert tick.price.is_finite() and tick.price > 0


@pytest.mark.parametrize(
    ("day", "time"),
    [
        (date(2026, 1, 15), "2026-01-15T15:00:00"),
        (date(2026, 7, 15), "2026-07-15T14:00:00"),
    ],
)
def test_frankfurts_clocks_change(day: date, time: str) -> None:
    assert published_us(day) == us(time)


@pytest.mark.parametrize(
    ("now", "last", "before"),
    [
        ("2026-11-24T14:59:59", date(2026, 11, 23), date(2026, 11, 20)),  # a Tuesday
        ("2026-11-24T15:00:00", date(2026, 11, 24), date(2026, 11, 23)),
        ("2026-11-22T12:00:00", date(2026, 11, 20), date(2026, 11, 19)),  # a Sunday
        ("2026-11-23T08:00:00", date(2026, 11, 20), date(2026, 11, 19)),  # a Monday morning
    ],
)
def test_the_last_publication_is_a_weekdays(now: str, last: date, before: date) -> None:
    assert last_publication(us(now)) == last
    assert publication_before(last) == before
