"""Why a statement of a caller's gets no answer."""

from storage.errors import StorageError


class SqlError(StorageError):
    """The root of the refusals of guarded SQL."""


class SqlNotConfiguredError(SqlError):
    """There is no way into the database that is safe to let a statement of a caller's run on."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"SQL is not served: {self.reason}"


class SqlInvalidError(SqlError):
    """The statement is none, or fails on the data: PostgreSQL's own message says why.

    `position` counts characters of the statement from 1; None where the fault has no place.
    """

    def __init__(self, message: str, hint: str | None = None, position: int | None = None) -> None:
        super().__init__(message, hint, position)
        self.message = message
        self.hint = hint
        self.position = position

    def __str__(self) -> str:
        return self.message


class SqlForbiddenError(SqlError):
    """The statement wants what its session may not do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return self.message


class SqlTimeoutError(SqlError):
    """The statement took longer than it may."""

    def __init__(self, limit_s: float) -> None:
        super().__init__(limit_s)
        self.limit_s = limit_s

    def __str__(self) -> str:
        return (
            f"the statement took longer than {self.limit_s:g} s: filter on time and symbol, or ask"
            " for less at once"
        )


class SqlMemoryError(SqlError):
    """The statement needs more memory or temporary files than it may."""

    def __init__(self, limit_mb: int) -> None:
        super().__init__(limit_mb)
        self.limit_mb = limit_mb

    def __str__(self) -> str:
        return (
            f"the statement needs more than {self.limit_mb} MB of memory or of temporary files:"
            " aggregate less at once, or filter on time and symbol"
        )


class SqlTooManyRowsError(SqlError):
    """The answer has more rows than it may; none of it is to be taken for the whole."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit

    def __str__(self) -> str:
        return (
            f"the answer has more than {self.limit:,} rows: narrow it, or page through it by time"
            " (WHERE time > the last one you have ORDER BY time LIMIT …)"
        )
