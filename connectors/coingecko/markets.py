"""`coins/markets`: a page of coins with their newest rates; an empty page ends the list."""

from collections.abc import Iterable

import msgspec

from connectors.answers import Answer, Request, decode
from connectors.coingecko.checks import check
from connectors.coingecko.coins import (
    CURRENCY,
    PROVIDER,
    ManyCoins,
    coin_id_of,
    context_text,
    instrument_of,
)
from connectors.coingecko.times import iso_us
from connectors.errors import ConnectorError
from connectors.numerals import number_of
from connectors.refusals import refused
from market.bars import BarBatch
from market.errors import MarketError
from market.instruments import Instrument, InstrumentTable
from market.log import LogRecord, Parsed
from market.ticks import RATE, Tick, TickBatch

KIND = "coins/markets"
MAX_PER_PAGE = 250


class _Row(msgspec.Struct):
    id: str
    last_updated: str
    current_price: msgspec.Raw


def markets_request(url: str, instruments: Iterable[Instrument]) -> Request:
    """One page of these coins, at most `MAX_PER_PAGE` of them."""
    ids = [coin_id_of(instrument) for instrument in instruments]
    params = {
        "vs_currency": CURRENCY,
        "ids": ",".join(ids),
        "order": "market_cap_desc",
        "per_page": str(MAX_PER_PAGE),
        "page": "1",
        "precision": "full",
    }
    return Request(KIND, context_text(ManyCoins(ids, CURRENCY)), f"{url}/coins/markets", params)


def parse_markets(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """A rate for every row, at its own time; a row with a null is refused alone."""
    currency = decode(PROVIDER, record.context.encode("utf-8", "replace"), ManyCoins).vs
    check(Answer(200, record.payload, record.received_us), record.kind)
    ticks, refusals = [], []
    for raw in decode(PROVIDER, record.payload, list[msgspec.Raw]):
        try:
            row = decode(PROVIDER, raw, _Row)
            instrument = instrument_of(row.id, currency, instruments)
            at_us, price = iso_us(row.last_updated), number_of(row.current_price)
        except (ConnectorError, MarketError) as error:
            refusals.append(refused(error, bytes(raw)))
            continue
        ticks.append(Tick(at_us, instrument, record.source.id, RATE, price=price))
    return Parsed(TickBatch.of(ticks), BarBatch.empty(), tuple(refusals))
