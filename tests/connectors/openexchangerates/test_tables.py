"""Open Exchange Rates' recorded tables become rates; what is none is refused alone."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import BadKeyError, ConnectorError, MalformedError, UnknownAtProviderError
from connectors.openexchangerates.tables import parse_historical, parse_latest, parse_timeseries
from market.errors import MarketError
from market.instruments import CATALOGUE, AssetClass, Instrument, InstrumentTable
from market.log import Parsed
from market.ticks import RATE, Tick
from tests.connectors.support import record, response, us

RECORDED = response("openexchangerates/latest.json")
DAY = response("openexchangerates/2015-01-01.json")
LATEST = (
    '{"disclaimer":"d","license":"l","timestamp":1521741600,"base":"USD",'
    '"rates":{"JPY":105.7,"BTC":0.00011542456,"CAD":2,"XAU":7.5364e-4}}'
)
TIMESERIES = (
    '{"disclaimer":"d","license":"l","start_date":"2013-01-01","end_date":"2013-01-03",'
    '"base":"USD","rates":{"2013-01-02":{"JPY":87.3},"2013-01-01":{"JPY":86.7,"EUR":0.757}}}'
)
BODIES = {"latest": LATEST, "historical": LATEST, "time-series": TIMESERIES}
PARSERS = {"latest": parse_latest, "historical": parse_historical, "time-series": parse_timeseries}


def parsed(kind: str, payload: str | bytes) -> Parsed:
    return PARSERS[kind](record("openexchangerates", kind, payload), CATALOGUE)


def rate(symbol: str, time: str, price: str) -> Tick:
    return Tick(us(time), CATALOGUE.by_symbol(symbol).id, 81, RATE, price=Decimal(price))


class TestRecorded:
    def test_the_newest_rates(self) -> None:
        at = "2014-10-22T20:00:44"
        assert parsed("latest", RECORDED).ticks.rows() == [
            rate("USD-CAD", at, "1.124161"),
            rate("USD-CHF", at, "0.951922"),
            rate("USD-JPY", at, "107.0718"),
            rate("USD-NGN", at, "165.393501"),
        ]

    def test_all_of_them_where_all_are_carried(self) -> None:
        codes = [line.split('"')[1] for line in RECORDED.decode().split('"rates"')[1].split(",")]
        table = InstrumentTable(
            Instrument(number, f"USD-{code}", code, AssetClass.FX, "USD", code, 5)
            for number, code in enumerate(codes, 1)
        )
        outcome = parse_latest(record("openexchangerates", "latest", RECORDED), table)
        ticks = outcome.ticks.rows()
        assert (len(ticks), len(codes), outcome.refused) == (168, 168, ())
        assert (codes[0], ticks[0].price) == ("AED", Decimal("3.67304"))
        assert (codes[-1], ticks[-1].price) == ("ZWL", Decimal("322.355006"))
        bitcoin = ticks[codes.index("BTC")]
        assert bitcoin.price == Decimal("0.0026320984")

    def test_the_last_rates_of_a_day(self) -> None:
        at = "2015-01-01T23:00:00"
        assert parsed("historical", DAY).ticks.rows() == [
            rate("USD-CAD", at, "1.164547"),
            rate("USD-CHF", at, "0.997274"),
            rate("USD-JPY", at, "120.2679"),
            rate("USD-NGN", at, "183.860999"),
        ]


def test_the_rates_of_many_days_come_oldest_first() -> None:
    outcome = parsed("time-series", TIMESERIES)
    assert outcome.ticks.rows() == [
        rate("USD-JPY", "2013-01-01T23:59:59", "86.7"),
        rate("USD-JPY", "2013-01-02T23:59:59", "87.3"),
    ]
    assert outcome.refused == ()


def test_a_fridays_last_rate_is_that_of_the_close() -> None:
    friday = LATEST.replace("1521741600", str(us("2018-03-23T23:00:00") // 1_000_000))
    (first, *_) = parsed("historical", friday).ticks.rows()
    assert first == rate("USD-JPY", "2018-03-23T20:59:59", "105.7")


def test_a_rate_of_the_dollar_is_not_turned_around() -> None:
    outcome = parsed("latest", LATEST.replace("JPY", "EUR"))
    assert outcome.ticks.rows() == [rate("USD-CAD", "2018-03-22T18:00:00", "2")]
    assert outcome.refused == ()


def test_another_base_of_a_larger_plan() -> None:
    euro = LATEST.replace('"base":"USD"', '"base":"EUR"').replace("JPY", "USD")
    assert parsed("latest", euro).ticks.rows() == [rate("EUR-USD", "2018-03-22T18:00:00", "105.7")]


@pytest.mark.parametrize("value", ["0", "-1", "null", "true", '"NaN"', "[]", '{"bid":1}', "1e400"])
def test_what_is_no_rate_is_refused_alone(value: str) -> None:
    outcome = parsed("latest", LATEST.replace("105.7", value))
    assert len(outcome.ticks) == 1
    assert [each.excerpt for each in outcome.refused] == [f'"JPY":{value.strip(chr(34))}']


@pytest.mark.parametrize("payload", ["", "{}", "[]", "<html>", LATEST.replace("1521741600", "1.5")])
def test_another_shape_is_malformed(payload: str) -> None:
    with pytest.raises(MalformedError):
        parsed("latest", payload)


def test_neither_an_error_nor_an_empty_table_gives_a_tick() -> None:
    with pytest.raises(BadKeyError):
        parsed("latest", response("openexchangerates/app_id_inactive.json"))
    with pytest.raises(UnknownAtProviderError):
        parsed("latest", '{"timestamp":1521741600,"base":"USD","rates":{}}')


@given(
    kind=st.sampled_from(sorted(PARSERS)),
    cut=st.integers(0, 200),
    length=st.integers(0, 40),
    put=st.one_of(
        st.binary(max_size=30),
        st.sampled_from(["null", "NaN", "-1", "1e400", "{}", '"', "99999999999"]).map(str.encode),
    ),
)
def test_a_mutilated_answer_gives_prices_or_a_typed_error(
    kind: str, cut: int, length: int, put: bytes
) -> None:
    body = BODIES[kind].encode()
    try:
        outcome = parsed(kind, body[:cut] + put + body[cut + length :])
    except (ConnectorError, MarketError):
        return
    for tick in outcome.ticks.rows():
        assert isinstance(tick.price, Decimal)
        assert tick.price.is_finite() and tick.price > 0
