"""Coinbase's minutes over REST: `GET /products/<id>/candles`, 300 a call → bars of the traded price."""

from typing import Annotated

import msgspec

from connectors.answers import Request, decode
from connectors.bars import BarRows
from connectors.coinbase.frames import PROVIDER, name_of, symbols_of
from connectors.errors import ConnectorError
from connectors.refusals import refused
from market.bars import BAR_US, LAST
from market.clock import rfc3339
from market.errors import MarketError, UnknownSymbolError
from market.instruments import Instrument, InstrumentTable
from market.log import LogRecord, Parsed
from market.ticks import TickBatch

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


class _Context(msgspec.Struct):
    symbol: str


def candle_requests(
    rest_url: str, instrument: Instrument, start_us: int, end_us: int
) -> list[Request]:
    """The calls that bring the minutes from `start_us` to `end_us`; both ends of a call are included."""
    product = name_of(instrument)
    step_us = MAX_ROWS * BAR_US
    return [
        Request(
            KIND,
            msgspec.json.encode(_Context(product)).decode(),
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
    product = decode(PROVIDER, record.context.encode(), _Context).symbol
    _, names = symbols_of(instruments)
    if product not in names:
        raise UnknownSymbolError(product)
    bars = BarRows(PROVIDER)
    refusals = []
    for raw in decode(PROVIDER, record.payload, list[msgspec.Raw]):
        try:
            row = decode(PROVIDER, raw, _Row)
            time_us = row.time_s * 1_000_000
            if time_us + BAR_US <= record.received_us:
                bars.add(time_us, (row.open, row.high, row.low, row.close), row.volume)
        except (ConnectorError, MarketError) as error:
            refusals.append(refused(error, bytes(raw)))
    return Parsed(
        TickBatch.empty(), bars.batch(names[product], record.source.id, LAST), tuple(refusals)
    )
