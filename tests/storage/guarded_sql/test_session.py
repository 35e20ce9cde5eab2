"""Sessions for statements: read-only, on one feed's views, and refused where they could do more."""

import time
from collections.abc import Callable

import psycopg
import pytest

from market.sources import Feed
from storage.errors import DatabaseUnavailableError
from storage.guarded_sql.errors import SqlNotConfiguredError
from storage.guarded_sql.session import _FAULTS, _facts, guarded_session
from storage.patience import Connection
from tests.storage.guarded_sql.conftest import patience, url_of

SECONDS = 30


def setting(session: Connection, name: str) -> str:
    row = session.execute("SELECT current_setting(%s)", (name,)).fetchone()
    assert row is not None
    return str(row[0])


def test_its_settings(session: Connection) -> None:
    expected = {
        "transaction_read_only": "on",
        "search_path": "quant_simulated, shims, public",
        "statement_timeout": "30s",
        "temp_file_limit": "256MB",
        "track_activities": "off",
        "max_parallel_workers_per_gather": "0",
        "TimeZone": "UTC",
    }
    assert {name: setting(session, name) for name in expected} == expected


def test_nothing_of_a_session_is_left_for_the_next(quant_url: str) -> None:
    with guarded_session(quant_url, Feed.SIMULATED, SECONDS, patience()) as first:
        first.execute("SELECT set_config('search_path', 'nowhere', false)")
        first.execute("COMMIT")
    with guarded_session(quant_url, Feed.SIMULATED, SECONDS, patience()) as second:
        assert setting(second, "search_path") == "quant_simulated, shims, public"
    assert first.closed


def test_a_login_that_may_read_the_views_alone_is_let_in(odd: Callable[[str], str]) -> None:
    with guarded_session(odd("SELECT 1"), Feed.SIMULATED, SECONDS, patience()) as session:
        assert session.execute("SELECT count(*) FROM ticks").fetchone() == (0,)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("ALTER ROLE odd_quant SUPERUSER", "is more than a login that may read"),
        ("ALTER ROLE odd_quant CREATEROLE", "is more than a login that may read"),
        ("ALTER ROLE odd_quant BYPASSRLS", "is more than a login that may read"),
        ("GRANT pg_monitor TO odd_quant", "is a member of pg_monitor"),
        ("GRANT pg_read_server_files TO odd_quant", "is a member of pg_read_server_files"),
        (
            "GRANT USAGE ON SCHEMA market TO odd_quant;"
            " GRANT SELECT (payload) ON market.inbox TO odd_quant",
            "may read or write market.inbox",
        ),
        (
            "GRANT USAGE ON SCHEMA quant_live TO odd_quant;"
            " GRANT SELECT ON quant_live.ticks TO odd_quant",
            "may read or write quant_live.ticks",
        ),
        ("GRANT INSERT ON quant_simulated.instruments TO odd_quant", "instruments"),
        ("GRANT CREATE ON SCHEMA quant_simulated TO odd_quant", "may create things in quant_simu"),
        ("GRANT EXECUTE ON FUNCTION pg_advisory_lock(bigint) TO odd_quant", "pg_advisory_lock"),
        ("GRANT EXECUTE ON FUNCTION pg_notify(text, text) TO odd_quant", "may call pg_notify"),
        (
            "CREATE FUNCTION public.owner_does() RETURNS int LANGUAGE sql SECURITY DEFINER"
            " AS 'SELECT 1'",
            "may call owner_does",
        ),
        ("CREATE EXTENSION dblink", "may call dblink"),
        (
            "CREATE SCHEMA _timescaledb_functions;"
            " GRANT USAGE ON SCHEMA _timescaledb_functions TO PUBLIC;"
            " CREATE FUNCTION _timescaledb_functions.of_an_update() RETURNS int LANGUAGE sql"
            " AS 'SELECT 1'",
            "may call _timescaledb_functions.of_an_update",
        ),
        ("CREATE EXTENSION pg_stat_statements", "may read or write pg_stat_statements"),
        (
            "CREATE EXTENSION file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;"
            " CREATE FOREIGN TABLE passwords (line text) SERVER files"
            " OPTIONS (filename '/etc/passwd'); GRANT SELECT ON passwords TO PUBLIC",
            "may read or write passwords",
        ),
        ("ALTER ROLE odd_quant SET temp_file_limit = -1", "has no bound of temporary files"),
        ("ALTER ROLE odd_quant SET track_activities = on", "shows callers each other's"),
        ("REVOKE USAGE ON SCHEMA quant_simulated FROM odd_quant", "may not use the schema"),
    ],
)
def test_a_login_that_may_do_more_or_less_is_not_used(
    odd: Callable[[str], str], given: str, said: str
) -> None:
    url = odd(given)
    with (
        pytest.raises(SqlNotConfiguredError, match=said),
        guarded_session(url, Feed.SIMULATED, SECONDS, patience()),
    ):
        pass


def test_timescaledb_as_we_leave_it_bars_nobody(timescale_url: str) -> None:
    look = _FAULTS.format(**_facts(Feed.LIVE, SECONDS))
    with psycopg.connect(timescale_url, autocommit=True) as connection:
        connection.execute("SET SESSION AUTHORIZATION tradewind_quant_live")
        faults = " ".join(fault for (fault,) in connection.execute(look))
        connection.execute("RESET SESSION AUTHORIZATION")
    # A role's own settings come with a login, which it has not had here.
    assert "may" not in faults


def test_the_owner_is_not_used(database_url: str) -> None:
    with (
        pytest.raises(SqlNotConfiguredError, match="more than a login"),
        guarded_session(database_url, Feed.SIMULATED, SECONDS, patience()),
    ):
        pass


def test_a_login_of_another_feed_is_not_used(quant_url: str) -> None:
    with (
        pytest.raises(SqlNotConfiguredError, match="may not use the schema quant_live"),
        guarded_session(quant_url, Feed.LIVE, SECONDS, patience()),
    ):
        pass


def test_a_login_that_is_missing_is_told_from_a_database_that_is(database_url: str) -> None:
    with (
        pytest.raises(SqlNotConfiguredError, match="tradewind migrate"),
        guarded_session(url_of(database_url, "nobody_at_all"), Feed.LIVE, SECONDS, patience()),
    ):
        pass
    with (
        pytest.raises(DatabaseUnavailableError),
        guarded_session("postgresql://nobody@127.0.0.1:1/none", Feed.LIVE, SECONDS, patience()),
    ):
        pass


def test_the_transaction_stays_read_only(session: Connection) -> None:
    session.execute("SELECT count(*) FROM ticks")
    with pytest.raises(psycopg.errors.ActiveSqlTransaction):
        session.execute("SELECT set_config('transaction_read_only', 'off', false)")


def test_what_runs_when_a_session_is_left_does_not_run_on(
    quant_url: str, connection: Connection
) -> None:
    with guarded_session(quant_url, Feed.SIMULATED, SECONDS, patience()) as session:
        pid = session.info.backend_pid
        session.pgconn.send_query(b"SELECT pg_sleep(60)")
    began_s = time.monotonic()
    while connection.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", (pid,)).fetchone():
        assert time.monotonic() - began_s < 10
