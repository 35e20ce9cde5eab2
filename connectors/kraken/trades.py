"""Kraken trades over REST: what a gap of the stream lacks, page by page in the order of time.

A page begins after an instant in nanoseconds and says where the next one begins. Its times are seconds
as a JSON float, of which the microseconds are those of the stream.
"""

import msgspec

from connectors.answers import Answer, Request, decode, decode_or_none
from connectors.instants import seconds_of
from connectors.kraken.checks import Body, check
from connectors.kraken.frames import PROVIDER, name_of, symbols_of
from connectors.kraken.pairs import pair_of
from connectors.numerals import text_of
from connectors.packed import MAX_SEQ
from connectors.symbols import id_of
from connectors.trades import PAGE, Trade, Wanted, trades_of, wanted_of
from market.gaps import Gap
from market.instruments import Instrument, InstrumentTable
from market.log import LogRecord, Parsed

KIND = "trades"
LAST = "last"
MARGIN_US = 5_000_000
"""A gap's times may be ours, and our clock not the exchange's: so much before it a page begins."""
SPARE_PAGES = 10
"""What lies before the gap, and what the exchange has counted besides, may take so many pages more."""


class _Row(msgspec.Struct, array_like=True):
    """Side, order type and remarks are not ours."""

    price: str
    size: str
    time: msgspec.Raw
    side: str
    order_type: str
    remarks: str
    trade_id: int


def trades_request(
    rest_url: str,
    instrument: Instrument,
    gap: Gap,
    ids: range,
    asked: int,
    last: Answer | None,
) -> Request | None:
    """The next call for these trades; None where the last page holds the last of them, or nothing."""
    if asked > len(ids) // PAGE + SPARE_PAGES:
        return None
    since = str((gap.start_us - MARGIN_US) * 1_000)
    if asked and last is not None:
        following = _following(last, ids[-1])
        if following is None:
            return None
        since = following
    return Request(
        KIND,
        Wanted(name_of(instrument), ids[0], ids[-1]).text(),
        f"{rest_url}/0/public/Trades",
        {"pair": pair_of(instrument), "since": since},
    )


def parse_trades(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """Ticks of a page; the key of its rows may differ from the pair that was asked for."""
    _, names = symbols_of(instruments)
    instrument = id_of(wanted_of(record).symbol, names)
    return trades_of(record, instrument, rows_of(record.payload, KIND), _trade)


def rows_of(payload: bytes, request: str) -> list[msgspec.Raw]:
    """The rows of a result under whatever key. Raises as `check` does: rows beside an error are none."""
    check(Answer(200, payload, 0), request)
    result = decode(PROVIDER, payload, Body).result or {}
    rows = next((value for key, value in result.items() if key != LAST), msgspec.Raw(b"null"))
    return decode(PROVIDER, rows, list[msgspec.Raw])


def _trade(raw: bytes) -> Trade:
    row = decode(PROVIDER, raw, _Row)
    if not 0 <= row.trade_id <= MAX_SEQ:
        raise ValueError(f"not a trade's id: {row.trade_id}")
    return Trade(seconds_of(text_of(row.time)), row.trade_id, row.price, row.size)


def _following(last: Answer, last_id: int) -> str | None:
    """Where the page after this one begins; None where nothing that is asked for follows."""
    body = decode_or_none(last.body, Body)
    if body is None or body.result is None:
        return None
    rows = [decode_or_none(row, _Row) for row in rows_of(last.body, KIND)]
    newest = max((row.trade_id for row in rows if row is not None), default=last_id)
    since = decode_or_none(body.result.get(LAST, msgspec.Raw(b"null")), str)
    return None if newest >= last_id else since
