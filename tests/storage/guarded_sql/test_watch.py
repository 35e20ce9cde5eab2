"""The watch over a session: it ends what takes too long or grows too large, and nothing else."""

import socket
import time
from pathlib import Path

import psycopg
import pytest

import storage.guarded_sql.watch
from storage.guarded_sql.watch import Ended, SessionWatch
from storage.patience import Connection

GROWS = "SELECT cardinality(array_agg(n)) FROM (SELECT generate_series(1, 90000000) AS n) AS a"


def without_the_kernel_s_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage.guarded_sql.watch, "_bound_memory", lambda _pid, _megabytes: None)


def test_a_session_that_behaves_is_left_alone(session: Connection, database_url: str) -> None:
    with SessionWatch(session, database_url, within_s=30, memory_mb=256) as watch:
        assert session.execute("SELECT count(*) FROM ticks").fetchone() == (0,)
    assert watch.ended is None
    assert session.execute("SELECT 1").fetchone() == (1,)


def test_too_long_whatever_the_session_s_own_timeout_says(
    session: Connection, database_url: str
) -> None:
    session.execute("SELECT set_config('statement_timeout', '0', false)")
    began_s = time.monotonic()
    watching = SessionWatch(session, database_url, within_s=0.2, memory_mb=256)
    with watching as watch, pytest.raises(psycopg.errors.AdminShutdown):
        session.execute("SELECT pg_sleep(60)")
    assert watch.ended is Ended.TIME
    assert time.monotonic() - began_s < 10


def test_too_large_for_the_watch(
    session: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_the_kernel_s_bound(monkeypatch)
    watching = SessionWatch(session, database_url, within_s=60, memory_mb=100)
    with watching as watch, pytest.raises(psycopg.errors.AdminShutdown):
        session.execute(GROWS)
    assert watch.ended is Ended.MEMORY


def test_too_large_for_the_kernel(session: Connection, database_url: str) -> None:
    with SessionWatch(session, database_url, within_s=60, memory_mb=100) as watch:
        with pytest.raises(psycopg.errors.OutOfMemory):
            session.execute("SELECT length(repeat('x', 900000000))")
        session.execute("ROLLBACK")
        assert session.execute("SELECT 1").fetchone() == (1,)
    assert watch.ended is None


def test_a_statement_is_ended_where_its_session_cannot_be(session: Connection) -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/none"
    watching = SessionWatch(session, nowhere, within_s=0.2, memory_mb=256)
    with watching as watch, pytest.raises(psycopg.errors.QueryCanceled):
        session.execute("SELECT pg_sleep(60)")
    assert watch.ended is Ended.TIME


def test_a_control_that_says_nothing_is_not_waited_for(session: Connection) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        nowhere = f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/none"
        watching = SessionWatch(session, nowhere, within_s=0.1, memory_mb=256)
        with watching as watch, pytest.raises(psycopg.errors.QueryCanceled):
            session.execute("SELECT pg_sleep(60)")
    assert watch.ended is Ended.TIME


def test_a_session_on_another_server_loses_its_statement(
    session: Connection, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the control's server has no session of that number."""
    watching = SessionWatch(session, database_url, within_s=0.2, memory_mb=256)
    monkeypatch.setattr(watching, "_pid", 9_999_999)
    with watching as watch, pytest.raises(psycopg.errors.QueryCanceled):
        session.execute("SELECT pg_sleep(60)")
    assert watch.ended is Ended.TIME


def test_another_process_of_that_number_is_not_touched(
    session: Connection, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database of another machine, whose process numbers are no processes of ours."""
    monkeypatch.setattr(storage.guarded_sql.watch, "PROCESSES", tmp_path)
    process = tmp_path / str(session.info.backend_pid)
    process.mkdir()
    (process / "cmdline").write_bytes(b"somebody else's\0")
    (process / "status").write_text("RssAnon: 9999999 kB\n")
    with SessionWatch(session, database_url, within_s=60, memory_mb=1) as watch:
        session.execute("SELECT pg_sleep(0.1)")
    assert watch.ended is None
