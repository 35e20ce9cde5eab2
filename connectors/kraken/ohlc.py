"""Kraken's minutes over REST: the last 720 of a pair, in one answer → bars of the traded price."""

from typing import Annotated

import msgspec

from connectors.answers import Request, decode
from connectors.bars import BarRows
from connectors.errors import ConnectorError
from connectors.kraken.frames import PROVIDER, name_of, symbols_of
from connectors.kraken.pairs import pair_of
from connectors.kraken.trades import rows_of
from connectors.refusals import refused
from market.bars import BAR_US, LAST
from market.errors import MarketError, UnknownSymbolError
from market.instruments import Instrument, InstrumentTable
from market.log import LogRecord, Parsed
from market.ticks import TickBatch

KIND = "ohlc"


class _Row(msgspec.Struct, array_like=True):
    """The number of trades, which follows, is not ours."""

    time_s: Annotated[int, msgspec.Meta(gt=0, lt=10**11)]
    open: str
    high: str
    low: str
    close: str
    average: str
    volume: str


class _Context(msgspec.Struct):
    symbol: str


def ohlc_requests(
    rest_url: str, instrument: Instrument, start_us: int, _end_us: int
) -> list[Request]:
    """The one call for the minutes from `start_us` on, of which the newest 720 come."""
    return [
        Request(
            KIND,
            msgspec.json.encode(_Context(name_of(instrument))).decode(),
            f"{rest_url}/0/public/OHLC",
            {
                "pair": pair_of(instrument),
                "interval": "1",
                "since": str((start_us - start_us % BAR_US) // 1_000_000 - 1),
            },
        )
    ]


def parse_ohlc(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """One-minute bars; a minute without a trade, or that still ran when the answer came, is none."""
    symbol = decode(PROVIDER, record.context.encode(), _Context).symbol
    _, names = symbols_of(instruments)
    if symbol not in names:
        raise UnknownSymbolError(symbol)
    bars = BarRows(PROVIDER)
    refusals = []
    for raw in rows_of(record.payload, KIND):
        try:
            row = decode(PROVIDER, raw, _Row)
            time_us = row.time_s * 1_000_000
            traded = row.volume.strip("0.") != ""
            if traded and time_us + BAR_US <= record.received_us:
                bars.add(time_us, (row.open, row.high, row.low, row.close), row.volume)
        except (ConnectorError, MarketError) as error:
            refusals.append(refused(error, bytes(raw)))
    return Parsed(
        TickBatch.empty(), bars.batch(names[symbol], record.source.id, LAST), tuple(refusals)
    )
