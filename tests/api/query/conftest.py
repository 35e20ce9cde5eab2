"""Recorded days of stocks and made minutes of FX, in the database of a served application."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import psycopg
import pytest

from api.config import ApiConfig
from market.bars import LAST, Bar, BarBatch
from market.clock import microseconds
from market.instruments import ALL_INSTRUMENTS
from market.sources import Feed, source_of
from storage.bars import upsert_bars
from tests.api.harness import NO_REDIS, NOWHERE, Api, Hands, quote, serve, store_ticks, us
from tests.pricing_engine.quant.making import stocks

PATH = "/api/market/query"
STOCKS = ("AAPL", "TSLA", "COKE", "GOOGL", "YHOO")
NOW_US = us("2018-01-10T00:00:00Z")
USDJPY = ALL_INSTRUMENTS.by_symbol("USD-JPY").id
_OANDA = source_of("oanda", Feed.RECORDED).id


@pytest.fixture
def recorded(database_url: str) -> ApiConfig:
    return ApiConfig(
        database_url,
        NO_REDIS,
        Feed.RECORDED,
        instruments=ALL_INSTRUMENTS,
        clock=Hands(NOW_US),
    )


@pytest.fixture
async def api(recorded: ApiConfig) -> AsyncIterator[Api]:
    async with serve(recorded) as running:
        yield running


@pytest.fixture
async def alone() -> AsyncIterator[Api]:
    """The application without a database: what it refuses, it refuses without one."""
    clock = Hands(NOW_US)
    config = ApiConfig(NOWHERE, NO_REDIS, Feed.RECORDED, instruments=ALL_INSTRUMENTS, clock=clock)
    async with serve(config) as running:
        yield running


@pytest.fixture
def stored(database_url: str, test_data: Path) -> None:
    """Days of five stocks, 2015 to 2017."""
    source = source_of("quandl", Feed.RECORDED).id
    bars = []
    for symbol, frame in stocks(test_data).items():
        instrument = ALL_INSTRUMENTS.by_symbol(symbol).id
        for row in frame.iter_rows(named=True):
            time_us = microseconds(row["time"])
            o, h, low, c, v = (str(row[n]) for n in ("open", "high", "low", "close", "volume"))
            bar = Bar(time_us, instrument, source, LAST, o, h, low, c, v, interval_s=86_400)
            bars.append(bar)
    with psycopg.connect(database_url) as connection:
        upsert_bars(connection, Feed.RECORDED, BarBatch.of(bars))


@pytest.fixture
def quoted(database_url: str) -> None:
    """Three minutes of EUR-USD and USD-JPY on 9 January 2018; the second of EUR-USD is missing."""
    first = us("2018-01-09T10:00:00Z")
    minute = 60_000_000
    ticks = [
        quote(first, _OANDA, "1.10", "1.12"),
        quote(first + 2 * minute, _OANDA, "1.20", "1.24"),
        *(
            quote(first + place * minute, _OANDA, bid, ask, of=USDJPY)
            for place, (bid, ask) in enumerate([("100", "102"), ("101", "103"), ("110", "112")])
        ),
    ]
    store_ticks(database_url, ticks)


def days(symbols: Sequence[str], columns: Sequence[object], **others: object) -> dict[str, object]:
    """The body of a query over the days of 2017."""
    start, end = datetime(2017, 1, 1, tzinfo=UTC), datetime(2018, 1, 1, tzinfo=UTC)
    return {
        "symbols": list(symbols),
        "start": start.isoformat(),
        "end": end.isoformat(),
        "columns": list(columns),
        **others,
    }


def minutes(
    symbols: Sequence[str], columns: Sequence[object], **others: object
) -> dict[str, object]:
    """The body of a query over the quoted minutes."""
    return {
        "symbols": list(symbols),
        "start": "2018-01-09T10:00:00Z",
        "end": "2018-01-09T10:03:00Z",
        "interval": "1m",
        "columns": list(columns),
        **others,
    }


async def asked(api: Api, body: dict[str, object]) -> list[dict[str, object]]:
    """The rows of a successful answer in JSON."""
    response = await api.client.post(PATH, json=body)
    assert response.status_code == 200, response.text
    rows: list[dict[str, object]] = response.json()["data"]
    return rows


async def refused(api: Api, body: object, status: int = 422) -> dict[str, object]:
    """The error of a refused query."""
    response: httpx2.Response = await api.client.post(PATH, json=body)
    assert response.status_code == status, response.text
    error: dict[str, object] = response.json()["error"]
    return error
