"""The files that processes write what they say to: private, and bounded in size.

A process holds its file open for appending; where it has grown too long, its content moves to
`<name>.1` and the file is cut to nothing under the writer's hands.
"""

import os
import shutil
from pathlib import Path
from typing import BinaryIO

MAX_BYTES = 8_000_000
TAIL_BYTES = 4_000
TAIL_LINES = 15


def open_log(path: Path) -> BinaryIO:
    """Open for appending, readable by this user alone, after bounding what is there."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    bound(path)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    return os.fdopen(descriptor, "ab", buffering=0)


def bound(path: Path, max_bytes: int = MAX_BYTES) -> None:
    """Move the content aside where it is longer than `max_bytes`, over what was there before."""
    try:
        if path.stat().st_size <= max_bytes:
            return
    except FileNotFoundError:
        return
    shutil.copy(path, path.with_name(path.name + ".1"))
    os.truncate(path, 0)


def tail_of(path: Path, lines: int = TAIL_LINES) -> str:
    """The last lines of a log; nothing where there is none."""
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - TAIL_BYTES))
            text = log.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
