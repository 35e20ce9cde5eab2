"""Runs a flow with recovery: one process, one worker, an epoch a second."""

from datetime import timedelta
from pathlib import Path

from bytewax.dataflow import Dataflow
from bytewax.recovery import RecoveryConfig, init_db_dir
from bytewax.run import cli_main

EPOCH = timedelta(seconds=1)


def run(flow: Dataflow, recovery: Path, epoch: timedelta = EPOCH) -> None:
    """Run the flow until its source ends, with its snapshots in a directory of its own."""
    if not any(recovery.glob("*.sqlite3")):
        recovery.mkdir(parents=True, exist_ok=True)
        init_db_dir(recovery, 1)
    cli_main(flow, epoch_interval=epoch, recovery_config=RecoveryConfig(str(recovery)))
