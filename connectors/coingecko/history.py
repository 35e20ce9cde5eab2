"""`coins/{id}/history`: one coin's rate at 00:00 UTC of one day."""

from datetime import UTC, date, datetime, time

import msgspec

from connectors.answers import Answer, Request, decode
from connectors.coingecko.checks import check
from connectors.coingecko.coins import (
    CURRENCY,
    PROVIDER,
    OneCoin,
    coin_id_of,
    context_text,
    instrument_of,
    one_coin,
)
from connectors.errors import MalformedError, UnknownAtProviderError
from connectors.numerals import number_of
from market.bars import BarBatch
from market.clock import microseconds
from market.instruments import Instrument, InstrumentTable
from market.log import LogRecord, Parsed
from market.ticks import RATE, Tick, TickBatch

KIND = "history"
FIRST_YEAR = 2009
"""Bitcoin's; there is no older coin."""


class _Data(msgspec.Struct):
    current_price: dict[str, msgspec.Raw]


class _Snapshot(msgspec.Struct):
    id: str
    market_data: _Data | None = None


def history_request(url: str, instrument: Instrument, day: date, *, iso: bool = False) -> Request:
    """One coin on one day. `iso`: YYYY-MM-DD as the pro host takes it, else dd-mm-yyyy."""
    coin_id = coin_id_of(instrument)
    context = context_text(OneCoin(coin_id, CURRENCY, date=day.isoformat()))
    shown = day.isoformat() if iso else f"{day:%d-%m-%Y}"
    params = {"date": shown, "localization": "false"}
    return Request(KIND, context, f"{url}/coins/{coin_id}/history", params)


def parse_history(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """The day's rate. UnknownAtProviderError where the coin had none yet, NotAPriceError a null."""
    context = one_coin(record.context)
    instrument = instrument_of(context.id, context.vs, instruments)
    at_us = _midnight_us(context.date)
    check(Answer(200, record.payload, record.received_us), record.kind)
    snapshot = decode(PROVIDER, record.payload, _Snapshot)
    if snapshot.id != context.id:
        raise MalformedError(PROVIDER, f"a history of {snapshot.id[:80]} instead of {context.id}")
    prices = {} if snapshot.market_data is None else snapshot.market_data.current_price
    if context.vs not in prices:
        what = f"{context.id} in {context.vs} on {context.date}"
        raise UnknownAtProviderError(PROVIDER, what, "ask for a later day")
    tick = Tick(at_us, instrument, record.source.id, RATE, price=number_of(prices[context.vs]))
    return Parsed(TickBatch.of([tick]), BarBatch.empty())


def _midnight_us(day: str) -> int:
    try:
        midnight = datetime.combine(date.fromisoformat(day), time(), UTC)
    except ValueError:
        raise MalformedError(PROVIDER, f"not a day: {day[:40]}") from None
    if midnight.year < FIRST_YEAR:
        raise MalformedError(PROVIDER, f"no coin is as old as {day}")
    return microseconds(midnight)
