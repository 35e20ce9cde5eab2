"""Coinbase's minutes over REST: `GET /products/<id>/candles`, 300 a call → bars of the traded price."""

from typing import Annotated

import msgspec

from connectors.answers import Request, decode
from connectors.coinbase.frames import PROVIDER, name_of, symbols_of
from connectors.minutes import Minute, MinutesOf, minutes_of, symbol_of
from connectors.symbols import id_of
from market.bars import BAR_US
from market.clock import rfc3339
from market.instruments import Instrument, InstrumentTable
from market.log import LogRecord, Parsed

KIND = "candles"
MAX_ROWS = 300


class _Row(msgspec.Struct, array_like=True):
    """Low and high come first. Numbers are JSON floats, and keep their digits."""

    time_s: Annotated[int, msgspec.Meta(gt=0, lt=10**11)]
    low: msgspec.Raw
    high: msgspec.Raw
    open: msgspec.Raw
    close: msgspec.Raw
    volume: msgspec.Raw


def candle_requests(
    rest_url: str, instrument: Instrument, start_us: int, end_us: int
) -> list[Request]:
    """The calls that bring the minutes from `start_us` to `end_us`; both ends of a call are included."""
    product = name_of(instrument)
    step_us = MAX_ROWS * BAR_US
    return [
        Request(
            KIND,
            MinutesOf(product).text(),
            f"{rest_url}/products/{product}/candles",
            {
                "granularity": str(BAR_US // 1_000_000),
                "start": rfc3339(from_us),
                "end": rfc3339(min(from_us + step_us, end_us) // BAR_US * BAR_US - BAR_US),
            },
        )
        for from_us in range(start_us - start_us % BAR_US, end_us - BAR_US + 1, step_us)
    ]


def parse_candles(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """One-minute bars; a minute that was still running when the answer came is left out."""
    _, names = symbols_of(instruments)
    instrument = id_of(symbol_of(record), names)
    rows = decode(PROVIDER, record.payload, list[msgspec.Raw])
    return minutes_of(record, instrument, rows, _minute)


def _minute(raw: msgspec.Raw) -> Minute:
    row = decode(PROVIDER, raw, _Row)
    return Minute(row.time_s * 1_000_000, (row.open, row.high, row.low, row.close), row.volume)
