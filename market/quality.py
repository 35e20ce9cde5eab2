"""Rules of quality: how far a price may lie from those before it, and how old one may be.

The numbers are of the instrument, the ages of the provider. Every consumer of a log must be given the
same rules, or their verdicts part.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from market.errors import MarketError
from market.instruments import InstrumentTable

MAX_WINDOW = 50
"""Prices that a window holds at most: what a flow's state has room for."""
FLOOR_LIMIT = 1.0

_HOUR_S = 3_600
_DAY_S = 24 * _HOUR_S

MAX_AGE_S: Mapping[str, int] = {
    "alphavantage": 7
    * _DAY_S,  # names the trading day alone: Thursday's is the newest after Easter
    "binance": _HOUR_S,
    "coinbase": _DAY_S,  # a thin product's last quote
    "coingecko": _DAY_S,
    "ecb": 6 * _DAY_S,  # no rate from Maundy Thursday to the Tuesday after Easter
    "fixer": 2 * _DAY_S,
    "kraken": _DAY_S,
    "oanda": _HOUR_S,
    "openexchangerates": 2 * _DAY_S,
}
"""How old a quote or a rate of a provider may be when it is received, in seconds."""
OTHERS_MAX_AGE_S = _DAY_S

FIXINGS = frozenset({"ecb"})
"""Whose rates are official ones of a day: a jump of them is news (a peg that ends, a devaluation), and
those of the weeks before are no measure of it."""


class BadRulesError(MarketError):
    """Rules of quality that can't be meant: which entry, and what is wrong with it."""

    def __init__(self, entry: str, reason: str) -> None:
        super().__init__(entry, reason)
        self.entry = entry
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.entry} {self.reason}"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """When a price of an instrument is an outlier, given the prices accepted before it.

    It lies further from the mean of the last `window` prices than `deviations` times their mean absolute
    deviation, and further than the share `floor` of that mean. Fewer than `minimum` prices judge nobody.
    """

    floor: float = 0.005
    deviations: float = 10.0
    window: int = MAX_WINDOW
    minimum: int = 10


@dataclass(frozen=True, slots=True)
class QualityRules:
    """The tolerance of every instrument, by symbol where it is not the `default`; ages by provider.

    Rates of the `fixings` are never outliers. All else that can be wrong with a price is so of theirs.
    """

    default: Tolerance = Tolerance()
    by_symbol: Mapping[str, Tolerance] = field(default_factory=dict)
    max_age_s: Mapping[str, int] = field(default_factory=lambda: dict(MAX_AGE_S))
    fixings: frozenset[str] = FIXINGS

    def of(self, symbol: str) -> Tolerance:
        """The tolerance of an instrument."""
        return self.by_symbol.get(symbol, self.default)

    def max_age_us(self, provider: str) -> int:
        """How old a quote or a rate of this provider may be when it is received, in µs."""
        return self.max_age_s.get(provider, OTHERS_MAX_AGE_S) * 1_000_000


def rules_of(document: Mapping[str, Any], instruments: InstrumentTable) -> QualityRules:
    """The rules that a document tells: tolerances at its top, exceptions in `instruments.<symbol>`, ages
    in `max_age_s`, all providers of `fixings`. BadRulesError names the first entry that can't be meant.
    """
    others = {"instruments", "max_age_s", "fixings"}
    default = _tolerance(
        Tolerance(), {name: document[name] for name in document if name not in others}, ""
    )
    by_symbol = {}
    for symbol, changes in _table(document, "instruments").items():
        if symbol not in instruments:
            raise BadRulesError(f"instruments.{symbol}", "is no instrument")
        if not isinstance(changes, Mapping):
            raise BadRulesError(f"instruments.{symbol}", "is no table")
        by_symbol[symbol] = _tolerance(default, changes, f"instruments.{symbol}.")
    ages = {name: _age(name, value) for name, value in _table(document, "max_age_s").items()}
    fixings = _fixings(document.get("fixings", FIXINGS))
    return QualityRules(default, by_symbol, {**MAX_AGE_S, **ages}, fixings)


def _table(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = document.get(name, {})
    if not isinstance(found, Mapping):
        raise BadRulesError(name, "is no table")
    return found


def _tolerance(base: Tolerance, changes: Mapping[str, Any], prefix: str) -> Tolerance:
    known = {field.name for field in fields(Tolerance)}
    for name, value in changes.items():
        if name not in known:
            raise BadRulesError(prefix + name, f"is unknown; known are {', '.join(sorted(known))}")
        is_whole = isinstance(value, int) and not isinstance(value, bool)
        if not is_whole and (name in ("window", "minimum") or not isinstance(value, float)):
            raise BadRulesError(prefix + name, "is no number that it can be")
    changed = replace(base, **changes)
    if not 0 < changed.floor < FLOOR_LIMIT:
        raise BadRulesError(f"{prefix}floor", "is not between 0 and 1")
    if not 0 < changed.deviations < float("inf"):
        raise BadRulesError(f"{prefix}deviations", "is not above 0")
    if not 2 <= changed.minimum <= changed.window <= MAX_WINDOW:
        raise BadRulesError(
            f"{prefix}window", f"and minimum must be 2 <= minimum <= window <= {MAX_WINDOW}"
        )
    return changed


def _age(name: str, value: object) -> int:
    if name not in MAX_AGE_S:
        raise BadRulesError(f"max_age_s.{name}", "is no provider")
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise BadRulesError(f"max_age_s.{name}", "is no number of seconds above 0")
    return value


def _fixings(names: object) -> frozenset[str]:
    if not isinstance(names, list | frozenset) or not all(isinstance(name, str) for name in names):
        raise BadRulesError("fixings", "is no list of providers")
    for name in names:
        if name not in MAX_AGE_S:
            raise BadRulesError(f"fixings.{name}", "is no provider")
    return frozenset(names)
