"""A process ends when it is told to, or when its supervisor is gone."""

import asyncio
import os
import signal
import subprocess
import threading

import pytest

from tests.tradewind.servers.support import line_of, script
from tests.tradewind.support import lives, wait_until
from tradewind.lifetime import set_when, stop_requested

WAITS = """
import sys
from tradewind.lifetime import leave, stop_requested, tie_to_supervisor
if len(sys.argv) > 1:
    tie_to_supervisor(int(sys.argv[1]))
stop = stop_requested()
assert stop is stop_requested()
print("waiting", flush=True)
stop.wait()
print("stopped", flush=True)
leave(7)
"""
DEAF = """
import time
from tradewind.lifetime import stop_requested
stop = stop_requested()
print("waiting", flush=True)
stop.wait()
print("asked", flush=True)
while True:
    time.sleep(60)
"""
SUPERVISOR = """
import os, subprocess, sys
waits, mine = sys.argv[1], str(os.getpid())
child = subprocess.Popen([sys.executable, "-c", waits, mine], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
sys.stdin.read()
"""


def ended(process: "subprocess.Popen[str]") -> tuple[str, int]:
    assert process.stdout is not None
    return process.stdout.read().strip(), process.wait(10)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_asks_for_the_end(number: signal.Signals) -> None:
    with script(WAITS) as process:
        assert line_of(process) == "waiting"
        process.send_signal(number)
        assert ended(process) == ("stopped", 7)


def test_the_end_of_stdin_asks_a_supervised_process_for_the_end() -> None:
    with script(WAITS, os.getpid()) as process:
        assert line_of(process) == "waiting"
        assert process.stdin is not None
        process.stdin.close()
        assert ended(process) == ("stopped", 7)


def test_the_end_of_stdin_means_nothing_to_a_process_of_its_own() -> None:
    with script(WAITS) as process:
        assert line_of(process) == "waiting"
        assert process.stdin is not None
        process.stdin.close()
        process.send_signal(signal.SIGTERM)
        assert ended(process) == ("stopped", 7)


def test_a_second_signal_ends_a_process_that_is_deaf() -> None:
    with script(DEAF) as process:
        assert line_of(process) == "waiting"
        process.send_signal(signal.SIGINT)
        assert line_of(process) == "asked"
        process.send_signal(signal.SIGINT)
        assert ended(process)[1] == -signal.SIGINT


def test_a_supervised_process_does_not_outlive_a_killed_supervisor() -> None:
    with script(SUPERVISOR, WAITS) as supervisor:
        child = int(line_of(supervisor))
        assert lives(child)
        supervisor.kill()
        wait_until(lambda: not lives(child), 5, "the end of the child")


def test_the_event_is_one_for_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    # This process's own handlers are to stay as they are.
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert stop_requested() is stop_requested()
    assert not stop_requested().is_set()


async def test_a_loop_learns_that_the_process_is_asked_to_stop() -> None:
    requested, stop = threading.Event(), asyncio.Event()
    set_when(requested, stop)
    assert not stop.is_set()
    requested.set()
    await asyncio.wait_for(stop.wait(), 5)
