"""Coinbase trades over REST: what a gap of the stream lacks, page by page, newest first.

`GET /products/<id>/trades` as the exchange documents it: cursors of trade ids, of which `after` means
older; at most 1,000 rows; the side is the maker's.
"""

from typing import Annotated

import msgspec

from connectors.answers import Answer, Request, decode, decode_or_none
from connectors.coinbase.frames import PROVIDER, name_of, symbols_of
from connectors.instants import instant_of
from connectors.packed import MAX_SEQ
from connectors.symbols import id_of
from connectors.trades import PAGE, Trade, Wanted, trades_of, wanted_of
from market.instruments import Instrument, InstrumentTable
from market.log import LogRecord, Parsed

KIND = "trades"
SPARE_PAGES = 2


class _Row(msgspec.Struct):
    time: str
    trade_id: Annotated[int, msgspec.Meta(ge=0, le=MAX_SEQ)]
    price: str
    size: str


def trades_request(
    rest_url: str, instrument: Instrument, ids: range, asked: int, last: Answer | None
) -> Request | None:
    """The next call for these trades; None where the last page holds the first of them, or nothing."""
    if asked > len(ids) // PAGE + SPARE_PAGES:
        return None
    after = ids[-1] + 1
    if asked and last is not None:
        rows = decode_or_none(last.body, list[_Row]) or []
        after = min((row.trade_id for row in rows), default=ids[0])
    if after <= ids[0]:
        return None
    product = name_of(instrument)
    return Request(
        KIND,
        Wanted(product, ids[0], ids[-1]).text(),
        f"{rest_url}/products/{product}/trades",
        {"limit": str(min(PAGE, after - ids[0])), "after": str(after)},
    )


def parse_trades(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """Ticks of a page, oldest first."""
    _, names = symbols_of(instruments)
    instrument = id_of(wanted_of(record).symbol, names)
    rows = decode(PROVIDER, record.payload, list[msgspec.Raw])
    return trades_of(record, instrument, rows, _trade)


def _trade(raw: bytes) -> Trade:
    row = decode(PROVIDER, raw, _Row)
    return Trade(instant_of(row.time), row.trade_id, row.price, row.size)
