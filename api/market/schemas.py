"""The shapes of market data, as the OpenAPI document shows them, and the parameters that are taken."""

from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
)

from api.envelope import CursorMeta
from api.formats import Format
from api.limits import MAX_PAGE_ROWS
from api.market.freshness import State
from market.gaps import GapCause, GapState
from market.instruments import AssetClass
from market.intervals import Interval
from storage.columns import Numbers

MAX_CANDLES = 5_000
DEFAULT_CANDLES = 500
MAX_TICKS = 10_000
MAX_PAGE = 500
_FIRST_YEAR, _LAST_YEAR = 1970, 9000


class InstrumentData(BaseModel):
    symbol: str
    name: str
    asset_class: AssetClass
    base: str
    quote: str
    decimals: int


class CrossLeg(BaseModel):
    """A pair that a cross rate goes through; `inverted`: as it is not quoted."""

    symbol: str
    inverted: bool
    source: str
    as_of: datetime


class Price(BaseModel):
    """A latest price. All but `symbol`, `state` and `simulated` are null where there is none yet."""

    symbol: str
    price: float | None
    bid: float | None
    ask: float | None
    change: float | None = Field(description="against the day's reference")
    change_percent: float | None
    as_of: datetime | None
    age_ms: int | None
    state: State
    source: str | None
    simulated: bool
    path: list[CrossLeg] | None = Field(
        None, description="only of a cross rate: the pairs that it goes through; its source is null"
    )


class TickData(BaseModel):
    """With `numbers=decimal` prices and size are strings."""

    time: datetime
    symbol: str
    bid: float | str | None
    ask: float | str | None
    price: float | str | None
    size: float | str | None
    source: str
    seq: int


class Candle(BaseModel):
    """With `numbers=decimal` prices and volume are strings."""

    time: datetime = Field(description="the opening")
    open: float | str
    high: float | str
    low: float | str
    close: float | str
    volume: float | str | None
    ticks: int = Field(description="0 of a provider's own bar")
    complete: bool = Field(description="false of the candle that still grows")


class CandleMeta(CursorMeta):
    """`synthetic` and `path` are there only of a cross rate."""

    synthetic: bool | None = None
    path: list[CrossLeg] | None = Field(
        None, description="the pairs that it goes through, as of the end of the range"
    )


class Candles(BaseModel):
    success: Literal[True]
    data: list[Candle]
    meta: CandleMeta


class GapData(BaseModel):
    """What was missed: `missing` trades from `first_id` to `last_id`, where the venue counts them."""

    id: int
    symbol: str | None = Field(description="null: all that this stream of the source carries")
    source: str
    cause: GapCause
    state: GapState
    start: datetime
    end: datetime
    first_id: int | None
    last_id: int | None
    missing: int | None
    asked_at: datetime | None
    settled_at: datetime | None


class QualityCount(BaseModel):
    """How often a reason was given."""

    reason: str
    source: str
    symbol: str | None
    count: int
    newest_at: datetime


class QualityItem(BaseModel):
    """One thing that was set aside, and where it stands in the log."""

    reason: str
    source: str
    symbol: str | None
    time: datetime | None
    set_aside_at: datetime
    excerpt: str
    partition: str
    offset: int
    item: int


class QualityData(BaseModel):
    """Counts of all that the parameters name, and a page of the newest."""

    counts: list[QualityCount]
    items: list[QualityItem]


def _known_years(moment: datetime) -> datetime:
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ValueError(f"must lie in the years {_FIRST_YEAR} to {_LAST_YEAR}")
    return moment


def _zone_name(name: str) -> str:
    if name != "UTC" and ("/" not in name or name not in available_timezones()):
        raise ValueError("is neither UTC nor the name of a time zone, as America/New_York")
    return name


Moment = Annotated[AwareDatetime, AfterValidator(_known_years)]
"""RFC 3339 with its zone."""

ZoneName = Annotated[str, AfterValidator(_zone_name)]
"""UTC, or the name of a place."""


def _interval(text: object) -> Interval:
    return Interval.parse(str(text))


IntervalName = Annotated[
    Interval,
    PlainValidator(_interval),
    PlainSerializer(str),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": "^[1-9][0-9]*[smhdwM]$",
            "examples": ["90s", "5m", "1d", "1M"],
        }
    ),
]
"""A number and a unit: s, m, h are fixed widths; d, w, M follow the calendar of the time zone."""


class _Parameters(BaseModel):
    """A parameter that nobody knows is refused, so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid")


class SymbolsParameters(_Parameters):
    symbols: str | None = Field(
        None, description="comma-separated; without it, every instrument that has a price"
    )


class PriceParameters(SymbolsParameters):
    source: str | None = Field(
        None,
        description="a provider's name: its prices, whoever is elected; without it, the elected",
    )
    as_of: Moment | None = Field(
        None, description="the prices as they were known then; without it, the newest"
    )


class InstrumentParameters(_Parameters):
    q: str = Field("", max_length=100, description="part of a symbol or a name")
    asset_class: AssetClass | None = Field(None, alias="class")
    sort: Literal["symbol", "-symbol", "name", "-name"] | None = Field(
        None, description="without it, in the order of the catalogue"
    )
    page: int = Field(1, ge=1, le=1_000_000)
    limit: int = Field(50, ge=1, le=MAX_PAGE)


class _RangeParameters(_Parameters):
    symbol: str
    start: Moment | None = Field(
        None, description="from this on; without it, the last `limit` before `end`"
    )
    end: Moment | None = Field(None, description="exclusive; without it, now")
    cursor: str | None = Field(None, max_length=200, description="`next_cursor` of the page before")


class _TableParameters(_RangeParameters):
    """Of what is served as a table too."""

    format: Format | None = Field(None, description="without it, as the Accept header says")
    numbers: Numbers = Field(
        Numbers.FLOAT64,
        description="prices and sizes: float64, or decimal: exact; in JSON they are strings then",
    )


class TickParameters(_TableParameters):
    source: str | None = Field(
        None, description="a provider's name: its ticks alone; without it, everybody's"
    )
    limit: int | None = Field(
        None,
        ge=1,
        le=MAX_PAGE_ROWS,
        description=f"of a page; in JSON at most {MAX_TICKS}, and 1000 where none is given; in the"
        " other forms the whole range is streamed where none is given",
    )


class CandleParameters(_TableParameters):
    symbol: str = Field(description="an instrument, or a pair of currencies that nobody quotes")
    interval: IntervalName = Field("1m", validate_default=True)
    side: Literal["mid", "bid", "ask", "trade"] | None = Field(
        None, description="without it, the mid for FX and trades for the rest"
    )
    timezone: ZoneName = Field(
        "UTC", max_length=64, description="where a day, week or month begins"
    )
    numbers: Numbers = Field(
        Numbers.FLOAT64, description="decimal: exact, as decimal128(38, 18); as strings in JSON"
    )
    limit: int | None = Field(
        None,
        ge=1,
        le=MAX_CANDLES,
        description=f"of a page. JSON always comes in pages, of {DEFAULT_CANDLES} where nothing is"
        " said; the other formats without it hold the whole range",
    )


class _PagedParameters(_Parameters):
    symbol: str | None = None
    source: str | None = Field(None, description="a provider's name")
    start: Moment | None = None
    end: Moment | None = Field(None, description="exclusive")
    page: int = Field(1, ge=1, le=1_000_000)
    limit: int = Field(100, ge=1, le=MAX_PAGE)


class GapParameters(_PagedParameters):
    state: GapState | None = None
    cause: GapCause | None = None


class QualityParameters(_PagedParameters):
    reason: str | None = Field(None, max_length=200)
