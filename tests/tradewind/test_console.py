"""The console of `up`, read as a person would read it."""

import io
import os
import re
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from storage.errors import DatabaseUnavailableError
from tradewind.console import UpConsole, print_error
from tradewind.errors import NotRunningError, ServerFailedError
from tradewind.servers.program import Program
from tradewind.settings import load_settings


def program(name: str, where: str = "") -> Program:
    return Program(name, ("x",), lambda _: True, ((signal.SIGTERM, 1.0),), where=where)


class Screen:
    """A console of its own, with what was written to it."""

    def __init__(self, **settings: object) -> None:
        self._text = io.StringIO()
        written = Console(file=self._text, width=300)
        self.console = UpConsole(load_settings(**settings), written)

    def lines(self) -> list[str]:
        """Since the last call, with seconds as `#`."""
        text = re.sub(r"\d+\.\d s", "# s", self._text.getvalue())
        self._text.truncate(0)
        self._text.seek(0)
        return [line.rstrip() for line in text.splitlines()]


def test_a_start_says_what_runs_where_and_how_to_open_it(tmp_path: Path) -> None:
    screen = Screen(data=tmp_path, port=8123)
    screen.console.title()
    screen.console.starting(program("postgres"))
    screen.console.ready(program("postgres", "socket /s"), 1, 0.2)
    screen.console.running()
    screen.console.stopping()
    screen.console.stopped()
    assert screen.lines() == [
        "Tradewind · SIMULATED prices from the local sandbox",
        f"data in {tmp_path}",
        "✓ postgres     # s  socket /s",
        "Open http://localhost:8123  ready in # s",
        f"API http://localhost:8123/docs · logs in {tmp_path / 'logs'} · Ctrl-C stops everything",
        "stopping …",
        "stopped in # s",
    ]


@pytest.mark.parametrize(("feed", "said"), [("live", "live prices"), ("replay", "recorded prices")])
def test_the_title_says_what_prices_these_are(tmp_path: Path, feed: str, said: str) -> None:
    screen = Screen(data=tmp_path, feed=feed)
    screen.console.title()
    assert screen.lines()[0] == f"Tradewind · {said}"


def test_a_restart_is_told_with_the_last_words_and_its_end(tmp_path: Path) -> None:
    screen = Screen(data=tmp_path)
    api = program("api", "http://here")
    screen.console.ready(api, 1, 0.2)
    screen.console.running()
    screen.lines()
    said = "\n".join(f"line {number}" for number in range(9))
    screen.console.ended(api, "was ended by SIGKILL", 0.24, said)
    screen.console.starting(api)
    screen.console.ready(api, 2, 0.1)
    screen.console.ready(api, 2, 0.1)
    assert screen.lines() == [
        "✗ api        was ended by SIGKILL; starts again in # s",
        *(f"             line {number}" for number in range(4, 9)),
        "✓ api          # s  runs again",
    ]


def test_a_terminal_shows_what_is_waited_for(tmp_path: Path) -> None:
    text = io.StringIO()
    written = Console(file=text, width=100, force_terminal=True, color_system=None)
    console = UpConsole(load_settings(data=tmp_path), written)
    console.starting(replace(program("warm"), doing="compiling the kernels (once)"))
    console.starting(program("valkey"))
    console.ready(program("valkey"), 1, 0.1)
    assert "compiling the kernels (once)" in text.getvalue()
    assert "✓ valkey" in text.getvalue()
    console.stopping()
    console.stopped()


def test_an_output_on_a_full_disk_ends_nothing(tmp_path: Path) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    with io.TextIOWrapper(io.FileIO(full, "w", closefd=False), write_through=True) as file:
        console = UpConsole(load_settings(data=tmp_path), Console(file=file, width=100))
        console.title()
        console.ended(program("api"), "was ended by SIGKILL", 0.2, "")
        console.stopping()
        console.stopped()
    os.close(full)


def test_an_error_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_error(NotRunningError(Path("/" + "x" * 200)))
    assert capsys.readouterr().err == f"tradewind: nothing runs on /{'x' * 200}\n"


def test_what_a_library_says_in_several_lines_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    print_error(DatabaseUnavailableError("refused\n\tIs the server running?"))
    assert capsys.readouterr().err == (
        "tradewind: the database is unavailable: refused Is the server running?\n"
    )


def test_a_failed_server_shows_its_last_words_below(capsys: pytest.CaptureFixture[str]) -> None:
    print_error(ServerFailedError("api", "ended with status 3", Path("/l"), "one [two]\nthree"))
    assert capsys.readouterr().err.splitlines() == [
        "tradewind: api ended with status 3; its log is /l:",
        "one [two]",
        "three",
    ]
