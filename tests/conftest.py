"""What tests share: real servers for the session, a database of their own, recorded data."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import redis
from psycopg import sql

from storage.migrate import migrate
from tradewind.servers import Servers, start_servers
from tradewind.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = "template_migrated"
# What a test commits need not outlive the machine.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

_numbers = count(1)


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """The bundled PostgreSQL and Valkey, for all tests of the session."""
    # Not pytest's own directory: the path of a socket must be short.
    data = Path(tempfile.mkdtemp(prefix="tw-"))
    settings = Settings(_env_file=None, data=data, run=None, database_url=None, redis_url=None)
    try:
        with start_servers(settings, postgres_options=FAST) as running:
            yield running
    finally:
        shutil.rmtree(data)


@pytest.fixture(scope="session")
def migrated_template(servers: Servers) -> str:
    """The name of a migrated database, of which every test gets a copy."""
    _administer(servers, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
    migrate(_with_database(servers.database_url, TEMPLATE))
    return TEMPLATE


@pytest.fixture
def database_url(servers: Servers, migrated_template: str) -> Iterator[str]:
    """The URL of a migrated, otherwise empty database for one test."""
    name = sql.Identifier(f"test_{next(_numbers)}")
    template = sql.Identifier(migrated_template)
    _administer(servers, sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, template))
    yield _with_database(servers.database_url, name.as_string().strip('"'))
    _administer(servers, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@pytest.fixture
def redis_url(servers: Servers) -> str:
    """The URL of an empty Valkey."""
    with redis.Redis.from_url(servers.redis_url) as client:
        client.flushall()
    return servers.redis_url


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The directory of recorded market data; skips where it is absent, fails there under CI."""
    chosen = os.environ.get("TRADEWIND_TEST_DATA")
    path = Path(chosen) if chosen else ROOT.parent / "shared" / "data"
    if not path.is_dir():
        reason = f"no recorded data in {path}; set TRADEWIND_TEST_DATA"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path.resolve()


def _administer(servers: Servers, statement: sql.Composed) -> None:
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(statement)


def _with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
