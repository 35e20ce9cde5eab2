"""What an entry of the vocabulary is made of: an item, its parameters, and the check of what is given."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from reprlib import repr as repr_of
from typing import Any

import polars as pl

from market.intervals import MOST, Interval, InvalidIntervalError
from pricing_engine.quant.errors import Fault, unknown
from pricing_engine.quant.table import Table

Arguments = Mapping[str, Any]

MAX_WINDOW = 5_000
"""Rows that a window holds at most."""


class Kind(StrEnum):
    """What a parameter takes."""

    INTEGER = "integer"
    NUMBER = "number"
    CHOICE = "choice"
    COLUMN = "column"
    SYMBOL = "symbol"
    INTERVAL = "interval"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an item. `low` and `high` are inclusive.

    `default` None: nothing is a value of its own, which `meaning` explains, unless it is `required`.
    """

    name: str
    kind: Kind
    meaning: str
    default: object = None
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    required: bool = False

    def fault(self, field: str, value: object) -> Fault | None:
        """What is wrong with a value; None where nothing is. Names of columns are the plan's to check."""
        if value is None and self.default is None and not self.required:
            return None
        if self.kind in (Kind.INTEGER, Kind.NUMBER):
            return self._number_fault(field, value)
        if not isinstance(value, str):
            return Fault(field, f"must be {self.allowed()}, not {repr_of(value)}")
        if self.kind is Kind.CHOICE and value not in self.choices:
            return unknown(field, self.name, value, self.choices)
        if self.kind is Kind.INTERVAL:
            try:
                Interval.parse(value)
            except InvalidIntervalError as error:
                return Fault(
                    field, str(error), tuple(f"1{unit} to {MOST[unit]}{unit}" for unit in MOST)
                )
        return None

    def allowed(self) -> str:
        """What may be given, in words."""
        words: dict[Kind, str] = {
            Kind.CHOICE: "one of " + ", ".join(self.choices),
            Kind.COLUMN: "a price field, an earlier column, or an operation that needs no parameter",
            Kind.SYMBOL: "a symbol",
            Kind.INTERVAL: "an interval, as 90s, 5m, 1h, 1d, 1w, 1M",
        }
        if self.kind in words:
            return words[self.kind]
        article = "an integer" if self.kind is Kind.INTEGER else "a number"
        high = "" if self.high is None else f" to {self.high:g}"
        return f"{article} from {self.low:g}{high}"

    def _number_fault(self, field: str, value: object) -> Fault | None:
        types = int if self.kind is Kind.INTEGER else (int, float)
        right = isinstance(value, types) and not isinstance(value, bool)
        if right and self._within(value):
            return None
        return Fault(field, f"must be {self.allowed()}, not {repr_of(value)}", (self.allowed(),))

    def _within(self, value: Any) -> bool:
        at_least = self.low is None or value >= self.low
        return bool(at_least and (self.high is None or value <= self.high))


@dataclass(frozen=True, slots=True)
class Item:
    """One entry: `compute` gives a column for each of `outputs` (none named: one), in the table's rows.

    `lookback(arguments, rows)` is how many rows before a row its value depends on, `rows(interval)` being
    how many rows such a wider interval can hold. An item that is `paired` without a benchmark measures all
    pairs of symbols, and then has no `compute` of its own.
    """

    name: str
    meaning: str
    formula: str
    nulls: str
    unit: str
    reference: str
    compute: Callable[[Table, Arguments], Sequence[pl.Series]]
    parameters: tuple[Parameter, ...] = ()
    needs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    lookback: Callable[[Arguments, Callable[[str], int]], int] = lambda _arguments, _rows: 0
    paired: bool = False

    def parameter(self, name: str) -> Parameter:
        """The parameter of that name; KeyError where there is none."""
        return {each.name: each for each in self.parameters}[name]


@dataclass(frozen=True, slots=True)
class Field:
    """A price field: what a candle itself says."""

    name: str
    meaning: str
    unit: str
    side: str | None = None
    """The side whose candles it is the close of; None: of the side that the query asks for."""
