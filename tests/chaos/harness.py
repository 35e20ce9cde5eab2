"""The chaos harness: kills a process at a counted event, sees it run again, and again.

The victim is a command that the harness starts anew, or any process of a running `up`, whose supervisor
does. A run is described by a seed: who is killed and when follows from it, so that a failure can be
repeated. What must hold after each kill is the caller's `check`.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import psycopg

from tests.chaos.invariants import Connection, committed_ticks
from tests.tradewind.support import Up, wait_until
from tradewind.supervisor import BackOff

POLL_INTERVAL_S = 0.002
EVENT_TIMEOUT_S = 60.0
RECOVERED_WITHIN_S = BackOff().longest_s + 30.0
"""What was killed again and again is started again ever later."""


@dataclass(frozen=True)
class Command:
    """A `tradewind` command with what its environment adds."""

    arguments: Sequence[str]
    environment: Mapping[str, str]

    def start(self) -> subprocess.Popen[str]:
        """The running process, its output piped."""
        return subprocess.Popen(
            [sys.executable, "-m", "tradewind", *self.arguments],
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def seeded_counts(seed: int, kills: int, total: int) -> list[int]:
    """Ascending counts of events, below `total`, at which to kill."""
    return sorted(random.Random(seed).sample(range(1, total), kills))


def kill_at(command: Command, count: Callable[[], int], at_least: int) -> bool:
    """Run until `count()` has reached `at_least`, then `kill -9`.

    False where the process ended by itself before. AssertionError where it ended with an error, or
    where nothing moved for `EVENT_TIMEOUT_S`.
    """
    process = command.start()
    deadline = time.monotonic() + EVENT_TIMEOUT_S
    while count() < at_least:
        if process.poll() is not None:
            output, _ = process.communicate()
            assert process.returncode == 0, output
            return False
        assert time.monotonic() < deadline, f"{count()} of {at_least} after {EVENT_TIMEOUT_S} s"
        time.sleep(POLL_INTERVAL_S)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return True


def run_to_end(command: Command) -> str:
    """Run to the end; what it printed. AssertionError where it failed."""
    process = command.start()
    output, _ = process.communicate(timeout=EVENT_TIMEOUT_S)
    assert process.returncode == 0, output
    return output


def rampage(
    command: Command, count: Callable[[], int], kills_at: Sequence[int], check: Callable[[], None]
) -> int:
    """Kill at each count in turn, check after each, run to the end and check again; the kills made."""
    kills = 0
    for at_least in kills_at:
        kills += kill_at(command, count, at_least)
        check()
    run_to_end(command)
    check()
    return kills


@dataclass(frozen=True)
class Kill:
    """A process of an `up`, and how many more ticks are to be committed before it is killed."""

    victim: str
    after_ticks: int


def seeded_kills(seed: int, victims: Sequence[str], ticks: range) -> list[Kill]:
    """A kill of each of these, in an order and at counts that follow from the seed."""
    chance = random.Random(seed)
    return [Kill(victim, chance.choice(ticks)) for victim in chance.sample(victims, len(victims))]


def rampage_in(up: Up, kills: Sequence[Kill], check: Callable[[Connection], None]) -> None:
    """Kill each victim at its count; once it runs again, all is ready and ticks are committed, check.

    AssertionError where that takes longer than `RECOVERED_WITHIN_S`.
    """
    for number, kill in enumerate(kills, 1):
        what = f"kill {number}, of {kill.victim}"
        _wait_for_more_ticks(up, kill.after_ticks, f"before {what}")
        pid = up.pids()[kill.victim]
        os.kill(pid, signal.SIGKILL)
        _wait_for_another(up, kill.victim, pid, what)
        _wait_for_more_ticks(up, 1, f"after {what}")
        with psycopg.connect(up.state().database_url, autocommit=True) as connection:
            check(connection)


def _wait_for_more_ticks(up: Up, more: int, when: str) -> None:
    """Until so many more ticks are committed than are now, or than at the database's return."""
    wait_until(lambda: _ticks(up) >= 0, RECOVERED_WITHIN_S, f"the database {when}")
    goal = _ticks(up) + more
    wait_until(lambda: _ticks(up) >= goal, RECOVERED_WITHIN_S, f"{more} more ticks {when}")


def _ticks(up: Up) -> int:
    """Ticks committed so far; -1 while the database is away."""
    try:
        with psycopg.connect(up.state().database_url, autocommit=True) as connection:
            return committed_ticks(connection)
    except psycopg.OperationalError:
        return -1


def _wait_for_another(up: Up, victim: str, before: int, what: str) -> None:
    def runs_again() -> bool:
        assert up.process.poll() is None, up.output.read_text()
        return up.pids().get(victim, before) != before and up.is_ready()

    wait_until(runs_again, RECOVERED_WITHIN_S, f"all ready after {what}")
