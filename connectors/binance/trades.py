"""Binance trades by their ids: what a gap of the stream lacks → the same ticks as the stream's.

`historicalTrades` needs no key since 2023 and weighs 25 of the 6,000 a minute. It is not among what the
host of public market data alone offers, so that host's trades are asked for at the exchange's own.
"""

from typing import Annotated

import msgspec

from connectors.answers import Request, decode
from connectors.binance.frames import PROVIDER, symbols_of
from connectors.binance.lines import MAX_TIME_MS
from connectors.packed import MAX_SEQ
from connectors.trades import PAGE, Trade, Wanted, trades_of, wanted_of
from market.errors import UnknownSymbolError
from market.instruments import Instrument, InstrumentTable
from market.log import LogRecord, Parsed

KIND = "trades"
MARKET_DATA_URL = "https://data-api.binance.vision"
EXCHANGE_URL = "https://api.binance.com"


class _Row(msgspec.Struct):
    id: Annotated[int, msgspec.Meta(ge=0, le=MAX_SEQ)]
    price: str
    qty: str
    time: Annotated[int, msgspec.Meta(gt=0, lt=MAX_TIME_MS)]


def trades_request(rest_url: str, instrument: Instrument, ids: range, asked: int) -> Request | None:
    """The next call for these trades, 1,000 a call, after so many; None where all were asked for."""
    rest = ids[asked * PAGE :]
    if not rest:
        return None
    page = rest[:PAGE]
    symbol = instrument.base + instrument.quote
    url = EXCHANGE_URL if rest_url == MARKET_DATA_URL else rest_url
    return Request(
        KIND,
        Wanted(symbol, page[0], page[-1]).text(),
        f"{url}/api/v3/historicalTrades",
        {"symbol": symbol, "fromId": str(page[0]), "limit": str(len(page))},
    )


def parse_trades(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """Ticks of a page; each has the key of the same trade on the stream."""
    symbol = wanted_of(record).symbol
    _, names = symbols_of(instruments)
    if symbol not in names:
        raise UnknownSymbolError(symbol)
    rows = decode(PROVIDER, record.payload, list[msgspec.Raw])
    return trades_of(record, names[symbol], rows, _trade)


def _trade(raw: bytes) -> Trade:
    row = decode(PROVIDER, raw, _Row)
    return Trade(row.time * 1_000, row.id, row.price, row.qty)
