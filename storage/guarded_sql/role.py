"""The login roles of guarded SQL: one a feed class, each with its schema of views and nothing else.

A login, not a role to switch to: what a session has switched to, a function inside a SELECT can undo.
Roles belong to the server and not to one database, so every `migrate` sees to them anew.
"""

import contextlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from psycopg import errors, sql

from market.sources import Feed
from storage.connecting import Connection

CONNECTION_LIMIT = 8
STATEMENT_TIMEOUT_S = 30
TEMPORARY_FILES_MB = 256
WORK_MEMORY_MB = 16

HARMFUL = "|".join(
    (
        "^pg_(try_)?advisory_",  # locks that our writers wait for
        "^pg_(notify|logical_emit_message)$",  # messages to our readers, and log that fills the disk
        "^pg_(cancel|terminate)_backend$",  # other callers' statements: they are the same role's
        "^pg_export_snapshot$",
        "^(lo_.*|loread|lowrite)$",
        # Statements in strings: planned anew, with the settings that the statement has made meanwhile.
        "^(query|cursor|table|schema|database)_to_xml",
        "^ts_(stat|rewrite)$",
    )
)
"""PostgreSQL's own functions, as a pattern of their names, that everybody may call unless told otherwise
and that reach beyond one statement."""

_log = logging.getLogger(__name__)

_SETTINGS = {
    "default_transaction_read_only": "on",
    "statement_timeout": f"{STATEMENT_TIMEOUT_S}s",
    "idle_in_transaction_session_timeout": f"{STATEMENT_TIMEOUT_S}s",
    "work_mem": f"{WORK_MEMORY_MB}MB",
    # A worker's memory is not its leader's.
    "max_parallel_workers_per_gather": "0",
}
_SUPERUSER_SETTINGS = {
    "temp_file_limit": f"{TEMPORARY_FILES_MB}MB",
    # All callers share a role: none is to see another's statement.
    "track_activities": "off",
    # Nobody fills the server's log with statements that fail.
    "log_min_messages": "fatal",
    "log_min_error_statement": "panic",
}

REVOKE = f"""
DO $$
DECLARE harmful regprocedure; owner name := (
    SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'market');
BEGIN
    FOR harmful IN
        SELECT p.oid::regprocedure FROM pg_proc AS p
        LEFT JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid
            AND d.deptype = 'e' AND d.refobjid =
                (SELECT oid FROM pg_extension WHERE extname = 'timescaledb')
        WHERE has_function_privilege('public', p.oid, 'EXECUTE') AND (
            p.pronamespace = 'pg_catalog'::regnamespace AND p.proname ~ '{HARMFUL}'
            OR d.objid IS NOT NULL AND p.provolatile = 'v'
                AND p.prorettype <> ALL ('{{trigger,event_trigger,internal}}'::regtype[]))
    LOOP
        EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO %I', harmful, owner);
        EXECUTE format('REVOKE EXECUTE ON ROUTINE %s FROM PUBLIC', harmful);
    END LOOP;
END $$
"""
"""Takes from everybody but our own role what reaches beyond a session."""


def role_of(feed: Feed) -> str:
    """The login that reads this feed class and no other."""
    return f"tradewind_quant_{feed.value}"


def schema_of(feed: Feed) -> str:
    """The schema of this feed class's views."""
    return f"quant_{feed.value}"


def prepare_roles(connection: Connection) -> None:
    """Make the roles where they are missing, and give them what they may have, as far as we may.

    The connection is in autocommit mode. Where we may not, guarded SQL finds out and is not served.
    """
    row = connection.execute("SELECT current_setting('is_superuser') = 'on'").fetchone()
    superuser = row is not None and row[0]
    for feed in Feed:
        with _as_far_as_we_may():
            _make(connection, feed)
        with _as_far_as_we_may():
            _grant(connection, feed)
        with _as_far_as_we_may():
            path = {"search_path": f"{schema_of(feed)}, shims, public"}
            more = _SUPERUSER_SETTINGS if superuser else {}
            _set(connection, role_of(feed), {**_SETTINGS, **path, **more})
    if superuser:
        connection.execute(REVOKE)


@contextmanager
def _as_far_as_we_may() -> Iterator[None]:
    try:
        yield
    except (errors.InsufficientPrivilege, errors.UndefinedObject) as error:
        _log.info("a role of guarded SQL is left as it is: %s", error.diag.message_primary)


def _make(connection: Connection, feed: Feed) -> None:
    name = role_of(feed)
    if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone():
        return
    # Another database's migration may be at it.
    with contextlib.suppress(errors.DuplicateObject, errors.UniqueViolation):
        connection.execute(
            sql.SQL(
                "CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION"
                " NOBYPASSRLS CONNECTION LIMIT {}"
            ).format(sql.Identifier(name), sql.Literal(CONNECTION_LIMIT))
        )


def _grant(connection: Connection, feed: Feed) -> None:
    role, schema = sql.Identifier(role_of(feed)), sql.Identifier(schema_of(feed))
    for grant in (
        "GRANT USAGE ON SCHEMA {schema}, shims TO {role}",
        "GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}",
    ):
        connection.execute(sql.SQL(grant).format(schema=schema, role=role))


def _set(connection: Connection, role: str, settings: dict[str, str]) -> None:
    """Fix settings of a role; what it has already is not written again."""
    row = connection.execute(
        "SELECT setconfig FROM pg_db_role_setting WHERE setdatabase = 0 AND setrole = %s::regrole",
        (role,),
    ).fetchone()
    there = row[0] if row is not None else []
    for name, value in settings.items():
        if f"{name}={value}" not in there:
            # A list of schemas is no string.
            values = sql.SQL(", ").join(map(sql.Literal, value.split(", ")))
            statement = sql.SQL("ALTER ROLE {} SET {} = {}")
            connection.execute(statement.format(sql.Identifier(role), sql.Identifier(name), values))
