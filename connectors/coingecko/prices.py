"""`simple/price`: the newest rates of many coins in one call."""

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
from connectors.coingecko.times import US_PER_S, time_us
from connectors.errors import ConnectorError
from connectors.numerals import number_of, text_of
from connectors.refusals import refused
from market.bars import BarBatch
from market.errors import MarketError
from market.instruments import Instrument, InstrumentTable
from market.log import LogRecord, Parsed
from market.ticks import RATE, Tick, TickBatch

KIND = "simple/price"
MAX_IDS = 500
"""Ids that one call holds: about 515 fit into an address."""

_NULL = msgspec.Raw(b"null")


class _Coin(msgspec.Struct):
    last_updated_at: msgspec.Raw
    usd: msgspec.Raw = _NULL


def price_request(url: str, instruments: Iterable[Instrument]) -> Request:
    """One call for all these coins, at most `MAX_IDS`, unrounded and with their times."""
    ids = [coin_id_of(instrument) for instrument in instruments]
    params = {
        "ids": ",".join(ids),
        "vs_currencies": CURRENCY,
        "include_last_updated_at": "true",
        "precision": "full",
    }
    return Request(KIND, context_text(ManyCoins(ids, CURRENCY)), f"{url}/simple/price", params)


def parse_simple_price(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """A rate for every coin of the answer, at the provider's own time.

    A coin that was asked for and is not there is no refusal: see `missing`.
    """
    check(Answer(200, record.payload, record.received_us), record.kind)
    ticks, refusals = [], []
    for coin_id, raw in decode(PROVIDER, record.payload, dict[str, msgspec.Raw]).items():
        try:
            instrument = instrument_of(coin_id, CURRENCY, instruments)
            coin = decode(PROVIDER, raw, _Coin)
            at_us = time_us(coin.last_updated_at, US_PER_S)
            price = number_of(coin.usd)
        except (ConnectorError, MarketError) as error:
            refusals.append(refused(error, f'"{coin_id}":{text_of(raw)}'))
            continue
        ticks.append(Tick(at_us, instrument, record.source.id, RATE, price=price))
    return Parsed(TickBatch.of(ticks), BarBatch.empty(), tuple(refusals))
