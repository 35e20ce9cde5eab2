"""Candles of the tests of quant queries: recorded ones, and some made by hand."""

import csv
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from io import TextIOWrapper
from pathlib import Path
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl

from market.clock import microseconds
from market.instruments import AssetClass
from market.intervals import Interval
from pricing_engine.quant.evaluate import evaluate
from pricing_engine.quant.panel import INSTANT, Fill, Grid, Member, Span, panel
from pricing_engine.quant.plan import Layout, plan
from pricing_engine.quant.table import Table
from tests.reference.quant import Value, Values

FIELDS = ("open", "high", "low", "close", "volume", "ticks", "bid", "ask", "mid")
ZONE = ZoneInfo("UTC")
DAY = Interval.parse("1d")
MINUTE = Interval.parse("1m")
FIRST = datetime(2015, 1, 1, tzinfo=UTC)
LAST = datetime(2018, 1, 1, tzinfo=UTC)


def us(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    return microseconds(datetime(year, month, day, hour, minute, tzinfo=UTC))


def candles(times_us: Sequence[int], **fields: Values) -> pl.DataFrame:
    """Candles that open then; a field that is not given is null."""
    empty: list[Value] = [None] * len(times_us)
    return pl.DataFrame(
        {"time": pl.Series(list(times_us), dtype=pl.Int64).cast(INSTANT)}
        | {name: pl.Series(fields.get(name, empty), dtype=pl.Float64) for name in FIELDS}
    )


@lru_cache
def stocks(data: Path) -> dict[str, pl.DataFrame]:
    """Three years of days of AAPL, TSLA, COKE, GOOGL, YHOO: raw bars as they were traded."""
    path = data / "stocks_bars" / "dash-stock-ticker-demo.csv"
    with path.open() as lines:
        rows = sorted(csv.DictReader(lines), key=lambda row: row["Date"])
    found: dict[str, pl.DataFrame] = {}
    for symbol in ("AAPL", "TSLA", "COKE", "GOOGL", "YHOO"):
        own = [row for row in rows if row["Stock"] == symbol]
        times = [microseconds(datetime.fromisoformat(row["Date"] + "T00:00Z")) for row in own]
        named = {name.lower(): [float(row[name]) for row in own] for name in _BAR}
        found[symbol] = candles(times, **named)
    return found


_BAR = ("Open", "High", "Low", "Close", "Volume")


@lru_cache
def coins(data: Path) -> pl.DataFrame:
    """Days of BTC-USD since 2014."""
    folder = data / "crypto_bars" / "coinbase" / "daily"
    with ZipFile(folder / "btcusd_trade.zip") as file:
        lines = file.read(file.namelist()[0]).decode().splitlines()
    rows = [line.split(",") for line in lines]
    times = [
        microseconds(datetime.strptime(row[0], "%Y%m%d %H:%M").replace(tzinfo=UTC)) for row in rows
    ]
    prices = {
        name: [float(row[place]) for row in rows]
        for place, name in enumerate(("open", "high", "low", "close", "volume"), 1)
    }
    return candles(times, **prices)


@lru_cache
def minutes(data: Path, pair: str) -> pl.DataFrame:
    """Minutes of the mid of EUR-USD or NZD-USD, with last bid and ask, from recorded ticks."""
    folder = data / "fx_ticks" / f"oanda_{pair}"
    days = []
    for path in sorted(folder.glob("*.zip")):
        midnight = microseconds(datetime.strptime(path.name[:8], "%Y%m%d").replace(tzinfo=UTC))
        with ZipFile(path) as file, file.open(file.namelist()[0]) as raw:
            ticks = np.loadtxt(TextIOWrapper(raw), delimiter=",")
        days.append(np.column_stack([midnight + ticks[:, 0] * 1_000, ticks[:, 1:]]))
    ticks = np.concatenate(days)
    mid = (ticks[:, 1] + ticks[:, 2]) / 2
    frame = pl.DataFrame(
        {"us": ticks[:, 0].astype(np.int64), "bid": ticks[:, 1], "ask": ticks[:, 2]}
    )
    price = pl.col("price")
    return (
        frame.with_columns(price=pl.Series(mid), time=pl.col("us") // 60_000_000 * 60_000_000)
        .group_by("time", maintain_order=True)
        .agg(
            open=price.first(),
            high=price.max(),
            low=price.min(),
            close=price.last(),
            volume=pl.lit(None, pl.Float64),
            ticks=price.len().cast(pl.Float64),
            bid=pl.col("bid").last(),
            ask=pl.col("ask").last(),
            mid=price.last(),
        )
        .with_columns(pl.col("time").cast(INSTANT))
    )


def asked(
    frames: Mapping[str, pl.DataFrame],
    columns: Sequence[object],
    *,
    layout: Layout = Layout.LONG,
    interval: Interval = DAY,
    zone: ZoneInfo = ZONE,
    start: datetime = FIRST,
    end: datetime = LAST,
    grid: Grid = Grid.OWN,
    fill: Fill = Fill.NONE,
    max_age_us: int = 7 * 86_400_000_000,
    resample: str | None = None,
    asset_class: AssetClass = AssetClass.STOCK,
    benchmarks: Sequence[str] = (),
) -> pl.DataFrame:
    """The answer to a query over these candles."""
    made = plan(columns, layout, lambda _wider: 40)
    members = [
        Member(symbol, asset_class, frame, symbol not in benchmarks)
        for symbol, frame in frames.items()
    ]
    span = Span(microseconds(start), microseconds(end), interval, zone, made.lookback)
    table: Table = panel(members, span, made.fields, grid, fill, max_age_us)
    wider = None if resample is None else Interval.parse(resample)
    return evaluate(made, table, layout, wider)


def of(answer: pl.DataFrame, symbol: str, name: str) -> list[Value]:
    """A symbol's column of a long answer."""
    return answer.filter(pl.col("symbol") == symbol)[name].to_list()
