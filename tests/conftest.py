"""Fixtures that any test may use: the bundled servers, a fresh database, the recorded data."""

import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from storage.migrate import migrate
from tests.timescale.gateway import Gateway
from tradewind.servers import Servers, start_servers
from tradewind.settings import load_settings

REPOSITORY = Path(__file__).resolve().parent.parent
TEMPLATE = "template_migrated"
PLAIN, TIMESCALE = "plain", "timescale"

_UNDURABLE = {
    # A killed process loses nothing by these, a machine without power would.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
}
_MEMORY = Path("/dev/shm")
_ENOUGH_MEMORY = 4 << 30
"""Bytes that must be free there before the servers of the tests are put into it."""
_LONG = {"browser", "chaos", "faults", "test_guided.py", "test_processes.py", "test_replay.py"}
"""Folders and modules whose tests run whole processes, and wait for them."""
_numbers = itertools.count()


def pytest_configure(config: pytest.Config) -> None:
    """The marks that say what a test's database may be."""
    config.addinivalue_line("markers", "both_backends: runs on TimescaleDB too")
    config.addinivalue_line(
        "markers", "plain_only(why): among those of both_backends, but not run on TimescaleDB"
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where two test at once, begin with the long ones: else one of them ends alone with these."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: not _LONG.isdisjoint(item.path.parts))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what is marked `both_backends` on both, unless it is `plain_only`."""
    marks = {mark.name for mark in metafunc.definition.iter_markers()}
    both = "both_backends" in marks and "plain_only" not in marks
    if both and "database_url" in metafunc.fixturenames:
        metafunc.parametrize("database_url", [PLAIN, TIMESCALE], indirect=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With CI=true nothing is skipped: what would be has failed."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI") == "true":
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} is skipped, which CI=true forbids: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """The bundled PostgreSQL and Valkey, on a data directory of this session."""
    # Not pytest's own directory: its path is too long for a socket.
    data = Path(tempfile.mkdtemp(prefix="tw-", dir=_quick_directory()))
    try:
        bundled = {"database_url": None, "redis_url": None, "run": None}
        settings = load_settings(data=data).model_copy(update=bundled)
        with start_servers(settings, postgres_options=_UNDURABLE) as running:
            yield running
    finally:
        shutil.rmtree(data, ignore_errors=True)


@pytest.fixture(scope="session")
def _template(servers: Servers) -> str:
    """The name of a database that has the current schema."""
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {TEMPLATE}")
    migrate(_named(servers.database_url, TEMPLATE))
    return TEMPLATE


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """A database of this test's own, with the current schema and nothing else in it.

    A test or module marked `both_backends` runs twice: on plain PostgreSQL and on TimescaleDB.
    """
    name = "timescale_url" if getattr(request, "param", PLAIN) == TIMESCALE else "plain_url"
    return str(request.getfixturevalue(name))


@pytest.fixture(scope="session")
def _new_database(servers: Servers, _template: str) -> Iterator[Callable[[], str]]:
    """Makes a database like the template, and drops the one before; its address."""
    left: list[str] = []
    with psycopg.connect(servers.database_url, autocommit=True) as connection:

        def make() -> str:
            # Not at once at a test's end: that would wait for sessions which are just closing.
            for name in left:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
            left[:] = [f"test_{next(_numbers)}"]
            connection.execute(f"CREATE DATABASE {left[0]} TEMPLATE {_template} STRATEGY file_copy")
            return _named(servers.database_url, left[0])

        yield make


@pytest.fixture
def plain_url(_new_database: Callable[[], str]) -> str:
    """A database on plain PostgreSQL, with the current schema and nothing else in it."""
    return _new_database()


@pytest.fixture(scope="session")
def timescale() -> Iterator[Gateway]:
    """A real TimescaleDB with the current schema, which any test may change and `reset`."""
    with Gateway() as gateway:
        with psycopg.connect(gateway.url, autocommit=True) as connection:
            connection.execute("CREATE EXTENSION timescaledb")
        migrate(gateway.url)
        gateway.keep()
        yield gateway


@pytest.fixture
def timescale_url(timescale: Gateway) -> str:
    """A database on TimescaleDB, with the current schema and nothing else in it."""
    timescale.reset()
    return timescale.url


@pytest.fixture(params=[PLAIN, TIMESCALE])
def any_database_url(request: pytest.FixtureRequest) -> str:
    """`plain_url`, and then `timescale_url`: for what must be so on both."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def redis_url(servers: Servers) -> str:
    """Valkey with nothing in it."""
    with redis.Redis.from_url(servers.redis_url) as client:
        client.flushall()
    return servers.redis_url


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The recorded data; skips where it is not there, fails where CI says so."""
    given = os.environ.get("TRADEWIND_TEST_DATA")
    found = Path(given) if given else REPOSITORY.parent / "shared" / "data"
    if not (found / "MANIFEST.md").exists():
        reason = f"no recorded data in {found}: set TRADEWIND_TEST_DATA"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found.resolve()


def _quick_directory() -> Path | None:
    """Memory, where the machine has a lot: a database a test is many files, made and removed."""
    if not _MEMORY.is_dir():
        return None
    return _MEMORY if shutil.disk_usage(_MEMORY).free >= _ENOUGH_MEMORY else None


def _named(database_url: str, name: str) -> str:
    return database_url.replace("@/tradewind?", f"@/{name}?")
