"""Words of a query on what came in: a source by its name, a symbol that may be absent, a range."""

from datetime import UTC, datetime

from api.errors import InvalidParameterError
from market.clock import datetime_of
from market.instruments import InstrumentTable
from market.sources import PROVIDERS

FIRST = datetime_of(0)
LAST = datetime(9000, 1, 1, tzinfo=UTC)


def known_provider(source: str | None) -> str | None:
    """The provider of that name; InvalidParameterError where there is none."""
    if source is not None and source not in PROVIDERS:
        raise InvalidParameterError("source", f"must be one of {', '.join(PROVIDERS)}")
    return source


def instrument_id(instruments: InstrumentTable, symbol: str | None) -> int | None:
    """The id of a symbol; UnknownSymbolError where nobody carries it."""
    return None if symbol is None else instruments.by_symbol(symbol).id


def symbol_of(instruments: InstrumentTable, identity: int | None) -> str | None:
    """The symbol of a stored id; None where none was stored, or it is carried no more."""
    known = {instrument.id: instrument.symbol for instrument in instruments}
    return None if identity is None else known.get(identity)


def time_range(start: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
    """From when to when, all times where nothing is said; an end that is no later is refused."""
    if start is not None and end is not None and end <= start:
        raise InvalidParameterError("end", "must be later than start")
    return start or FIRST, end or LAST
