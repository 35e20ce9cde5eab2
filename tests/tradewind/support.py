"""A real `tradewind up` in a process of its own, for tests that kill it."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tradewind.ports import free_port
from tradewind.servers.directory import holder_of
from tradewind.servers.state import State, read_state

POLL_INTERVAL_S = 0.02
START_PATIENCE_S = 180.0
STOP_WITHIN_S = 10.0


def run_cli(*arguments: str, prefix: Sequence[str] = ()) -> "subprocess.CompletedProcess[str]":
    """A command of the command line, run to its end."""
    command = [*prefix, sys.executable, "-m", "tradewind", *arguments]
    return subprocess.run(
        command, env=environment(), capture_output=True, text=True, timeout=60, check=False
    )


def environment() -> Mapping[str, str]:
    """This process's, without what would change the settings."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith("TRADEWIND_")
    } | {"PYTHONUNBUFFERED": "1", "COLUMNS": "200"}


def wait_until(condition: Callable[[], bool], within_s: float, what: str) -> None:
    """Poll until `condition()` is true; AssertionError with `what` after `within_s`."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {within_s} s: {what}"
        time.sleep(POLL_INTERVAL_S)


def lives(pid: int) -> bool:
    """Whether that process is there and has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Up:
    """`tradewind up` on a data directory, on a free port, with further settings as variables; `clone` is
    another tree with a `.venv`."""

    def __init__(
        self,
        data: Path,
        *,
        prefix: Sequence[str] = (),
        clone: Path | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self.data = data
        self.port = free_port("127.0.0.1")
        self.output = data.parent / f"{data.name}.out"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [
                    *prefix,
                    sys.executable if clone is None else str(clone / ".venv" / "bin" / "python"),
                    *("-m", "tradewind", "up", "--data", str(data), "--port", str(self.port)),
                ],
                env={**environment(), **(variables or {})},
                cwd=clone,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def wait_ready(self) -> None:
        """Until the supervisor has seen all its children ready."""
        wait_until(self._ready_or_dead, START_PATIENCE_S, "all ready")
        assert self.process.poll() is None, self.output.read_text()

    def state(self) -> State:
        """What it tells other processes."""
        state = read_state(self.data)
        assert state is not None
        return state

    def pids(self) -> dict[str, int]:
        """Its children."""
        return self.state().processes

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Ask it to end; its exit status."""
        self.process.send_signal(number)
        return self.process.wait(STOP_WITHIN_S)

    def is_ready(self) -> bool:
        """Whether /ready answers 200 now."""
        url = f"http://127.0.0.1:{self.port}/ready"
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
        return False

    def _ready_or_dead(self) -> bool:
        state = read_state(self.data)
        return self.process.poll() is not None or (state is not None and "api" in state.processes)


@contextmanager
def data_directory() -> Iterator[Path]:
    """A place for a data directory whose path is short enough for sockets."""
    parent = Path(tempfile.mkdtemp(prefix="tw-"))
    try:
        yield parent / "data"
    finally:
        wait_until(lambda: holder_of(parent / "data") is None, 15, "the end of what ran")
        shutil.rmtree(parent)


@contextmanager
def running_up(
    data: Path,
    *,
    prefix: Sequence[str] = (),
    clone: Path | None = None,
    variables: Mapping[str, str] | None = None,
) -> Iterator[Up]:
    """A ready `up`; killed at the end where it still runs."""
    up = Up(data, prefix=prefix, clone=clone, variables=variables)
    try:
        up.wait_ready()
        yield up
    finally:
        if up.process.poll() is None:
            up.process.kill()
            up.process.wait()
