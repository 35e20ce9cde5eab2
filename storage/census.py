"""What `doctor` asks the servers: what they are, and how much they keep."""

from dataclasses import dataclass
from typing import Any

import psycopg
import redis
from psycopg.rows import class_row

from storage.errors import CacheUnavailableError, DatabaseUnavailableError

CONNECT_TIMEOUT_S = 2
LARGEST_TABLES = 8


@dataclass(frozen=True, slots=True)
class TableSize:
    """A table with its partitions and indexes. `rows` is the planner's estimate."""

    name: str
    rows: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class DatabaseCensus:
    """What a database is and holds. `timescaledb` and `revision` are None where there is none."""

    version: str
    timescaledb: str | None
    revision: str | None
    size_bytes: int
    tables: list[TableSize]


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
            return DatabaseCensus(
                version=_text(connection, "SELECT current_setting('server_version')"),
                timescaledb=_text_or_none(
                    connection, "SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'"
                ),
                revision=_revision(connection),
                size_bytes=int(_text(connection, "SELECT pg_database_size(current_database())")),
                tables=_largest_tables(connection),
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


def _largest_tables(connection: psycopg.Connection[Any]) -> list[TableSize]:
    with connection.cursor(row_factory=class_row(TableSize)) as cursor:
        return cursor.execute(
            "WITH RECURSIVE members AS ("
            " SELECT oid AS root, oid FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition"
            " AND relnamespace = to_regnamespace('market')"
            " UNION ALL"
            " SELECT members.root, inhrelid FROM members JOIN pg_inherits ON inhparent = members.oid)"
            " SELECT root::regclass::text AS name,"
            " coalesce(sum(reltuples) FILTER (WHERE relkind = 'r' AND reltuples > 0), 0)::bigint AS rows,"
            " sum(pg_total_relation_size(pg_class.oid))::bigint AS size_bytes"
            " FROM members JOIN pg_class USING (oid) GROUP BY root ORDER BY 3 DESC, 1 LIMIT %s",
            (LARGEST_TABLES,),
        ).fetchall()


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
