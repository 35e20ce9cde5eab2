"""The data directory: one process at a time, one format, a private place for sockets.

Layout: `format` (its version), `lock`, `postgres/`, `recovery/`, `logs/`, `run/`. Whoever uses it holds
`lock`, and hands the open lock on to every process that it starts: the lock is free only when all
of them have ended, however the first one died.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tradewind.errors import DataFormatError, DataInUseError
from tradewind.settings import Settings

FORMAT = 1
LEFTOVER_PATIENCE_S = 15.0

_POLL_INTERVAL_S = 0.05
_OURS_BEFORE_FORMAT = frozenset({"lock", "format.new", "lost+found", "logs", "recovery", "run"})
"""What an interrupted first start leaves, or a command that used a database of the user's."""


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """A data directory that this process holds. `lock_fd` is to be inherited by its children."""

    path: Path
    sockets: Path
    lock_fd: int

    @property
    def postgres(self) -> Path:
        """PostgreSQL's own directory."""
        return self.path / "postgres"


@contextmanager
def held_directory(settings: Settings) -> Iterator[DataDirectory]:
    """Hold the data directory, made where there is none, while the block runs.

    Raises DataInUseError, DataFormatError or SocketPathError.
    """
    path = settings.data
    refuse_foreign(path)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock_fd = _lock(path)
    try:
        _check_format(path)
        for part in (settings.recovery, settings.logs):
            part.mkdir(mode=0o700, exist_ok=True)
        sockets = settings.run_directory()
        yield DataDirectory(path, sockets, lock_fd)
        # What lies elsewhere is not left behind; a socket that somebody still holds keeps it.
        if not sockets.is_relative_to(path) and settings.run is None:
            with contextlib.suppress(OSError):
                sockets.rmdir()
    finally:
        # The file stays: to remove it would let two processes lock two files of one name.
        os.close(lock_fd)


def refuse_foreign(path: Path) -> None:
    """Raise DataFormatError where the directory holds something that is not ours."""
    try:
        names = {entry.name for entry in path.iterdir()}
    except FileNotFoundError:
        return
    except OSError as error:
        reason = f"can't be used ({error.strerror})"
        raise DataFormatError(path, reason, "choose another --data") from error
    if names - _OURS_BEFORE_FORMAT and "format" not in names:
        raise DataFormatError(
            path, "is not empty and not a data directory of Tradewind", "choose another --data"
        )
    if path.stat().st_uid != os.geteuid():
        owner = path.stat().st_uid
        raise DataFormatError(path, f"belongs to user {owner}", "run as that user")


def holder_of(path: Path) -> int | None:
    """The process that holds the directory; 0 where it died and children of it are left; None where
    nobody holds it."""
    try:
        lock_fd = os.open(path / "lock", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return _living_holder(lock_fd) or 0
    else:
        return None
    finally:
        os.close(lock_fd)


def _lock(path: Path) -> int:
    lock_fd = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + LEFTOVER_PATIENCE_S
    while True:
        try:
            fcntl.flock(lock_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = _living_holder(lock_fd)
            # A dead holder's children are about to end: they end with it.
            if holder is not None or time.monotonic() > deadline:
                os.close(lock_fd)
                raise DataInUseError(path, holder) from None
            time.sleep(_POLL_INTERVAL_S)
        else:
            os.ftruncate(lock_fd, 0)
            os.pwrite(lock_fd, f"{os.getpid()} {_started_at(os.getpid())}\n".encode(), 0)
            return lock_fd


def _living_holder(lock_fd: int) -> int | None:
    words = os.pread(lock_fd, 100, 0).split()
    if len(words) != 2:
        return None
    pid, started_at = int(words[0]), words[1].decode()
    return pid if _started_at(pid) == started_at else None


def _started_at(pid: int) -> str:
    """When the process began, so that a number used again is told apart; `-` where unknown."""
    if Path("/proc/self/stat").exists():
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            return ""
        # A zombie has ended; its parent has only not looked yet.
        return "" if fields[0] == "Z" else fields[19]
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    return "-"


def _check_format(path: Path) -> None:
    file = path / "format"
    try:
        found = int(file.read_text())
    except FileNotFoundError:
        _write_format(path)
        return
    except ValueError:
        reason = "has a damaged `format` file"
        raise DataFormatError(path, reason, f"write its version into it (now {FORMAT})") from None
    if found > FORMAT:
        reason = f"has format {found}, made by a newer Tradewind (this one knows {FORMAT})"
        raise DataFormatError(path, reason, "update Tradewind or choose another --data")
    if found < FORMAT:
        reason = f"has format {found}, which this Tradewind no longer reads (it knows {FORMAT})"
        raise DataFormatError(path, reason, "choose another --data, or use the Tradewind it is of")


def _write_format(path: Path) -> None:
    new = path / "format.new"
    new.write_text(f"{FORMAT}\n")
    new.replace(path / "format")
