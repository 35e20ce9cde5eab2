"""Rollups on plain PostgreSQL: tables that are folded from the minutes, the days from the hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg import sql

from market.sources import Feed
from storage.rollup_marks import TouchedHour

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True)
class _Level:
    """What is folded into what; `minutes` and `tick_minutes` are aggregates over `below`."""

    table: str
    below: str
    width: timedelta
    minutes: str
    tick_minutes: str


_HOURS = _Level("candles_1h", "candles", HOUR, "count(*)", "count(*) FILTER (WHERE ticks > 0)")
_DAYS = _Level("candles_1d", "candles_1h", DAY, "sum(minutes)", "sum(tick_minutes)")


class RollupTables:
    """The tables of one feed, over one connection."""

    widest = DAY
    """How much is rolled up at one go: two million minutes of the whole catalogue at most."""

    def __init__(self, connection: Connection, feed: Feed) -> None:
        self._connection = connection
        self._feed = feed

    def roll_up(self, start: datetime, end: datetime) -> None:
        """Make the hours of [start, end) of all instruments, from hour to hour."""
        self._fold(_HOURS, start, end)

    def roll_up_days(self, start: datetime, end: datetime) -> None:
        """Make the days of [start, end) of all instruments from their hours, from day to day."""
        self._fold(_DAYS, start, end)

    def refresh(self, touched: Sequence[TouchedHour], until: datetime) -> None:
        """Make these hours anew, and those of their days that end by `until`; nothing else."""
        hours = [(item.hour, item.instrument_id, item.source_id) for item in touched]
        days = {(day_of(hour), instrument, source) for hour, instrument, source in hours}
        with self._connection.transaction():
            self._refold(_HOURS, hours)
            self._refold(_DAYS, sorted(key for key in days if key[0] + DAY <= until))

    def drop_before(self, before: datetime) -> None:
        """Delete what lies before the beginning of a day."""
        for level in (_HOURS, _DAYS):
            self._connection.execute(
                sql.SQL("DELETE FROM {} WHERE time < %s").format(self._table(level.table)),
                (before,),
            )

    def _fold(self, level: _Level, start: datetime, end: datetime) -> None:
        span = {"width": level.width, "start": start, "end": end}
        self._connection.execute(self._statement(_FOLD, level), span)

    def _refold(self, level: _Level, keys: Sequence[tuple[datetime, int, int]]) -> None:
        if not keys:
            return
        starts, instruments, sources = zip(*keys, strict=True)
        asked = {
            "width": level.width,
            "starts": list(starts),
            "first": min(starts),
            "end": max(starts) + level.width,
            "instruments": list(instruments),
            "sources": list(sources),
        }
        self._connection.execute(self._statement(_REFOLD, level), asked)

    def _statement(self, body: str, level: _Level) -> sql.Composed:
        fold = sql.SQL(_FOLDED).format(
            minutes=sql.SQL(level.minutes), tick_minutes=sql.SQL(level.tick_minutes)
        )
        return sql.SQL(_UPSERT).format(
            table=self._table(level.table),
            folded=sql.SQL(body).format(
                folded=fold, below=self._table(level.below), feed=sql.Literal(self._feed.code)
            ),
        )

    def _table(self, name: str) -> sql.Identifier:
        return sql.Identifier("market", f"{name}_{self._feed.value}")


def day_of(time: datetime) -> datetime:
    """The beginning of a time's day in UTC."""
    return time.replace(hour=0, minute=0, second=0, microsecond=0)


_FOLDED = """
    (array_agg(open ORDER BY time))[1] AS open, max(high) AS high, min(low) AS low,
    (array_agg(close ORDER BY time DESC))[1] AS close, trim_scale(sum(volume)) AS volume,
    sum(ticks) AS ticks, {minutes} AS minutes, {tick_minutes} AS tick_minutes
"""
# Instrument by instrument, along the key: a month's table is not read whole for an hour of it.
_FOLD = """
    SELECT bucket, instruments.id, source_id, side.letter, {feed}, folded.open, high, low,
        folded.close, volume, ticks, minutes, tick_minutes
    FROM market.instruments CROSS JOIN unnest('{{m,b,a,t}}'::"char"[]) AS side (letter)
    CROSS JOIN LATERAL (
        SELECT date_bin(%(width)s, time, 'epoch') AS bucket, source_id, {folded}
        FROM {below} AS below
        WHERE instrument_id = instruments.id AND below.side = side.letter AND feed = {feed}
          AND time >= %(start)s AND time < %(end)s
        GROUP BY 1, 2
    ) AS folded
"""
# The span of all of them beside each one's own: partitions outside of it are not even opened.
_REFOLD = """
    SELECT start, touched.instrument_id, touched.source_id, side.letter, {feed}, folded.open, high,
        low, folded.close, volume, ticks, minutes, tick_minutes
    FROM unnest(%(starts)s::timestamptz[], %(instruments)s::int[], %(sources)s::smallint[])
        AS touched (start, instrument_id, source_id)
    CROSS JOIN unnest('{{m,b,a,t}}'::"char"[]) AS side (letter)
    CROSS JOIN LATERAL (
        SELECT {folded} FROM {below} AS below
        WHERE below.instrument_id = touched.instrument_id AND below.side = side.letter
          AND feed = {feed} AND time >= start AND time < start + %(width)s
          AND below.source_id = touched.source_id
          AND time >= %(first)s AND time < %(end)s
        HAVING count(*) > 0
    ) AS folded
"""
_UPSERT = """
    INSERT INTO {table} AS kept {folded}
    ON CONFLICT (instrument_id, side, feed, time, source_id) DO UPDATE SET
        open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close,
        volume = excluded.volume, ticks = excluded.ticks, minutes = excluded.minutes,
        tick_minutes = excluded.tick_minutes
    WHERE (kept.open, kept.high, kept.low, kept.close, kept.volume, kept.ticks, kept.minutes,
        kept.tick_minutes) IS DISTINCT FROM (excluded.open, excluded.high, excluded.low,
        excluded.close, excluded.volume, excluded.ticks, excluded.minutes, excluded.tick_minutes)
"""
