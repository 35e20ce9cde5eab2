"""The bundled PostgreSQL: made once and whole, reached by its socket alone."""

import stat
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from tests.tradewind.servers.support import FAST, isolated
from tradewind.errors import DataFormatError, DataInUseError
from tradewind.servers import postgres
from tradewind.servers.bundle import start_servers
from tradewind.servers.directory import held_directory
from tradewind.servers.postgres import prepare_postgres, version
from tradewind.settings import Settings


def alone(data: Path) -> Settings:
    """Settings under which PostgreSQL is the only bundled server."""
    return isolated(data, redis_url="redis://unused")


def setting(connection: psycopg.Connection[Any], name: str) -> str:
    row = connection.execute("SELECT current_setting(%s)", (name,)).fetchone()
    assert row is not None
    return str(row[0])


def test_commits_are_durable_and_text_sorts_alike_everywhere(data: Path) -> None:
    with (
        start_servers(alone(data)) as servers,
        psycopg.connect(servers.database_url) as connection,
    ):
        durable = [
            setting(connection, name) for name in ("fsync", "synchronous_commit", "data_checksums")
        ]
        assert durable == ["on"] * 3
        assert setting(connection, "TimeZone") == "UTC"
        assert setting(connection, "server_encoding") == "UTF8"
        row = connection.execute("SELECT array_agg(x ORDER BY x) FROM unnest('{b,B,a}'::text[]) x")
        assert row.fetchone() == (["B", "a", "b"],)
        assert version() == setting(connection, "server_version")


def test_it_listens_on_its_private_socket_alone(used_data: Path) -> None:
    with start_servers(alone(used_data), postgres_options=FAST) as servers:
        server = psutil.Process(servers.pids["postgres"])
        family = [server, *server.children(recursive=True)]
        assert [listening for each in family for listening in each.net_connections("inet")] == []
        socket = used_data / "run" / ".s.PGSQL.5432"
        assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    assert stat.S_IMODE((used_data / "postgres").stat().st_mode) == 0o700


def test_an_interrupted_initdb_is_begun_again(data: Path) -> None:
    half = data / "postgres.new"
    with held_directory(alone(data)) as directory:
        half.mkdir()
        (half / "PG_VERSION").write_text("18\n")
        prepare_postgres(directory, data / "logs" / "postgres.log")
        assert directory.postgres.exists()
        assert not half.exists()


def test_a_cluster_of_another_version_is_refused_with_the_way_out(data: Path) -> None:
    with held_directory(alone(data)) as directory:
        directory.postgres.mkdir()
        (directory.postgres / "PG_VERSION").write_text("17\n")
        with pytest.raises(DataFormatError, match=r"holds a PostgreSQL 17 cluster .*pg_dump"):
            prepare_postgres(directory, data / "logs" / "postgres.log")


def test_a_stale_process_id_file_that_names_a_living_process_is_no_obstacle(
    used_data: Path,
) -> None:
    with start_servers(alone(used_data), postgres_options=FAST):
        left = (used_data / "postgres" / "postmaster.pid").read_text().splitlines()
    # Process 1 lives for ever; a container's second start sees its own numbers again.
    (used_data / "postgres" / "postmaster.pid").write_text("\n".join(["1", *left[1:]]) + "\n")
    with (
        start_servers(alone(used_data), postgres_options=FAST) as servers,
        psycopg.connect(servers.database_url) as connection,
    ):
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_server_started_by_hand_on_the_cluster_is_not_disturbed(
    used_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "LEFTOVER_PATIENCE_S", 0.1)
    with (
        start_servers(alone(used_data), postgres_options=FAST) as servers,
        psycopg.connect(servers.database_url) as connection,
    ):
        (used_data / "lock").rename(used_data / "lock.aside")
        with (
            pytest.raises(DataInUseError, match=str(servers.pids["postgres"])),
            start_servers(alone(used_data)),
        ):
            pass
        assert connection.execute("SELECT 1").fetchone() == (1,)
