"""`market_chart`: rates of one coin at many times; the last point is now, off the grid.

A day has a point every five minutes, up to 90 days one every hour, more one a day.
"""

import msgspec

from connectors.answers import Answer, Request, decode
from connectors.coingecko.checks import check
from connectors.coingecko.coins import (
    CURRENCY,
    PROVIDER,
    OneCoin,
    coin_id_of,
    context_text,
    instrument_of,
    one_coin,
)
from connectors.coingecko.times import US_PER_MS, US_PER_S, time_us
from connectors.errors import ConnectorError
from connectors.numerals import number_of
from connectors.refusals import refused
from market.bars import BarBatch
from market.clock import datetime_of
from market.errors import MarketError
from market.instruments import Instrument, InstrumentTable
from market.log import LogRecord, Parsed
from market.ticks import RATE, Tick, TickBatch

KIND = "market_chart"
STEP_US = 300_000_000
"""From one point of a day's chart to the next, give or take a minute."""

_MINUTE_US = 60 * US_PER_S


class _Chart(msgspec.Struct):
    prices: list[msgspec.Raw]


def chart_request(url: str, instrument: Instrument, days: int = 1) -> Request:
    """The last days of one coin."""
    params = {"vs_currency": CURRENCY, "days": str(days), "precision": "full"}
    return _request(url, instrument, "market_chart", params)


def range_request(
    url: str, instrument: Instrument, start_us: int, end_us: int, *, iso: bool = False
) -> Request:
    """One coin from start to end, both included.

    `iso`: as the pro host likes it, in whole minutes; else in UNIX seconds, as both take it.
    """
    if iso:
        start, end = _minute(start_us), _minute(end_us + _MINUTE_US - 1)
    else:
        start, end = str(start_us // US_PER_S), str(-(-end_us // US_PER_S))
    params = {"vs_currency": CURRENCY, "from": start, "to": end, "precision": "full"}
    return _request(url, instrument, "market_chart/range", params)


def parse_market_chart(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """The points of a chart, each at its own time."""
    context = one_coin(record.context)
    instrument = instrument_of(context.id, context.vs, instruments)
    check(Answer(200, record.payload, record.received_us), record.kind)
    ticks, refusals = [], []
    for raw in decode(PROVIDER, record.payload, _Chart).prices:
        try:
            time_ms, value = decode(PROVIDER, raw, tuple[msgspec.Raw, msgspec.Raw])
            at_us, price = time_us(time_ms, US_PER_MS), number_of(value)
        except (ConnectorError, MarketError) as error:
            refusals.append(refused(error, bytes(raw)))
            continue
        ticks.append(Tick(at_us, instrument, record.source.id, RATE, price=price))
    return Parsed(TickBatch.of(ticks), BarBatch.empty(), tuple(refusals))


def _request(url: str, instrument: Instrument, path: str, params: dict[str, str]) -> Request:
    coin_id = coin_id_of(instrument)
    context = context_text(OneCoin(coin_id, CURRENCY))
    return Request(KIND, context, f"{url}/coins/{coin_id}/{path}", params)


def _minute(time_us: int) -> str:
    return f"{datetime_of(time_us):%Y-%m-%dT%H:%M}"
