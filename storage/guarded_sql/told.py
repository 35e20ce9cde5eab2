"""From an error of PostgreSQL's to what a caller is told: its own words, nothing of the inside."""

import psycopg

from storage.errors import DatabaseUnavailableError, StorageError
from storage.guarded_sql.errors import (
    SqlForbiddenError,
    SqlInvalidError,
    SqlMemoryError,
    SqlTimeoutError,
)
from storage.guarded_sql.statements import ONLY_A_QUERY

MAX_MESSAGE_CHARACTERS = 500
"""A message may quote a value of any size."""

_SYNTAX = "42601"
_FORBIDDEN = ("42501", "25001", "25006")
_TIMEOUT = ("57014", "25P03")
_TOO_LARGE = ("53100", "53200", "53400")
_CALLERS_FAULTS = ("0A", "21", "22", "2F", "38", "39", "42", "44", "54", "55000", "P0")
"""Classes of faults that lie in the statement or in the data that it asks for."""
_TOO_LARGE_VALUE = "invalid memory alloc request size"
"""What PostgreSQL says of more than a gigabyte at once; it has no code of its own."""


def told(
    error: psycopg.Error, memory_mb: int, limit_s: float, *, wrapped: bool = False
) -> StorageError:
    """What to raise for it.

    `wrapped`: it came of the statement inside of ours, in which places are others. What PostgreSQL
    understood alone and does not understand there is no query.
    """
    code = error.sqlstate or ""
    message = (error.diag.message_primary or "")[:MAX_MESSAGE_CHARACTERS]
    if code in _FORBIDDEN:
        return SqlForbiddenError(message)
    if code in _TIMEOUT:
        return SqlTimeoutError(limit_s)
    if code in _TOO_LARGE or message.startswith(_TOO_LARGE_VALUE):
        return SqlMemoryError(memory_mb)
    if code == _SYNTAX and wrapped:
        return SqlInvalidError("the statement is no query", ONLY_A_QUERY)
    if code.startswith(_CALLERS_FAULTS):
        return SqlInvalidError(message, _hint(error), None if wrapped else _position(error))
    if code.startswith("XX"):
        return SqlInvalidError("PostgreSQL failed at the statement", "write it in another way")
    return DatabaseUnavailableError(message or "the connection was lost")


def _hint(error: psycopg.Error) -> str | None:
    hint = error.diag.message_hint
    return hint[:MAX_MESSAGE_CHARACTERS] if hint else None


def _position(error: psycopg.Error) -> int | None:
    position = error.diag.statement_position
    return int(position) if position is not None else None
