"""`ohlc`: bars of one coin without volume, stamped with their close; ours carry their opening."""

from typing import Literal

import msgspec

from connectors.answers import Answer, Request, decode
from connectors.bars import BarRows
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
from connectors.coingecko.times import US_PER_MS, US_PER_S, time_us
from connectors.errors import ConnectorError, MalformedError
from connectors.refusals import refused
from market.bars import DAY_S, LAST
from market.errors import MarketError
from market.instruments import Instrument, InstrumentTable
from market.log import LogRecord, Parsed
from market.ticks import TickBatch

KIND = "ohlc"
Days = Literal["1", "7", "14", "30", "90", "180", "365", "max"]
"""What may be asked for; `max` of the pro host alone."""
Interval = Literal["", "hourly", "daily"]
"""Paid plans choose; the others get what `INTERVALS_S` says."""

INTERVALS_S: dict[Days, int] = {
    "1": 1_800,
    "7": 14_400,
    "14": 14_400,
    "30": 14_400,
    "90": 4 * DAY_S,
    "180": 4 * DAY_S,
    "365": 4 * DAY_S,
    "max": 4 * DAY_S,
}
_CHOSEN_S: dict[Interval, int] = {"hourly": 3_600, "daily": DAY_S}
_KNOWN_S = {*INTERVALS_S.values(), *_CHOSEN_S.values()}


class _Row(msgspec.Struct, array_like=True):
    close_ms: msgspec.Raw
    open: msgspec.Raw
    high: msgspec.Raw
    low: msgspec.Raw
    close: msgspec.Raw


def ohlc_request(
    url: str, instrument: Instrument, days: Days = "1", interval: Interval = ""
) -> Request:
    """The bars of the last days of one coin."""
    coin_id = coin_id_of(instrument)
    params = {"vs_currency": CURRENCY, "days": days, "precision": "full"}
    if interval:
        params["interval"] = interval
    interval_s = _CHOSEN_S[interval] if interval else INTERVALS_S[days]
    context = context_text(OneCoin(coin_id, CURRENCY, interval_s))
    return Request(KIND, context, f"{url}/coins/{coin_id}/ohlc", params)


def parse_ohlc(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """Bars of the traded price at their opening; one that still ran when they came is left out."""
    context = one_coin(record.context)
    instrument = instrument_of(context.id, context.vs, instruments)
    if context.interval_s not in _KNOWN_S:
        raise MalformedError(PROVIDER, f"bars of {context.interval_s} s")
    check(Answer(200, record.payload, record.received_us), record.kind)
    bars, refusals = BarRows(PROVIDER), []
    rows = decode(PROVIDER, record.payload, list[msgspec.Raw])
    for raw in rows:
        try:
            row = decode(PROVIDER, raw, _Row)
            close_us = time_us(row.close_ms, US_PER_MS)
            if _runs(close_us, context.interval_s, record.received_us, last=raw is rows[-1]):
                continue
            prices = (row.open, row.high, row.low, row.close)
            bars.add(_opening_us(close_us, context.interval_s), prices)
        except (ConnectorError, MarketError) as error:
            refusals.append(refused(error, bytes(raw)))
    batch = bars.batch(instrument, record.source.id, LAST)
    batch.interval_s[:] = context.interval_s
    return Parsed(TickBatch.empty(), batch, tuple(refusals))


def _runs(close_us: int, interval_s: int, received_us: int, *, last: bool) -> bool:
    """Whether a bar is not over: it closes in the future, or the last one was stamped with now."""
    return close_us > received_us or (last and close_us % _grid_us(interval_s) != 0)


def _opening_us(close_us: int, interval_s: int) -> int:
    opening_us = close_us - interval_s * US_PER_S
    if close_us % _grid_us(interval_s) != 0 or opening_us <= 0:
        raise MalformedError(PROVIDER, "a bar that closes off the grid")
    return opening_us


def _grid_us(interval_s: int) -> int:
    """Bars of several days begin at midnight, on whatever day."""
    return min(interval_s, DAY_S) * US_PER_S
