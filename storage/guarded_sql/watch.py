"""Watches one session from outside: ends its process when it takes too long or grows too large.

What a statement can change about itself, its settings among it, does not reach this. On the database's
own machine the kernel is told the bound of memory as well, so that a value of a gigabyte is refused
before it is there.
"""

import contextlib
import logging
import resource
import threading
import time
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql

from storage.errors import DatabaseUnavailableError, StorageError
from storage.patience import Connection, Patience, connected, executed
from storage.pools import CONNECT_TIMEOUT_S

INTERVAL_S = 0.02
PROCESSES = Path("/proc")

_MEGABYTE = 1 << 20
_BESIDE_DATA_MB = 64
"""How much more the kernel allows than we do: what it counts is reserved, not all of it is used."""
_log = logging.getLogger(__name__)


class Ended(StrEnum):
    """Why a session was ended."""

    TIME = "time"
    MEMORY = "memory"


class SessionWatch:
    """Watches while the block runs; `ended` says whether, and why, it ended the session.

    `control_url` is a way in for somebody who may end sessions.
    """

    def __init__(
        self, session: Connection, control_url: str, *, within_s: float, memory_mb: int
    ) -> None:
        self.ended: Ended | None = None
        self._session = session
        self._control_url = control_url
        self._within_s = within_s
        self._memory_mb = memory_mb
        self._pid = session.info.backend_pid
        self._status = _status_file(session)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sql-watch", daemon=True)

    def __enter__(self) -> Self:
        if self._status is not None:
            _bound_memory(self._pid, self._memory_mb + _BESIDE_DATA_MB)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()

    def _run(self) -> None:
        deadline_s = time.monotonic() + self._within_s
        while not self._done.wait(INTERVAL_S):
            if time.monotonic() > deadline_s:
                self._end(Ended.TIME)
                return
            if self._used_mb() > self._memory_mb:
                self._end(Ended.MEMORY)
                return

    def _ending(self) -> sql.Composed:
        info = self._session.info
        return sql.SQL(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid = {} AND usename = {} AND datname = {}"
        ).format(self._pid, info.user, info.dbname)

    def _used_mb(self) -> float:
        """The memory of the session's own, without what it shares with others."""
        if self._status is None:
            return 0
        try:
            lines = self._status.read_text().splitlines()
        except OSError:  # it has ended
            return 0
        kilobytes = [line.split()[1] for line in lines if line.startswith("RssAnon:")]
        return int(kilobytes[0]) / 1024 if kilobytes else 0

    def _end(self, why: Ended) -> None:
        self.ended = why
        _log.warning("a caller's statement is ended: too much %s", why.value)
        overdue = DatabaseUnavailableError("the server does not answer")
        patience = Patience(CONNECT_TIMEOUT_S, threading.Event(), overdue)
        try:
            # Left as itself it would say goodbye to a server that does not listen.
            with contextlib.closing(connected(self._control_url, patience)) as control:
                ended = executed(control, self._ending(), patience)
            if ended:
                return
            reason = "it runs on another server"
        except (psycopg.Error, StorageError) as error:
            reason = str(error)
        _log.warning("a caller's session could not be ended, only its statement: %s", reason)
        with contextlib.suppress(psycopg.Error):  # it has ended by itself
            self._session.cancel_safe(timeout=CONNECT_TIMEOUT_S)


def _status_file(session: Connection) -> Path | None:
    """Where the kernel tells of the session's process; None where it runs on another machine.

    A number alone could be any process: PostgreSQL writes the session's user and database into its
    command line.
    """
    process = PROCESSES / str(session.info.backend_pid)
    try:
        title = (process / "cmdline").read_bytes()
    except OSError:
        return None
    named = f"{session.info.user} {session.info.dbname} ".encode()
    return process / "status" if b"postgres" in title and named in title else None


def _bound_memory(pid: int, megabytes: int) -> None:
    """Have the kernel refuse the process more; where that is not ours to say, watching has to do."""
    bound = megabytes * _MEGABYTE
    try:
        resource.prlimit(pid, resource.RLIMIT_DATA, (bound, bound))
    except (PermissionError, ProcessLookupError, AttributeError):
        _log.info("the memory of process %d is not bounded by the kernel", pid)
