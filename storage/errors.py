"""What can go wrong with what is kept."""


class StorageError(Exception):
    """The root of this room's errors."""


class DatabaseUnavailableError(StorageError):
    """The database does not answer, or gave up a connection: try again later."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"the database is unavailable: {self.reason}"


class CacheUnavailableError(StorageError):
    """Redis does not answer: try again later."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"the cache is unavailable: {self.reason}"


class NewerSchemaError(StorageError):
    """The database was migrated by a newer version of the code: only that can use it."""

    def __init__(self, found: str, known: str) -> None:
        super().__init__(found, known)
        self.found = found
        self.known = known

    def __str__(self) -> str:
        return (
            f"the database's schema {self.found} is newer than this version of Tradewind, which knows"
            f" {self.known}: run the newer version, or use another data directory"
        )


class ForeignPartitionError(StorageError):
    """A partition of the log holds another source's data: the two must not mix."""

    def __init__(self, partition: str, holds: str, wanted: str) -> None:
        super().__init__(partition, holds, wanted)
        self.partition = partition
        self.holds = holds
        self.wanted = wanted

    def __str__(self) -> str:
        return f"{self.partition} holds {self.holds} data, it takes no {self.wanted} data"


class SecondWriterError(StorageError):
    """Somebody else writes what only one may write."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what

    def __str__(self) -> str:
        return f"{self.what} already has a writer"


class UnfitValueError(StorageError):
    """A stored value that the form it was asked for in does not hold."""

    def __init__(self, column: str, value: str, reason: str) -> None:
        super().__init__(column, value, reason)
        self.column = column
        self.value = value
        self.reason = reason

    def __str__(self) -> str:
        return f"column {self.column} holds {self.value}, which {self.reason}"
