"""The body of a quant query, and what describes the vocabulary."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from api.envelope import Meta
from api.formats import Format
from api.limits import MAX_QUERY_ROWS
from api.market.schemas import IntervalName, Moment, ZoneName
from market.instruments import AssetClass
from market.intervals import DAY_US, HOUR_US, Interval, Unit
from pricing_engine.quant.errors import Fault, InvalidQueryError, unknown
from pricing_engine.quant.panel import Fill, Grid
from pricing_engine.quant.plan import MAX_COLUMNS, Layout

MAX_SYMBOLS = 200
_UNITS_US = {
    Unit.SECOND: 1_000_000,
    Unit.MINUTE: 60_000_000,
    Unit.HOUR: HOUR_US,
    Unit.DAY: DAY_US,
    Unit.WEEK: 7 * DAY_US,
}

EXAMPLES: dict[str, dict[str, object]] = {
    "returns and volatility": {
        "symbols": ["AAPL", "TSLA"],
        "start": "2024-01-01T00:00:00Z",
        "end": "2025-01-01T00:00:00Z",
        "interval": "1d",
        "timezone": "America/New_York",
        "columns": [
            "close",
            "log_return",
            {"name": "vol", "op": "volatility", "window": 20},
            {"name": "vol_z", "op": "zscore", "of": "vol", "window": 250},
        ],
    },
    "a momentum rank on a common grid, one row a month": {
        "universe": {"asset_class": "crypto", "quote": "USD"},
        "start": "2024-01-01T00:00:00Z",
        "interval": "1d",
        "grid": "union",
        "fill": "last",
        "max_age": "3d",
        "columns": [
            {"name": "momentum", "op": "simple_return", "periods": 90},
            {"name": "place", "op": "rank", "of": "momentum", "order": "descending"},
        ],
        "resample": "1M",
    },
    "a rolling correlation matrix": {
        "universe": {"asset_class": "fx"},
        "start": "2024-01-01T00:00:00Z",
        "interval": "1d",
        "grid": "union",
        "columns": [{"op": "correlation", "of": "log_return", "window": 250, "min_periods": 200}],
        "layout": "matrix",
        "format": "arrow",
    },
}
"""Bodies to begin with."""


class Universe(BaseModel):
    """All instruments that these words are true of."""

    model_config = ConfigDict(extra="forbid")

    asset_class: AssetClass | None = None
    base: str | None = Field(None, max_length=20, description="as BTC; of a stock its symbol")
    quote: str | None = Field(None, max_length=20, description="the currency of its prices, as USD")


def _age(interval: Interval) -> Interval:
    if interval.unit not in _UNITS_US:
        raise ValueError("must be of s, m, h, d or w: a month has no length")
    return interval


def age_us(interval: Interval) -> int:
    """A length of time, a day being 24 hours."""
    return interval.count * _UNITS_US[interval.unit]


class QueryBody(BaseModel):
    """What to compute, of whom, and when. Windows count rows; see the vocabulary for columns."""

    model_config = ConfigDict(extra="forbid")

    symbols: list[str] | None = Field(
        None,
        min_length=1,
        max_length=MAX_SYMBOLS,
        description="instruments, and pairs of currencies that nobody quotes; or give a universe",
    )
    universe: Universe | None = Field(None, description="the instruments that fit; or give symbols")
    start: Moment = Field(description="the first bucket opens then or later")
    end: Moment | None = Field(None, description="exclusive; without it, now")
    interval: IntervalName = Interval.parse("1d")
    timezone: ZoneName = Field(
        "UTC", max_length=64, description="where a day, week or month begins"
    )
    side: Literal["mid", "bid", "ask", "trade"] | None = Field(
        None,
        description="of open, high, low, close, volume, ticks; without it, the mid for FX and trades"
        " for the rest",
    )
    grid: Grid = Field(
        Grid.OWN,
        description="the rows of a symbol. own: the buckets that it has; union: every bucket that any"
        " of the symbols has; full: every bucket of the calendar",
    )
    fill: Fill = Field(
        Fill.NONE,
        description="a row without a bucket of its own. none: null; last: the last known close, bid,"
        " ask and mid are held (open, high, low, volume, ticks null); flat: a bar that has not moved,"
        " volume 0. Needs a grid",
    )
    max_age: Annotated[IntervalName, AfterValidator(_age)] = Field(
        Interval.parse("7d"),
        description="for how long a price is held, from the opening of its bucket",
    )
    columns: list[Any] = Field(
        description=f"1 to {MAX_COLUMNS}: names of fields and operations, or objects with `op`, `name`"
        " (else as the op), `of` (a field, an earlier column, or an operation with its defaults),"
        " `show` (false: computed, not shown) and the op's parameters",
        json_schema_extra={"items": {"anyOf": [{"type": "string"}, {"type": "object"}]}},
    )
    layout: Layout = Field(
        Layout.LONG,
        description="long: time, symbol, columns; wide: time, then SYMBOL.column; pairs: time, symbol,"
        " other, columns; matrix: time, symbol, then a column a symbol. Pairs and matrix are of"
        " correlation and covariance without a benchmark, and show these alone",
    )
    resample: IntervalName | None = Field(
        None,
        description="show the last row of each wider bucket alone, at the time where that begins",
    )
    limit: int | None = Field(
        None,
        ge=1,
        le=MAX_QUERY_ROWS,
        description="rows at most; a time is never parted. What follows begins at `next_start`",
    )
    format: Format | None = Field(None, description="without it, as the Accept header says")
    numbers: Literal["float64"] = Field(
        "float64", description="computed numbers are floats: exact prices are in /candles"
    )

    @model_validator(mode="before")
    @classmethod
    def _known(cls, given: Any) -> Any:
        """A word that nobody knows is told with what may be meant."""
        if isinstance(given, dict):
            names = [*cls.model_fields]
            others = [key for key in given if key not in names]
            faults = [
                unknown(str(key), "field", key, names, place) for place, key in enumerate(others)
            ]
            if faults:
                raise InvalidQueryError(faults)
        return given

    @model_validator(mode="after")
    def _fitting(self) -> Self:
        """What does not go together."""
        faults = []
        if (self.symbols is None) == (self.universe is None):
            faults.append(Fault("symbols", "give either symbols or a universe"))
        if self.end is not None and self.end <= self.start:
            faults.append(Fault("end", "must be later than start"))
        if self.fill is not Fill.NONE and self.grid is Grid.OWN:
            message = "fills rows of a grid: of its own a symbol has only what is there"
            faults.append(Fault("grid", message, (Grid.UNION.value, Grid.FULL.value)))
        if self.resample is not None and self.resample.longest_us <= self.interval.longest_us:
            faults.append(Fault("resample", f"must be wider than the interval, {self.interval}"))
        if faults:
            raise InvalidQueryError(faults)
        return self


class QueryPagination(BaseModel):
    """`next_start`: the `start` of what the limit left out, null at the end."""

    limit: int
    next_start: str | None


class QueryMeta(Meta):
    pagination: QueryPagination


class QueryAnswer(BaseModel):
    """Rows of the layout: `time`, `symbol`, and a number or null for each column."""

    success: Literal[True]
    data: list[dict[str, Any]]
    meta: QueryMeta


class ParameterData(BaseModel):
    name: str
    type: str
    meaning: str
    required: bool
    default: Any
    allowed: str


class OperationData(BaseModel):
    name: str
    meaning: str
    formula: str
    nulls: str
    unit: str
    reference: str
    needs: list[str]
    columns: list[str]
    parameters: list[ParameterData]


class FieldData(BaseModel):
    name: str
    meaning: str
    unit: str


class VocabularyData(BaseModel):
    """Everything that a query is written with."""

    fields: list[FieldData]
    operations: list[OperationData]
    rules: dict[str, str]
    bounds: dict[str, int]
    examples: dict[str, Any]
