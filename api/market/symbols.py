"""Reads the lists of symbols that a client names."""

from api.errors import InvalidParameterError
from market.instruments import Instrument, InstrumentTable

MAX_SYMBOLS = 500


def named_symbols(symbols: str | None) -> list[str] | None:
    """The names of a comma-separated list, each once, in its order; None where none was given."""
    if symbols is None:
        return None
    names = list(dict.fromkeys(name.strip() for name in symbols.split(",") if name.strip()))
    if not 1 <= len(names) <= MAX_SYMBOLS:
        raise InvalidParameterError("symbols", f"must name 1 to {MAX_SYMBOLS} symbols")
    return names


def named_instruments(symbols: str | None, instruments: InstrumentTable) -> list[Instrument] | None:
    """The instruments of a comma-separated list, each once, in its order; None where none was given.

    UnknownSymbolError names the first that nobody carries.
    """
    names = named_symbols(symbols)
    return None if names is None else [instruments.by_symbol(name) for name in names]
