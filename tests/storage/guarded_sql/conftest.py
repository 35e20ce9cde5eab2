"""The ways into the test's own database that guarded SQL has."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from market.sources import Feed
from storage.errors import DatabaseUnavailableError
from storage.guarded_sql.role import role_of
from storage.guarded_sql.session import guarded_session
from storage.patience import Connection, Patience

ODD = "odd_quant"


def url_of(database_url: str, role: str) -> str:
    """The same database by another login."""
    return database_url.replace("//tradewind@", f"//{role}@")


def patience(seconds: float = 10) -> Patience:
    """So much of it, that nobody ends."""
    return Patience(seconds, threading.Event(), DatabaseUnavailableError("no answer"))


@pytest.fixture
def quant_url(database_url: str) -> str:
    """The way in for statements on the simulated data."""
    return url_of(database_url, role_of(Feed.SIMULATED))


@pytest.fixture
def session(quant_url: str) -> Iterator[Connection]:
    with guarded_session(quant_url, Feed.SIMULATED, 30, patience()) as opened:
        yield opened


@pytest.fixture
def odd(connection: psycopg.Connection[Any], database_url: str) -> Iterator[Callable[[str], str]]:
    """Makes a login that may read the views, and what a statement (on `odd_quant`) adds; its address."""
    connection.execute(f"CREATE ROLE {ODD} LOGIN")
    connection.execute(f"ALTER ROLE {ODD} SET temp_file_limit = '1MB'")
    connection.execute(f"ALTER ROLE {ODD} SET track_activities = off")
    connection.execute(f"GRANT USAGE ON SCHEMA quant_simulated TO {ODD}")
    connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA quant_simulated TO {ODD}")

    def make(statement: str) -> str:
        connection.execute(statement.encode())
        return url_of(database_url, ODD)

    yield make
    connection.execute(f"DROP OWNED BY {ODD}")
    connection.execute(f"DROP ROLE {ODD}")
