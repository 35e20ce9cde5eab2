"""What Alpha Vantage's answers are made of: numbered keys, text for numbers, times without an offset."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import msgspec

from connectors.errors import MalformedError
from connectors.numerals import text_of
from market.clock import microseconds
from market.instruments import Instrument

PROVIDER = "alphavantage"

Fields = dict[str, msgspec.Raw]
Cell = str | msgspec.Raw
Cells = Mapping[str, Cell]
"""The values of a row by their names, without the numbers of the keys."""

EASTERN = ZoneInfo("America/New_York")

_ZONES: dict[str, tzinfo] = {
    "UTC": UTC,
    "US/Eastern": EASTERN,
    "GMT+8": timezone(timedelta(hours=8)),  # exchange rates of 2018
}
_STAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_END_US = microseconds(datetime(9999, 12, 31, tzinfo=UTC))
"""Later times of a zone behind UTC have no year there that can be shown."""
_HEADERS = (b"timestamp,", b"time,", b"symbol,")


class Context(msgspec.Struct):
    """What an answer does not say of itself.

    `since`: bars that open before it (us since 1970) are not wanted. `interval` is that of an intraday
    series, which its CSV does not name.
    """

    symbol: str
    since: int = 0
    interval: str = ""
    entitlement: str = ""


def named(fields: Fields, name: str) -> Iterator[msgspec.Raw]:
    """The values of the keys `<number>. <name>`: the numbers differ from function to function."""
    return (raw for key, raw in fields.items() if key.partition(". ")[2] == name)


def field(fields: Fields, name: str) -> msgspec.Raw:
    """The value of the key `<number>. <name>`; MalformedError where there is none."""
    raw = next(named(fields, name), None)
    if raw is None:
        raise MalformedError(PROVIDER, f"no field {name}")
    return raw


def cell(cells: Cells, name: str) -> Cell:
    """The value of that name; MalformedError where there is none."""
    try:
        return cells[name]
    except KeyError:
        raise MalformedError(PROVIDER, f"no field {name}") from None


def table_of(payload: bytes) -> list[str] | None:
    """The lines of a CSV answer, its header first; None where the payload is none.

    MalformedError where it is no text.
    """
    if not payload.startswith(_HEADERS):
        return None
    try:
        return payload.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise MalformedError(PROVIDER, "CSV that is no text") from error


def text(value: Cell) -> str:
    """The text of a value, as it was written."""
    return value if isinstance(value, str) else text_of(value)


def price_text(value: Cell, instrument: Instrument) -> str:
    """A price in the instrument's currency: London quotes in pence (GBX), 100 to the pound."""
    shown = text(value)
    in_pence = instrument.quote == "GBP" and instrument.symbol.endswith(".LON")
    return f"{shown}e-2" if in_pence else shown


def zone_of(name: str) -> tzinfo:
    """The zone of a `Time Zone`; MalformedError where it has no known name."""
    if name not in _ZONES:
        raise MalformedError(PROVIDER, "a time zone of no known name")
    return _ZONES[name]


def instant_us(stamp: str, zone: tzinfo) -> int:
    """The us of a wall time in a zone; of the hour that a clock shows twice it is the first.

    MalformedError: a time of another form, one that the clock skipped, or none after 1970.
    """
    try:
        if not _STAMP.fullmatch(stamp):
            raise ValueError(stamp)
        moment = datetime.fromisoformat(stamp).replace(tzinfo=zone)
        if zone is EASTERN and _is_skipped(moment):
            raise ValueError(stamp)
        time_us = microseconds(moment)
        if not 0 < time_us < _END_US:
            raise ValueError(stamp)
        return time_us
    except (ValueError, OverflowError) as error:
        raise MalformedError(PROVIDER, "a time of another form") from error


def _is_skipped(moment: datetime) -> bool:
    before, after = moment.utcoffset(), moment.replace(fold=1).utcoffset()
    return before is not None and after is not None and before < after


def day_of(stamp: str) -> date:
    """The date of a daily bar; MalformedError where it has another form."""
    try:
        if not _DAY.fullmatch(stamp):
            raise ValueError(stamp)
        return date.fromisoformat(stamp)
    except ValueError as error:
        raise MalformedError(PROVIDER, "a date of another form") from error
