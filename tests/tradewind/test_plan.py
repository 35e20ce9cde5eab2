"""The plan of `up`: the stages of each feed, and probes against real sockets."""

import os
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tradewind.plan import stages_of, url_of
from tradewind.ports import free_port
from tradewind.servers.directory import DataDirectory
from tradewind.servers.program import Program
from tradewind.settings import FeedChoice, Settings, load_settings


@pytest.fixture
def directory(tmp_path: Path) -> DataDirectory:
    return DataDirectory(tmp_path, tmp_path / "run", lock_fd=0)


def names(settings: Settings, directory: DataDirectory) -> list[list[str]]:
    return [[program.name for program in stage] for stage in stages_of(settings, directory)]


def named(name: str, settings: Settings, directory: DataDirectory) -> Program:
    programs = [program for stage in stages_of(settings, directory) for program in stage]
    return next(program for program in programs if program.name == name)


def test_the_sandbox_runs_for_its_own_feed_alone(tmp_path: Path, directory: DataDirectory) -> None:
    rest = [["migrate"], ["store", "live"], ["feeds", "deliver", "api"]]
    sandbox = load_settings(data=tmp_path, feed="sandbox")
    assert names(sandbox, directory) == [["postgres", "valkey", "warm", "sandbox"], *rest]
    live = load_settings(data=tmp_path, feed=FeedChoice.LIVE)
    assert names(live, directory) == [["postgres", "valkey", "warm"], *rest]


def test_a_replay_needs_no_connectors(tmp_path: Path, directory: DataDirectory) -> None:
    settings = load_settings(data=tmp_path, feed="replay", replay_paths=(tmp_path / "x.zip",))
    assert names(settings, directory) == [
        ["postgres", "valkey", "warm"],
        ["migrate"],
        ["store", "live"],
        ["deliver", "api"],
    ]


def test_flow_store_runs_in_as_many_processes_as_are_wanted(
    tmp_path: Path, directory: DataDirectory
) -> None:
    settings = load_settings(data=tmp_path, store_processes=2)
    assert names(settings, directory)[2] == ["store-1", "store-2", "live"]
    arguments = [named(name, settings, directory).argv[-4:] for name in ("store-1", "store-2")]
    assert arguments == [("pipeline", "store", "--shard", shard) for shard in ("1/2", "2/2")]


def test_a_replay_has_one_process_of_flow_store(tmp_path: Path, directory: DataDirectory) -> None:
    settings = load_settings(
        data=tmp_path, feed="replay", replay_paths=(tmp_path / "x.zip",), store_processes=2
    )
    assert names(settings, directory)[2] == ["store", "live"]


def test_servers_of_the_user_take_the_place_of_ours(
    tmp_path: Path, directory: DataDirectory
) -> None:
    settings = load_settings(
        data=tmp_path,
        feed="live",
        database_url="postgresql://theirs/db",
        redis_url="redis://theirs",
    )
    assert names(settings, directory)[0] == ["warm"]


def test_children_are_told_their_supervisor_and_the_settings(
    tmp_path: Path, directory: DataDirectory
) -> None:
    settings = load_settings(data=tmp_path, port=8123, fixer_key="k")
    environment = named("api", settings, directory).environment
    assert environment is not None
    told = ("TRADEWIND_SUPERVISOR", "TRADEWIND_DATA", "TRADEWIND_PORT", "TRADEWIND_FIXER_KEY")
    assert [environment[name] for name in told] == [str(os.getpid()), str(tmp_path), "8123", "k"]


def test_the_sandbox_is_ready_once_it_listens(tmp_path: Path, directory: DataDirectory) -> None:
    port = free_port("127.0.0.1")
    sandbox = named("sandbox", load_settings(data=tmp_path, sandbox_port=port), directory)
    assert not sandbox.ready(0)
    with socket.create_server(("127.0.0.1", port)):
        assert sandbox.ready(0)


@pytest.mark.parametrize(("status", "ready"), [(200, True), (503, False)])
def test_the_api_is_ready_once_it_says_so(
    tmp_path: Path, directory: DataDirectory, status: int, ready: bool
) -> None:
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        api = named("api", load_settings(data=tmp_path, port=server.server_port), directory)
        answering = threading.Thread(target=server.handle_request)
        answering.start()
        assert api.ready(0) is ready
        answering.join()
    assert asked == ["/ready"]


def test_the_api_is_not_ready_where_nobody_listens(
    tmp_path: Path, directory: DataDirectory
) -> None:
    settings = load_settings(data=tmp_path, port=free_port("127.0.0.1"))
    assert not named("api", settings, directory).ready(0)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://localhost:8000"),
        ("0.0.0.0", "http://localhost:8000"),
        ("10.0.0.7", "http://10.0.0.7:8000"),
    ],
)
def test_the_address_that_a_browser_opens(tmp_path: Path, host: str, url: str) -> None:
    assert url_of(load_settings(data=tmp_path, host=host)) == url


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({}, "DEVELOPMENT: mail is shown at http://localhost:8000/development/outbox"),
        ({"host": "0.0.0.0"}, "mail waits: no TRADEWIND_SMTP_URL is set"),
        ({"mail_from": "t@x.example", "smtp_url": "smtp://u:p@h"}, "mail by h:587"),
    ],
)
def test_where_mail_goes(
    tmp_path: Path, directory: DataDirectory, given: dict[str, str], where: str
) -> None:
    settings = load_settings(data=tmp_path, **given)
    assert named("deliver", settings, directory).where == where
