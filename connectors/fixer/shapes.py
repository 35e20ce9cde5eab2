"""What Fixer's answers with rates look like."""

import msgspec

from connectors.rates import UnixSeconds


class Table(msgspec.Struct):
    """The answer of `latest` and `historical`: units of each code per one of the base."""

    timestamp: UnixSeconds
    base: str
    rates: dict[str, msgspec.Raw]


class Series(msgspec.Struct):
    """The answer of `timeseries`: a table a day."""

    base: str
    rates: dict[str, dict[str, msgspec.Raw]]
