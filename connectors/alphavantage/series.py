"""Alpha Vantage's time series as JSON → bars: intraday, daily, weekly and monthly.

Stamps of intraday series are read as the bars' openings. Prices of stocks are as traded, of
TIME_SERIES_DAILY_ADJUSTED too: its adjusted close changes with every dividend.
"""

from dataclasses import dataclass

import msgspec

from connectors.alphavantage.checks import check
from connectors.alphavantage.fields import (
    PROVIDER,
    Cells,
    Fields,
    field,
    instant_us,
    named,
    price_text,
    text,
    zone_of,
)
from connectors.alphavantage.intervals import interval_of
from connectors.alphavantage.rows import Series, bars_of
from connectors.answers import Answer, decode, fields_of
from connectors.errors import ConnectorError, MalformedError
from connectors.numerals import number_of, text_of
from connectors.refusals import refused
from market.bars import LAST, MID, BarBatch
from market.errors import MarketError
from market.instruments import Instrument, InstrumentTable
from market.log import LogRecord, Parsed
from market.ticks import RATE, Tick, TickBatch

_fields = msgspec.json.Decoder(Fields)


@dataclass(frozen=True, slots=True)
class _Row:
    stamp: str
    raw: msgspec.Raw

    def cells(self) -> Cells:
        try:
            fields = _fields.decode(self.raw)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            raise MalformedError(PROVIDER, "not a bar") from None
        return {key.partition(". ")[2]: raw for key, raw in fields.items()}

    def excerpt(self) -> str:
        return f'"{self.stamp}":{text_of(self.raw)}'


def parse_series(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """Bars of any series, in time order: of a pair's mid, of a stock's or a coin's trades."""
    meta, name, rows = _parts(record)
    symbol, side = _subject(meta)
    series = Series(
        instrument=instruments.by_symbol(symbol),
        interval_s=interval_of(name),
        zone=zone_of(text(field(meta, "Time Zone"))),
        side=side,
    )
    return bars_of(record, series, (_Row(stamp, raw) for stamp, raw in rows.items()))


def parse_coin_prices(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """The coins' intraday series of 2017, prices alone: a rate at each of its times."""
    meta, _, rows = _parts(record)
    instrument = instruments.by_symbol(_subject(meta)[0])
    zone = zone_of(text(field(meta, "Time Zone")))
    ticks, refusals = [], []
    for row in (_Row(stamp, rows[stamp]) for stamp in sorted(rows)):
        try:
            price = _coin_price(row.cells(), instrument)
            time_us = instant_us(row.stamp, zone)
            ticks.append(Tick(time_us, instrument.id, record.source.id, RATE, price=price))
        except (ConnectorError, MarketError) as error:
            refusals.append(refused(error, row.excerpt()))
    return Parsed(TickBatch.of(ticks), BarBatch.empty(), tuple(refusals))


def _coin_price(cells: Cells, instrument: Instrument) -> str:
    value = cells.get(f"price ({instrument.quote})")
    if value is None:
        raise MalformedError(PROVIDER, "a row without its price")
    shown = price_text(value, instrument)
    number_of(shown)
    return shown


def _parts(record: LogRecord) -> tuple[Fields, str, Fields]:
    """An answer's Meta Data, the name of its series, and the rows by their stamps."""
    body = decode(PROVIDER, record.payload, Fields)
    meta = fields_of(body, "Meta Data")
    if meta is not None:
        for name, raw in body.items():
            if "Time Series" in name:
                return meta, name, decode(PROVIDER, raw, Fields)
    check(Answer(200, record.payload, record.received_us), record.kind)
    raise MalformedError(PROVIDER, "no series, or one without Meta Data")


def _subject(meta: Fields) -> tuple[str, int]:
    """Whose bars these are, and of which side."""
    for one, other, side in (
        ("From Symbol", "To Symbol", MID),
        ("Digital Currency Code", "Market Code", LAST),
    ):
        if next(named(meta, one), None) is not None:
            return f"{text(field(meta, one))}-{text(field(meta, other))}", side
    return text(field(meta, "Symbol")), LAST
