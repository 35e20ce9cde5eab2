"""A database is written into a file, lost, and brought back to the last row; a damaged file is refused."""

import io
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from rich.console import Console

from storage import migrate
from storage.dumps import revision_in
from storage.errors import NewerSchemaError
from storage.revision import HEAD
from tests.chaos.invariants import assert_books_balance, assert_candles_are_those_of_the_ticks
from tests.tradewind.support import data_directory, environment, run_cli, running_up, wait_until
from tests.tradewind.test_replay import closing_line, replay
from tradewind.backup import PART_SUFFIX, contents_of, run_backup, run_restore
from tradewind.errors import BackupError, DataInUseError, NotABackupError, NotEmptyError
from tradewind.servers import Servers, reach_database
from tradewind.settings import Settings, load_settings

TABLES = """
    SELECT format('%I.%I', nspname, relname) FROM pg_class
    JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind IN ('r', 'p') AND NOT relispartition
        AND (nspname = 'market' OR relname = 'revision') ORDER BY 1
"""
RELATIONS = """
    SELECT format('%I.%I', nspname, relname), relkind::text FROM pg_class
    JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname IN ('market', 'shims') OR nspname LIKE 'quant%' ORDER BY 1
"""


def settings_of(data: Path, database_url: str | None = None) -> Settings:
    bundled = {"database_url": database_url, "redis_url": None, "run": None}
    return load_settings(data=data).model_copy(update=bundled)


def quiet() -> Console:
    return Console(file=io.StringIO(), width=200)


@contextmanager
def empty_database(servers: Servers, name: str) -> Iterator[str]:
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    yield servers.database_url.replace("@/tradewind?", f"@/{name}?")
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def held(database_url: str) -> dict[str, Any]:
    """All rows of all tables, as a digest a table; and which relations there are."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        digests = {
            name: connection.execute(
                f"SELECT count(*), md5(string_agg(t::text, ' ' ORDER BY t::text)) FROM {name} t".encode()
            ).fetchone()
            for (name,) in connection.execute(TABLES)
        }
        return {**digests, "relations": connection.execute(RELATIONS).fetchall()}


@pytest.fixture
def files(test_data: Path) -> list[Path]:
    return [
        test_data / "stocks_bars",
        test_data / "fx_ticks" / "oanda_eurusd" / "20140504_quote.zip",
    ]


@pytest.fixture
def filled(database_url: str, files: list[Path], tmp_path: Path) -> str:
    """A database with ticks, candles, bars, quarantine and books."""
    told = closing_line(replay(database_url, tmp_path / "filling", *files))
    assert told == "17,590 stored, 0 duplicate, 1 quarantined"
    return database_url


@pytest.fixture
def dump(filled: str, tmp_path: Path) -> Path:
    path = tmp_path / "tradewind.dump"
    assert run_backup(path, settings_of(tmp_path, filled), quiet()) == 0
    return path


@pytest.mark.timeout(240)
def test_what_was_destroyed_is_back_and_a_replay_has_nothing_to_add(
    dump: Path, filled: str, files: list[Path], servers: Servers, tmp_path: Path
) -> None:
    before = held(filled)
    with empty_database(servers, "restored") as url:
        settings = settings_of(tmp_path / "other", url)
        snapshots = settings.recovery / "store-recorded"
        snapshots.mkdir(parents=True)
        assert run_restore(dump, settings, console=quiet()) == 0
        assert held(url) == before
        assert not snapshots.exists()
        with psycopg.connect(url, autocommit=True) as connection:
            assert_books_balance(connection)
            assert_candles_are_those_of_the_ticks(connection)
        again = replay(url, tmp_path / "again", *files, "--from-start")
        assert closing_line(again) == "0 stored, 17,590 duplicate, 1 quarantined"


def test_a_dump_says_what_it_holds_and_nobody_else_reads_it(dump: Path) -> None:
    contents = contents_of(dump)
    assert "market" in contents.schemas
    assert (contents.timescaledb, contents.revision) == (False, HEAD)
    assert dump.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in dump.parent.iterdir() if path.is_file()] == [dump.name]


def test_a_file_that_is_there_stays_as_it_is(dump: Path, filled: str, tmp_path: Path) -> None:
    before = dump.read_bytes()
    with pytest.raises(BackupError, match="is there already"):
        run_backup(dump, settings_of(tmp_path, filled), quiet())
    assert dump.read_bytes() == before


def test_a_file_made_during_the_dump_stays_as_it_is(
    filled: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.dump"
    path.write_bytes(b"theirs")
    monkeypatch.setattr(Path, "exists", lambda _: False)  # as it was when the dump began
    with pytest.raises(BackupError, match="is there already"):
        run_backup(path, settings_of(tmp_path, filled), quiet())
    assert path.read_bytes() == b"theirs"


def test_a_place_that_is_none_is_named(filled: str, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="can't be written: No such file or directory"):
        run_backup(tmp_path / "no" / "x.dump", settings_of(tmp_path, filled), quiet())


def test_an_empty_database_is_not_backed_up(servers: Servers, tmp_path: Path) -> None:
    path = tmp_path / "x.dump"
    with (
        empty_database(servers, "nothing") as url,
        pytest.raises(BackupError, match="holds nothing of Tradewind's"),
    ):
        run_backup(path, settings_of(tmp_path, url), quiet())
    assert not path.exists()


@pytest.mark.parametrize("lacks", [10, 1_000, 300_000])
def test_a_file_cut_short_is_refused_before_anything_is_touched(
    dump: Path, servers: Servers, tmp_path: Path, lacks: int
) -> None:
    cut = tmp_path / "cut.dump"
    cut.write_bytes(dump.read_bytes()[:-lacks])
    with empty_database(servers, "untouched") as url:
        with pytest.raises(NotABackupError, match=r"cut\.dump is damaged or cut short"):
            run_restore(cut, settings_of(tmp_path, url), console=quiet())
        assert held(url) == {"relations": []}


@pytest.mark.parametrize("data", [b"", b"hello", b"PGDMP", None])
def test_another_file_is_refused(tmp_path: Path, data: bytes | None) -> None:
    path = tmp_path / "x"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(NotABackupError, match="x "):
        contents_of(path)


def test_a_database_that_is_not_empty_is_replaced_only_if_that_is_said(
    dump: Path, filled: str, tmp_path: Path
) -> None:
    before, settings = held(filled), settings_of(tmp_path, filled)
    with psycopg.connect(filled, autocommit=True) as connection:
        connection.execute("DELETE FROM market.bars")
    with pytest.raises(NotEmptyError, match="is not empty: take an empty database, or --replace"):
        run_restore(dump, settings, console=quiet())
    assert held(filled) != before
    run_restore(dump, settings, replace=True, console=quiet())
    assert held(filled) == before


def test_a_restore_that_fails_leaves_everything_as_it_was(
    dump: Path, filled: str, tmp_path: Path
) -> None:
    with psycopg.connect(filled, autocommit=True) as connection:
        connection.execute("DELETE FROM market.bars")
        # Somebody else's table has the name that the last of the dump wants.
        connection.execute("ALTER INDEX revision_pkc RENAME TO ours")
        connection.execute("CREATE TABLE public.revision_pkc (n int)")
    before = held(filled)
    with pytest.raises(BackupError, match=r"as it was: .*revision_pkc"):
        run_restore(dump, settings_of(tmp_path, filled), replace=True, console=quiet())
    assert held(filled) == before


def test_an_older_schema_takes_the_place_of_a_newer_one(
    database_url: str, servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "old.dump"
    with empty_database(servers, "older") as url:
        with monkeypatch.context() as older:
            older.setattr(migrate, "HEAD", "0002")
            older.setattr(migrate, "prepare_roles", lambda _: None)
            migrate.migrate(url)
        run_backup(path, settings_of(tmp_path, url), quiet())
    assert contents_of(path).revision == "0002"
    run_restore(path, settings_of(tmp_path, database_url), replace=True, console=quiet())
    assert revision_in(database_url) == HEAD


def test_a_database_in_use_is_left_alone(dump: Path, filled: str, tmp_path: Path) -> None:
    with (
        psycopg.connect(filled),
        pytest.raises(BackupError, match="1 sessions use the database"),
    ):
        run_restore(dump, settings_of(tmp_path, filled), replace=True, console=quiet())


def test_a_dump_of_a_newer_version_is_refused(filled: str, tmp_path: Path) -> None:
    with psycopg.connect(filled, autocommit=True) as connection:
        connection.execute("UPDATE revision SET version_num = '9999'")
    path = tmp_path / "newer.dump"
    run_backup(path, settings_of(tmp_path, filled), quiet())
    with pytest.raises(NewerSchemaError, match="schema 9999 is newer"):
        run_restore(path, settings_of(tmp_path, filled), replace=True, console=quiet())


def test_an_interrupted_backup_leaves_no_file_that_looks_whole(filled: str, tmp_path: Path) -> None:
    path = tmp_path / "killed.dump"
    with psycopg.connect(filled) as connection:
        connection.execute("LOCK TABLE market.bars")  # the dump waits here
        process = subprocess.Popen(
            [sys.executable, "-m", "tradewind", "backup", str(path), "--database-url", filled],
            env=environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(lambda: any(tmp_path.glob(f".killed*{PART_SUFFIX}")), 20, "the dump has begun")
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert not path.exists()


@pytest.mark.timeout(240)
def test_beside_a_running_up_and_into_a_fresh_data_directory(tmp_path: Path) -> None:
    path = tmp_path / "running.dump"
    with data_directory() as data:
        with running_up(data) as up:
            done = run_cli("backup", str(path), "--data", str(data))
            assert done.returncode == 0, done.stderr
            with pytest.raises(DataInUseError):
                run_restore(path, settings_of(data), console=quiet())
            assert up.is_ready()
        fresh = data.parent / "fresh"
        assert run_restore(path, settings_of(fresh), console=quiet()) == 0
        with (
            reach_database(settings_of(fresh)) as url,
            psycopg.connect(url, autocommit=True) as connection,
        ):
            assert_books_balance(connection)
            ticks = connection.execute("SELECT count(*) > 0 FROM market.ticks").fetchone()
            assert ticks == (True,)
        shutil.rmtree(fresh)
