"""What dumping and restoring need to know of a database, and do to it beside PostgreSQL's own programs."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import psycopg
from psycopg import pq, sql

from storage.connecting import connect
from storage.errors import DatabaseUnavailableError

VERSION_TABLE = "public.revision"
SCHEMAS = ("market", "shims", "quant_live", "quant_recorded", "quant_simulated")
"""What is ours of a database, beside that table: nothing else is ever dropped."""

_EXISTING = "SELECT nspname FROM pg_namespace WHERE nspname = ANY(%s) ORDER BY 1"
# A compressed chunk stays behind where its hypertable is dropped with a schema.
_DROP_CHUNKS = """
DO $$ DECLARE
    ours regclass;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb') THEN RETURN; END IF;
    FOR ours IN SELECT format('%I.%I', hypertable_schema, hypertable_name)::regclass
        FROM timescaledb_information.hypertables WHERE hypertable_schema = 'market'
    LOOP
        PERFORM drop_chunks(ours, older_than => 'infinity'::timestamptz);
    END LOOP;
END $$
"""
_OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


def libpq_environment(database_url: str) -> dict[str, str]:
    """The variables that lead PostgreSQL's programs to a database: arguments, which all can see, may hold
    no password. DatabaseUnavailableError: the address is none."""
    try:
        options = pq.Conninfo.parse(database_url.encode())
    except psycopg.Error as error:
        raise DatabaseUnavailableError(str(error).strip()) from error
    return {
        option.envvar.decode(): option.val.decode()
        for option in options
        if option.envvar is not None and option.val is not None
    }


def revision_in(database_url: str) -> str | None:
    """The revision of a database's schema; None where it has none of ours."""
    with connect(database_url) as connection:
        if connection.execute("SELECT to_regclass(%s)", (VERSION_TABLE,)).fetchone() == (None,):
            return None
        row = connection.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone()
    return None if row is None else str(row[0])


def what_is_there(database_url: str, schemas: Iterable[str]) -> list[str]:
    """Those of these schemas that a database has, and the table of its revision."""
    with connect(database_url) as connection:
        found = [name for (name,) in connection.execute(_EXISTING, (list(schemas),))]
        table = connection.execute("SELECT to_regclass(%s)", (VERSION_TABLE,)).fetchone()
    return found if table == (None,) else [*found, VERSION_TABLE]


def other_sessions(database_url: str) -> int:
    """How many clients beside this one a database has."""
    with connect(database_url) as connection:
        row = connection.execute(_OTHERS).fetchone()
    assert row is not None
    return int(row[0])


def remove(database_url: str, schemas: Iterable[str]) -> None:
    """Drop these schemas with all that is in them, and the table of the revision; extensions stay."""
    with connect(database_url) as connection, connection.transaction():
        connection.execute(_DROP_CHUNKS)
        for schema in schemas:
            statement = sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE")
            connection.execute(statement.format(sql.Identifier(schema)))
        connection.execute(f"DROP TABLE IF EXISTS {VERSION_TABLE}")


@contextmanager
def being_restored(database_url: str, *, timescaledb: bool) -> Iterator[None]:
    """A database into which a dump goes: a dump of TimescaleDB needs the extension, and it told so.

    DatabaseUnavailableError: the server has no such extension, or refuses.
    """
    if not timescaledb:
        yield
        return
    _run(database_url, "CREATE EXTENSION IF NOT EXISTS timescaledb")
    _run(database_url, "SELECT timescaledb_pre_restore()")
    try:
        yield
    finally:
        _run(database_url, "SELECT timescaledb_post_restore()")


def gather_statistics(database_url: str) -> None:
    """Count what is there: a dump holds none of what the planner goes by."""
    _run(database_url, "ANALYZE")


def _run(database_url: str, statement: str) -> None:
    # A connection each: the extension is loaded when one is made.
    with connect(database_url) as connection:
        try:
            connection.execute(statement.encode())
        except psycopg.Error as error:
            raise DatabaseUnavailableError(str(error).strip()) from error
