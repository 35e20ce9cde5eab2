"""The roles of guarded SQL: what they are made with, and what everybody else loses and keeps."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from market.sources import Feed
from storage.guarded_sql.role import HARMFUL, prepare_roles, role_of, schema_of
from tests.storage.guarded_sql.conftest import url_of

Connection = psycopg.Connection[Any]

HARMFUL_ONES = (
    "SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace"
    f" AND proname ~ '{HARMFUL}'"
)


def all_of(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query.encode()).fetchall()


@pytest.fixture
def plain_owner(connection: Connection, database_url: str) -> Iterator[Connection]:
    """Somebody who may neither make roles nor take from everybody what they may."""
    connection.execute('CREATE ROLE "Plain-Owner" LOGIN')
    with psycopg.connect(url_of(database_url, "Plain-Owner"), autocommit=True) as opened:
        yield opened
    connection.execute('DROP OWNED BY "Plain-Owner"')
    connection.execute('DROP ROLE "Plain-Owner"')


def test_the_roles_are_logins_and_nothing_else(connection: Connection) -> None:
    found = all_of(
        connection,
        "SELECT rolname, rolcanlogin, rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication"
        " OR rolbypassrls OR rolinherit, rolconnlimit FROM pg_roles WHERE rolname ~ '^tradewind_q'"
        " ORDER BY 1",
    )
    assert found == [
        (f"tradewind_quant_{feed}", True, False, 8) for feed in ("live", "recorded", "simulated")
    ]
    assert (
        all_of(connection, "SELECT 1 FROM pg_auth_members WHERE member::regrole::text ~ 'quant'")
        == []
    )


@pytest.mark.parametrize("feed", Feed)
def test_a_role_reads_its_own_views_alone(
    connection: Connection, database_url: str, feed: Feed
) -> None:
    readable = "SELECT DISTINCT table_schema FROM information_schema.role_table_grants"
    with psycopg.connect(url_of(database_url, role_of(feed)), autocommit=True) as session:
        assert all_of(session, f"{readable} WHERE grantee = session_user") == [(schema_of(feed),)]
        for other in set(Feed) - {feed}:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                session.execute(f"SELECT 1 FROM {schema_of(other)}.ticks".encode())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute("SELECT 1 FROM market.instruments")


def test_everybody_loses_what_reaches_beyond_a_statement_and_the_owner_keeps_it(
    connection: Connection,
) -> None:
    names = {name for (name,) in all_of(connection, HARMFUL_ONES)}
    assert {"pg_advisory_lock", "lo_put", "pg_notify", "query_to_xml", "ts_stat"} <= names
    open_to_all = f"{HARMFUL_ONES} AND has_function_privilege('public', oid, 'EXECUTE')"
    assert all_of(connection, open_to_all) == []
    closed_to_us = f"{HARMFUL_ONES} AND NOT has_function_privilege(oid, 'EXECUTE')"
    assert all_of(connection, closed_to_us) == []


def test_an_owner_who_is_no_superuser_keeps_it_too(
    connection: Connection, plain_owner: Connection
) -> None:
    connection.execute('ALTER SCHEMA market OWNER TO "Plain-Owner"')
    connection.execute("GRANT EXECUTE ON FUNCTION pg_notify(text, text) TO PUBLIC")
    prepare_roles(connection)
    assert all_of(plain_owner, "SELECT pg_notify('a', 'b')::text") == [("",)]
    open_to_all = f"{HARMFUL_ONES} AND has_function_privilege('public', oid, 'EXECUTE')"
    assert all_of(connection, open_to_all) == []
    connection.execute("ALTER SCHEMA market OWNER TO CURRENT_USER")


def test_no_role_may_call_what_changes_something_in_timescaledb(timescale_url: str) -> None:
    changing = (
        "SELECT DISTINCT proname FROM pg_proc AS p JOIN pg_depend ON classid = 'pg_proc'::regclass"
        " AND objid = p.oid AND deptype = 'e' JOIN pg_extension AS e ON e.oid = refobjid"
        " WHERE extname = 'timescaledb' AND provolatile = 'v'"
        " AND prorettype <> ALL ('{trigger,event_trigger,internal}'::regtype[])"
    )
    with psycopg.connect(timescale_url, autocommit=True) as connection:
        names = {name for (name,) in all_of(connection, changing)}
        assert {"add_job", "alter_job", "drop_chunks", "compress_chunk"} <= names
        for feed in Feed:
            callable_ = f"has_function_privilege('{role_of(feed)}', p.oid, 'EXECUTE')"
            assert all_of(connection, f"{changing} AND {callable_}") == []
        useful = "SELECT has_function_privilege('tradewind_quant_live', p.oid, 'EXECUTE')"
        buckets = all_of(connection, f"{useful} FROM pg_proc AS p WHERE proname = 'time_bucket'")
        assert set(buckets) == {(True,)}


def test_again_changes_nothing(connection: Connection) -> None:
    everything = "SELECT rolname, rolconfig FROM pg_roles WHERE rolname ~ 'quant' ORDER BY 1"
    versions = "SELECT xmin::text FROM pg_db_role_setting ORDER BY 1"
    before = all_of(connection, everything), all_of(connection, versions)
    prepare_roles(connection)
    assert (all_of(connection, everything), all_of(connection, versions)) == before


def test_who_may_not_goes_on(plain_owner: Connection) -> None:
    prepare_roles(plain_owner)
    assert all_of(plain_owner, "SELECT 1") == [(1,)]
