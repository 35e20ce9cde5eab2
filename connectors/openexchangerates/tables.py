"""Open Exchange Rates' tables of rates: `latest`, a day's (`historical`), many days' (`time-series`).

The base is the dollar, on larger plans any. A pair is kept as it is quoted: of a table of the dollar
USD-JPY is, and EUR-USD, which would be a division, is not. The rates of a day are its last ones and
carry their own time (23:00 UTC on hourly plans); a `time-series` has none, and its days end with their
last second. On a Friday both lie after the week's close (see `connectors.rates`).
"""

from connectors.answers import Answer
from connectors.openexchangerates.checks import PROVIDER, check
from connectors.rates import parse_series, parse_table
from market.instruments import InstrumentTable
from market.log import LogRecord, Parsed


def parse_latest(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """A rate for every pair that we carry."""
    return _table(record, instruments, daily=False)


def parse_historical(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """The last rates of one day."""
    return _table(record, instruments, daily=True)


def parse_timeseries(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """The rates of many days, oldest first. A day that is not over when it comes is refused."""
    _checked(record)
    return parse_series(PROVIDER, record, instruments)


def _table(record: LogRecord, instruments: InstrumentTable, *, daily: bool) -> Parsed:
    _checked(record)
    return parse_table(PROVIDER, record, instruments, daily=daily)


def _checked(record: LogRecord) -> None:
    check(Answer(200, record.payload, record.received_us), record.kind)
