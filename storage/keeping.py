"""What is kept for how long, and the policies by which TimescaleDB sees to it."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import psycopg
from psycopg import sql

from market.sources import Feed
from storage.backends import candles_table, ticks_table
from storage.partitions import note_ended_ticks

Connection = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True)
class Keeping:
    """For how many days ticks are kept, a feed class; None: for ever. Candles stay, but simulated ones.

    `compress_after_days` is when TimescaleDB turns a chunk into columns; 0: never.
    """

    compress_after_days: int = 7
    live_days: int | None = None
    recorded_days: int | None = None
    simulated_days: int = 2
    simulated_candle_days: int = 31

    def tick_days(self, feed: Feed) -> int | None:
        """How long ticks of a feed are kept."""
        match feed:
            case Feed.LIVE:
                return self.live_days
            case Feed.RECORDED:
                return self.recorded_days
            case Feed.SIMULATED:
                return self.simulated_days

    def candle_days(self, feed: Feed) -> int | None:
        """How long candles of a feed are kept."""
        return self.simulated_candle_days if feed is Feed.SIMULATED else None


def keep_policies(connection: Connection, feed: Feed, keeping: Keeping) -> None:
    """Make the jobs of a feed's hypertables say what the settings do; those that do are left alone.

    What the jobs that stand may have ended is noted first.
    """
    ended = connection.execute("SELECT market.ticks_ended(%s)", (feed.code,)).fetchone()
    if ended is not None and ended[0] is not None:
        note_ended_ticks(connection, feed, ended[0])
    for table, days in (
        (ticks_table(feed), keeping.tick_days(feed)),
        (candles_table(feed), keeping.candle_days(feed)),
    ):
        name = sql.Literal(table.as_string(connection))
        _keep(connection, name, _COMPRESSION, keeping.compress_after_days or None)
        _keep(connection, name, _RETENTION, days)


def chunks_from(connection: Connection, feed: Feed) -> date | None:
    """The first day of the oldest chunk of a feed's candles; None: there is none."""
    row = connection.execute(
        "SELECT (min(range_start) AT TIME ZONE 'UTC')::date FROM timescaledb_information.chunks"
        " WHERE hypertable_schema = 'market' AND hypertable_name = %s",
        (f"candles_{feed.value}",),
    ).fetchone()
    return None if row is None else row[0]


@dataclass(frozen=True, slots=True)
class _Policy:
    """A kind of job: what tells it from others, and how it is made and removed."""

    procedure: str
    setting: str
    add: sql.SQL
    remove: sql.SQL


_COMPRESSION = _Policy(
    "policy_compression",
    "compress_after",
    sql.SQL("CALL add_columnstore_policy({}, after => {}::interval, if_not_exists => true)"),
    sql.SQL("CALL remove_columnstore_policy({}, if_exists => true)"),
)
_RETENTION = _Policy(
    "policy_retention",
    "drop_after",
    sql.SQL("SELECT add_retention_policy({}, {}::interval, if_not_exists => true)"),
    sql.SQL("SELECT remove_retention_policy({}, if_exists => true)"),
)

_IN_FORCE = """
    SELECT (config ->> %s)::interval FROM timescaledb_information.jobs
    WHERE proc_name = %s AND to_regclass(format('%%I.%%I', hypertable_schema, hypertable_name))
        = {}::regclass
"""


def _keep(connection: Connection, table: sql.Literal, policy: _Policy, days: int | None) -> None:
    found = connection.execute(
        sql.SQL(_IN_FORCE).format(table), (policy.setting, policy.procedure)
    ).fetchone()
    wanted = None if days is None else timedelta(days=days)
    if wanted == (None if found is None else found[0]):
        return
    if found is not None:
        connection.execute(policy.remove.format(table))
    if wanted is not None:
        connection.execute(policy.add.format(table, sql.Literal(f"{days} days")))
