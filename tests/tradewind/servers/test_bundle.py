"""Both servers together: fast when warm, recovered after any death, shared with who comes later."""

import contextlib
import os
import signal
import stat
import time
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from tests.tradewind.servers.support import FAST, isolated, line_of, script
from tests.tradewind.support import lives, wait_until
from tradewind.errors import DataInUseError
from tradewind.servers import reach_database, start_servers
from tradewind.servers.directory import holder_of
from tradewind.servers.state import State, remove_state, write_state

WARM_START_S = 2.0
HOLD = """
import sys
from pathlib import Path
from tests.tradewind.servers.support import isolated
from tradewind.servers import start_servers
with start_servers(isolated(Path(sys.argv[1]))) as servers:
    print(*servers.pids.values(), flush=True)
    sys.stdin.read()
"""


def count_of(database_url: str) -> int:
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT count(*) FROM kept").fetchone()
        assert row is not None
        return int(row[0])


def keep_one(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (number int)")
        connection.execute("INSERT INTO kept VALUES (1)")


def test_a_warm_start_takes_connections_within_two_seconds(used_data: Path) -> None:
    with start_servers(isolated(used_data)) as servers:
        keep_one(servers.database_url)
    began = time.monotonic()
    with start_servers(isolated(used_data)) as servers:
        assert count_of(servers.database_url) == 1
        with redis.Redis.from_url(servers.redis_url) as client:
            assert client.ping()
        assert time.monotonic() - began < WARM_START_S


def test_after_a_kill_of_everything_the_next_start_has_every_commit(used_data: Path) -> None:
    with script(HOLD, used_data) as holder:
        pids = [int(pid) for pid in line_of(holder).split()]
        keep_one(isolated(used_data).database())
        family = [psutil.Process(pid) for pid in (holder.pid, *pids)]
        family += [child for each in family[1:] for child in each.children(recursive=True)]
        for process in family:
            # A worker of PostgreSQL may end by itself.
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
    with start_servers(isolated(used_data)) as servers:
        assert count_of(servers.database_url) == 1


def test_no_server_outlives_a_killed_owner_and_the_next_may_start_at_once(used_data: Path) -> None:
    with script(HOLD, used_data) as holder:
        pids = [int(pid) for pid in line_of(holder).split()]
        keep_one(isolated(used_data).database())
        family = [psutil.Process(pid).children(recursive=True) for pid in pids]
        everybody = {*pids, *(child.pid for children in family for child in children)}
        holder.kill()
        holder.wait()
        with start_servers(isolated(used_data)) as servers:
            assert count_of(servers.database_url) == 1
            assert not [pid for pid in everybody if lives(pid)]


def test_a_second_start_is_refused_and_the_first_goes_on(used_data: Path) -> None:
    with start_servers(isolated(used_data), postgres_options=FAST) as servers:
        refused = pytest.raises(DataInUseError, match=f"in use by process {os.getpid()};")
        with refused, start_servers(isolated(used_data)):
            pass
        keep_one(servers.database_url)


def test_nothing_outside_the_data_directory_is_changed(data: Path) -> None:
    data.parent.chmod(0o755)
    parents = [data.parent, *data.parent.parents]
    before = [(path.stat().st_mode, path.stat().st_uid) for path in parents]
    with start_servers(isolated(data), postgres_options=FAST):
        pass
    assert [(path.stat().st_mode, path.stat().st_uid) for path in parents] == before
    assert {path.name for path in data.parent.iterdir()} == {data.name}
    inside = [path for path in (data, *data.rglob("*")) if not path.is_symlink()]
    assert [path for path in inside if path.stat().st_uid != os.geteuid()] == []
    assert stat.S_IMODE(data.stat().st_mode) == 0o700


def test_servers_of_the_user_are_taken_and_none_is_started(data: Path) -> None:
    own = isolated(data, database_url="postgresql://u@h/d", redis_url="redis://h/0")
    with start_servers(own) as servers:
        assert servers.pids == {}
        assert (servers.database_url, servers.redis_url) == ("postgresql://u@h/d", "redis://h/0")
    assert not (data / "postgres").exists()


class TestReaching:
    def test_a_database_of_the_user_is_reached_without_a_data_directory(self, data: Path) -> None:
        with reach_database(isolated(data, database_url="postgresql://u@h/d")) as url:
            assert url == "postgresql://u@h/d"
        assert not data.exists()

    def test_postgres_alone_is_started_where_nothing_runs(self, used_data: Path) -> None:
        with reach_database(isolated(used_data)) as url:
            keep_one(url)
            assert holder_of(used_data) == os.getpid()
            assert not (used_data / "run" / "valkey.sock").exists()
        assert holder_of(used_data) is None

    def test_that_of_a_running_up_is_shared_and_left_running(self, used_data: Path) -> None:
        with start_servers(isolated(used_data), postgres_options=FAST) as servers:
            state = State(
                os.getpid(), "sandbox", "http://h", servers.database_url, "", str(used_data)
            )
            write_state(used_data, state)
            with reach_database(isolated(used_data)) as url:
                assert url == servers.database_url
                keep_one(url)
            assert count_of(servers.database_url) == 1
            remove_state(used_data)


def test_a_killed_postgres_leaves_valkey_to_its_owner(used_data: Path) -> None:
    with start_servers(isolated(used_data), postgres_options=FAST) as servers:
        os.kill(servers.pids["postgres"], signal.SIGQUIT)
        server = psutil.Process(servers.pids["postgres"])
        wait_until(lambda: server.status() == psutil.STATUS_ZOMBIE, 10, "the end of PostgreSQL")
        with redis.Redis.from_url(servers.redis_url) as client:
            assert client.ping()
