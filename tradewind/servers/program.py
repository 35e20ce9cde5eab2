"""A long-running program: how to start it, know that it is ready, and stop it."""

import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tradewind.errors import NamespaceBarredError, ServerFailedError
from tradewind.logfiles import open_log, tail_of
from tradewind.servers import guard

POLL_INTERVAL_S = 0.01

StopSteps = tuple[tuple[signal.Signals | None, float], ...]
"""How to ask a program to end: signals (None: the end of its stdin), each with the seconds that it
gets before the next; after the last it is killed."""


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class Program:
    """What a supervisor needs to know of a program.

    `prepare` runs before every start. `ready` is asked with the process id until it says yes; it
    blocks for at most 2 s. Both may run in another thread. A program that runs `once` is ready when
    it has ended well. `start_attempts` is how often it may end before it was ever ready.
    """

    name: str
    argv: tuple[str, ...]
    ready: Callable[[int], bool]
    stop_steps: StopSteps
    prepare: Callable[[], None] = _nothing
    ready_within_s: float = 60.0
    start_attempts: int = 1
    once: bool = False
    environment: Mapping[str, str] | None = None
    where: str = ""
    """How a person reaches it, or what it has done."""
    doing: str = ""
    """What takes long at its first start."""


def package_directory(package: str) -> Path:
    """Where a package lies, without running it: the wheels' own code does more than we want."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(package)
    return Path(spec.origin).parent


def guarded(
    argv: Sequence[str], on_parent_death: signal.Signals, *, namespace: bool = False
) -> tuple[str, ...]:
    """The command that runs `argv` so that it cannot outlive this process. See `guard`."""
    mode = "namespace" if namespace else "plain"
    script = str(Path(guard.__file__))
    parent = str(os.getpid())
    head = (sys.executable, "-I", "-S", script, parent, str(int(on_parent_death)), mode)
    return (*head, *argv)


def failure(name: str, status: int, log: Path) -> NamespaceBarredError | ServerFailedError:
    """What to raise for a program that ended with that status."""
    if status == guard.EXIT_NAMESPACE_BARRED:
        return NamespaceBarredError()
    return ServerFailedError(name, how_it_ended(status), log, tail_of(log))


def how_it_ended(status: int) -> str:
    """In words: by itself, or by which signal."""
    if status >= 0:
        return f"ended with status {status}"
    return f"was ended by {signal.Signals(-status).name}"


@dataclass(slots=True)
class RunningProgram:
    """A program started by this process, to be stopped by it; all calls block.

    `kept_open` are file descriptors that it inherits, such as the lock of the data directory.
    """

    program: Program
    log: Path
    kept_open: Sequence[int] = ()
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def pid(self) -> int:
        """The process id of the program itself."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start the program and wait until it is ready; raises ServerFailedError."""
        self.program.prepare()
        with open_log(self.log) as log:
            self._process = subprocess.Popen(
                self.program.argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=self.kept_open,
                env=self.program.environment,
                start_new_session=True,
            )
        deadline = time.monotonic() + self.program.ready_within_s
        while not self.program.ready(self.pid):
            status = self._process.poll()
            if status is not None:
                raise failure(self.program.name, status, self.log)
            if time.monotonic() > deadline:
                within = f"was not ready within {self.program.ready_within_s:.0f} s"
                raise ServerFailedError(self.program.name, within, self.log, tail_of(self.log))
            time.sleep(POLL_INTERVAL_S)

    def stop(self) -> None:
        """Ask it to end, ever more firmly, until it has."""
        if self._process is None:
            return
        for number, patience_s in self.program.stop_steps:
            if self._process.poll() is not None:
                return
            if number is not None:
                self._process.send_signal(number)
            try:
                self._process.wait(patience_s)
            except subprocess.TimeoutExpired:
                continue
        self._process.kill()
        self._process.wait()
