"""A connection of one's own: for a flow, a command, a statement now and then."""

from typing import Any

import psycopg

from storage.errors import DatabaseUnavailableError

Connection = psycopg.Connection[Any]


def connect(database_url: str) -> Connection:
    """Connect, in autocommit mode. DatabaseUnavailableError where nobody answers, or lets one in."""
    try:
        return psycopg.connect(database_url, autocommit=True)
    except psycopg.OperationalError as error:
        raise DatabaseUnavailableError(str(error).strip()) from error
