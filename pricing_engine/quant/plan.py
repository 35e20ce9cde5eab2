"""From the columns of a query to the steps that compute them: names resolved, parameters checked."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from reprlib import repr as repr_of
from typing import Any

from pricing_engine.quant.errors import Fault, InvalidQueryError, unknown
from pricing_engine.quant.items import Item, Kind
from pricing_engine.quant.vocabulary import FIELDS, VOCABULARY

MAX_COLUMNS = 50
MAX_NAME = 64

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RESERVED = ("time", "symbol", "other", *FIELDS)
_HIDDEN = "~"
"""Begins the name of a column that no column of the body has, so that none can be named like it."""
_KEYS = ("name", "op", "show")


class Layout(StrEnum):
    """The shape of the answer."""

    LONG = "long"
    WIDE = "wide"
    PAIRS = "pairs"
    MATRIX = "matrix"

    @property
    def of_pairs(self) -> bool:
        """Whether its rows are about pairs of symbols."""
        return self in (Layout.PAIRS, Layout.MATRIX)


@dataclass(frozen=True, slots=True)
class Step:
    """One operation with all its arguments; `of` is the name of a field or of a column before it."""

    name: str
    item: Item
    arguments: Mapping[str, Any]

    @property
    def outputs(self) -> tuple[str, ...]:
        """The columns that it makes."""
        return tuple(f"{self.name}.{each}" for each in self.item.outputs) or (self.name,)

    @property
    def paired(self) -> bool:
        """Whether it measures all pairs of symbols."""
        return self.item.paired and self.arguments["benchmark"] is None

    @property
    def whole(self) -> bool:
        """Whether it is of all rows from the start of the range, having no window."""
        return self.arguments.get("window", 0) is None


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in the order of their computation, and what they need.

    `shown` are the columns of the answer, `lookback` the rows before the first one that it depends on.
    """

    steps: tuple[Step, ...]
    shown: tuple[str, ...]
    fields: tuple[str, ...]
    benchmarks: tuple[str, ...]
    lookback: int

    @property
    def whole(self) -> tuple[str, ...]:
        """The columns that differ by where the range starts: no part of an answer with them is right."""
        names = [step.name.removeprefix(_HIDDEN) for step in self.steps if step.whole]
        return tuple(dict.fromkeys(names))


def plan(columns: Sequence[object], layout: Layout, rows: Callable[[str], int]) -> Plan:
    """The plan of a body's `columns`. `rows(interval)`: rows that such an interval can hold, 0 if it
    is no wider than the query's.

    InvalidQueryError names everything that is wrong with it.
    """
    if not 1 <= len(columns) <= MAX_COLUMNS:
        message = f"must be 1 to {MAX_COLUMNS} columns, not {len(columns)}"
        raise InvalidQueryError([Fault("columns", message)])
    planner = _Planner(columns, rows)
    for place, given in enumerate(columns):
        planner.add(f"columns.{place}", place, given)
    if not planner.faults:
        planner.check_layout(layout)
    if planner.faults:
        raise InvalidQueryError(planner.faults)
    return planner.planned(layout)


class _Planner:
    """Collects steps and faults, column after column."""

    def __init__(self, columns: Sequence[object], rows: Callable[[str], int]) -> None:
        self.faults: list[Fault] = []
        self._rows = rows
        self._steps: list[Step] = []
        self._shown: list[str] = []
        self._fields: set[str] = set()
        self._lookback: dict[str, int] = dict.fromkeys(FIELDS, 0)
        self._all = [_name_of(each) for each in columns]
        self._of = {_name_of(each): _of_of(each) for each in columns}
        self._longest = 0
        self._hidden: set[str] = set()

    def add(self, field: str, place: int, given: object) -> None:
        """Take the next column of the body."""
        if isinstance(given, str):
            self._add_name(field, given)
        elif isinstance(given, Mapping):
            self._add_object(field, place, given)
        else:
            self._fault(field, f"must be a name or an object with an op, not {repr_of(given)}")

    def check_layout(self, layout: Layout) -> None:
        """Whether the layout can show these columns."""
        paired = [step.name for step in self._steps if step.paired]
        if not layout.of_pairs and paired:
            message = 'all pairs need the layout "pairs" or "matrix", or a benchmark: ' + ", ".join(
                paired
            )
            self._fault("layout", message, ("pairs", "matrix"))
        if layout is Layout.PAIRS and not paired:
            self._fault("layout", "pairs need a correlation or covariance without a benchmark")
        if layout is Layout.MATRIX and len(paired) != 1:
            self._fault(
                "layout", "a matrix shows one correlation or covariance without a benchmark"
            )

    def planned(self, layout: Layout) -> Plan:
        """What has been collected."""
        paired = {step.name for step in self._steps if step.paired}
        shown = [name for name in self._shown if not layout.of_pairs or name in paired]
        if not shown:
            raise InvalidQueryError([Fault("columns", "no column is shown")])
        benchmarks = [step.arguments.get("benchmark") for step in self._steps]
        return Plan(
            steps=tuple(self._steps),
            shown=tuple(shown),
            fields=tuple(name for name in FIELDS if name in self._fields),
            benchmarks=tuple(dict.fromkeys(each for each in benchmarks if each)),
            lookback=self._longest,
        )

    def _add_name(self, field: str, name: str) -> None:
        if name in FIELDS:
            self._fields.add(name)
            self._show(field, [name])
        elif name in VOCABULARY:
            self._add_object(field, -1, {"name": name, "op": name})
        else:
            self.faults.append(unknown(field, "column", name, (*FIELDS, *VOCABULARY)))

    def _add_object(self, field: str, place: int, given: Mapping[Any, Any]) -> None:
        op = given.get("op")
        if not isinstance(op, str) or op not in VOCABULARY:
            if op is None:
                self._fault(f"{field}.op", "is missing", tuple(VOCABULARY))
            else:
                self.faults.append(unknown(f"{field}.op", "op", op, VOCABULARY))
            return
        name = given.get("name", op)
        before = len(self.faults)
        self._check_name(f"{field}.name", name)
        show = given.get("show", True)
        if not isinstance(show, bool):
            self._fault(f"{field}.show", f"must be true or false, not {repr_of(show)}")
        arguments = self._arguments(field, VOCABULARY[op], given, place)
        if len(self.faults) == before:
            step = self._take(Step(str(name), VOCABULARY[op], arguments))
            if show:
                self._show(field, step.outputs)

    def _take(self, step: Step) -> Step:
        self._steps.append(step)
        self._fields.update(step.item.needs)
        lookback = step.item.lookback(step.arguments, self._rows)
        lookback += self._lookback.get(str(step.arguments.get("of")), 0)
        self._longest = max(self._longest, lookback)
        if not step.paired:
            self._lookback.update(dict.fromkeys(step.outputs, lookback))
        return step

    def _show(self, field: str, names: Sequence[str]) -> None:
        for name in names:
            if name in self._shown:
                self._fault(field, f"{name!r} is shown already")
            self._shown.append(name)

    def _check_name(self, field: str, name: object) -> None:
        if not isinstance(name, str) or not _NAME.fullmatch(name) or len(name) > MAX_NAME:
            self._fault(field, f"must be 1 to {MAX_NAME} letters, digits and _, no digit first")
        elif name in _RESERVED:
            self._fault(field, f"{name!r} is the name of a field: take another")
        elif any(step.name == name for step in self._steps):
            self._fault(field, f"{name!r} is the name of an earlier column: take another")

    def _arguments(
        self, field: str, item: Item, given: Mapping[Any, Any], place: int
    ) -> dict[str, Any]:
        known = [each.name for each in item.parameters]
        for key in given:
            if key not in (*_KEYS, *known):
                self.faults.append(
                    unknown(
                        f"{field}.{key}",
                        f"parameter of {item.name}",
                        key,
                        known,
                        len(self.faults),
                    )
                )
        arguments: dict[str, Any] = {}
        for each in item.parameters:
            where = f"{field}.{each.name}"
            if each.required and each.name not in given:
                self._fault(where, f"is missing: {each.meaning}", (each.allowed(),))
                continue
            value: Any = given.get(each.name, each.default)
            fault = each.fault(where, value)
            if fault is not None:
                self.faults.append(fault)
            elif each.kind is Kind.INTERVAL and not self._rows(value):
                self._fault(where, f"must be wider than the query's interval, not {value}")
            elif each.kind is Kind.COLUMN:
                given_one = each.name in given
                value = (
                    self._resolved(where, value, place) if given_one else self._usual(where, value)
                )
            arguments[each.name] = value
        self._check_minimum(field, arguments)
        return arguments

    def _check_minimum(self, field: str, arguments: Mapping[str, Any]) -> None:
        window, minimum = arguments.get("window"), arguments.get("min_periods")
        if isinstance(window, int) and isinstance(minimum, int) and minimum > window:
            self._fault(f"{field}.min_periods", f"must be at most the window, {window}")

    def _resolved(self, field: str, name: str, place: int) -> str:
        """The column that `of` names: an earlier one, a field, or an operation with its defaults."""
        if name in self._lookback and not name.startswith(_HIDDEN):
            if name in FIELDS:
                self._fields.add(name)
            return name
        if any(step.name == name and step.paired for step in self._steps):
            self._fault(field, f"{name!r} is of pairs: nothing can be computed of it")
        elif any(step.name == name for step in self._steps):
            step = next(step for step in self._steps if step.name == name)
            self._fault(field, f"{name!r} has several columns: name one", step.outputs)
        elif name in self._all:
            self._fault(field, self._later(name, place))
        elif name in VOCABULARY and _plain(VOCABULARY[name]):
            return self._implied(field, name)
        else:
            plain = [each.name for each in VOCABULARY.values() if _plain(each)]
            earlier = [each for step in self._steps for each in step.outputs]
            self.faults.append(unknown(field, "column", name, (*earlier, *FIELDS, *plain)))
        return name

    def _usual(self, field: str, name: str) -> str:
        """The column of a default: the field, or the operation, whatever columns are called like it."""
        if name not in FIELDS:
            return self._implied(field, name)
        self._fields.add(name)
        return name

    def _later(self, name: str, place: int) -> str:
        """What is wrong with naming a column that is not there yet: its own chain leads back, or not."""
        own = self._all[place]
        chain: list[str] = [own, name]
        while chain[-1] != own and (following := self._of.get(chain[-1])) is not None:
            if following in chain[1:]:
                break
            chain.append(following)
        if chain[-1] == own:
            return "cyclic: " + " of ".join(chain)
        return f"{name!r} is a later column: move it before this one"

    def _implied(self, field: str, op: str) -> str:
        """The hidden column of an operation that was named in the place of a column."""
        name = f"{_HIDDEN}{op}"
        if op not in self._hidden:
            item = VOCABULARY[op]
            self._take(Step(name, item, self._arguments(field, item, {}, -1)))
            self._hidden.add(op)
        return name

    def _fault(self, field: str, message: str, allowed: tuple[str, ...] = ()) -> None:
        self.faults.append(Fault(field, message, allowed))


def _plain(item: Item) -> bool:
    """Whether it makes one column of each symbol without being told anything."""
    return not (item.outputs or item.paired or any(each.required for each in item.parameters))


def _name_of(column: object) -> str:
    if isinstance(column, Mapping):
        return str(column.get("name", column.get("op", "")))
    return str(column)


def _of_of(column: object) -> str | None:
    of = column.get("of") if isinstance(column, Mapping) else None
    return of if isinstance(of, str) else None
