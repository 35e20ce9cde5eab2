"""The console of `tradewind up`: what runs where, how to open it, and what went wrong; else quiet."""

import contextlib
import time
from pathlib import Path

from rich.console import Console
from rich.text import Text

from tradewind.errors import ServerFailedError
from tradewind.plan import url_of
from tradewind.servers.program import Program
from tradewind.settings import FeedChoice, Settings

_FEEDS = {
    FeedChoice.SANDBOX: "SIMULATED prices from the local sandbox",
    FeedChoice.LIVE: "live prices",
    FeedChoice.REPLAY: "recorded prices",
}
_NAME_WIDTH = 10
_TAIL_LINES = 5


class UpConsole:
    """An observer of the supervisor that writes lines a person reads."""

    def __init__(self, settings: Settings, console: Console | None = None) -> None:
        self._settings = settings
        self._console = console or Console(highlight=False, soft_wrap=True)
        self._began = time.monotonic()
        self._failing: set[str] = set()
        self._stopping_since: float | None = None
        self._ran = False
        self._waiting_for: dict[str, str] = {}
        self._status = self._console.status("")

    def title(self) -> None:
        """The first lines: what this is, on which data."""
        feed = Text(_FEEDS[self._settings.feed], style="bold yellow")
        if self._settings.feed is not FeedChoice.SANDBOX:
            feed.stylize("bold cyan")
        self._print(Text.assemble(("Tradewind", "bold"), " · ", feed))
        self._print(Text(f"data in {_short(self._settings.data)}", style="dim"))

    def starting(self, program: Program) -> None:
        """On a terminal, what is waited for; the line of the program comes when it is ready."""
        if not self._ran:
            self._waiting_for[program.name] = program.doing or f"starting {program.name}"
            self._show_waiting()

    def ready(self, program: Program, pid: int, took_s: float) -> None:
        """One line a program, at its first start and after a failure."""
        self._waiting_for.pop(program.name, None)
        self._show_waiting()
        again = program.name in self._failing
        if self._ran and not again:
            return
        self._failing.discard(program.name)
        self._line("✓", "green", program.name, "runs again" if again else program.where, took_s)

    def ended(self, program: Program, how: str, again_in_s: float, tail: str) -> None:
        """What happened, when it is started again, and the last it said."""
        self._failing.add(program.name)
        self._line("✗", "red", program.name, f"{how}; starts again in {again_in_s:.1f} s", None)
        for line in tail.splitlines()[-_TAIL_LINES:]:
            self._print(Text(f"  {'':{_NAME_WIDTH}} {line}", style="dim"))

    def unwritten(self, error: OSError) -> None:
        """That other commands are not told of what runs; what runs goes on."""
        where = f"{_short(self._settings.data)} ({error.strerror})"
        what = f"can't write what runs to {where}: `tradewind down` still works"
        self._line("!", "yellow", "state", what, None)

    def running(self) -> None:
        """How to open it, and how to end it."""
        self._ran = True
        self._status.stop()
        took_s = time.monotonic() - self._began
        url = url_of(self._settings)
        self._print(
            Text.assemble(
                ("Open ", "bold"),
                (url, f"bold green link {url}"),
                (f"  ready in {took_s:.1f} s", "dim"),
            )
        )
        hint = f"API {url}/docs · logs in {_short(self._settings.logs)} · Ctrl-C stops everything"
        self._print(Text(hint, style="dim"))

    def stopping(self) -> None:
        """That the end has begun."""
        self._ran = True
        self._status.stop()
        self._stopping_since = time.monotonic()
        self._print(Text("stopping …", style="dim"))

    def stopped(self) -> None:
        """That the end has come."""
        assert self._stopping_since is not None
        took_s = time.monotonic() - self._stopping_since
        self._print(Text(f"stopped in {took_s:.1f} s", style="dim"))

    def _show_waiting(self) -> None:
        if self._console.is_terminal and self._waiting_for and not self._ran:
            self._status.update(Text(" · ".join(self._waiting_for.values()), style="dim"))
            self._status.start()
        else:
            self._status.stop()

    def _line(self, sign: str, style: str, name: str, what: str, took_s: float | None) -> None:
        took = "" if took_s is None else f"{took_s:5.1f} s  "
        self._print(
            Text.assemble(
                (sign, style), " ", (f"{name:{_NAME_WIDTH}} ", "bold"), (took, "dim"), what
            )
        )

    def _print(self, text: Text) -> None:
        # What is said is lost where it goes to a file on a full disk; nothing ends for that.
        with contextlib.suppress(OSError):
            self._console.print(text, soft_wrap=True)


def print_error(error: Exception) -> None:
    """The one line that ends a command, with what a failed program said below it."""
    said = str(error)
    if not isinstance(error, ServerFailedError):
        # Libraries break their sentences, and add hints on lines of their own.
        said = " ".join(line.strip() for line in said.splitlines())
    first, _, rest = said.partition("\n")
    console = Console(stderr=True, highlight=False)
    console.print(Text.assemble(("tradewind: ", "bold red"), first), soft_wrap=True)
    if rest:
        console.print(Text(rest, style="dim"), soft_wrap=True)


def _short(path: Path) -> str:
    """With `~` for the home directory."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
