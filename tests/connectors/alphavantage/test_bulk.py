"""Bulk quotes: each row a rate at its own time, in JSON and in CSV."""

from decimal import Decimal

import pytest

from connectors.alphavantage.bulk import parse_bulk_quotes
from connectors.errors import MalformedError
from market.instruments import CATALOGUE
from market.ticks import RATE, Tick
from tests.connectors.alphavantage.samples import BULK, BULK_ROW, SOURCE, av
from tests.connectors.support import us

AAPL = Tick(
    us("2026-11-24T15:04:05.678"),
    CATALOGUE.by_symbol("AAPL").id,
    SOURCE,
    RATE,
    price=Decimal("268.41"),
)


def test_a_row_is_a_rate_at_its_time_in_new_york() -> None:
    parsed = parse_bulk_quotes(av("REALTIME_BULK_QUOTES", BULK), CATALOGUE)
    assert (parsed.ticks.rows(), parsed.refused) == ([AAPL], ())


def test_a_quote_of_extended_hours_is_not_the_price() -> None:
    row = BULK_ROW | {"timestamp": "2026-07-24 17:00:00.000", "extended_hours_quote": "270.1"}
    (tick,) = parse_bulk_quotes(av("", BULK | {"data": [row]}), CATALOGUE).ticks.rows()
    assert (tick.time_us, tick.price) == (us("2026-07-24T21:00:00"), Decimal("268.41"))


def test_a_table_says_the_same() -> None:
    lines = ",".join(BULK_ROW) + "\r\n" + ",".join(BULK_ROW.values()) + "\r\n"
    parsed = parse_bulk_quotes(av("", lines + "AAPL,1\r\n"), CATALOGUE)
    assert parsed.ticks.rows() == [AAPL]
    assert [each.reason for each in parsed.refused] == ["alphavantage: not a row of quotes"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (BULK_ROW | {"symbol": "ZZZ"}, "unknown symbol: ZZZ"),
        (BULK_ROW | {"close": ""}, "not a price: ''"),
        (BULK_ROW | {"close": None}, "not a price: 'null'"),
        (BULK_ROW | {"timestamp": ""}, "alphavantage: a time of another form"),
        ({"symbol": "AAPL"}, "alphavantage: no field timestamp"),
        (7, "alphavantage: not a row of quotes"),
    ],
)
def test_a_bad_row_is_refused_alone(row: object, reason: str) -> None:
    parsed = parse_bulk_quotes(av("", BULK | {"data": [row, BULK_ROW]}), CATALOGUE)
    assert parsed.ticks.rows() == [AAPL]
    assert [each.reason for each in parsed.refused] == [reason]


def test_an_answer_without_data_raises() -> None:
    with pytest.raises(MalformedError, match="no data"):
        parse_bulk_quotes(av("", {"endpoint": "Realtime Bulk Quotes"}), CATALOGUE)
