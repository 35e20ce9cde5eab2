"""Fixer's tables become rates; what is none is refused alone."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import ConnectorError, MalformedError, QuotaExceededError
from connectors.fixer.tables import parse_historical, parse_latest, parse_timeseries
from market.errors import MarketError
from market.instruments import CATALOGUE
from market.log import Parsed
from market.ticks import RATE, Tick
from tests.connectors.support import record, us

LATEST = (
    '{"success":true,"timestamp":1519296206,"base":"EUR","date":"2018-02-22","rates":'
    '{"EUR":1,"SEK":9.987654,"CNY":7.827874,"NGN":1.5e-5,"XAG":0.05}}'
)
HISTORICAL = (
    '{"success":true,"historical":true,"date":"2013-12-24","timestamp":1387929599,"base":"GBP",'
    '"rates":{"USD":1.636492,"EUR":1.196476,"CAD":1.739516}}'
)
TIMESERIES = (
    '{"success":true,"timeseries":true,"start_date":"2012-05-01","end_date":"2012-05-03",'
    '"base":"EUR","rates":{"2012-05-02":{"USD":1.315,"CNY":8},'
    '"2012-05-01":{"USD":1.322891,"AUD":1.278047,"CAD":1.302303}}}'
)


def latest(payload: str) -> Parsed:
    return parse_latest(record("fixer", "latest", payload), CATALOGUE)


def timeseries(payload: str) -> Parsed:
    return parse_timeseries(record("fixer", "timeseries", payload), CATALOGUE)


def rate(symbol: str, time: str, price: str) -> Tick:
    return Tick(us(time), CATALOGUE.by_symbol(symbol).id, 41, RATE, price=Decimal(price))


class TestLatest:
    def test_rates_are_exact_as_written(self) -> None:
        parsed = latest(LATEST)
        assert parsed.ticks.rows() == [
            rate(f"EUR-{code}", "2018-02-22T10:43:26", price)
            for code, price in [("SEK", "9.987654"), ("CNY", "7.827874"), ("NGN", "0.000015")]
        ]
        assert parsed.refused == ()

    @pytest.mark.parametrize(
        ("written", "price"),
        [("1", "1"), ("10", "10"), ("1E-5", "0.00001"), ("1.5e+2", "150"), ("0.10", "0.1")],
    )
    def test_integers_and_exponents_are_numbers_too(self, written: str, price: str) -> None:
        ticks = latest(LATEST.replace("9.987654", written)).ticks
        assert ticks.row(0).price == Decimal(price)

    @pytest.mark.parametrize(
        "value",
        ["0", "-1.5", "null", "true", "false", '"x"', '"NaN"', '"Infinity"', "[]", "{}", "1e400"],
    )
    def test_what_is_no_rate_is_refused_alone(self, value: str) -> None:
        outcome = latest(LATEST.replace("9.987654", value))
        assert len(outcome.ticks) == 2
        assert [each.excerpt for each in outcome.refused] == [f'"SEK":{value.strip(chr(34))}']

    def test_the_base_that_was_answered_counts_not_the_one_that_was_asked(self) -> None:
        ticks = latest(LATEST.replace('"EUR",', '"USD",').replace("SEK", "CAD")).ticks
        assert ticks.rows() == [
            rate("USD-CAD", "2018-02-22T10:43:26", "9.987654"),
            rate("USD-NGN", "2018-02-22T10:43:26", "0.000015"),
        ]

    def test_a_rate_of_the_dollar_is_not_turned_around(self) -> None:
        ticks = latest(LATEST.replace('"EUR",', '"USD",').replace("NGN", "GBP")).ticks
        assert len(ticks) == 0

    @pytest.mark.parametrize("payload", ["", "{}", "[]", "<html>", LATEST.replace("true", "false")])
    def test_another_shape_is_malformed(self, payload: str) -> None:
        with pytest.raises(MalformedError):
            latest(payload)

    def test_an_error_under_200_gives_no_tick(self) -> None:
        with pytest.raises(QuotaExceededError):
            latest('{"success":false,"error":{"code":104}}')


class TestHistorical:
    def test_its_time_is_the_end_of_its_day(self) -> None:
        parsed = parse_historical(record("fixer", "historical", HISTORICAL), CATALOGUE)
        assert parsed.ticks.rows() == [rate("GBP-USD", "2013-12-24T23:59:59", "1.636492")]

    def test_a_fridays_rate_is_that_of_the_close(self) -> None:
        friday = HISTORICAL.replace("1387929599", str(us("2013-12-27T23:59:59") // 1_000_000))
        parsed = parse_historical(record("fixer", "historical", friday), CATALOGUE)
        assert parsed.ticks.rows() == [rate("GBP-USD", "2013-12-27T21:59:59", "1.636492")]


class TestTimeseries:
    def test_days_come_oldest_first_each_at_its_end(self) -> None:
        parsed = timeseries(TIMESERIES)
        assert parsed.ticks.rows() == [
            rate("EUR-USD", "2012-05-01T23:59:59", "1.322891"),
            rate("EUR-USD", "2012-05-02T23:59:59", "1.315"),
            rate("EUR-CNY", "2012-05-02T23:59:59", "8"),
        ]
        assert parsed.refused == ()

    def test_a_saturday_repeats_friday_and_is_refused(self) -> None:
        parsed = timeseries(TIMESERIES.replace("2012-05-02", "2012-05-05"))
        assert len(parsed.ticks) == 1
        assert {each.reason for each in parsed.refused} == {
            "a daily rate of a closed market: 2012-05-05"
        }

    @pytest.mark.parametrize(
        ("day", "reason"),
        [
            ("2026-11-24", "fixer: a day that is not over"),
            ("2012-13-02", "fixer: a day that is none"),
            ("20120502", "fixer: a day that is none"),
        ],
    )
    def test_a_day_that_is_none_or_not_over_is_refused(self, day: str, reason: str) -> None:
        parsed = timeseries(TIMESERIES.replace("2012-05-02", day))
        assert len(parsed.ticks) == 1
        assert [(each.reason, each.excerpt) for each in parsed.refused] == [(reason, day)]


PARSERS = {"latest": parse_latest, "historical": parse_historical, "timeseries": parse_timeseries}
BODIES = {"latest": LATEST, "historical": HISTORICAL, "timeseries": TIMESERIES}


@given(
    kind=st.sampled_from(sorted(PARSERS)),
    cut=st.integers(0, 300),
    length=st.integers(0, 40),
    put=st.one_of(
        st.binary(max_size=30),
        st.sampled_from(["null", "NaN", "-1", "1e400", "{}", '"', "99999999999"]).map(str.encode),
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=3),
            lambda inner: st.lists(inner, max_size=2),
            max_leaves=3,
        ).map(lambda value: json.dumps(value).encode()),
    ),
)
def test_a_mutilated_answer_gives_prices_or_a_typed_error(
    kind: str, cut: int, length: int, put: bytes
) -> None:
    body = BODIES[kind].encode()
    payload = body[:cut] + put + body[cut + length :]
    try:
        parsed = PARSERS[kind](record("fixer", kind, payload), CATALOGUE)
    except (ConnectorError, MarketError):
        return
    for tick in parsed.ticks.rows():
        assert isinstance(tick.price, Decimal)
        assert tick.price.is_finite() and tick.price > 0
