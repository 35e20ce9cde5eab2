"""Quant questions: asked of the API, and of DuckDB over Parquet files of the same ticks and candles.

Ours: HTTP to the API process, the answer as an Arrow stream. Baseline: DuckDB in this process, the answer
as an Arrow table; it has as many threads as there are cores. Candles it makes from the ticks, the rest from
candles of a minute or a day, whichever is quicker. Workload: see `benchmarks/long_history.py`.
Run: `pytest benchmarks/bench_quant.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from benchmarks.asking import ApiClient
from benchmarks.conftest import Compare
from benchmarks.long_history import (
    END_DAY,
    FIRST_DAY,
    FIRST_MINUTE_DAY,
    SYMBOLS,
    TICKS_OF,
    LongHistory,
)

Ask = Callable[[ApiClient], pa.Table]

STOCK = "AAPL"
EVERYBODY = sorted(instrument.symbol for instrument in SYMBOLS)
CANDLES, QUERY = "/api/market/candles", "/api/market/query"


@dataclass(frozen=True, slots=True)
class Question:
    """One question in both languages: its `numbers` must be equal in the order of `key`."""

    name: str
    ours: Ask
    duckdb: str
    key: Sequence[str]
    numbers: Sequence[str]
    target: str = ">= 0.5"
    rounds: int = 5


def candles_of(interval: str, start: str, end: str) -> Ask:
    """Candles of the symbol that has ticks."""
    return lambda client: client.get(
        CANDLES,
        symbol=TICKS_OF.symbol,
        interval=interval,
        start=f"{start}T00:00:00Z",
        end=f"{end}T00:00:00Z",
    )


def query(
    symbols: Sequence[str],
    interval: str,
    start: str,
    column: str | dict[str, object],
    **rest: object,
) -> Ask:
    """One column, from a day on."""
    body: dict[str, object] = {
        "symbols": list(symbols),
        "interval": interval,
        "start": f"{start}T00:00:00Z",
        "end": f"{END_DAY}T00:00:00Z",
        "columns": [column],
    }
    return lambda client: client.post(QUERY, {**body, **rest})


CANDLES_OF_TICKS = """
    SELECT time_bucket(INTERVAL '1 {unit}', time) AS time, arg_min((bid + ask) / 2, row) AS open,
        max((bid + ask) / 2) AS high, min((bid + ask) / 2) AS low,
        arg_max((bid + ask) / 2, row) AS close
    FROM ticks WHERE time >= '{start}' AND time < '{end}' GROUP BY 1 ORDER BY 1
"""
VOLATILITY = """
    SELECT symbol, time,
        CASE WHEN count(r) OVER w = 20 THEN stddev_samp(r) OVER w * sqrt(252) END AS x
    FROM (
        SELECT symbol, time, ln(close / lag(close) OVER (PARTITION BY symbol ORDER BY time)) AS r
        FROM days
    )
    WINDOW w AS (PARTITION BY symbol ORDER BY time ROWS 19 PRECEDING) ORDER BY symbol, time
"""
OF_A_STOCK = f"""
    SELECT * FROM (
        SELECT symbol, time, CASE WHEN count(*) OVER w = {{rows}} THEN {{x}} END AS x
        FROM candles WHERE symbol = '{STOCK}'
        WINDOW w AS (ORDER BY time ROWS {{rows}} - 1 PRECEDING)
    ) WHERE time >= '{FIRST_MINUTE_DAY}' ORDER BY time
"""
ZSCORE = OF_A_STOCK.format(rows=60, x="(close - avg(close) OVER w) / stddev_samp(close) OVER w")
VWAP = OF_A_STOCK.format(
    rows=30, x="sum((high + low + close) / 3 * volume) OVER w / sum(volume) OVER w"
)
PANEL_FROM = "2013-10-01"
PANEL = f"""
    WITH hours AS (
        SELECT symbol, time_bucket(INTERVAL '1 hour', time) AS time, arg_max(close, time) AS close
        FROM candles WHERE time >= TIMESTAMPTZ '{PANEL_FROM}' - INTERVAL '7 days' GROUP BY ALL
    ), grid AS (
        SELECT symbol, unnest(generate_series(TIMESTAMPTZ '{PANEL_FROM}',
            TIMESTAMPTZ '{END_DAY}' - INTERVAL '1 hour', INTERVAL '1 hour')) AS time
        FROM (SELECT DISTINCT symbol FROM days)
    )
    SELECT grid.symbol, grid.time,
        CASE WHEN grid.time - hours.time <= INTERVAL '7 days' THEN close END AS close
    FROM grid ASOF LEFT JOIN hours ON hours.symbol = grid.symbol AND hours.time <= grid.time
    ORDER BY grid.symbol, grid.time
"""
CORRELATION = """
    WITH returns AS (
        SELECT symbol, time, ln(close / lag(close) OVER (PARTITION BY symbol ORDER BY time)) AS r
        FROM days
    )
    SELECT one.symbol AS symbol, two.symbol AS other, time,
        CASE WHEN count(one.r + two.r) OVER w = 250 THEN corr(one.r, two.r) OVER w END AS x
    FROM returns AS one JOIN returns AS two USING (time) WHERE one.symbol < two.symbol
    WINDOW w AS (PARTITION BY one.symbol, two.symbol ORDER BY time ROWS 249 PRECEDING)
    ORDER BY 1, 2, 3
"""

OHLC = ("open", "high", "low", "close")
QUESTIONS = [
    Question(
        "hourly candles of 1,000,000 ticks",
        candles_of("1h", "2014-05-01", "2014-06-05"),
        CANDLES_OF_TICKS.format(unit="hour", start="2014-05-01", end="2014-06-05"),
        ("time",),
        OHLC,
        target=">= 2",
    ),
    Question(
        "a year of daily candles",
        candles_of("1d", "2014-05-01", "2015-05-01"),
        CANDLES_OF_TICKS.format(unit="day", start="2014-05-01", end="2015-05-01"),
        ("time",),
        OHLC,
        target=">= 2",
        rounds=3,
    ),
    Question(
        "20-day volatility of 50 symbols",
        query(
            EVERYBODY,
            "1d",
            FIRST_DAY,
            {"name": "x", "op": "volatility", "window": 20, "periods_per_year": 252},
        ),
        VOLATILITY,
        ("symbol", "time"),
        ("x",),
    ),
    Question(
        "60-minute z-score of a year of minutes",
        query([STOCK], "1m", FIRST_MINUTE_DAY, {"name": "x", "op": "zscore", "window": 60}),
        ZSCORE,
        ("symbol", "time"),
        ("x",),
    ),
    Question(
        "30-minute VWAP of a year of minutes",
        query([STOCK], "1m", FIRST_MINUTE_DAY, {"name": "x", "op": "vwap", "window": 30}),
        VWAP,
        ("symbol", "time"),
        ("x",),
    ),
    Question(
        "hourly as-of panel of 50 symbols in three months",
        query(EVERYBODY, "1h", PANEL_FROM, "close", grid="full", fill="last"),
        PANEL,
        ("symbol", "time"),
        ("close",),
    ),
    Question(
        "250-day rolling correlation of 50 symbols",
        query(
            EVERYBODY,
            "1d",
            FIRST_DAY,
            {"name": "x", "op": "correlation", "of": "log_return", "window": 250},
            layout="pairs",
        ),
        CORRELATION,
        ("symbol", "other", "time"),
        ("x",),
        rounds=3,
    ),
]


@pytest.fixture
def duck(long_history: LongHistory) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for name in ("ticks", "candles", "days"):
        path = getattr(long_history, name)
        connection.execute(f"CREATE VIEW {name} AS FROM read_parquet('{path}')")
    return connection


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)
def test_question(
    compare: Compare,
    long_history: LongHistory,
    duck: duckdb.DuckDBPyConnection,
    question: Question,
) -> None:
    client = ApiClient(long_history.settings)
    rows = assert_equal(question, question.ours(client), duck.sql(question.duckdb).to_arrow_table())
    compare(
        f"quant, {question.name}",
        lambda: question.ours(client),
        lambda: duck.sql(question.duckdb).to_arrow_table(),
        baseline_name="DuckDB over Parquet",
        work=rows,
        target=question.target,
        unit="rows/s",
        rounds=question.rounds,
    )


def assert_equal(question: Question, ours: pa.Table, theirs: pa.Table) -> int:
    """Both have the same rows, to 9 digits; how many."""
    one, other = (in_order(question, table) for table in (ours, theirs))
    assert len(one) > 0
    assert one.select(question.key).equals(other.select(question.key))
    for name in question.numbers:
        values, expected = (frame[name].cast(pl.Float64).to_numpy() for frame in (one, other))
        assert np.isfinite(values).any()
        np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-9)
    return len(one)


def in_order(question: Question, table: pa.Table) -> pl.DataFrame:
    """The answer's rows by its key, whatever order and dictionary they came in."""
    frame = pl.DataFrame(table)
    names = [name for name in ("symbol", "other") if name in question.key]
    return frame.with_columns(pl.col(names).cast(pl.String)).sort(question.key)
