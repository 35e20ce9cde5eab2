"""Processes for benchmarks, `tradewind` commands and others: each a child that ends with its block."""

import http.client
import multiprocessing
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tradewind.ports import free_port
from tradewind.settings import Settings, child_environment, load_settings

READY_WITHIN_S = 60.0
STOP_WITHIN_S = 10.0
POLL_INTERVAL_S = 0.02


@contextmanager
def settings_for(database_url: str, redis_url: str) -> Iterator[Settings]:
    """Settings of the simulated feed on a data directory of its own, with these servers."""
    with tempfile.TemporaryDirectory(prefix="tw-") as data:
        yield load_settings(
            data=Path(data),
            database_url=database_url,
            redis_url=redis_url,
            port=free_port("127.0.0.1"),
        )


@contextmanager
def running(settings: Settings, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """`tradewind <command>` while the block does."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tradewind", *command],
        env=child_environment(settings),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert process.stdin is not None
    try:
        yield process
    finally:
        process.stdin.close()
        try:
            process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def child(run: Callable[..., None], *arguments: Any) -> "Iterator[Connection[Any, Any]]":
    """A fresh process with a pipe to it, which has ended when the block has."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=run, args=(theirs, *arguments), daemon=True)
    process.start()
    theirs.close()  # so that its end is noticed
    try:
        yield ours
    finally:
        ours.close()
        process.join(STOP_WITHIN_S)
        process.kill()


def wait_until(ready: Callable[[], bool], what: str) -> None:
    """Return once it is; AssertionError where that takes too long."""
    deadline = time.monotonic() + READY_WITHIN_S
    while not ready():
        assert time.monotonic() < deadline, f"{what}: not within {READY_WITHIN_S} s"
        time.sleep(POLL_INTERVAL_S)


def listens(host: str, port: int) -> bool:
    """Whether a server takes connections there."""
    try:
        socket.create_connection((host, port), 2.0).close()
    except OSError:
        return False
    return True


def api_is_ready(settings: Settings) -> bool:
    """Whether the API process says that it can serve."""
    connection = http.client.HTTPConnection(settings.host, settings.port, timeout=2.0)
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()
