"""The corpus of providers that are asked: recorded answers, cut to a few rows, and documented ones."""

import json
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from connectors.ecb.requests import DOCUMENTS
from tests.connectors.ecb import samples as ecb_samples
from tests.connectors.fixer import test_tables as fixer_tables
from tests.fuzz.entry import Entry

ROWS, CURRENCIES = 3, 12
"""Of a long recording: fuzzing is as quick as its payloads are short."""

_QUOTE_CSV = (
    "symbol,open,high,low,price,volume,latestDay,previousClose,change,changePercent\r\n"
    "IBM,267.1000,269.0000,266.5000,268.4100,2906285,2026-11-23,267.0000,1.4100,0.5281%\r\n"
)
_BULK_ROW = (
    '{"symbol":"AAPL","timestamp":"2026-11-24 10:04:05.678","open":"267.10","high":"269.00",'
    '"low":"266.50","close":"268.4100","volume":"12345678","previous_close":"267.00","change":"",'
    '"extended_hours_quote":""}'
)
_BULK = (
    f'{{"endpoint":"Realtime Bulk Quotes","message":"","data":[{_BULK_ROW},'
    f"{_BULK_ROW.replace('AAPL', 'MSFT')},{_BULK_ROW.replace('AAPL', 'NOWHERE')}]}}"
)
_BULK_CSV = (
    "symbol,timestamp,open,high,low,close,volume\r\n"
    "AAPL,2026-11-24 10:04:05.678,267.10,269.00,266.50,268.4100,12345678\r\n"
)
_COINS = (
    '{"Meta Data":{"1. Information":"Daily Prices and Volumes for Digital Currency",'
    '"2. Digital Currency Code":"BTC","3. Digital Currency Name":"Bitcoin","4. Market Code":"USD",'
    '"6. Last Refreshed":"2025-04-17 00:00:00","7. Time Zone":"UTC"},'
    '"Time Series (Digital Currency Daily)":{"2025-04-17":{"1. open":"84028.71000000",'
    '"2. high":"84118.21000000","3. low":"83924.19000000","4. close":"84023.41000000",'
    '"5. volume":"106.89082648"}}}'
)
_TIME_SERIES = (
    '{"disclaimer":"d","license":"l","start_date":"2013-01-01","end_date":"2013-01-03",'
    '"base":"USD","rates":{"2013-01-02":{"JPY":87.3},"2013-01-01":{"JPY":86.7,"EUR":0.757}}}'
)
_FX = {"intraday": 2, "daily": 2, "weekly": 2, "monthly": 2}


def alphavantage(rest: Path) -> Iterator[Entry]:
    """Recordings of 2017 to 2021, and the newer forms as documented."""
    old, new = rest / "alphavantage_romeltorres", rest / "alphavantage_codespore"
    for kind, payload, ticks, refused in (
        ("GLOBAL_QUOTE", (old / "global_quote").read_bytes(), 1, 0),
        ("GLOBAL_QUOTE", (new / "time_series_quote.json").read_bytes(), 1, 0),
        ("GLOBAL_QUOTE", _QUOTE_CSV.encode(), 1, 0),
        ("REALTIME_BULK_QUOTES", _BULK.encode(), 2, 1),
        ("REALTIME_BULK_QUOTES", _BULK_CSV.encode(), 1, 0),
        ("CURRENCY_EXCHANGE_RATE", (new / "forex_exchange_rates.json").read_bytes(), 1, 0),
        ("CURRENCY_EXCHANGE_RATE", (old / "mock_foreign_exchange").read_bytes(), 0, 1),
        ("DIGITAL_CURRENCY_INTRADAY", _cut_coins(old / "mock_crypto_currencies"), ROWS, 0),
    ):
        yield Entry("alphavantage", kind, payload, ticks=ticks, refused=refused)
    for kind, payload, bars in (
        ("TIME_SERIES_INTRADAY", (new / "time_series_intraday.json").read_bytes(), 2),
        ("TIME_SERIES_INTRADAY", _cut_series(old / "mock_time_series"), ROWS),
        ("TIME_SERIES_DAILY", (new / "time_series_daily.json").read_bytes(), 2),
        ("TIME_SERIES_DAILY_ADJUSTED", (new / "time_series_daily_adjusted.json").read_bytes(), 2),
        ("TIME_SERIES_WEEKLY", _cut_series(new / "time_series_weekly.json"), ROWS),
        (
            "TIME_SERIES_MONTHLY",
            _cut_series(new / "time_series_weekly.json").replace(b"Weekly", b"Monthly"),
            ROWS,
        ),
        ("CRYPTO_INTRADAY", (new / "crypto_intraday.json").read_bytes(), 2),
        *(
            (f"FX_{name.upper()}", (new / f"forex_{name}.json").read_bytes(), bars)
            for name, bars in _FX.items()
        ),
        *(
            (f"DIGITAL_CURRENCY_{name.upper()}", _COINS.replace("Daily", name).encode(), 1)
            for name in ("Daily", "Weekly", "Monthly")
        ),
    ):
        yield Entry("alphavantage", kind, payload, bars=bars)
    daily = (new / "crypto_daily.json").read_bytes()  # in yuan, which we do not carry
    yield Entry("alphavantage", "DIGITAL_CURRENCY_DAILY", daily, refused=1)
    for name in (new / "time_series_intraday.csv", old / "mock_time_series_extended"):
        table = b"".join(name.read_bytes().splitlines(keepends=True)[: ROWS + 1])
        context = '{"symbol":"TSLA","interval":"5min"}'
        yield Entry("alphavantage", "TIME_SERIES_INTRADAY", table, bars=ROWS, context=context)


def coingecko(rest: Path) -> Iterator[Entry]:
    """Recordings of 2024, and the official examples of 2026."""
    examples = json.loads((rest / "coingecko_oas" / "demo-api.json").read_bytes())["paths"]

    def example(path: str, rows: int | None = None) -> bytes:
        answer = examples[path]["get"]["responses"]["200"]["content"]["application/json"]
        shown: Any = answer["example"]
        return json.dumps(shown[:rows] if rows else shown).encode()

    def recorded(name: str) -> bytes:
        data = (rest / "coingecko_jkorf" / name).read_bytes()
        return data.split(b"\n", 3)[3]  # method, path and authentication come first

    def entry(kind: str, payload: bytes, context: str = "", **counts: int) -> Entry:
        return Entry("coingecko", kind, payload, context=context, **counts)

    bitcoin, many = '{"id":"bitcoin","vs":"usd"}', '{"ids":["bitcoin"],"vs":"usd"}'
    chart = json.loads(example("/coins/{id}/market_chart"))
    chart = {key: points[:2] for key, points in chart.items()}
    bars = '{"id":"bitcoin","vs":"usd","interval_s":14400}'
    day = '{"id":"bitcoin","vs":"usd","date":"2024-01-01"}'
    history = json.loads(recorded("GetAssetHistory.txt"))
    prices = history["market_data"]["current_price"]
    history["market_data"] = {"current_price": {code: prices[code] for code in ("eur", "usd")}}
    history["localization"] = {"en": "Bitcoin"}
    yield entry("market_chart", recorded("GetMarketChart.txt"), bitcoin, ticks=ROWS)
    yield entry("market_chart", json.dumps(chart).encode(), bitcoin, ticks=2)
    yield entry("coins/markets", recorded("GetMarkets.txt"), many, ticks=1)
    yield entry("coins/markets", example("/coins/markets", 2), many, ticks=1)
    yield entry("ohlc", recorded("GetOhlc.txt"), bars, bars=ROWS)
    yield entry("history", json.dumps(history).encode(), day, ticks=1)
    yield entry("simple/price", example("/simple/price"), ticks=1)
    yield entry("simple/price", recorded("GetPrices.txt"), refused=1)  # without its time


def rates(data: Path) -> Iterator[Entry]:
    """The three that give tables of rates."""
    for kind, body in fixer_tables.BODIES.items():
        yield Entry("fixer", kind, body.encode(), ticks=1 if kind == "historical" else 3)
    for kind, name in (("latest", "latest.json"), ("historical", "2015-01-01.json")):
        table = _cut_rates(data / "rest" / "openexchangerates" / name)
        yield Entry("openexchangerates", kind, table, ticks=3)
    yield Entry("openexchangerates", "time-series", _TIME_SERIES.encode(), ticks=2)
    yield from _ecb(data / "fx_bars" / "ecb")


def _ecb(folder: Path) -> Iterator[Entry]:
    """One parser reads every document, whichever of the three formats it has."""
    with zipfile.ZipFile(folder / "eurofxref-hist.zip") as archive:
        (name,) = archive.namelist()
        rows = archive.read(name).splitlines(keepends=True)[: ROWS + 1]
    table = b"".join(b",".join(row.split(b",")[:CURRENCIES]) + b"\n" for row in rows)
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name), table)
    for document in DOCUMENTS:
        if document.endswith(".xml"):
            yield Entry("ecb", document, ecb_samples.NINETY, ticks=4)
        elif document.endswith(".zip"):
            yield Entry("ecb", document, packed.getvalue(), ticks=2 * ROWS)
        else:
            yield Entry("ecb", document, table, ticks=2 * ROWS)
    yield Entry("ecb", "eurofxref.csv", (folder / "eurofxref.csv").read_bytes(), ticks=11)


def _cut_series(path: Path) -> bytes:
    (meta, described), (series, rows) = json.loads(path.read_bytes()).items()
    return json.dumps({meta: described, series: dict(list(rows.items())[:ROWS])}).encode()


def _cut_coins(path: Path) -> bytes:
    return _cut_series(path).replace(b"CNY", b"USD")


def _cut_rates(path: Path) -> bytes:
    body = json.loads(path.read_bytes())
    codes = ("AED", "BTC", "CAD", "CHF", "JPY", "ZWL")
    kept = {code: rate for code, rate in body["rates"].items() if code in codes}
    return json.dumps({**body, "disclaimer": "d", "license": "l", "rates": kept}).encode()
