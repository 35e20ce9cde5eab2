"""The chaos harness: kills a command at a counted event, runs it again, and again.

A run is described by a seed: when it is killed follows from it, so that a failure can be repeated. What
must hold after each kill is the caller's `check`.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

POLL_INTERVAL_S = 0.002
EVENT_TIMEOUT_S = 60.0


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
