"""Every recorded series becomes the bars that it holds, at their UTC openings."""

import json
from decimal import Decimal

import pytest

from connectors.alphavantage.intervals import MONTH_S, WEEK_S
from connectors.alphavantage.series import parse_coin_prices, parse_series
from connectors.errors import MalformedError, UnknownAtProviderError
from market.bars import DAY_S, LAST, MID, Bar
from market.errors import UnknownSymbolError
from market.instruments import CATALOGUE
from market.ticks import RATE, Tick
from tests.connectors.alphavantage.samples import (
    BTC_CNY,
    COIN_DAYS_2025,
    OWN,
    SOURCE,
    TESCO,
    av,
    recorded,
)
from tests.connectors.support import us


def bars(payload: bytes | str | object) -> list[Bar]:
    parsed = parse_series(av("TIME_SERIES_DAILY", payload), OWN)
    assert parsed.refused == ()
    return parsed.bars.rows()


def bar(time: str, symbol: str, side: int, interval_s: int, prices: str, volume: str = "") -> Bar:
    opening, high, low, close = (Decimal(price) for price in prices.split())
    instrument = OWN.by_symbol(symbol).id
    size = Decimal(volume) if volume else None
    return Bar(
        us(time), instrument, SOURCE, side, opening, high, low, close, size, interval_s=interval_s
    )


RECORDED = [
    (
        "crypto_daily.json",
        2,
        bar(
            "2021-04-24",
            "BTC-CNY",
            LAST,
            DAY_S,
            "332044.864096 332406.464852 316105.975724 325140.797344",
            "55361.512573",
        ),
        bar(
            "2021-04-25",
            "BTC-CNY",
            LAST,
            DAY_S,
            "325140.797344 326792.94769 323866.814084 325812.480818",
            "1758.545347",
        ),
    ),
    (
        "crypto_intraday.json",
        2,
        bar("2021-04-25T15:40:00", "ETH-USD", LAST, 300, "2339.2 2346 2338.45 2339.77", "2328"),
        bar("2021-04-25T15:45:00", "ETH-USD", LAST, 300, "2339.76 2342 2334.42 2340.22", "1367"),
    ),
    (
        "forex_intraday.json",
        2,
        bar("2021-04-23T21:50:00", "EUR-USD", MID, 300, "1.20965 1.20965 1.20965 1.20965"),
        bar("2021-04-23T21:55:00", "EUR-USD", MID, 300, "1.20965 1.20965 1.20965 1.20965"),
    ),
    (
        "forex_daily.json",
        2,
        bar("2021-04-22", "EUR-USD", MID, DAY_S, "1.20354 1.20697 1.1992 1.20156"),
        bar("2021-04-23", "EUR-USD", MID, DAY_S, "1.20142 1.21 1.2011 1.20965"),
    ),
    (
        "forex_weekly.json",
        2,
        bar("2021-04-12", "EUR-USD", MID, WEEK_S, "1.18963 1.19948 1.1869 1.19823"),
        bar("2021-04-19", "EUR-USD", MID, WEEK_S, "1.19752 1.21 1.1941 1.20965"),
    ),
    (
        "forex_monthly.json",
        2,
        bar("2021-03-01", "EUR-USD", MID, MONTH_S, "1.20718 1.21133 1.1702 1.17266"),
        bar("2021-04-01", "EUR-USD", MID, MONTH_S, "1.1726 1.21 1.1711 1.20965"),
    ),
    (
        "time_series_daily.json",
        2,
        bar("2021-04-22", "TSLA", LAST, DAY_S, "741.5 753.77 718.04 719.69", "35590255"),
        bar("2021-04-23", "TSLA", LAST, DAY_S, "719.8 737.36 715.46 729.4", "27703323"),
    ),
    (
        "time_series_daily_adjusted.json",
        2,
        bar("2021-04-22", "TSLA", LAST, DAY_S, "741.5 753.77 718.04 719.69", "35590255"),
        bar("2021-04-23", "TSLA", LAST, DAY_S, "719.8 737.36 715.46 729.4", "27703323"),
    ),
    (
        "time_series_weekly.json",
        564,
        bar("2010-07-05", "TSLA", LAST, WEEK_S, "20 20 14.98 17.4", "25550600"),
        bar("2021-04-19", "TSLA", LAST, WEEK_S, "719.6 753.77 691.8001 729.4", "169804356"),
    ),
    (
        "time_series_intraday.json",  # in summer time
        2,
        bar("2021-04-23T23:55:00", "TSLA", LAST, 300, "730.11 730.7 730.11 730.28", "3283"),
        bar("2021-04-24T00:00:00", "TSLA", LAST, 300, "730.25 730.5 730.1 730.1", "5637"),
    ),
    (
        "mock_time_series",  # in winter time
        100,
        bar("2017-12-18T18:17:00", "MSFT", LAST, 60, "86.8101 86.82 86.79 86.8", "31172"),
        bar("2017-12-18T19:56:00", "MSFT", LAST, 60, "86.49 86.5 86.475 86.5", "10494"),
    ),
]


@pytest.mark.parametrize(("name", "count", "first", "last"), RECORDED)
def test_a_recorded_series(name: str, count: int, first: Bar, last: Bar) -> None:
    found = bars(recorded(name))
    assert (len(found), found[0], found[-1]) == (count, first, last)
    assert [each.time_us for each in found] == sorted({each.time_us for each in found})


def test_the_coins_of_2025_have_one_price_each() -> None:
    prices = "84028.71 84118.21 83924.19 84023.41"
    expected = bar("2025-04-17", "BTC-USD", LAST, DAY_S, prices, "106.89082648")
    assert bars(COIN_DAYS_2025) == [expected]


def test_the_order_of_the_rows_does_not_matter() -> None:
    body = json.loads(recorded("mock_time_series"))
    rows = body["Time Series (1min)"]
    body["Time Series (1min)"] = dict(sorted(rows.items()))
    assert bars(body) == bars(recorded("mock_time_series"))


def test_london_quotes_in_pence() -> None:
    body = json.loads(recorded("time_series_daily.json"))
    body["Meta Data"]["2. Symbol"] = "TSCO.LON"
    (_, last) = bars(body)
    assert (last.instrument, last.open, last.volume) == (TESCO.id, Decimal("7.198"), 27703323)


def test_the_coins_prices_of_2017_are_rates() -> None:
    parsed = parse_coin_prices(
        av("DIGITAL_CURRENCY_INTRADAY", recorded("mock_crypto_currencies")), OWN
    )
    ticks = parsed.ticks.rows()
    assert (len(ticks), parsed.refused) == (923, ())
    assert (ticks[0], ticks[-1]) == (
        Tick(us("2017-12-17T14:40:00"), BTC_CNY.id, SOURCE, RATE, price=Decimal("126393.19729246")),
        Tick(us("2017-12-20T19:30:00"), BTC_CNY.id, SOURCE, RATE, price=Decimal("123574.46322682")),
    )


def test_a_coin_row_without_its_price_is_refused_alone() -> None:
    payload = recorded("mock_crypto_currencies").replace(b"1a. price", b"1a. prize", 1)
    parsed = parse_coin_prices(av("DIGITAL_CURRENCY_INTRADAY", payload), OWN)
    assert len(parsed.ticks) == 922
    assert [refusal.reason for refusal in parsed.refused] == [
        "alphavantage: a row without its price"
    ]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"Meta Data": {"6. Time Zone": "UTC"}}, UnknownAtProviderError),
        ({"Time Series (1min)": {"2021-04-23 21:50:00": {}}}, MalformedError),
        ({"Meta Data": {"2. Symbol": "KO"}, "Time Series (1min)": {"a": {}}}, MalformedError),
        ({"Meta Data": {}, "Time Series (1min)": {"a": {}}}, MalformedError),
        (
            {"Meta Data": {"2. Symbol": "KO", "3. Time Zone": "UTC"}, "Time Series": 1},
            MalformedError,
        ),
        (
            {"Meta Data": {"2. Symbol": "ZZZ", "3. Time Zone": "UTC"}, "Time Series": {}},
            UnknownSymbolError,
        ),
    ],
)
def test_what_is_no_series_raises(body: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        parse_series(av("FX_INTRADAY", body), CATALOGUE)
