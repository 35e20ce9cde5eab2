"""Tables of rates: what of them is kept, and at which time."""

from datetime import date
from decimal import Decimal

import msgspec
import pytest

from connectors.errors import MalformedError
from connectors.rates import (
    NoTradingError,
    RateRows,
    day_end_us,
    day_of,
    days_between,
    pairs_by_base,
    parse_series,
    parse_table,
    traded_us,
)
from market.instruments import CATALOGUE
from market.ticks import RATE, Tick
from tests.connectors.support import record, us

EURO = CATALOGUE.by_symbol("EUR-USD")
BITCOIN = CATALOGUE.by_symbol("BTC-USD")


def test_pairs_that_we_carry_are_kept_and_what_is_no_rate_is_refused() -> None:
    rows = RateRows(record("ecb", "x", b""), CATALOGUE)
    rows.add("EUR", {"USD": msgspec.Raw(b"1.1684"), "XAU": msgspec.Raw(b"1")}, us("2026-04-13"))
    rows.add("EUR", {"USD": "1.17", "SEK": "no"}, us("2026-04-14"))
    rows.refuse("a reason", "an excerpt")
    parsed = rows.parsed()
    assert parsed.ticks.rows() == [
        Tick(us("2026-04-13"), EURO.id, 91, RATE, price=Decimal("1.1684")),
        Tick(us("2026-04-14"), EURO.id, 91, RATE, price=Decimal("1.17")),
    ]
    assert [(each.reason, each.excerpt) for each in parsed.refused] == [
        ("not a price: 'no'", '"SEK":no'),
        ("a reason", "an excerpt"),
    ]


def test_nothing_gives_an_empty_batch() -> None:
    parsed = RateRows(record("ecb", "x", b""), CATALOGUE).parsed()
    assert (len(parsed.ticks), len(parsed.bars), parsed.refused) == (0, 0, ())


@pytest.mark.parametrize(
    ("end", "traded"),
    [
        ("2026-11-24T23:59:59", "2026-11-24T23:59:59"),  # a Tuesday
        ("2026-11-20T23:59:59", "2026-11-20T21:59:59"),  # a Friday of winter
        ("2026-07-03T23:59:59", "2026-07-03T20:59:59"),  # a Friday of summer
        ("2026-11-22T23:59:59", "2026-11-22T23:59:59"),  # a Sunday, open since 22:00
    ],
)
def test_a_day_ends_while_the_market_is_open(end: str, traded: str) -> None:
    assert traded_us(EURO, us(end)) == us(traded)


@pytest.mark.parametrize("closed", ["2026-11-21T23:59:59", "2026-11-22T20:00:00"])
def test_a_closed_day_has_no_time(closed: str) -> None:
    with pytest.raises(NoTradingError):
        traded_us(EURO, us(closed))
    assert traded_us(BITCOIN, us(closed)) == us(closed)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-04-13", date(2026, 4, 13)),
        ("1998-12-31", None),
        ("2026-02-29", None),
        ("20260413", None),
        ("2026-W16-1", None),
        ("2026-04-13T00:00", None),
        ("２０２６-04-13", None),
        ("", None),
    ],
)
def test_a_day_is_written_in_one_way(text: str, day: date | None) -> None:
    assert day_of(text) == day


def test_a_day_ends_with_its_last_second() -> None:
    assert day_end_us(date(1999, 1, 1)) == 915_235_199_000_000


def test_the_days_between_are_those_that_ended() -> None:
    now = us("2026-11-24T12:00")  # a Tuesday
    assert days_between(us("2026-11-20T12:00"), now, 30) == [
        date(2026, 11, 20),
        date(2026, 11, 22),
        date(2026, 11, 23),
    ]
    assert days_between(us("2026-11-22T23:59:59"), now, 30) == [date(2026, 11, 23)]
    assert days_between(0, now, 1) == [date(2026, 11, 23)]
    assert days_between(now, now, 30) == []


def test_pairs_are_found_by_their_base() -> None:
    pairs = pairs_by_base(CATALOGUE)
    assert [each.symbol for each in pairs["USD"]] == "USD-JPY USD-CHF USD-CAD USD-NGN".split()
    assert sum(map(len, pairs.values())) == 19


@pytest.mark.parametrize("timestamp", ["true", "0", "-5", "1.5", '"1519296206"', "100000000000"])
def test_a_time_is_a_positive_number_of_seconds(timestamp: str) -> None:
    body = f'{{"timestamp":{timestamp},"base":"EUR","rates":{{}}}}'
    with pytest.raises(MalformedError):
        parse_table("fixer", record("fixer", "latest", body), CATALOGUE, daily=False)


def test_a_table_needs_a_base_and_rates() -> None:
    for body in ('{"timestamp":1,"base":1,"rates":{}}', '{"timestamp":1,"base":"EUR"}'):
        with pytest.raises(MalformedError):
            parse_table("fixer", record("fixer", "latest", body), CATALOGUE, daily=False)
    with pytest.raises(MalformedError):
        body = '{"base":"EUR","rates":{"2026-01-01":[]}}'
        parse_series("fixer", record("fixer", "timeseries", body), CATALOGUE)
