"""Where Unix sockets live: a private directory whose path is short enough for the kernel."""

import hashlib
import os
import stat
import tempfile
from pathlib import Path
from urllib.parse import quote

from tradewind.errors import SocketPathError

SOCKET_PATH_MAX_BYTES = 107
LONGEST_SOCKET_NAME = ".s.PGSQL.5432.lock"
DATABASE = "tradewind"
"""The name of the bundled server's database, and of its user."""
CACHE_SOCKET = "valkey.sock"


def socket_directory(data: Path, chosen: Path | None = None) -> Path:
    """The chosen directory, or `run` in the data directory, or where that path is too long for a
    socket one below the temporary directory that is named after the data directory.

    SocketPathError where no path is short enough.
    """
    directory = chosen or data / "run"
    if chosen is None and not _is_short(directory):
        digest = hashlib.sha256(os.fsencode(data)).hexdigest()[:12]
        directory = Path(tempfile.gettempdir()) / f"tradewind-{os.geteuid()}-{digest}"
    if not _is_short(directory):
        raise SocketPathError(
            directory, f"a socket's path has at most {SOCKET_PATH_MAX_BYTES} bytes"
        )
    return directory


def private_directory(directory: Path) -> Path:
    """The directory, made where there is none, that nobody else may enter; else SocketPathError."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Whoever may write to a shared temporary directory could have made it first, or as a link.
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise SocketPathError(directory, "it belongs to somebody else")
    if found.st_mode & 0o077:
        raise SocketPathError(directory, "others may enter it (chmod 700)")
    return directory


def bundled_database(sockets: Path, user: str = DATABASE) -> str:
    """The address of the bundled PostgreSQL whose socket is in that directory."""
    return f"postgresql://{user}@/{DATABASE}?host={quote(str(sockets), safe='/')}"


def bundled_redis(sockets: Path) -> str:
    """The address of the bundled Valkey whose socket is in that directory."""
    return f"unix://{quote(str(sockets / CACHE_SOCKET), safe='/')}?db=0"


def _is_short(directory: Path) -> bool:
    return len(os.fsencode(directory / LONGEST_SOCKET_NAME)) <= SOCKET_PATH_MAX_BYTES
