"""`tradewind api` as a process: it serves, and ends at the end of its stdin with a stream open."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from api.config import MAX_STREAMS
from market.sources import Feed
from tests.tradewind.support import environment, wait_until
from tradewind.ports import free_port
from tradewind.settings import child_environment, load_settings
from tradewind.web import FILES_FOR_THE_REST, api_config


def test_the_api_is_told_where_things_are(tmp_path: Path) -> None:
    settings = load_settings(
        data=tmp_path, feed="live", database_url="postgresql://d", redis_url="redis://r"
    )
    config = api_config(settings.model_copy(update={"dashboard": tmp_path}))
    assert (config.database_url, config.redis_url) == ("postgresql://d", "redis://r")
    assert (config.feed, config.dashboard_dir) == (Feed.LIVE, tmp_path)
    assert config.quant_url is None


def test_without_a_built_dashboard_none_is_served(tmp_path: Path) -> None:
    settings = load_settings(data=tmp_path, dashboard=tmp_path / "none")
    assert api_config(settings).dashboard_dir is None


def test_accounts_are_as_the_settings_say(tmp_path: Path) -> None:
    settings = load_settings(data=tmp_path, public_url="https://t.example")
    assert api_config(settings).identity.public_url == "https://t.example"


def test_streams_leave_files_for_the_rest_where_few_may_be_open(tmp_path: Path) -> None:
    code = (
        "import resource\n"
        "from tradewind.settings import load_settings\n"
        "from tradewind.web import api_config\n"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (256, {hard}))\n"
        "config = api_config(load_settings(data='.'))\n"
        "print(config.max_streams, resource.getrlimit(resource.RLIMIT_NOFILE)[0])\n"
    )

    def told(hard: int) -> list[int]:
        command = [sys.executable, "-c", code.format(hard=hard)]
        done = subprocess.run(
            command, env=environment(), cwd=tmp_path, capture_output=True, text=True, check=True
        )
        return [int(number) for number in done.stdout.split()]

    assert told(hard=1_000) == [1_000 - FILES_FOR_THE_REST, 1_000]
    enough = MAX_STREAMS + FILES_FOR_THE_REST
    assert told(hard=enough + 10) == [MAX_STREAMS, enough]


def test_the_end_of_stdin_ends_it_in_time_with_a_stream_open(
    tmp_path: Path, database_url: str, redis_url: str
) -> None:
    port = free_port("127.0.0.1")
    settings = load_settings(
        data=tmp_path, port=port, database_url=database_url, redis_url=redis_url
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "tradewind", "api"],
        stdin=subprocess.PIPE,
        env={**environment(), **child_environment(settings)},
    )
    assert process.stdin is not None
    try:
        wait_until(lambda: _connects(port), 60, "the API")
        with socket.create_connection(("127.0.0.1", port)) as stream:
            stream.sendall(b"GET /api/stream/prices?symbols=EUR-USD HTTP/1.1\r\nHost: here\r\n\r\n")
            assert stream.recv(4096).startswith(b"HTTP/1.1 200")
            process.stdin.close()
            assert process.wait(5) == os.EX_OK
    finally:
        process.kill()
        process.wait()


def _connects(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
