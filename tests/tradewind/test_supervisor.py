"""The supervisor over stand-in programs: order, readiness, restarts, and an end in time."""

import asyncio
import errno
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

import pytest
import structlog

from tests.tradewind.support import lives, wait_until
from tradewind.errors import ServerFailedError
from tradewind.logfiles import MAX_BYTES, open_log
from tradewind.servers.program import Program, StopSteps
from tradewind.supervisor import BackOff, Stage, Supervisor

UNTIL_STDIN_ENDS = "import sys; sys.stdin.read()"
FAILS = "print('out of luck'); raise SystemExit(3)"
STOP: StopSteps = ((None, 5.0), (signal.SIGTERM, 0.2))
PATIENCE_S = 20.0


def program(
    name: str,
    code: str = UNTIL_STDIN_ENDS,
    ready: Callable[[int], bool] = lambda _pid: True,
    once: bool = False,
    ready_within_s: float = 10.0,
    start_attempts: int = 1,
    stop_steps: StopSteps = STOP,
) -> Program:
    return Program(
        name=name,
        argv=(sys.executable, "-c", code),
        ready=ready,
        stop_steps=stop_steps,
        ready_within_s=ready_within_s,
        start_attempts=start_attempts,
        once=once,
    )


@dataclass
class Diary:
    """An observer that keeps what it was told, and acts on it."""

    events: list[tuple[str, str]] = field(default_factory=list)
    pids: dict[str, int] = field(default_factory=dict)
    delays_s: list[float] = field(default_factory=list)
    tails: list[str] = field(default_factory=list)
    on_ready: Callable[[str, int], None] = lambda _name, _pid: None
    on_running: Callable[[], None] | None = None

    def starting(self, program: Program) -> None:
        self.events.append(("starting", program.name))

    def ready(self, program: Program, pid: int, took_s: float) -> None:
        assert took_s >= 0
        self.events.append(("ready", program.name))
        self.pids[program.name] = pid
        self.on_ready(program.name, pid)

    def ended(self, program: Program, how: str, again_in_s: float, tail: str) -> None:
        self.events.append((how, program.name))
        self.delays_s.append(again_in_s)
        self.tails.append(tail)

    def running(self) -> None:
        self.events.append(("running", ""))
        assert self.on_running is not None
        self.on_running()

    def stopping(self) -> None:
        self.events.append(("stopping", ""))


async def supervise(
    stages: list[Stage], logs: Path, diary: Diary, back_off: BackOff | None = None
) -> None:
    """Run the stages until all are ready."""
    stop = asyncio.Event()
    diary.on_running = stop.set
    supervisor = Supervisor(stages, logs, diary, back_off=back_off)
    await asyncio.wait_for(supervisor.run(stop), PATIENCE_S)


async def test_stages_start_in_order(tmp_path: Path) -> None:
    names = ("one", "two", "three")
    diary = Diary()
    await supervise([(program(name),) for name in names], tmp_path, diary)
    starts = [(what, name) for name in names for what in ("starting", "ready")]
    assert diary.events == [*starts, ("running", ""), ("stopping", "")]
    assert not any(lives(pid) for pid in diary.pids.values())


async def test_the_end_comes_in_reverse_order(tmp_path: Path) -> None:
    ends = tmp_path / "ends"
    stages: list[Stage] = [
        (program(name, f"import sys; sys.stdin.read(); open({str(ends)!r}, 'a').write('{name} ')"),)
        for name in ("one", "two", "three")
    ]
    await supervise(stages, tmp_path / "logs", Diary())
    assert ends.read_text() == "three two one "


async def test_a_stage_waits_for_the_one_before(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    first = program(
        "first", f"open({str(flag)!r}, 'w'); {UNTIL_STDIN_ENDS}", lambda _: flag.exists()
    )
    second = program("second", f"assert open({str(flag)!r}); {UNTIL_STDIN_ENDS}")
    diary = Diary()
    await supervise([(first,), (second,)], tmp_path / "logs", diary)
    assert diary.events.index(("ready", "first")) < diary.events.index(("starting", "second"))


async def test_a_program_that_runs_once_is_ready_when_it_has_ended(tmp_path: Path) -> None:
    done = tmp_path / "done"
    once = program("once", f"open({str(done)!r}, 'w')", once=True)
    diary = Diary(on_ready=lambda name, _pid: events.append(done.exists()))
    events: list[bool] = []
    await supervise([(once,)], tmp_path / "logs", diary)
    assert events == [True]
    assert diary.events[-3:] == [("ready", "once"), ("running", ""), ("stopping", "")]


async def test_what_ends_is_started_again_later_and_later(tmp_path: Path) -> None:
    stop = asyncio.Event()
    kills = 0

    def kill(_name: str, pid: int) -> None:
        nonlocal kills
        kills += 1
        if kills <= 4:
            os.kill(pid, signal.SIGKILL)
        else:
            stop.set()

    diary = Diary(on_ready=kill, on_running=lambda: None)
    back_off = BackOff(first_s=0.02, longest_s=0.08, healthy_s=60)
    supervisor = Supervisor([(program("it"),)], tmp_path / "logs", diary, back_off=back_off)
    await asyncio.wait_for(supervisor.run(stop), PATIENCE_S)
    assert diary.events.count(("was ended by SIGKILL", "it")) == 4
    for delay_s, longest_s in zip(diary.delays_s, (0.02, 0.04, 0.08, 0.08), strict=True):
        assert longest_s / 2 <= delay_s <= longest_s


async def test_failures_are_forgotten_after_a_healthy_time(tmp_path: Path) -> None:
    stop = asyncio.Event()

    def kill(_name: str, pid: int) -> None:
        if len(diary.delays_s) < 3:
            os.kill(pid, signal.SIGKILL)
        else:
            stop.set()

    diary = Diary(on_ready=kill, on_running=lambda: None)
    back_off = BackOff(first_s=0.02, longest_s=10, healthy_s=0)
    supervisor = Supervisor([(program("it"),)], tmp_path / "logs", diary, back_off=back_off)
    await asyncio.wait_for(supervisor.run(stop), PATIENCE_S)
    assert max(diary.delays_s) <= 0.02


async def test_what_never_gets_ready_ends_everything_with_its_last_words(tmp_path: Path) -> None:
    diary = Diary()
    stages: list[Stage] = [(program("good"),), (program("bad", FAILS, ready=lambda _: False),)]
    with pytest.raises(ServerFailedError) as raised:
        await supervise(stages, tmp_path, diary)
    assert str(raised.value) == (
        f"bad ended with status 3; its log is {tmp_path / 'bad.log'}:\nout of luck"
    )
    assert not lives(diary.pids["good"])


async def test_a_start_is_tried_as_often_as_the_program_says(tmp_path: Path) -> None:
    diary = Diary()
    bad = program("bad", FAILS, ready=lambda _: False, start_attempts=3)
    with pytest.raises(ServerFailedError):
        await supervise([(bad,)], tmp_path, diary, BackOff(first_s=0.01))
    assert diary.events.count(("ended with status 3", "bad")) == 2
    assert diary.tails == ["out of luck", "out of luck\nout of luck"]


async def test_what_is_not_ready_in_its_time_is_killed(tmp_path: Path) -> None:
    slow = program("slow", ready=lambda _: False, ready_within_s=0.05)
    with pytest.raises(ServerFailedError, match="slow was not ready within 0 s"):
        await supervise([(slow,)], tmp_path, Diary())


async def test_the_deaf_are_killed_with_their_children(tmp_path: Path) -> None:
    child = tmp_path / "child"
    code = (
        "import os, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "started = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(100)'])\n"
        f"open({str(child) + '.new'!r}, 'w').write(str(started.pid))\n"
        f"os.rename({str(child) + '.new'!r}, {str(child)!r})\n"
        "time.sleep(100)\n"
    )
    steps: StopSteps = ((None, 0.05), (signal.SIGTERM, 0.05))
    deaf = program("deaf", code, ready=lambda _: child.exists(), stop_steps=steps)
    diary = Diary()
    await supervise([(deaf,)], tmp_path, diary)
    assert not lives(diary.pids["deaf"])
    grandchild = int(child.read_text())
    await asyncio.to_thread(wait_until, lambda: not lives(grandchild), PATIENCE_S, "its end")


async def test_a_stop_during_a_wait_for_a_restart_does_not_wait(tmp_path: Path) -> None:
    stop = asyncio.Event()
    diary = Diary(on_ready=lambda _name, pid: os.kill(pid, signal.SIGKILL), on_running=lambda: None)
    supervisor = Supervisor(
        [(program("it"),)], tmp_path, diary, back_off=BackOff(first_s=1000, longest_s=1000)
    )
    running = asyncio.create_task(supervisor.run(stop))
    await asyncio.to_thread(wait_until, lambda: bool(diary.delays_s), PATIENCE_S, "its end")
    stop.set()
    await asyncio.wait_for(running, PATIENCE_S)
    assert diary.events[-1] == ("stopping", "")


async def test_a_program_inherits_what_is_kept_open_and_a_session_of_its_own(
    tmp_path: Path,
) -> None:
    kept = os.open(tmp_path / "lock", os.O_CREAT | os.O_RDWR)
    code = f"import os; os.fstat({kept}); assert os.getsid(0) == os.getpid(); {UNTIL_STDIN_ENDS}"
    stop = asyncio.Event()
    diary = Diary(on_running=stop.set)
    try:
        await Supervisor([(program("it", code),)], tmp_path, diary, (kept,)).run(stop)
    finally:
        os.close(kept)
    assert (tmp_path / "it.log").read_text() == ""


async def test_a_log_that_has_grown_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tradewind.supervisor.LOG_CHECK_INTERVAL_S", 0.01)
    code = f"import sys; print('x' * {MAX_BYTES}); sys.stdout.flush(); {UNTIL_STDIN_ENDS}"
    stop = asyncio.Event()
    supervisor = Supervisor([(program("it", code),)], tmp_path, Diary(on_running=lambda: None))
    running = asyncio.create_task(supervisor.run(stop))
    cut = (tmp_path / "it.log.1").exists
    await asyncio.to_thread(wait_until, cut, PATIENCE_S, "a cut log")
    stop.set()
    await asyncio.wait_for(running, PATIENCE_S)
    assert (tmp_path / "it.log.1").stat().st_size == MAX_BYTES + 1
    assert (tmp_path / "it.log").stat().st_size == 0


async def test_a_log_that_cannot_be_cut_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = asyncio.Event()
    asked = []

    def full(path: Path) -> None:
        asked.append(path.name)
        if len(asked) >= 4:
            stop.set()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tradewind.supervisor.LOG_CHECK_INTERVAL_S", 0.01)
    monkeypatch.setattr("tradewind.supervisor.bound", full)
    stages: list[Stage] = [(program("one"), program("two"))]
    with structlog.testing.capture_logs() as said:
        supervisor = Supervisor(stages, tmp_path, Diary(on_running=lambda: None))
        await asyncio.wait_for(supervisor.run(stop), PATIENCE_S)
    assert asked[:4] == ["one.log", "two.log"] * 2
    assert [(line["event"], line["file"]) for line in said] == [
        ("log not cut", str(tmp_path / name)) for name in ("one.log", "two.log")
    ]


async def test_what_ran_and_cannot_be_started_now_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = asyncio.Event()
    starts = 0

    def kill_first(_name: str, pid: int) -> None:
        if starts == 1:
            os.kill(pid, signal.SIGKILL)
        else:
            stop.set()

    def open_log_if_there_is_space(path: Path) -> BinaryIO:
        nonlocal starts
        starts += 1
        if starts == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return open_log(path)

    monkeypatch.setattr("tradewind.supervisor.open_log", open_log_if_there_is_space)
    diary = Diary(on_ready=kill_first, on_running=lambda: None)
    supervisor = Supervisor([(program("it"),)], tmp_path, diary, back_off=BackOff(first_s=0.01))
    await asyncio.wait_for(supervisor.run(stop), PATIENCE_S)
    assert ("can't be started: No space left on device", "it") in diary.events
    assert starts == 3


async def test_what_never_ran_and_cannot_be_started_ends_everything(tmp_path: Path) -> None:
    missing = replace(program("it"), argv=(str(tmp_path / "none"),))
    with pytest.raises(FileNotFoundError):
        await supervise([(missing,)], tmp_path, Diary())


@pytest.mark.parametrize("told", ["ready", "running"])
async def test_an_observer_that_fails_ends_everything_with_its_error(
    tmp_path: Path, told: str
) -> None:
    def fail(*_: object) -> None:
        raise LookupError(told)

    diary = Diary(on_running=fail)
    if told == "ready":
        diary.on_ready = fail
    supervisor = Supervisor([(program("it"),)], tmp_path, diary)
    with pytest.raises(LookupError, match=told):
        await asyncio.wait_for(supervisor.run(asyncio.Event()), PATIENCE_S)
    assert not any(lives(pid) for pid in diary.pids.values())
