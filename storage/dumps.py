"""What dumping and restoring need to know of a database, and do to it beside PostgreSQL's own programs."""

from collections.abc import Iterable

import psycopg
from psycopg import pq

from storage.connecting import connect
from storage.errors import DatabaseUnavailableError

VERSION_TABLE = "public.revision"
SCHEMAS = (
    "market",
    "shims",
    "quant_live",
    "quant_recorded",
    "quant_simulated",
    "auth",
    "delivery",
)
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
END $$;
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


def opening(schemas: Iterable[str], *, timescaledb: bool) -> str:
    """What is executed before a dump, in one transaction with it: these schemas are dropped with all that
    is in them, and the table of the revision; extensions stay."""
    drops = [f'DROP SCHEMA IF EXISTS "{schema}" CASCADE;' for schema in schemas]
    prepare = [_told("timescaledb_pre_restore")] if timescaledb else []
    quiet = "SET LOCAL client_min_messages = warning;"  # dropping tells of each thing
    lines = [
        "BEGIN;",
        quiet,
        _DROP_CHUNKS,
        *drops,
        f"DROP TABLE IF EXISTS {VERSION_TABLE};",
        *prepare,
    ]
    return "\n".join(lines)


def closing(*, timescaledb: bool) -> str:
    """What is executed after a dump that came whole."""
    finish = [_told("timescaledb_post_restore")] if timescaledb else []
    return "\n".join([*finish, "COMMIT;"])


def make_extension(database_url: str) -> None:
    """Have TimescaleDB in a database. DatabaseUnavailableError: the server has none, or refuses."""
    _run(database_url, "CREATE EXTENSION IF NOT EXISTS timescaledb")


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


def _told(function: str) -> str:
    # A dump empties the search path.
    return f"""
DO $$ BEGIN
    EXECUTE (SELECT format('SELECT %I.{function}()', nspname) FROM pg_extension
        JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'timescaledb');
END $$;
"""
