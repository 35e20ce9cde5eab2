"""What the tests of the servers share: settings of nobody else's, processes that can be killed."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tradewind.settings import Settings, load_settings

ROOT = Path(__file__).resolve().parents[3]
FAST = {"fsync": "off", "shared_buffers": "32MB"}
"""For servers that are there to start and stop."""


def isolated(data: Path, **given: object) -> Settings:
    """Settings of a data directory that no variable of the environment changes."""
    bundled = {"database_url": None, "redis_url": None, "run": None, "supervisor": None}
    return load_settings(data=data).model_copy(update={**bundled, **given})


@contextmanager
def script(code: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A Python process with its stdin and stdout piped, killed at the end."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def line_of(process: subprocess.Popen[str]) -> str:
    """The next line that it says; blocks."""
    assert process.stdout is not None
    return process.stdout.readline().strip()
