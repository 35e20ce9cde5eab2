"""The supervisor: starts programs stage by stage, starts again what ends, stops all in reverse order.

Each program runs in a session of its own, so that a terminal's Ctrl-C reaches the supervisor alone,
with a pipe to its stdin: the pipe ends with the supervisor, however that dies. Call it from the main
thread, for the reason given in `tradewind.servers.guard`.
"""

import asyncio
import contextlib
import os
import random
import signal
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import structlog

from tradewind.errors import ProcessError, ServerFailedError
from tradewind.logfiles import bound, open_log, tail_of
from tradewind.servers.program import Program, failure, how_it_ended

STOP_WITHIN_S = 9.5
POLL_INTERVAL_S = 0.02
LOG_CHECK_INTERVAL_S = 10.0

_LATER_STAGE_S = 0.7
"""What each stage that is still to be stopped has reserved of `STOP_WITHIN_S`."""

Stage = tuple[Program, ...]

log = structlog.get_logger(__name__)


class Observer(Protocol):
    """Who is told what happens to the programs; its methods return at once."""

    def starting(self, program: Program) -> None:
        """It is about to be started."""

    def ready(self, program: Program, pid: int, took_s: float) -> None:
        """It does its work."""

    def ended(self, program: Program, how: str, again_in_s: float, tail: str) -> None:
        """It ended unasked and will be started again; `tail` is the end of its log."""

    def running(self) -> None:
        """All are ready for the first time."""

    def stopping(self) -> None:
        """All are about to be stopped."""


@dataclass(frozen=True, slots=True)
class BackOff:
    """How long to wait before a program is started again, by the number of failures in a row."""

    first_s: float = 0.2
    longest_s: float = 30.0
    healthy_s: float = 20.0
    """A program that was ready for so long has its failures forgotten."""

    def delay_s(self, failures: int) -> float:
        """Doubling from `first_s` up to `longest_s`, less up to a half by chance."""
        doubled = self.first_s * 2.0 ** min(failures - 1, 30)
        return min(doubled, self.longest_s) * random.uniform(0.5, 1.0)


@dataclass(slots=True)
class _Child:
    program: Program
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None
    ready_since: float | None = None
    late: bool = False


class Supervisor:
    """Runs the programs of the stages. `kept_open` are file descriptors that all of them inherit."""

    def __init__(
        self,
        stages: Sequence[Stage],
        logs: Path,
        observer: Observer,
        kept_open: Sequence[int] = (),
        back_off: BackOff | None = None,
    ) -> None:
        self._stages = [[_Child(program) for program in stage] for stage in stages]
        self._logs = logs
        self._observer = observer
        self._kept_open = tuple(kept_open)
        self._back_off = back_off or BackOff()
        self._stop_deadline: float | None = None
        self._reserved_s = 0.0
        self._uncut: set[Path] = set()
        self._broken: asyncio.Future[None]

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set; all programs have ended when it returns or raises.

        Raises the ProcessError of a program that could not be started, or whatever else ended the
        work. To be called once.
        """
        self._broken = asyncio.get_running_loop().create_future()
        working = asyncio.create_task(self._or_tell(self._work()))
        stopped = asyncio.create_task(stop.wait())
        try:
            awaited: list[asyncio.Future[Any]] = [working, stopped, self._broken]
            await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _cancelled(working, stopped)
            await self._stop_all()
        if self._broken.done():
            self._broken.result()

    async def _work(self) -> None:
        """Start everything, then keep the logs short."""
        for stage in self._stages:
            for child in stage:
                child.task = asyncio.create_task(self._or_tell(self._keep(child)))
            for child in stage:
                await child.ready.wait()
        self._observer.running()
        while True:
            await asyncio.sleep(LOG_CHECK_INTERVAL_S)
            for stage in self._stages:
                for child in stage:
                    self._cut(self._log(child.program))

    def _cut(self, path: Path) -> None:
        """Keep a log short; where that fails say so, once until it works again."""
        try:
            bound(path)
        except OSError as error:
            if path not in self._uncut:
                log.warning("log not cut", file=str(path), reason=error.strerror)
            self._uncut.add(path)
        else:
            self._uncut.discard(path)

    async def _or_tell(self, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except Exception as error:  # the top of each task: `run` raises it
            if not self._broken.done():
                self._broken.set_exception(error)

    async def _keep(self, child: _Child) -> None:
        """Run a program, again and again, until it is to stop; raises where it never got ready."""
        failures = 0
        while not child.stop.is_set():
            child.ready_since = None
            began = time.monotonic()
            status, how = await self._run_to_its_end(child)
            if child.stop.is_set():
                return
            if status == 0 and child.program.once:
                self._is_ready(child, 0, began)
                return
            healthy = self._healthy(child)
            failures = 1 if healthy else failures + 1
            if not child.ready.is_set() and failures >= child.program.start_attempts:
                raise self._failure(child, status)
            delay_s = self._back_off.delay_s(failures)
            tail = tail_of(self._log(child.program))
            self._observer.ended(child.program, how, delay_s, tail)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(child.stop.wait(), delay_s)

    def _healthy(self, child: _Child) -> bool:
        since = child.ready_since
        return since is not None and time.monotonic() - since >= self._back_off.healthy_s

    def _failure(self, child: _Child, status: int) -> ProcessError:
        log = self._log(child.program)
        if child.late:
            within = f"was not ready within {child.program.ready_within_s:.0f} s"
            return ServerFailedError(child.program.name, within, log, tail_of(log))
        return failure(child.program.name, status, log)

    async def _run_to_its_end(self, child: _Child) -> tuple[int, str]:
        """Run it once: its exit status, and how it ended.

        What ran before and can't be started now has failed like any other: it is tried again.
        """
        try:
            status = await self._run_once(child)
        except OSError as error:
            if not child.ready.is_set():
                raise
            return os.EX_OSERR, f"can't be started: {error.strerror}"
        return status, how_it_ended(status)

    async def _run_once(self, child: _Child) -> int:
        """Start it, see it ready, wait for its end or bring that about; its exit status."""
        program = child.program
        self._observer.starting(program)
        began = time.monotonic()
        await asyncio.to_thread(program.prepare)
        if child.stop.is_set():
            return 0
        process = await self._spawn(program)
        ended = asyncio.create_task(process.wait())
        asked = asyncio.create_task(child.stop.wait())
        watched = asyncio.create_task(self._or_tell(self._see_ready(child, process, began)))
        try:
            await asyncio.wait({ended, asked}, return_when=asyncio.FIRST_COMPLETED)
            await _cancelled(watched, asked)
            if not ended.done():
                await self._bring_to_end(program, process, ended)
            return await ended
        finally:
            _close_stdin(process)

    async def _spawn(self, program: Program) -> asyncio.subprocess.Process:
        with open_log(self._log(program)) as log:
            return await asyncio.create_subprocess_exec(
                *program.argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=program.environment,
                pass_fds=self._kept_open,
                start_new_session=True,
            )

    async def _see_ready(
        self, child: _Child, process: asyncio.subprocess.Process, began: float
    ) -> None:
        program = child.program
        while program.once or not await asyncio.to_thread(program.ready, process.pid):
            if time.monotonic() - began > program.ready_within_s:
                child.late = True
                _kill(process)
                return
            await asyncio.sleep(POLL_INTERVAL_S)
        self._is_ready(child, process.pid, began)

    def _is_ready(self, child: _Child, pid: int, began: float) -> None:
        child.ready_since = time.monotonic()
        self._observer.ready(child.program, pid, child.ready_since - began)
        child.ready.set()

    async def _bring_to_end(
        self,
        program: Program,
        process: asyncio.subprocess.Process,
        ended: "asyncio.Task[int]",
    ) -> None:
        _close_stdin(process)
        for number, patience_s in program.stop_steps:
            if number is not None:
                with contextlib.suppress(ProcessLookupError):
                    process.send_signal(number)
            done, _ = await asyncio.wait({ended}, timeout=min(patience_s, self._time_left_s()))
            if done:
                return
        _kill(process)

    def _time_left_s(self) -> float:
        assert self._stop_deadline is not None
        return max(0.1, self._stop_deadline - self._reserved_s - time.monotonic())

    async def _stop_all(self) -> None:
        self._observer.stopping()
        self._stop_deadline = time.monotonic() + STOP_WITHIN_S
        for before, stage in reversed(list(enumerate(self._stages))):
            self._reserved_s = before * _LATER_STAGE_S
            tasks = [child.task for child in stage if child.task is not None]
            for child in stage:
                child.stop.set()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _log(self, program: Program) -> Path:
        return self._logs / f"{program.name}.log"


async def _cancelled(*tasks: "asyncio.Task[bool] | asyncio.Task[None]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _close_stdin(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()


def _kill(process: asyncio.subprocess.Process) -> None:
    """Kill it and all that it may have started: they share its session."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
