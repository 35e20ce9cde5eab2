"""REALTIME_BULK_QUOTES: up to 100 US stocks in one call → rates, each at its own time.

The price is `close`, the regular session's. Quotes of extended hours are left out: nothing says whether
the row's one time is theirs.
"""

from collections.abc import Iterator

import msgspec

from connectors.alphavantage.checks import check
from connectors.alphavantage.fields import (
    EASTERN,
    PROVIDER,
    Cells,
    Fields,
    cell,
    instant_us,
    price_text,
    table_of,
    text,
)
from connectors.answers import Answer, decode, decode_or_none
from connectors.errors import ConnectorError, MalformedError
from connectors.numerals import number_of, text_of
from connectors.refusals import refused
from market.bars import BarBatch
from market.errors import MarketError
from market.instruments import InstrumentTable
from market.log import LogRecord, Parsed
from market.ticks import RATE, Tick, TickBatch

MAX_SYMBOLS = 100
"""In one call; the provider ignores what is beyond."""


def parse_bulk_quotes(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """The newest prices of the stocks that the answer holds; a bad row is refused alone.

    Symbols that the provider does not know have no row.
    """
    check(Answer(200, record.payload, record.received_us), record.kind)
    ticks, refusals = [], []
    for cells, excerpt in _rows(record.payload):
        try:
            ticks.append(_tick(cells, record.source.id, instruments))
        except (ConnectorError, MarketError) as error:
            refusals.append(refused(error, excerpt))
    return Parsed(TickBatch.of(ticks), BarBatch.empty(), tuple(refusals))


def _tick(cells: Cells | None, source: int, instruments: InstrumentTable) -> Tick:
    if cells is None:
        raise MalformedError(PROVIDER, "not a row of quotes")
    instrument = instruments.by_symbol(text(cell(cells, "symbol")))
    time_us = instant_us(text(cell(cells, "timestamp")), EASTERN)
    price = number_of(price_text(cell(cells, "close"), instrument))
    return Tick(time_us, instrument.id, source, RATE, price=price)


def _rows(payload: bytes) -> Iterator[tuple[Cells | None, str]]:
    """Each row's values, None where it has another form; and how it was written."""
    lines = table_of(payload)
    if lines is not None:
        header = lines[0].rstrip("\r").split(",")
        for line in lines[1:]:
            values = line.rstrip("\r").split(",")
            if line:
                same = len(values) == len(header)
                yield dict(zip(header, values, strict=True)) if same else None, line
        return
    body = decode(PROVIDER, payload, Fields)
    if "data" not in body:
        raise MalformedError(PROVIDER, "no data")
    for raw in decode(PROVIDER, body["data"], list[msgspec.Raw]):
        yield decode_or_none(raw, Fields), text_of(raw)
