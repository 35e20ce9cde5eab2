"""Runs a flow with recovery: one process, one worker, an epoch a second."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import structlog
from bytewax.dataflow import Dataflow
from bytewax.errors import BytewaxRuntimeError
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main

from pipelines.errors import RecoveryAheadError

EPOCH = timedelta(seconds=1)


log = structlog.get_logger(__name__)


def run(build: Callable[[], Dataflow], recovery: Path, epoch: timedelta = EPOCH) -> None:
    """Run the flow until its source ends, with its snapshots in a directory of its own.

    Snapshots that are ahead of what the sink committed are thrown away, and the flow starts again from
    what is committed.
    """
    try:
        _run(build(), recovery, epoch)
    except RecoveryAheadError as error:
        log.warning("recovery snapshots thrown away", reason=str(error))
        shutil.rmtree(recovery)
        _run(build(), recovery, epoch)


def _run(flow: Dataflow, recovery: Path, epoch: timedelta) -> None:
    if not any(recovery.glob("*.sqlite3")):
        recovery.mkdir(parents=True, exist_ok=True)
        init_db_dir(recovery, 1)
    try:
        cli_main(flow, epoch_interval=epoch, recovery_config=RecoveryConfig(str(recovery)))
    except BytewaxRuntimeError as error:
        raise _first_cause(error) from error


def _first_cause(error: BaseException) -> BaseException:
    """What a step raised, out of what Bytewax wraps around it."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error
