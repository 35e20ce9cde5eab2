"""Binance klines over REST: the minutes before we listened → bars of the traded price."""

from typing import Annotated

import msgspec

from connectors.answers import Request, decode
from connectors.bars import BarRows
from connectors.binance.checks import check
from connectors.binance.frames import PROVIDER, symbols_of
from connectors.errors import ConnectorError
from connectors.refusals import refused
from market.bars import BAR_US, LAST
from market.errors import MarketError, UnknownSymbolError
from market.instruments import Instrument, InstrumentTable
from market.log import LogRecord, Parsed
from market.ticks import TickBatch

MAX_ROWS = 1_000

__all__ = ["MAX_ROWS", "check", "kline_requests", "parse_klines"]

_TimeMs = Annotated[int, msgspec.Meta(gt=0, lt=10**14)]


class _Row(msgspec.Struct, array_like=True):
    """The first columns of a row; what follows the volume is not ours."""

    open_time_ms: _TimeMs
    open: str
    high: str
    low: str
    close: str
    volume: str


class _Context(msgspec.Struct):
    symbol: str


def kline_requests(url: str, instrument: Instrument, start_us: int, end_us: int) -> list[Request]:
    """The calls that bring the minutes from `start_us` to `end_us`, 1,000 a call."""
    symbol = instrument.base + instrument.quote
    step_us = MAX_ROWS * BAR_US
    first_us = start_us - start_us % BAR_US
    return [
        Request(
            "klines",
            msgspec.json.encode(_Context(symbol)).decode(),
            f"{url}/klines",
            {
                "symbol": symbol,
                "interval": "1m",
                "startTime": str(from_us // 1_000),
                "endTime": str(min(from_us + step_us, end_us) // 1_000 - 1),
                "limit": str(MAX_ROWS),
            },
        )
        for from_us in range(first_us, end_us, step_us)
    ]


def parse_klines(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """One-minute bars of an answer; a minute that was still running when it came is left out."""
    symbol = decode(PROVIDER, record.context.encode(), _Context).symbol
    _, names = symbols_of(instruments)
    if symbol not in names:
        raise UnknownSymbolError(symbol)
    bars = BarRows(PROVIDER)
    refusals = []
    for raw in decode(PROVIDER, record.payload, list[msgspec.Raw]):
        try:
            row = decode(PROVIDER, raw, _Row)
            time_us = row.open_time_ms * 1_000
            if time_us + BAR_US <= record.received_us:
                bars.add(time_us, (row.open, row.high, row.low, row.close), row.volume)
        except (ConnectorError, MarketError) as error:
            refusals.append(refused(error, bytes(raw)))
    batch = bars.batch(names[symbol], record.source.id, LAST)
    return Parsed(TickBatch.empty(), batch, tuple(refusals))
