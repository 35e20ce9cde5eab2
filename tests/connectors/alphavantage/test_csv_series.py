"""Tables of bars: a month of one-minute bars in New York's winter, one of five minutes in its summer."""

import json
from datetime import time
from decimal import Decimal

import pytest

from connectors.alphavantage.csv_series import parse_csv_series
from connectors.alphavantage.fields import EASTERN
from connectors.errors import MalformedError, QuotaExceededError
from market.bars import DAY_S, LAST, MID, Bar
from market.clock import datetime_of
from market.errors import UnknownSymbolError
from market.log import LogRecord, Parsed
from tests.connectors.alphavantage.samples import OWN, SOURCE, av, recorded
from tests.connectors.support import us

MONTH = "mock_time_series_extended"


def table(kind: str, payload: bytes | str, symbol: str, interval: str = "") -> LogRecord:
    return av(kind, payload, context=json.dumps({"symbol": symbol, "interval": interval}))


def month(payload: bytes | None = None) -> Parsed:
    record = table("TIME_SERIES_INTRADAY", payload or recorded(MONTH), "IBM", "1min")
    return parse_csv_series(record, OWN)


def bar(
    time_: str, symbol: str, side: int, interval_s: int, prices: str, volume: int | None = None
) -> Bar:
    opening, high, low, close = (Decimal(price) for price in prices.split())
    size = None if volume is None else Decimal(volume)
    instrument = OWN.by_symbol(symbol).id
    return Bar(
        us(time_), instrument, SOURCE, side, opening, high, low, close, size, interval_s=interval_s
    )


def test_a_recorded_month_of_minutes() -> None:
    parsed = month()
    rows = parsed.bars.rows()
    assert (len(rows), parsed.refused) == (11_190, ())
    first = bar("2020-11-23T09:01:00", "IBM", LAST, 60, "211.5 211.5 211.5 211.5", 162)
    last = bar("2020-12-19T01:00:00", "IBM", LAST, 60, "218.79 218.79 218.75 218.75", 1102)
    assert (rows[0], rows[-1]) == (first, last)
    assert parsed.bars.volume_units.sum() == 464_634_254
    local = [datetime_of(row.time_us).astimezone(EASTERN).time() for row in rows]
    assert (min(local), max(local)) == (time(4, 1), time(20, 0))


def test_recorded_bars_of_five_minutes_in_summer() -> None:
    payload = recorded("time_series_intraday.csv")
    record = table("TIME_SERIES_INTRADAY", payload, "IBM", "5min")
    rows = parse_csv_series(record, OWN).bars.rows()
    first = bar("2021-05-13T15:45:00", "IBM", LAST, 300, "578.5 578.6399 571.201 571.89", 701441)
    last = bar("2021-05-14T00:00:00", "IBM", LAST, 300, "574.47 575 573.5 573.5", 11050)
    assert (len(rows), rows[0], rows[-1]) == (100, first, last)


@pytest.mark.parametrize(
    ("kind", "symbol", "head", "row", "expected"),
    [
        (
            "FX_DAILY",
            "EUR-USD",
            "timestamp,open,high,low,close",
            "2021-04-23,1.20142,1.21000,1.20110,1.20965",
            bar("2021-04-23", "EUR-USD", MID, DAY_S, "1.20142 1.21 1.2011 1.20965"),
        ),
        (
            "TIME_SERIES_DAILY_ADJUSTED",
            "TSLA",
            "timestamp,open,high,low,close,adjusted_close,volume,dividend_amount,split_coefficient",
            "2021-04-23,719.8,737.36,715.46,729.4,243.1333,27703323,0.0000,1.0",
            bar("2021-04-23", "TSLA", LAST, DAY_S, "719.8 737.36 715.46 729.4", 27703323),
        ),
        (
            "DIGITAL_CURRENCY_DAILY",
            "BTC-CNY",
            "timestamp,open (CNY),high (CNY),low (CNY),close (CNY),open (USD),volume",
            "2021-04-25,325140.7,326792.9,323866.8,325812.4,50047.84,1758",
            bar("2021-04-25", "BTC-CNY", LAST, DAY_S, "325140.7 326792.9 323866.8 325812.4", 1758),
        ),
        (
            "TIME_SERIES_DAILY",
            "TSCO.LON",
            "timestamp,open,high,low,close,volume",
            "2021-04-23,230.5,231.25,229,230,7",
            bar("2021-04-23", "TSCO.LON", LAST, DAY_S, "2.305 2.3125 2.29 2.3", 7),
        ),
    ],
)
def test_a_table_of_another_function(
    kind: str, symbol: str, head: str, row: str, expected: Bar
) -> None:
    parsed = parse_csv_series(table(kind, f"{head}\r\n{row}\r\n", symbol), OWN)
    assert (parsed.bars.rows(), parsed.refused) == ([expected], ())


def test_a_last_row_that_was_cut_off_is_refused() -> None:
    parsed = month(recorded(MONTH)[:-3])  # one digit of its volume is gone
    assert len(parsed.bars) == 11_189
    (refusal,) = parsed.refused
    assert refusal.reason == "alphavantage: a row that was cut off"
    assert refusal.excerpt == "2020-11-23 04:01:00,211.5,211.5,211.5,211.5,16"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2020-11-23 04:01:00,211.5,211.5,211.5,211.5", "a row of another length"),
        ("2020-11-23 04:01:00,211.5,211.5,211.5,,162", "not a price: ''"),
        ("2020-11-23T04:01:00,211.5,211.5,211.5,211.5,162", "a time of another form"),
        ("2021-03-14 02:30:00,211.5,211.5,211.5,211.5,162", "a time of another form"),
    ],
)
def test_a_bad_row_is_refused_alone(row: str, reason: str) -> None:
    parsed = month(recorded(MONTH) + row.encode() + b"\r\n")
    assert len(parsed.bars) == 11_190
    (refusal,) = parsed.refused
    assert reason in refusal.reason


def test_a_refusal_in_the_place_of_rows_raises() -> None:
    with pytest.raises(QuotaExceededError):
        month(b"timestamp,open,high,low,close,volume\r\nI,n,f,o,r,m,a\r\n")


def test_the_context_must_say_whose_bars_these_are() -> None:
    payload = recorded("time_series_intraday.csv")
    with pytest.raises(UnknownSymbolError):
        parse_csv_series(table("TIME_SERIES_INTRADAY", payload, "", "5min"), OWN)
    with pytest.raises(MalformedError, match="interval"):
        parse_csv_series(table("TIME_SERIES_INTRADAY", payload, "IBM"), OWN)
    with pytest.raises(MalformedError, match="no table"):
        parse_csv_series(table("TIME_SERIES_DAILY", b'{"a":{"b":1}}', "IBM"), OWN)
