"""Fixer's tables of rates: `latest`, a day's (`historical`) and those of many days (`timeseries`).

`latest` says when it was collected. That the time has moved on does not prove a new price: over a
weekend Friday's rates come again under fresh times, and the flow sets them aside as those of a closed
market. The rates of a day are those at its end in UTC, and become ticks of that second: `historical`
says it itself, a `timeseries` does not. A Friday's end lies after the week's close, and the day's
rates are those of the close (see `connectors.rates`).
"""

from connectors.answers import Answer
from connectors.fixer.checks import PROVIDER, check
from connectors.rates import parse_series, parse_table
from market.instruments import InstrumentTable
from market.log import LogRecord, Parsed


def parse_latest(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """A rate for every pair that we carry; the base against itself is none."""
    return _table(record, instruments, daily=False)


def parse_historical(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """The rates of one day."""
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
