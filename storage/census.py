"""What `doctor` asks the servers: what they are, and how much they keep."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg
import redis
from psycopg.rows import class_row

from storage.backends import Backend, backend_of
from storage.errors import CacheUnavailableError, DatabaseUnavailableError
from storage.revision import HEAD

CONNECT_TIMEOUT_S = 2
LARGEST_TABLES = 8


@dataclass(frozen=True, slots=True)
class TableSize:
    """A table with its partitions and indexes. `rows` is the planner's estimate."""

    name: str
    rows: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Compression:
    """How many of TimescaleDB's chunks are compressed, and what those weigh and weighed."""

    chunks: int
    compressed: int
    before_bytes: int
    after_bytes: int


@dataclass(frozen=True, slots=True)
class DatabaseCensus:
    """What a database is and holds. `timescaledb` and `revision` are None where there is none.

    `backend` is None, and no tick is looked for, where the schema is not current; `compression` is None
    on plain PostgreSQL.
    """

    version: str
    timescaledb: str | None
    revision: str | None
    size_bytes: int
    tables: list[TableSize]
    backend: Backend | None
    compression: Compression | None
    oldest_tick: datetime | None


@dataclass(frozen=True, slots=True)
class CacheCensus:
    """What a Redis is and holds."""

    product: str
    version: str
    memory_bytes: int
    keys: int


def database_census(url: str) -> DatabaseCensus:
    """What the database says of itself; DatabaseUnavailableError where it does not answer."""
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_S) as connection:
            revision = _revision(connection)
            backend = backend_of(connection) if revision == HEAD else None
            hyper = backend is Backend.TIMESCALEDB
            return DatabaseCensus(
                version=_text(connection, "SELECT current_setting('server_version')"),
                timescaledb=_text_or_none(
                    connection, "SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'"
                ),
                revision=revision,
                size_bytes=int(_text(connection, "SELECT pg_database_size(current_database())")),
                tables=_largest_tables(connection, hyper),
                backend=backend,
                compression=_compression(connection) if hyper else None,
                oldest_tick=None if backend is None else _oldest_tick(connection),
            )
    except psycopg.OperationalError as error:
        raise DatabaseUnavailableError(str(error).strip()) from error


def cache_census(url: str) -> CacheCensus:
    """What the Redis says of itself; CacheUnavailableError where it does not answer."""
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=CONNECT_TIMEOUT_S) as client:
            told: dict[str, Any] = client.info()
            keys = int(client.dbsize())
    except redis.RedisError as error:
        raise CacheUnavailableError(str(error)) from error
    product = str(told.get("server_name", "redis"))
    version = str(told.get(f"{product}_version", told["redis_version"]))
    return CacheCensus(product, version, int(told["used_memory"]), keys)


def _largest_tables(connection: psycopg.Connection[Any], hyper: bool) -> list[TableSize]:
    tables: dict[str, TableSize] = {}
    with connection.cursor(row_factory=class_row(TableSize)) as cursor:
        for query in (_TABLES, _HYPERTABLES) if hyper else (_TABLES,):
            tables |= {table.name: table for table in cursor.execute(query)}
    return sorted(tables.values(), key=lambda each: (-each.size_bytes, each.name))[:LARGEST_TABLES]


_TABLES = """
    WITH RECURSIVE members AS (
        SELECT oid AS root, oid FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition
            AND relnamespace = to_regnamespace('market')
        UNION ALL
        SELECT members.root, inhrelid FROM members JOIN pg_inherits ON inhparent = members.oid
    )
    SELECT root::regclass::text AS name,
        coalesce(sum(reltuples) FILTER (WHERE relkind = 'r' AND reltuples > 0), 0)::bigint AS rows,
        sum(pg_total_relation_size(pg_class.oid))::bigint AS size_bytes
    FROM members JOIN pg_class USING (oid) GROUP BY root
"""

# What is compressed lies elsewhere; a continuous aggregate lies in a hypertable of another name.
_HYPERTABLES = """
    SELECT name, greatest(approximate_row_count(place), 0)::bigint AS rows,
        coalesce(hypertable_size(place), 0)::bigint AS size_bytes
    FROM (
        SELECT format('%I.%I', hypertable_schema, hypertable_name) AS name,
            format('%I.%I', hypertable_schema, hypertable_name)::regclass AS place
        FROM timescaledb_information.hypertables WHERE hypertable_schema = 'market'
        UNION ALL
        SELECT format('%I.%I', view_schema, view_name),
            format('%I.%I', materialization_hypertable_schema, materialization_hypertable_name)::regclass
        FROM timescaledb_information.continuous_aggregates WHERE view_schema = 'market'
    ) AS places
"""


def _compression(connection: psycopg.Connection[Any]) -> Compression | None:
    with connection.cursor(row_factory=class_row(Compression)) as cursor:
        return cursor.execute(_COMPRESSION).fetchone()


_COMPRESSION = """
    SELECT sum(total_chunks)::int AS chunks, sum(number_compressed_chunks)::int AS compressed,
        coalesce(sum(before_compression_total_bytes), 0)::bigint AS before_bytes,
        coalesce(sum(after_compression_total_bytes), 0)::bigint AS after_bytes
    FROM (
        SELECT count(chunk_name) AS total_chunks,
            count(chunk_name) FILTER (WHERE is_compressed) AS number_compressed_chunks,
            format('%I.%I', hypertable_schema, hypertable_name)::regclass AS place
        FROM timescaledb_information.hypertables
        LEFT JOIN timescaledb_information.chunks USING (hypertable_schema, hypertable_name)
        WHERE hypertable_schema = 'market' GROUP BY hypertable_schema, hypertable_name
    ) AS hypertables LEFT JOIN LATERAL (
        SELECT before_compression_total_bytes, after_compression_total_bytes
        FROM hypertable_columnstore_stats(place)
    ) AS weighed ON true
"""


def _oldest_tick(connection: psycopg.Connection[Any]) -> datetime | None:
    row = connection.execute("SELECT time FROM market.ticks ORDER BY time LIMIT 1").fetchone()
    return None if row is None else row[0].astimezone(UTC)


def _revision(connection: psycopg.Connection[Any]) -> str | None:
    try:
        return _text_or_none(connection, "SELECT version_num FROM revision")
    except psycopg.errors.UndefinedTable:
        return None


def _text(connection: psycopg.Connection[Any], query: str) -> str:
    found = _text_or_none(connection, query)
    assert found is not None
    return found


def _text_or_none(connection: psycopg.Connection[Any], query: str) -> str | None:
    row = connection.execute(query).fetchone()
    return None if row is None else str(row[0])
