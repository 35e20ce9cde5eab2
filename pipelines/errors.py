"""What can go wrong with a flow."""

from pathlib import Path


class PipelineError(Exception):
    """The root of this room's errors."""


class RecoveryAheadError(PipelineError):
    """A recovery snapshot says that more was read than the sink ever committed.

    The sink has lost records (a restored backup, say): the snapshot is of no use, the log is read again
    from where the sink stands.
    """

    def __init__(self, partition: str, snapshot: int, committed: int) -> None:
        super().__init__(partition, snapshot, committed)
        self.partition = partition
        self.snapshot = snapshot
        self.committed = committed

    def __str__(self) -> str:
        return (
            f"the snapshot has read {self.partition} up to {self.snapshot},"
            f" but only {self.committed} is committed"
        )


class FlowRunningError(PipelineError):
    """Another process runs the flow on the same recovery directory."""

    def __init__(self, recovery: Path) -> None:
        super().__init__(recovery)
        self.recovery = recovery

    def __str__(self) -> str:
        return f"flow {self.recovery.name} is running already on {self.recovery.parent}"
