"""Binance klines over REST: the minutes before we listened → bars of the traded price."""

from typing import Annotated

import msgspec

from connectors.answers import Request, decode
from connectors.binance.frames import PROVIDER, name_of, symbols_of
from connectors.minutes import Minute, MinutesOf, minutes_of, symbol_of
from connectors.symbols import id_of
from market.bars import BAR_US
from market.instruments import Instrument, InstrumentTable
from market.log import LogRecord, Parsed

MAX_ROWS = 1_000

_TimeMs = Annotated[int, msgspec.Meta(gt=0, lt=10**14)]


class _Row(msgspec.Struct, array_like=True):
    """The first columns of a row; what follows the volume is not ours."""

    open_time_ms: _TimeMs
    open: str
    high: str
    low: str
    close: str
    volume: str


def kline_requests(url: str, instrument: Instrument, start_us: int, end_us: int) -> list[Request]:
    """The calls that bring the minutes from `start_us` to `end_us`, 1,000 a call."""
    symbol = name_of(instrument)
    step_us = MAX_ROWS * BAR_US
    first_us = start_us - start_us % BAR_US
    return [
        Request(
            "klines",
            MinutesOf(symbol).text(),
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
    _, names = symbols_of(instruments)
    instrument = id_of(symbol_of(record), names)
    rows = decode(PROVIDER, record.payload, list[msgspec.Raw])
    return minutes_of(record, instrument, rows, _minute)


def _minute(raw: msgspec.Raw) -> Minute:
    row = decode(PROVIDER, raw, _Row)
    return Minute(row.open_time_ms * 1_000, (row.open, row.high, row.low, row.close), row.volume)
