"""Alpha Vantage's quotes: GLOBAL_QUOTE of a stock → a rate, CURRENCY_EXCHANGE_RATE of a pair → a quote.

GLOBAL_QUOTE has a day for its clock and no time. Of a day that is past in New York the event time of its
tick is 16:00 there: on the free plan that price is the last close, which no restart may stamp anew. Of
today it is when we received it, and an answer only counts as new when its price or volume changed
(`same_quote`): otherwise an old price would be stamped anew at every poll. What is entitled as delayed
says so, and its event time is 15 minutes before we received it.
"""

from decimal import Decimal

from connectors.alphavantage.checks import check
from connectors.alphavantage.fields import (
    EASTERN,
    PROVIDER,
    Cells,
    Fields,
    cell,
    day_of,
    field,
    instant_us,
    price_text,
    table_of,
    text,
    zone_of,
)
from connectors.alphavantage.rows import context_of
from connectors.answers import Answer, decode, decode_or_none, fields_of
from connectors.errors import ConnectorError, MalformedError
from connectors.numerals import number_of
from market.bars import BarBatch
from market.clock import datetime_of
from market.errors import NotAPriceError
from market.instruments import InstrumentTable
from market.log import LogRecord, Parsed
from market.ticks import QUOTE, RATE, Tick, TickBatch

DELAY_US = 15 * 60 * 1_000_000
DELAYED = "delayed"

_QUOTE_ENVELOPE = "Global Quote"
_DELAYED_ENVELOPE = "DATA DELAYED BY 15 MINUTES"
_RATE_ENVELOPE = "Realtime Currency Exchange Rate"
_DAY_NAMES = ("latest trading day", "latestDay")
_CLOSE = "16:00:00"
"""In New York; every other listing's day is over by then."""


def parse_global_quote(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """The newest price of a stock; for its event time see the module."""
    is_delayed, cells = _quote(record)
    instrument = instruments.by_symbol(text(cell(cells, "symbol")))
    price = number_of(price_text(cell(cells, "price"), instrument))
    time_us = _traded_us(cells, record.received_us - (DELAY_US if is_delayed else 0))
    tick = Tick(time_us, instrument.id, record.source.id, RATE, price=price)
    return Parsed(TickBatch.of([tick]), BarBatch.empty())


def same_quote(before: bytes, after: bytes) -> bool:
    """Whether two GLOBAL_QUOTE answers, JSON or CSV, tell the same price and volume."""
    one, other = _price_and_volume(before), _price_and_volume(after)
    return before == after or (one is not None and one == other)


def parse_exchange_rate(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """A pair's quote, or its rate where bid and ask are not given; its event time is UTC."""
    body = decode(PROVIDER, record.payload, Fields)
    fields = fields_of(body, _RATE_ENVELOPE)
    if not fields:
        raise _not_an_answer(record, _RATE_ENVELOPE)
    base, quote = (text(field(fields, f"{end}_Currency Code")) for end in ("From", "To"))
    instrument = instruments.by_symbol(f"{base}-{quote}").id
    time_us = instant_us(
        text(field(fields, "Last Refreshed")), zone_of(text(field(fields, "Time Zone")))
    )
    rate = number_of(field(fields, "Exchange Rate"))
    sides = _bid_and_ask(fields)
    if sides is None:
        tick = Tick(time_us, instrument, record.source.id, RATE, price=rate)
    else:
        tick = Tick(time_us, instrument, record.source.id, QUOTE, bid=sides[0], ask=sides[1])
    return Parsed(TickBatch.of([tick]), BarBatch.empty())


def _bid_and_ask(fields: Fields) -> tuple[Decimal, Decimal] | None:
    """None: there were none in 2017, and a pair that hardly trades has a dash."""
    try:
        return number_of(field(fields, "Bid Price")), number_of(field(fields, "Ask Price"))
    except (MalformedError, NotAPriceError):
        return None


def _quote(record: LogRecord) -> tuple[bool, Cells]:
    """Whether a quote is delayed, and its values."""
    lines = table_of(record.payload)
    if lines is not None:
        check(Answer(200, record.payload, record.received_us), record.kind)
        return context_of(record).entitlement == DELAYED, _first_row(lines)
    envelope = _envelope(decode(PROVIDER, record.payload, Fields))
    if envelope is None:
        raise _not_an_answer(record, _QUOTE_ENVELOPE)
    return _DELAYED_ENVELOPE in envelope[0], envelope[1]


def _traded_us(cells: Cells, at_us: int) -> int:
    """When a quote that was newest at `at_us` was made, as far as its day tells."""
    shown = next((cells[name] for name in _DAY_NAMES if name in cells), None)
    if shown is None:
        return at_us
    day = day_of(text(shown))
    if day >= datetime_of(at_us).astimezone(EASTERN).date():
        return at_us
    return instant_us(f"{day} {_CLOSE}", EASTERN)


def _envelope(body: Fields) -> tuple[str, Cells] | None:
    """The key of a quote, which differs where it is delayed, and its values; None without any."""
    for key in body:
        fields = fields_of(body, key) if key.startswith(_QUOTE_ENVELOPE) else None
        if fields:
            return key, {name.partition(". ")[2]: raw for name, raw in fields.items()}
    return None


def _first_row(lines: list[str]) -> Cells:
    header, values = (line.rstrip("\r").split(",") for line in [*lines, ""][:2])
    if len(header) != len(values):
        raise MalformedError(PROVIDER, "a row of another length than its header")
    return dict(zip(header, values, strict=True))


def _price_and_volume(payload: bytes) -> tuple[str, str] | None:
    """As they were written; None where the payload is no quote."""
    try:
        lines = table_of(payload)
        if lines is None:
            _, cells = _envelope(decode_or_none(payload, Fields) or {}) or ("", {})
        else:
            cells = _first_row(lines)
        return text(cell(cells, "price")), text(cell(cells, "volume"))
    except ConnectorError:
        return None


def _not_an_answer(record: LogRecord, envelope: str) -> MalformedError:
    """Raises what the answer means, where it is a refusal."""
    check(Answer(200, record.payload, record.received_us), record.kind)
    return MalformedError(PROVIDER, f"no {envelope}")
