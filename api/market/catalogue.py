"""Finds instruments by what a person types."""

from api.market.schemas import InstrumentParameters
from market.instruments import Instrument, InstrumentTable


def find_instruments(
    instruments: InstrumentTable, parameters: InstrumentParameters
) -> list[dict[str, object]]:
    """The instruments that match, the closest first unless an order was asked for."""
    needle = parameters.q.strip().casefold()
    found = [
        instrument
        for instrument in instruments
        if parameters.asset_class in (None, instrument.asset_class)
        and (needle in instrument.symbol.casefold() or needle in instrument.name.casefold())
    ]
    if parameters.sort is not None:
        field = parameters.sort.removeprefix("-")
        found.sort(key=lambda item: str(getattr(item, field)), reverse=parameters.sort[0] == "-")
    elif needle:
        found.sort(key=lambda item: _distance(item, needle))
    return [_data(instrument) for instrument in found]


def _distance(instrument: Instrument, needle: str) -> int:
    symbol = instrument.symbol.casefold()
    if symbol == needle:
        return 0
    if symbol.startswith(needle):
        return 1
    return 2 if needle in symbol else 3


def _data(instrument: Instrument) -> dict[str, object]:
    return {
        "symbol": instrument.symbol,
        "name": instrument.name,
        "asset_class": instrument.asset_class.value,
        "base": instrument.base,
        "quote": instrument.quote,
        "decimals": instrument.decimals,
    }
