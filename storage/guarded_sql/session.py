"""A session for one statement of a caller's: opened, looked over, and thrown away after use.

Nothing is taken on trust: whatever made the role, a session that could do harm is not used.
"""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql
from psycopg.pq import TransactionStatus

from market.sources import Feed
from storage.errors import DatabaseUnavailableError
from storage.guarded_sql.errors import SqlNotConfiguredError
from storage.guarded_sql.role import HARMFUL, STATEMENT_TIMEOUT_S, WORK_MEMORY_MB, schema_of
from storage.patience import Connection, Patience, connected, executed
from storage.pools import translated_errors

_CANCEL_WITHIN_S = 0.1
"""Short: whoever waited for a server that stands still has waited long enough."""


@contextmanager
def guarded_session(
    url: str, feed: Feed, whole_s: float, patience: Patience
) -> Iterator[Connection]:
    """A session inside a READ ONLY transaction, whose statements may take `whole_s`, on one feed's views.

    SqlNotConfiguredError where the way in is barred or the session may do more than it should,
    DatabaseUnavailableError where nobody answers; what `patience` raises.
    """
    try:
        connection = connected(url, patience)
    except psycopg.OperationalError as error:
        raise _barred(error) from error
    try:
        with translated_errors(STATEMENT_TIMEOUT_S * 1000):
            facts = _facts(feed, whole_s)
            faults = [fault for (fault,) in executed(connection, _FAULTS.format(**facts), patience)]
            executed(connection, _SETTINGS.format(**facts), patience)
            executed(connection, _BEGIN, patience)
        if faults:
            raise SqlNotConfiguredError("; ".join(f"its role {fault}" for fault in faults))
        yield connection
    finally:
        if connection.pgconn.transaction_status == TransactionStatus.ACTIVE:
            # A server at work does not notice that nobody listens.
            with contextlib.suppress(psycopg.Error):
                connection.cancel_safe(timeout=_CANCEL_WITHIN_S)
        connection.close()


def _barred(error: psycopg.OperationalError) -> Exception:
    """What to say of a connection that was not made; PostgreSQL's own words may hold addresses."""
    said = str(error)
    if "does not exist" in said and "role" in said:
        return SqlNotConfiguredError(
            "its role is missing: run `tradewind migrate` as one who may make roles (docs/sql.md)"
        )
    if "authentication failed" in said or "no password" in said or "pg_hba" in said:
        return SqlNotConfiguredError("its role is not let in: set TRADEWIND_QUANT_DATABASE_URL")
    return DatabaseUnavailableError("no session for a caller's statement")


def _facts(feed: Feed, whole_s: float) -> dict[str, sql.Literal]:
    facts = {
        "harmful": HARMFUL,
        "schema": schema_of(feed),
        "search_path": f"{schema_of(feed)}, shims, public",
        "timeout": f"{int(whole_s * 1000)}ms",
        "work_mem": f"{WORK_MEMORY_MB}MB",
    }
    return {name: sql.Literal(value) for name, value in facts.items()}


_BEGIN = sql.SQL("BEGIN TRANSACTION READ ONLY")

_SETTINGS = sql.SQL("""
    SELECT set_config('search_path', {search_path}, false),
        set_config('statement_timeout', {timeout}, false),
        set_config('idle_in_transaction_session_timeout', {timeout}, false),
        set_config('work_mem', {work_mem}, false),
        set_config('default_transaction_read_only', 'on', false),
        set_config('max_parallel_workers_per_gather', '0', false),
        set_config('jit', 'off', false),
        set_config('client_encoding', 'UTF8', false),
        set_config('TimeZone', 'UTC', false),
        set_config('DateStyle', 'ISO, YMD', false),
        set_config('IntervalStyle', 'iso_8601', false),
        set_config('extra_float_digits', '1', false)
""")

_FAULTS = sql.SQL(r"""
    WITH me AS MATERIALIZED (SELECT * FROM pg_roles WHERE rolname = session_user),
    entered AS MATERIALIZED (
        SELECT oid, nspname FROM pg_namespace
        WHERE has_schema_privilege(oid, 'USAGE')
            AND nspname NOT IN ('pg_catalog', 'information_schema')
            AND nspname !~ '^pg_(toast|temp)'
    )
    SELECT 'is more than a login that may read' FROM me
    WHERE rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls
    UNION ALL
    SELECT 'is a member of ' || roleid::regrole FROM pg_auth_members, me WHERE member = me.oid
    UNION ALL
    SELECT 'may not use the schema ' || {schema}
    WHERE NOT EXISTS (SELECT FROM entered WHERE nspname = {schema})
    UNION ALL
    SELECT 'may read or write ' || c.oid::regclass
    FROM pg_class AS c JOIN entered ON entered.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
        AND nspname !~ '^_?timescaledb_' -- its catalogue is everybody's to read, as PostgreSQL's is
        AND (
        nspname <> {schema} AND has_any_column_privilege(c.oid, 'SELECT')
        OR has_any_column_privilege(c.oid, 'INSERT, UPDATE')
        OR has_table_privilege(c.oid, 'DELETE, TRUNCATE'))
    UNION ALL
    SELECT 'may create things in ' || nspname FROM entered
    WHERE has_schema_privilege(oid, 'CREATE')
    UNION ALL
    (SELECT 'may call ' || p.oid::regprocedure FROM pg_proc AS p
    WHERE has_function_privilege(p.oid, 'EXECUTE')
        AND p.pronamespace = 'pg_catalog'::regnamespace AND p.proname ~ {harmful} LIMIT 1)
    UNION ALL
    (SELECT 'may call ' || p.oid::regprocedure
    FROM pg_proc AS p JOIN entered ON entered.oid = p.pronamespace
    WHERE has_function_privilege(p.oid, 'EXECUTE') AND (p.prosecdef OR p.provolatile = 'v')
        AND p.prorettype <> ALL ('{{trigger,event_trigger,internal}}'::regtype[]) LIMIT 1)
    UNION ALL
    SELECT 'has no bound of temporary files (temp_file_limit)'
    WHERE current_setting('temp_file_limit') = '-1'
    UNION ALL
    SELECT 'shows callers each other''s statements (track_activities)'
    WHERE current_setting('track_activities') = 'on'
""")
"""What a session may do and should not, one a row; of functions one stands for the others."""
