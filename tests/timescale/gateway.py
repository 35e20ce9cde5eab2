"""Starts and stops the TimescaleDB of the tests, and gives each test a fresh one.

What it can't do: two transactions at a time (the second waits, and after 6 s is refused), time-outs and
cancelling of a statement, background workers, locks between sessions.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

_HERE = Path(__file__).resolve().parent
_NODE = _HERE.parent.parent / ".venv" / "done" / "node"


class GatewayError(Exception):
    """The gateway says that it could not do what it was told."""


class Gateway:
    """A process with a TimescaleDB in it, as a context."""

    def __enter__(self) -> Self:
        self._directory = tempfile.mkdtemp(prefix="tw-ts-")
        self._process = subprocess.Popen(
            [_node(), _HERE / "gateway.mjs", f"{self._directory}/.s.PGSQL.5432"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._expect("ready")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate()  # the end of its standard input ends it
        shutil.rmtree(self._directory)

    @property
    def url(self) -> str:
        """Its address for any number of connections."""
        return f"postgresql://postgres@/postgres?host={self._directory}"

    def keep(self) -> None:
        """Remember the database as it is."""
        self._tell("keep")

    def reset(self) -> None:
        """End all connections and put the database back, in about 50 ms."""
        self._tell("reset")

    def _tell(self, command: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n")
        self._process.stdin.flush()
        self._expect("done")

    def _expect(self, word: str) -> None:
        assert self._process.stdout is not None
        said = self._process.stdout.readline().strip()
        if said != word:
            raise GatewayError(said)


def _node() -> str:
    """Node.js: the one that `make` has found, or the machine's."""
    directory = _NODE.read_text().strip() if _NODE.exists() else None
    found = shutil.which("node", path=directory) or shutil.which("node")
    if found is None or not (_HERE / "node_modules").exists():
        raise GatewayError("TimescaleDB is not installed: run make .venv/done/timescale")
    return found
