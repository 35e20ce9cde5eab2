"""Kraken's minutes over REST: the last 720 of a pair, in one answer → bars of the traded price."""

from typing import Annotated

import msgspec

from connectors.answers import Request, decode
from connectors.kraken.frames import PROVIDER, name_of, symbols_of
from connectors.kraken.pairs import pair_of
from connectors.kraken.trades import rows_of
from connectors.minutes import Minute, MinutesOf, minutes_of, symbol_of
from connectors.symbols import id_of
from market.bars import BAR_US
from market.instruments import Instrument, InstrumentTable
from market.log import LogRecord, Parsed

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


def ohlc_requests(
    rest_url: str, instrument: Instrument, start_us: int, _end_us: int
) -> list[Request]:
    """The one call for the minutes from `start_us` on, of which the newest 720 come."""
    return [
        Request(
            KIND,
            MinutesOf(name_of(instrument)).text(),
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
    _, names = symbols_of(instruments)
    instrument = id_of(symbol_of(record), names)
    return minutes_of(record, instrument, rows_of(record.payload, KIND), _minute)


def _minute(raw: msgspec.Raw) -> Minute | None:
    row = decode(PROVIDER, raw, _Row)
    if row.volume.strip("0.") == "":
        return None  # nobody traded
    return Minute(row.time_s * 1_000_000, (row.open, row.high, row.low, row.close), row.volume)
