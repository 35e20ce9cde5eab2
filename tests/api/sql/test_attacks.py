"""Ways out of the sandbox, each tried over HTTP on a real server: refused, or shown to be harmless."""

import asyncio
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from api.config import ApiConfig
from tests.api.harness import Api
from tests.api.sql.conftest import PATH, ask, refused, rows

FORBIDDEN = 403, "SQL_FORBIDDEN"
INVALID = 422, "SQL_INVALID"
TOO_LARGE = 503, "SQL_OUT_OF_MEMORY"


ATTACKS: dict[str, list[tuple[str, int, str]]] = {
    "other data": [
        ("TABLE market.ticks", *FORBIDDEN),
        ("SELECT * FROM market.inbox", *FORBIDDEN),
        ("SELECT * FROM quant_live.ticks", *FORBIDDEN),
        ("SELECT * FROM ticks UNION ALL SELECT * FROM quant_live.ticks", *FORBIDDEN),
        ("SELECT * FROM public.revision", *FORBIDDEN),
        ("SELECT * FROM pg_authid", *FORBIDDEN),
        ("SELECT * FROM pg_shadow", *FORBIDDEN),
        ("SELECT * FROM pg_hba_file_rules", *FORBIDDEN),
        ("SELECT * FROM pg_file_settings", *FORBIDDEN),
        ("SELECT * FROM pg_statistic", *FORBIDDEN),
        ("SELECT * FROM pg_largeobject", *FORBIDDEN),
        ("SELECT * FROM pg_user_mapping", *FORBIDDEN),
        ("SELECT last_value FROM market.touches", *FORBIDDEN),
    ],
    "statements in strings": [
        ("SELECT query_to_xml('TABLE market.ticks', true, true, '') AS x", *FORBIDDEN),
        ("SELECT database_to_xml(true, true, '') AS x", *FORBIDDEN),
        ("SELECT schema_to_xml('market', true, true, '') AS x", *FORBIDDEN),
        ("SELECT table_to_xml('ticks', true, true, '') AS x", *FORBIDDEN),
        ("SELECT cursor_to_xml('c', 1, true, true, '') AS x", *FORBIDDEN),
        ("SELECT * FROM ts_stat('SELECT to_tsvector(symbol) FROM instruments')", *FORBIDDEN),
        ("SELECT ts_rewrite('a'::tsquery, 'SELECT ''a''::tsquery, ''b''::tsquery')", *FORBIDDEN),
    ],
    "more rights": [
        ("SELECT set_config('role', 'tradewind', false)", *FORBIDDEN),
        ("SELECT set_config('session_authorization', 'tradewind', false)", *FORBIDDEN),
        ("SELECT set_config('transaction_read_only', 'off', false)", *FORBIDDEN),
        ("SELECT set_config('temp_file_limit', '-1', false)", *FORBIDDEN),
        ("SELECT set_config('log_statement', 'all', false)", *FORBIDDEN),
        ("SELECT set_config('session_preload_libraries', 'x', false)", *FORBIDDEN),
        ("SELECT set_config('track_activities', 'on', false)", *FORBIDDEN),
        ("SET ROLE tradewind", *INVALID),
        ("RESET ROLE", *INVALID),
        ("SET SESSION AUTHORIZATION DEFAULT", *INVALID),
    ],
    "files and programs": [
        ("SELECT pg_read_file('/etc/passwd')", *FORBIDDEN),
        ("SELECT pg_read_binary_file('PG_VERSION')", *FORBIDDEN),
        ("SELECT * FROM pg_ls_dir('.')", *FORBIDDEN),
        ("SELECT * FROM pg_ls_waldir()", *FORBIDDEN),
        ("SELECT * FROM pg_stat_file('PG_VERSION')", *FORBIDDEN),
        ("COPY (SELECT 1) TO PROGRAM 'id'", *INVALID),
        ("COPY ticks TO '/tmp/ticks'", *INVALID),
        ("SELECT pg_reload_conf()", *FORBIDDEN),
        ("SELECT pg_rotate_logfile()", *FORBIDDEN),
        ("SELECT pg_switch_wal()", *FORBIDDEN),
        ("LOAD 'plpgsql'", *INVALID),
    ],
    "beyond the session": [
        ("SELECT lo_import('/etc/passwd')", *FORBIDDEN),
        ("SELECT lo_export(1, '/tmp/x')", *FORBIDDEN),
        ("SELECT lo_from_bytea(0, 'x')", *FORBIDDEN),
        ("SELECT lo_creat(-1)", *FORBIDDEN),
        ("SELECT lo_get(1)", *FORBIDDEN),
        ("SELECT pg_notify('inbox', '')", *FORBIDDEN),
        ("SELECT pg_logical_emit_message(false, 'x', repeat('x', 1000000))", *FORBIDDEN),
        ("SELECT pg_advisory_lock(7205759403)", *FORBIDDEN),
        ("SELECT pg_try_advisory_lock(1, 1)", *FORBIDDEN),
        ("SELECT pg_advisory_xact_lock_shared(1)", *FORBIDDEN),
        ("SELECT pg_advisory_unlock_all()", *FORBIDDEN),
        ("SELECT pg_terminate_backend(pid) FROM pg_stat_activity", *FORBIDDEN),
        ("SELECT pg_cancel_backend(pid) FROM pg_stat_activity", *FORBIDDEN),
        ("SELECT pg_export_snapshot()", *FORBIDDEN),
        ("SELECT * FROM ticks FOR UPDATE", *FORBIDDEN),
        ("SELECT nextval('market.touches')", *FORBIDDEN),
        ("SELECT currval('market.touches')", *FORBIDDEN),
        ("SELECT setval('market.touches', 1)", *FORBIDDEN),
        ("SELECT pg_stat_reset()", *FORBIDDEN),
        ("SELECT pg_create_physical_replication_slot('x')", *FORBIDDEN),
        ("SELECT pg_drop_replication_slot('x')", *FORBIDDEN),
        ("SELECT pg_replication_origin_create('x')", *FORBIDDEN),
    ],
    "no query": [
        ("DO $$ BEGIN END $$", *INVALID),
        ("CALL nothing()", *INVALID),
        ("LISTEN inbox", *INVALID),
        ("NOTIFY inbox", *INVALID),
        ("PREPARE x AS SELECT 1", *INVALID),
        ("EXECUTE x", *INVALID),
        ("DECLARE c CURSOR WITH HOLD FOR SELECT 1", *INVALID),
        ("FETCH ALL FROM c", *INVALID),
        ("BEGIN", *INVALID),
        ("COMMIT", *INVALID),
        ("LOCK TABLE ticks", *INVALID),
        ("CREATE TABLE x (y int)", *INVALID),
        ("CREATE TEMP TABLE x AS SELECT 1", *INVALID),
        ("CREATE FUNCTION x() RETURNS int LANGUAGE sql AS 'SELECT 1'", *INVALID),
        ("CREATE EXTENSION dblink", *INVALID),
        ("CREATE SERVER x FOREIGN DATA WRAPPER y", *INVALID),
        ("ALTER ROLE CURRENT_USER SET statement_timeout = 0", *INVALID),
        ("SELECT 1 AS a INTO x", *INVALID),
        ("INSERT INTO instruments DEFAULT VALUES RETURNING 1", *INVALID),
        ("UPDATE instruments SET name = 'x' RETURNING 1", *INVALID),
        ("DELETE FROM instruments RETURNING 1", *INVALID),
        ("WITH x AS (DELETE FROM instruments RETURNING 1) SELECT * FROM x", *INVALID),
        ("UPDATE pg_settings SET setting = '0' WHERE name = 'statement_timeout'", *INVALID),
        ("SHOW ALL", *INVALID),
        ("EXPLAIN ANALYZE SELECT 1", *INVALID),
        ("VACUUM", *INVALID),
    ],
    "several statements": [
        ("SELECT 1; DROP SCHEMA quant_live CASCADE", *INVALID),
        ("SELECT 1) AS answer (c1); DROP SCHEMA quant_live CASCADE; --", *INVALID),
        ("SELECT 1) TO STDOUT; COMMIT; DROP SCHEMA quant_live CASCADE; --", *INVALID),
        ("SELECT $$1; SELECT 2", *INVALID),
        ("SELECT 1 /* ", *INVALID),
    ],
    "bombs": [
        ("SELECT repeat('x', 1000000000) AS x", *TOO_LARGE),
        ("SELECT md5(repeat('x', 900000000)) AS x", *TOO_LARGE),
        ("SELECT array_fill(1, ARRAY[100000000]) AS x", *TOO_LARGE),
        ("SELECT n FROM generate_series(1, 100000000) AS n ORDER BY n DESC LIMIT 1", *TOO_LARGE),
        (
            "SELECT set_config('work_mem', '2000MB', false) AS w, (SELECT count(DISTINCT n) FROM"
            " (SELECT generate_series(1, 90000000) AS n) AS a) AS n",
            *TOO_LARGE,
        ),
        ("SELECT " + "(" * 20_000 + "1" + ")" * 20_000, *INVALID),
        (
            "SELECT regexp_count(repeat('a', 1000), '((((a{1,200}){1,200}){1,200}){1,200})')",
            *INVALID,
        ),
    ],
}


@pytest.fixture
def owner(config: ApiConfig) -> Iterator[psycopg.Connection[Any]]:
    """The owner's own look at the database."""
    with psycopg.connect(config.database_url, autocommit=True) as connection:
        yield connection


def everything(owner: psycopg.Connection[Any]) -> list[tuple[Any, ...]]:
    """What an attack could have changed: objects, rows, settings, large objects, roles."""
    return owner.execute("""
        SELECT 'objects', count(*) FROM pg_class
        UNION ALL SELECT 'functions', count(*) FROM pg_proc
        UNION ALL SELECT 'ticks', count(*) FROM market.ticks
        UNION ALL SELECT 'instruments', count(*) FROM market.instruments
        UNION ALL SELECT 'large objects', count(*) FROM pg_largeobject_metadata
        UNION ALL SELECT 'roles', count(*) FROM pg_roles
        UNION ALL SELECT 'settings', count(*) FROM pg_db_role_setting
        UNION ALL SELECT 'advisory locks', count(*) FROM pg_locks WHERE locktype = 'advisory'
        UNION ALL SELECT 'prepared', count(*) FROM pg_prepared_xacts
    """).fetchall()


async def no_sessions(owner: psycopg.Connection[Any]) -> None:
    """Return when no session of guarded SQL is left in the test's database."""
    sessions = "SELECT count(*) FROM pg_stat_activity WHERE usename ~ 'quant' AND datname = %s"
    async with asyncio.timeout(10):
        while True:
            if owner.execute(sessions, (owner.info.dbname,)).fetchone() == (0,):
                return
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("attacks", ATTACKS.values(), ids=ATTACKS)
async def test_refused(stored: Api, owner: Any, attacks: list[tuple[str, int, str]]) -> None:
    before = everything(owner)
    for sql, status, code in attacks:
        found_status, found_code, error = await refused(stored, sql)
        assert (found_status, found_code) == (status, code), (sql, error)
        assert everything(owner) == before, sql


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT set_config('default_transaction_read_only', 'off', false) AS x",
        "SELECT set_config('statement_timeout', '0', false) AS x",
        "SELECT set_config('search_path', 'quant_live', false) AS x",
        "SELECT set_config('client_encoding', 'LATIN1', false) AS x",
        "SELECT set_config('TimeZone', 'Asia/Tokyo', false) AS x",
        "SELECT set_config('tradewind.feed', 'live', false) AS x",
        "SELECT setseed(0.5)::text AS x",
    ],
)
async def test_what_a_session_is_told_is_not_heard_by_the_next(stored: Api, sql: str) -> None:
    looked_at = (
        "SELECT current_setting('default_transaction_read_only') AS a, random() <> 0.985 AS r,"
        " current_setting('statement_timeout') AS b, current_setting('search_path') AS c,"
        " current_setting('client_encoding') AS d, current_setting('TimeZone') AS e,"
        " current_setting('tradewind.feed', true) AS f, session_user::text || current_user AS g"
    )
    before = await rows(stored, looked_at)
    assert (await ask(stored, sql)).status_code == 200
    assert await rows(stored, looked_at) == before


async def test_a_search_path_does_not_lead_to_another_feed(stored: Api) -> None:
    found = await rows(
        stored,
        "SELECT set_config('search_path', 'quant_live', false) AS path, (SELECT max(feed) FROM ticks)"
        " AS feed",
    )
    assert found == [{"path": "quant_live", "feed": "simulated"}]


async def test_a_timeout_cannot_be_talked_away(stored: Api) -> None:
    bounds = stored.app.state.services.sql.bounds
    object.__setattr__(bounds, "work_s", 0.5)
    sql = "SELECT set_config('statement_timeout', '0', false) AS a, pg_sleep(60)::text AS b"
    assert (await refused(stored, sql))[:2] == (408, "SQL_TIMEOUT")


@pytest.mark.parametrize(
    "sql",
    [
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT 1 FROM r) SELECT sum(n) AS a FROM r",
        "SELECT count(*) AS a FROM generate_series(1, 100000) x, generate_series(1, 100000) y",
        "SELECT 1 AS a FROM " + ", ".join(f"ticks AS t{number}" for number in range(300)),
        "SELECT sum(repeat('9', 60000)::numeric * repeat('8', 60000)::numeric + n)::text AS a"
        " FROM generate_series(1, 1000000) AS n",
        "SELECT count(*) AS a FROM pg_class a, pg_class b, pg_class c, pg_class d",
        "SELECT (SELECT string_agg(md5(n::text), '') FROM generate_series(1, 40) AS n)"
        " ~ '^(.+)(.+)(.+)\\3\\2\\1$' AS a",
    ],
)
async def test_what_never_ends_is_ended(
    stored: Api, owner: psycopg.Connection[Any], sql: str
) -> None:
    object.__setattr__(stored.app.state.services.sql.bounds, "work_s", 0.5)
    status, code, _ = await refused(stored, sql)
    assert (status, code) in ((408, "SQL_TIMEOUT"), TOO_LARGE)
    await no_sessions(owner)


async def test_a_fault_does_not_show_other_data_or_the_inside(stored: Api) -> None:
    for sql in (
        "SELECT symbol::int AS a FROM instruments",
        "SELECT repeat('x', 1000000)::int AS a",
        "SELECT * FROM market.nothing_of_that_name",
        "SELECT to_regclass('market.inbox')::text::int AS a",
    ):
        _, _, error = await refused(stored, sql)
        told = str(error)
        assert len(told) < 1_000
        for inside in ("COPY", "answer (c1", "/tmp", "storage", "psycopg", "Traceback"):
            assert inside not in told


async def test_catalogues_tell_names_and_no_data(
    stored: Api, owner: psycopg.Connection[Any]
) -> None:
    owner.execute("ANALYZE")
    others = "NOT IN ('pg_catalog', 'information_schema', 'quant_simulated')"
    for sql in (
        f"SELECT most_common_vals::text AS a FROM pg_stats WHERE schemaname {others}",
        f"SELECT table_name::text AS a FROM information_schema.tables WHERE table_schema {others}",
        f"SELECT column_name::text AS a FROM information_schema.columns WHERE table_schema {others}",
        "SELECT rolpassword AS a FROM pg_roles WHERE rolpassword <> '********'",
        "SELECT prosrc AS a FROM pg_proc WHERE prosecdef",
    ):
        assert await rows(stored, sql) == []


async def test_one_caller_does_not_see_another_s_statement(stored: Api) -> None:
    async def look() -> Any:
        seen = await rows(stored, "SELECT query FROM pg_stat_activity WHERE query <> ''")
        return [row["query"] for row in seen]

    secret = asyncio.ensure_future(ask(stored, "SELECT pg_sleep(1)::text AS my_secret_strategy"))
    found = []
    while not secret.done():
        found += await look()
    assert set(found) <= {"<insufficient privilege>"}


async def test_a_caller_has_two_statements_at_once_and_no_more(stored: Api) -> None:
    slow = [
        asyncio.ensure_future(ask(stored, "SELECT pg_sleep(1)::text AS slept")) for _ in range(3)
    ]
    statuses = sorted([(await each).status_code for each in slow])
    assert statuses == [200, 200, 429]
    assert (await ask(stored, "SELECT 1 AS a")).status_code == 200


async def test_a_caller_who_hangs_up_frees_the_session(
    stored: Api, owner: psycopg.Connection[Any]
) -> None:
    endless = {"sql": "SELECT repeat('x', 10000) AS x FROM generate_series(1, 900000)"}
    for _ in range(3):
        async with stored.client.stream("POST", PATH, json=endless) as response:
            assert response.status_code == 200
            await anext(response.aiter_bytes())
        await no_sessions(owner)
