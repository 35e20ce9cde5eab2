"""What benchmarks share: the paired comparison and its report, and durable servers."""

import itertools
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import psycopg
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.report import Row, table, write
from storage.migrate import migrate
from tradewind.servers import Servers, start_servers
from tradewind.settings import load_settings

pytest_plugins = ["tests.conftest", "benchmarks.long_history"]

ROWS: list[Row] = []
ROUNDS = 5

_numbers = itertools.count()

NewDatabase = Callable[[], AbstractContextManager[str]]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if ROWS:
        write(ROWS)
        terminalreporter.write_line("")
        terminalreporter.write_line(table(ROWS))


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """The bundled servers as `up` runs them: commits are durable, unlike in the tests."""
    data = Path(tempfile.mkdtemp(prefix="tw-"))
    try:
        bundled = {"database_url": None, "redis_url": None, "run": None}
        settings = load_settings(data=data).model_copy(update=bundled)
        with start_servers(settings) as running:
            yield running
    finally:
        shutil.rmtree(data, ignore_errors=True)


@pytest.fixture(scope="session")
def new_database(servers: Servers) -> NewDatabase:
    """Makes a migrated database that lasts as long as a `with` block."""
    template = f"template_{next(_numbers)}"
    execute(servers.database_url, f"CREATE DATABASE {template}")
    migrate(_named(servers.database_url, template))

    @contextmanager
    def make() -> Iterator[str]:
        name = f"bench_{next(_numbers)}"
        execute(servers.database_url, f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield _named(servers.database_url, name)
        finally:
            execute(servers.database_url, f"DROP DATABASE {name} WITH (FORCE)")

    return make


@pytest.fixture
def server_directory(servers: Servers, tmp_path: Path) -> Path:
    """A directory whose files the database server can read."""
    (held,) = execute(servers.database_url, "SHOW data_directory")
    directory = Path(held[0]) / tmp_path.name
    directory.mkdir()
    return directory


def execute(database_url: str, statement: str) -> list[tuple[Any, ...]]:
    """Run one statement over a connection of its own; its rows, where it has any."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        # Statements of benchmarks hold no input from outside.
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


class Compare(Protocol):
    """Runs `ours` and `baseline` in turns and reports the median ratio of their rates, pair by pair.

    Each does `work` items a call (`baseline_work` where the baseline does fewer). Both are called once
    before, so that nothing is compiled while the clock runs; each `prepare…` is called before every
    call, off the clock.
    """

    def __call__(
        self,
        name: str,
        ours: Callable[[], object],
        baseline: Callable[[], object],
        *,
        baseline_name: str,
        work: int,
        target: str,
        baseline_work: int | None = None,
        unit: str = "ticks/s",
        rounds: int = ROUNDS,
        prepare: Callable[[], object] = ...,
        prepare_baseline: Callable[[], object] = ...,
    ) -> Row: ...


@pytest.fixture
def report() -> Callable[[Row], None]:
    """Takes a finished row."""
    return ROWS.append


@pytest.fixture
def compare(benchmark: BenchmarkFixture, report: Callable[[Row], None]) -> Compare:
    """See `Compare`."""

    def run(
        name: str,
        ours: Callable[[], object],
        baseline: Callable[[], object],
        *,
        baseline_name: str,
        work: int,
        target: str,
        baseline_work: int | None = None,
        unit: str = "ticks/s",
        rounds: int = ROUNDS,
        prepare: Callable[[], object] = _nothing,
        prepare_baseline: Callable[[], object] = _nothing,
    ) -> Row:
        for warm_up in (prepare, ours, prepare_baseline, baseline):
            warm_up()
        seconds: list[float] = []

        def take_turns() -> None:
            prepare_baseline()
            seconds.append(timed(baseline))
            prepare()

        rates = [work / own for own in measured(benchmark, ours, rounds, take_turns)]
        base_rates = [(baseline_work or work) / other for other in seconds]
        row = Row(
            name=name,
            ours=statistics.median(rates),
            unit=unit,
            baseline=statistics.median(base_rates),
            baseline_name=baseline_name,
            ratio=statistics.median(a / b for a, b in zip(rates, base_rates, strict=True)),
            target=target,
        )
        report(row)
        return row

    return run


def measured(
    benchmark: BenchmarkFixture,
    call: Callable[[], object],
    rounds: int,
    setup: Callable[[], None] | None = None,
) -> list[float]:
    """How many seconds each round took. pytest-benchmark runs them; `setup` is off its clock."""
    benchmark.pedantic(call, setup=setup, rounds=rounds)  # type: ignore[no-untyped-call]  # it has no types
    assert benchmark.stats is not None
    return [float(seconds) for seconds in benchmark.stats.stats.data]


def timed(call: Callable[[], object]) -> float:
    """How many seconds it takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _nothing() -> None:
    pass


def _named(database_url: str, name: str) -> str:
    return database_url.replace("@/tradewind?", f"@/{name}?")
