"""Alpha Vantage: stock quotes and exchange rates → rates and quotes; intraday series → bars.

One endpoint answers everything with HTTP 200, its errors too: they are told apart by their text.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import msgspec

from connectors.answers import Answer, Request, decode, decode_or_none, fields_of
from connectors.bars import BarRows
from connectors.errors import (
    BadKeyError,
    BurstError,
    ConnectorError,
    MalformedError,
    PremiumError,
    QuotaExceededError,
    TransientError,
    UnknownAtProviderError,
)
from connectors.numerals import number_of, text_of
from connectors.refusals import refused
from market.bars import BAR_US, LAST, MID, BarBatch
from market.clock import datetime_of, microseconds
from market.errors import MarketError, NotAPriceError
from market.instruments import AssetClass, Instrument, InstrumentTable
from market.log import LogRecord, Parsed
from market.ticks import QUOTE, RATE, Tick, TickBatch

PROVIDER = "alphavantage"
BURST_RETRY_S = 2.0
MINUTE_RETRY_S = 60.0

_TIME = "YYYY-MM-DD HH:MM:SS"
_ZONES: dict[str, tzinfo] = {"UTC": UTC, "US/Eastern": ZoneInfo("America/New_York")}
_QUOTE_ENVELOPE = "Global Quote"
_RATE_ENVELOPE = "Realtime Currency Exchange Rate"
_PRICE_FIELDS = ("1. open", "2. high", "3. low", "4. close")
_VOLUME_FIELD = "5. volume"

Fields = dict[str, msgspec.Raw]

_fields = msgspec.json.Decoder(Fields)


class _Context(msgspec.Struct):
    symbol: str
    since: int = 0


def context_of(symbol: str, since_us: int = 0) -> str:
    """The context of a request: its symbol, and from when on its bars are wanted."""
    return msgspec.json.encode(_Context(symbol, since_us)).decode()


def live_request(url: str, instrument: Instrument) -> Request:
    """The newest price of a stock or a pair."""
    if instrument.asset_class is AssetClass.STOCK:
        params = {"function": "GLOBAL_QUOTE", "symbol": instrument.symbol}
    else:
        params = {
            "function": "CURRENCY_EXCHANGE_RATE",
            "from_currency": instrument.base,
            "to_currency": instrument.quote,
        }
    return Request(params["function"], context_of(instrument.symbol), url, params)


def history_request(url: str, instrument: Instrument, since_us: int) -> Request:
    """The one-minute bars of a stock or a pair; the answer may begin long before `since_us`."""
    params = {"interval": "1min", "outputsize": "full"}
    if instrument.asset_class is AssetClass.STOCK:
        params |= {"function": "TIME_SERIES_INTRADAY", "symbol": instrument.symbol}
    else:
        params |= {
            "function": "FX_INTRADAY",
            "from_symbol": instrument.base,
            "to_symbol": instrument.quote,
        }
    return Request(params["function"], context_of(instrument.symbol, since_us), url, params)


def check(answer: Answer, request: str) -> None:
    """Raise what an answer without prices means."""
    if answer.status == 429:
        raise BurstError(PROVIDER, answer.retry_after_s or MINUTE_RETRY_S)
    if answer.status >= 500:
        raise TransientError(PROVIDER, f"HTTP {answer.status}", answer.retry_after_s)
    if answer.status >= 400:
        raise MalformedError(PROVIDER, f"HTTP {answer.status}")
    body = decode(PROVIDER, answer.body, dict[str, msgspec.Raw])
    if "Error Message" in body:
        if "apikey" in text_of(body["Error Message"]):
            raise BadKeyError(PROVIDER)
        raise UnknownAtProviderError(PROVIDER, request)
    for key in ("Information", "Note"):
        if key in body:
            raise _notice(text_of(body[key]), request, answer.received_us)
    if not body or "detail" in body:
        raise MalformedError(PROVIDER, "an answer without prices")
    if any(fields_of(body, key) == {} for key in body):
        raise UnknownAtProviderError(PROVIDER, request)


def _notice(text: str, request: str, received_us: int) -> ConnectorError:
    """What a notice means; the order matters, for the texts share their advertisements."""
    text = text.lower()
    if "per second" in text or "sparingly" in text or "burst" in text:
        return BurstError(PROVIDER, BURST_RETRY_S)
    if "premium endpoint" in text:
        return PremiumError(PROVIDER, request)
    if "demo" in text:
        return BadKeyError(PROVIDER)
    if "per minute" in text:
        return BurstError(PROVIDER, MINUTE_RETRY_S)
    if "per day" in text:
        return QuotaExceededError(PROVIDER, _next_day_us(received_us))
    return MalformedError(PROVIDER, "a notice of no known kind")


def _next_day_us(now_us: int) -> int:
    today = datetime_of(now_us).replace(hour=0, minute=0, second=0, microsecond=0)
    return microseconds(today + timedelta(days=1))


def parse_global_quote(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """The newest price of a stock. It has no time of day: its tick carries the receive time."""
    fields = _envelope(record, _QUOTE_ENVELOPE)
    instrument = instruments.by_symbol(text_of(_field(fields, "symbol")))
    tick = Tick(
        record.received_us,
        instrument.id,
        record.source.id,
        RATE,
        price=number_of(_field(fields, "price")),
    )
    return Parsed(TickBatch.of([tick]), BarBatch.empty())


def parse_exchange_rate(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """A pair's quote, or its rate where bid and ask are not given."""
    fields = _envelope(record, _RATE_ENVELOPE)
    base, quote = (text_of(_field(fields, f"{end}_Currency Code")) for end in ("From", "To"))
    instrument = instruments.by_symbol(f"{base}-{quote}").id
    zone = text_of(_field(fields, "Time Zone"))
    time_us = _microseconds(text_of(_field(fields, "Last Refreshed")), _zone(zone))
    rate = number_of(_field(fields, "Exchange Rate"))
    try:
        bid, ask = (number_of(_field(fields, f"{side} Price")) for side in ("Bid", "Ask"))
    except (MalformedError, NotAPriceError):
        tick = Tick(time_us, instrument, record.source.id, RATE, price=rate)
    else:
        tick = Tick(time_us, instrument, record.source.id, QUOTE, bid=bid, ask=ask)
    return Parsed(TickBatch.of([tick]), BarBatch.empty())


def parse_fx_intraday(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """One-minute bars of a pair: of its mid."""
    return parse_series(record, instruments, MID, "1min")


def parse_stock_intraday(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """One-minute bars of a stock: of its trades."""
    return parse_series(record, instruments, LAST, "1min")


def parse_series(
    record: LogRecord, instruments: InstrumentTable, side: int, interval: str
) -> Parsed:
    """Bars of an intraday answer in time order, their stamps read as the bars' beginnings.

    Left out are bars before the context's `since`, and one that was still running on arrival.
    """
    body = decode(PROVIDER, record.payload, Fields)
    meta = fields_of(body, "Meta Data")
    if meta is None:
        check(Answer(200, record.payload, record.received_us), record.kind)
        raise MalformedError(PROVIDER, "a series without Meta Data")
    instrument = instruments.by_symbol(_series_symbol(meta)).id
    rows = _series(body, interval)
    context = decode_or_none(record.context.encode(), _Context)
    since_us = context.since if context else 0
    zone = _zone(text_of(_field(meta, "Time Zone")))
    bars = BarRows(PROVIDER)
    refusals = []
    for stamp, raw in sorted(rows.items()):
        try:
            time_us = _microseconds(stamp, zone)
            if since_us <= time_us <= record.received_us - BAR_US:
                fields = _fields.decode(raw)
                bars.add(time_us, _prices(fields), fields.get(_VOLUME_FIELD))
        except (ConnectorError, MarketError) as error:
            refusals.append(refused(error, f'"{stamp}":{text_of(raw)}'))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            refusals.append(refused("not a bar", f'"{stamp}":{text_of(raw)}'))
    batch = bars.batch(instrument, record.source.id, side)
    return Parsed(TickBatch.empty(), batch, tuple(refusals))


def _prices(fields: Fields) -> list[msgspec.Raw]:
    try:
        return [fields[name] for name in _PRICE_FIELDS]
    except KeyError:
        raise MalformedError(PROVIDER, "a bar without its four prices") from None


def _series(body: Fields, interval: str) -> dict[str, msgspec.Raw]:
    for key, raw in body.items():
        if key.startswith("Time Series") and key.endswith(f"({interval})"):
            return decode(PROVIDER, raw, dict[str, msgspec.Raw])
    raise MalformedError(PROVIDER, f"no series of {interval} bars")


def _series_symbol(meta: Fields) -> str:
    """The instrument of a series: keys are numbered in another order by every function."""
    pair = [text_of(raw) for end in ("From Symbol", "To Symbol") for raw in _named(meta, end)]
    return "-".join(pair) if pair else text_of(_field(meta, "Symbol"))


def _envelope(record: LogRecord, name: str) -> Fields:
    """The fields of the one object of an answer; its key may carry a suffix for delayed data."""
    body = decode(PROVIDER, record.payload, Fields)
    for key in body:
        fields = fields_of(body, key) if key.startswith(name) else None
        if fields:
            return fields
    check(Answer(200, record.payload, record.received_us), record.kind)
    raise MalformedError(PROVIDER, f"no {name}")


def _named(fields: Fields, name: str) -> Iterator[msgspec.Raw]:
    """The values of the keys `<number>. <name>`."""
    return (raw for key, raw in fields.items() if key.partition(". ")[2] == name)


def _field(fields: Fields, name: str) -> msgspec.Raw:
    raw = next(_named(fields, name), None)
    if raw is None:
        raise MalformedError(PROVIDER, f"no field {name}")
    return raw


def _zone(name: str) -> tzinfo:
    if name not in _ZONES:
        raise MalformedError(PROVIDER, "a time zone of no known name")
    return _ZONES[name]


def _microseconds(stamp: str, zone: tzinfo) -> int:
    try:
        if len(stamp) != len(_TIME):
            raise ValueError(stamp)
        return microseconds(datetime.fromisoformat(stamp).replace(tzinfo=zone))
    except (ValueError, OverflowError) as error:
        raise MalformedError(PROVIDER, "a time of another form") from error
