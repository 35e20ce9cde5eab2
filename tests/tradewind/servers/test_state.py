"""What a running `up` tells others: only while it runs, only to this user."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tradewind.servers.support import isolated
from tradewind.servers.directory import held_directory
from tradewind.servers.state import State, read_state, remove_state, write_state


@pytest.fixture
def held(data: Path) -> Iterator[Path]:
    with held_directory(isolated(data)):
        yield data


def state_of(pid: int) -> State:
    return State(pid, "sandbox", "http://h", "postgresql://u:p@h/d", "redis://h", "/r", {"api": 7})


def test_what_was_written_is_read_by_others(held: Path) -> None:
    write_state(held, state_of(os.getpid()))
    assert read_state(held) == state_of(os.getpid())
    assert stat.S_IMODE((held / "up.json").stat().st_mode) == 0o600


def test_what_is_not_there_yet_or_no_longer_is_nothing(held: Path) -> None:
    assert read_state(held) is None
    write_state(held, state_of(os.getpid()))
    remove_state(held)
    remove_state(held)
    assert read_state(held) is None


def test_that_of_another_process_is_stale(held: Path) -> None:
    write_state(held, state_of(os.getpid() + 1))
    assert read_state(held) is None


def test_half_a_file_is_nothing(held: Path) -> None:
    (held / "up.json").write_text('{"pid": 1')
    assert read_state(held) is None


def test_nobody_runs_once_the_directory_is_free(data: Path) -> None:
    with held_directory(isolated(data)):
        write_state(data, state_of(os.getpid()))
    assert read_state(data) is None
