"""A guarded program ends with its parent, and is no root in its namespace."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tradewind.servers.support import line_of, script
from tests.tradewind.support import lives, wait_until
from tradewind.servers import guard
from tradewind.servers.program import guarded

PARENT = """
import signal, subprocess, sys
from tradewind.servers.program import guarded
child = subprocess.Popen(guarded(sys.argv[2:], signal.SIGKILL, namespace=sys.argv[1] == "namespace"))
print(child.pid, flush=True)
sys.stdin.read()
"""


def status_of(*command: str, namespace: bool = False) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        guarded(command, signal.SIGKILL, namespace=namespace),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("mode", ["plain", "namespace"])
def test_it_dies_with_a_killed_parent(mode: str) -> None:
    with script(PARENT, mode, "/bin/sleep", "60") as parent:
        child = int(line_of(parent))
        assert lives(child)
        parent.kill()
        wait_until(lambda: not lives(child), 5, "the end of the child")


def test_it_does_not_begin_where_the_parent_has_gone() -> None:
    command = [sys.executable, "-I", "-S", guard.__file__, "1", "9", "plain", "/bin/echo", "ran"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (guard.EXIT_NOT_RUN, "")


def test_a_program_that_is_not_there_is_named() -> None:
    done = status_of("/no/such/program")
    assert done.returncode == guard.EXIT_NOT_RUN
    assert "can't run /no/such/program: No such file" in done.stderr


def test_it_is_no_root_in_its_namespace_and_its_files_stay_this_users(tmp_path: Path) -> None:
    made = tmp_path / "made"
    done = status_of("/bin/sh", "-c", f"id -u; touch {made}", namespace=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) != 0
    assert made.stat().st_uid == os.geteuid()
