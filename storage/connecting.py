"""A connection of one's own: for a flow, a command, a statement now and then."""

import threading
import time
from typing import Any

import psycopg

from storage.errors import DatabaseUnavailableError

RETRY_S = 0.1

Connection = psycopg.Connection[Any]


def connect(database_url: str) -> Connection:
    """Connect, in autocommit mode. DatabaseUnavailableError where nobody answers, or lets one in."""
    try:
        return psycopg.connect(database_url, autocommit=True)
    except psycopg.OperationalError as error:
        raise DatabaseUnavailableError(str(error).strip()) from error


def wait_for_database(database_url: str, stop: threading.Event, within_s: float) -> None:
    """Return once the database lets one in, or `stop` is set.

    DatabaseUnavailableError where it does not within `within_s`.
    """
    deadline_s = time.monotonic() + within_s
    while not stop.is_set():
        try:
            connect(database_url).close()
            return
        except DatabaseUnavailableError:
            if time.monotonic() >= deadline_s:
                raise
        stop.wait(RETRY_S)
