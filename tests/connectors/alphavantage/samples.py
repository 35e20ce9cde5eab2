"""One answer for each kind of log entry, recorded ones where there are any; how to make a record of it."""

import json

from market.instruments import CATALOGUE, AssetClass, Instrument, InstrumentTable
from market.log import LogRecord
from tests.connectors.support import NOW_US, record, response

SOURCE = 21
"""Alpha Vantage's recorded data."""

CODESPORE = "alphavantage_codespore"
ROMELTORRES = "alphavantage_romeltorres"

TESCO = Instrument(301, "TSCO.LON", "Tesco", AssetClass.STOCK, "TSCO", "GBP", 4)
BTC_CNY = Instrument(302, "BTC-CNY", "Bitcoin / Yuan", AssetClass.CRYPTO, "BTC", "CNY", 2)
GOLD = Instrument(303, "XAU-USD", "Gold / US Dollar", AssetClass.FX, "XAU", "USD", 2)
OWN = InstrumentTable([*CATALOGUE, TESCO, BTC_CNY, GOLD])
"""The catalogue, with a listing of London, a coin in yuan and a metal."""

BULK_ROW = {
    "symbol": "AAPL",
    "timestamp": "2026-11-24 10:04:05.678",
    "open": "267.10",
    "high": "269.00",
    "low": "266.50",
    "close": "268.4100",
    "volume": "12345678",
    "previous_close": "267.00",
    "change": "",
    "change_percent": "0.5281",
    "extended_hours_quote": "",
    "extended_hours_change": "",
    "extended_hours_change_percent": "",
}
BULK = {"endpoint": "Realtime Bulk Quotes", "message": "", "data": [BULK_ROW]}

COIN_DAYS_2025 = {
    "Meta Data": {
        "1. Information": "Daily Prices and Volumes for Digital Currency",
        "2. Digital Currency Code": "BTC",
        "3. Digital Currency Name": "Bitcoin",
        "4. Market Code": "USD",
        "5. Market Name": "United States Dollar",
        "6. Last Refreshed": "2025-04-17 00:00:00",
        "7. Time Zone": "UTC",
    },
    "Time Series (Digital Currency Daily)": {
        "2025-04-17": {
            "1. open": "84028.71000000",
            "2. high": "84118.21000000",
            "3. low": "83924.19000000",
            "4. close": "84023.41000000",
            "5. volume": "106.89082648",
        }
    },
}


def _coins(period: str) -> bytes:
    return json.dumps(COIN_DAYS_2025).replace("Daily", period).encode()


def _first_rows(name: str) -> bytes:
    """The head of a long series: fuzzing is as quick as its samples are short."""
    meta, series = json.loads(response(name)).items()
    rows = dict(list(series[1].items())[:5])
    return json.dumps(dict([meta, (series[0], rows)])).encode()


_WEEKS = _first_rows(f"{CODESPORE}/time_series_weekly.json")

SAMPLES: dict[str, bytes] = {
    "GLOBAL_QUOTE": response(f"{ROMELTORRES}/global_quote"),
    "REALTIME_BULK_QUOTES": json.dumps(BULK).encode(),
    "CURRENCY_EXCHANGE_RATE": response(f"{CODESPORE}/forex_exchange_rates.json"),
    "TIME_SERIES_INTRADAY": response(f"{CODESPORE}/time_series_intraday.json"),
    "TIME_SERIES_DAILY": response(f"{CODESPORE}/time_series_daily.json"),
    "TIME_SERIES_DAILY_ADJUSTED": response(f"{CODESPORE}/time_series_daily_adjusted.json"),
    "TIME_SERIES_WEEKLY": _WEEKS,
    "TIME_SERIES_MONTHLY": _WEEKS.replace(b"Weekly", b"Monthly"),
    "FX_INTRADAY": response(f"{CODESPORE}/forex_intraday.json"),
    "FX_DAILY": response(f"{CODESPORE}/forex_daily.json"),
    "FX_WEEKLY": response(f"{CODESPORE}/forex_weekly.json"),
    "FX_MONTHLY": response(f"{CODESPORE}/forex_monthly.json"),
    "CRYPTO_INTRADAY": response(f"{CODESPORE}/crypto_intraday.json"),
    "DIGITAL_CURRENCY_DAILY": _coins("Daily"),
    "DIGITAL_CURRENCY_WEEKLY": _coins("Weekly"),
    "DIGITAL_CURRENCY_MONTHLY": _coins("Monthly"),
    "DIGITAL_CURRENCY_INTRADAY": _first_rows(f"{ROMELTORRES}/mock_crypto_currencies").replace(
        b"CNY", b"USD"
    ),
}
"""Each is read with the catalogue, and gives at least one row."""


def av(
    kind: str, payload: bytes | str | object, received_us: int = NOW_US, context: str = ""
) -> LogRecord:
    """A record of Alpha Vantage; an object is written as JSON."""
    data = payload if isinstance(payload, bytes | str) else json.dumps(payload)
    return record("alphavantage", kind, data, context, received_us)


def recorded(name: str) -> bytes:
    """A recorded answer, by its name within the two collections."""
    collection = CODESPORE if "." in name else ROMELTORRES
    return response(f"{collection}/{name}")
