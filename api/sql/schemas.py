"""What a statement comes in, and what the views are described by."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from api.formats import Format
from api.limits import MAX_SQL_ROWS
from storage.columns import Numbers

MAX_STATEMENT_CHARACTERS = 100_000


class SqlBody(BaseModel):
    """One statement that asks for rows, and how they are wanted."""

    model_config = ConfigDict(extra="forbid")

    sql: Annotated[
        str,
        Field(
            min_length=1,
            max_length=MAX_STATEMENT_CHARACTERS,
            pattern="^[^\\x00]*$",
            description="One SELECT, VALUES, TABLE or WITH … SELECT statement over the views",
            examples=["SELECT symbol, count(*) AS ticks FROM ticks GROUP BY symbol"],
        ),
    ]
    format: Annotated[
        Format | None,
        Field(description="The form of the answer; null: what Accept likes best, else arrow"),
    ] = None
    limit: Annotated[
        int,
        Field(
            ge=1,
            le=MAX_SQL_ROWS,
            description="How many rows the answer may have; one of more is an error, not cut",
        ),
    ] = MAX_SQL_ROWS
    numbers: Annotated[
        Numbers,
        Field(
            description="What exact numbers become: the nearest float64, or a decimal128(38, 18)"
        ),
    ] = Numbers.FLOAT64


class ColumnData(BaseModel):
    """A column of a view, with PostgreSQL's type."""

    name: str
    type: str
    description: str


class ViewData(BaseModel):
    """A view, by the name that statements call it."""

    name: str
    description: str
    columns: list[ColumnData]


class ExampleData(BaseModel):
    """A statement that can be run as it is."""

    question: str
    sql: str


class SqlBoundData(BaseModel):
    """What one statement may take."""

    rows: int
    json_rows: int
    json_cells: int
    seconds: float
    memory_mb: int


class SqlData(BaseModel):
    """All that one has to know to write statements."""

    feed: str
    views: list[ViewData]
    examples: list[ExampleData]
    bounds: SqlBoundData
