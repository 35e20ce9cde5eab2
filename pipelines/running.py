"""Runs a flow with recovery: one process, one worker, an epoch a second."""

import fcntl
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

import structlog
from bytewax.dataflow import Dataflow
from bytewax.errors import BytewaxRuntimeError
from bytewax.recovery import (
    InconsistentPartitionsError,
    NoPartitionsError,
    RecoveryConfig,
    init_db_dir,
)
from bytewax.run import cli_main

from pipelines.errors import FlowRunningError, RecoveryAheadError

EPOCH = timedelta(seconds=1)
STATE_VERSION = 5
"""Of what the flows' states look like in a snapshot: snapshots of another version are not read."""

_USELESS = (RecoveryAheadError, InconsistentPartitionsError, NoPartitionsError)

log = structlog.get_logger(__name__)


def run(
    build: Callable[[], Dataflow],
    recovery: Path,
    *,
    start_over: bool = False,
    epoch: timedelta = EPOCH,
) -> None:
    """Run the flow until its source ends, with its snapshots in a directory of its own.

    Snapshots are never needed for a right answer, only for a quick start: those that are of no use
    (damaged, ahead of what the sink committed) are thrown away, and the flow starts again from what is
    committed; `start_over` throws them away unseen. FlowRunningError where a process runs on the
    directory already.
    """
    store = recovery / f"v{STATE_VERSION}"
    with _held(recovery):
        if start_over or not _is_sound(store):
            _make_anew(store)
        try:
            _run(build(), store, epoch)
        except _USELESS as error:
            log.warning("recovery snapshots thrown away", reason=str(error))
            _make_anew(store)
            _run(build(), store, epoch)


@contextmanager
def _held(recovery: Path) -> Iterator[None]:
    recovery.mkdir(parents=True, exist_ok=True)
    with (recovery / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FlowRunningError(recovery) from None
        yield


def _is_sound(store: Path) -> bool:
    """Whether there is a store of snapshots that was made whole and can be read."""
    files = list(store.glob("*.sqlite3"))
    try:
        return bool(files) and all(_answers(file) for file in files)
    except sqlite3.DatabaseError:
        return False


def _answers(file: Path) -> bool:
    with closing(sqlite3.connect(file)) as database:
        tables = database.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        checked = database.execute("PRAGMA quick_check").fetchone()
    return bool(tables[0] > 0 and checked == ("ok",))


def _make_anew(store: Path) -> None:
    """An empty store, in its place only once it is whole."""
    shutil.rmtree(store, ignore_errors=True)
    unfinished = store.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    init_db_dir(unfinished, 1)
    unfinished.rename(store)


def _run(flow: Dataflow, store: Path, epoch: timedelta) -> None:
    try:
        cli_main(flow, epoch_interval=epoch, recovery_config=RecoveryConfig(str(store)))
    except BytewaxRuntimeError as error:
        raise _first_cause(error) from error


def _first_cause(error: BaseException) -> BaseException:
    """What a step raised, out of what Bytewax wraps around it."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error
