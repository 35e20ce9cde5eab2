"""What benchmarks share: the paired comparison, its report, and the servers of the tests."""

import statistics
import time
from collections.abc import Callable, Iterator

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.report import Row, table, write
from tests.conftest import *  # noqa: F403 - the fixtures of the tests: servers, databases, data

ROWS: list[Row] = []
ROUNDS = 5


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if ROWS:
        write(ROWS)
        terminalreporter.write_line("")
        terminalreporter.write_line(table(ROWS))


@pytest.fixture
def report() -> Callable[[Row], None]:
    """Takes a finished row."""
    return ROWS.append


Compare = Callable[..., Row]


@pytest.fixture
def compare(benchmark: BenchmarkFixture, report: Callable[[Row], None]) -> Iterator[Compare]:
    """Runs `ours` and `baseline` in turns and reports the median ratio of their rates, pair by pair.

    Each does `work` items a call (`baseline_work` where the baseline does fewer); both are called once
    before, so that nothing is compiled while the clock runs.
    """

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
    ) -> Row:
        ours()
        baseline()
        seconds: list[float] = []

        def time_baseline() -> None:
            start = time.perf_counter()
            baseline()
            seconds.append(time.perf_counter() - start)

        benchmark.pedantic(ours, setup=time_baseline, rounds=rounds)
        own_seconds = list(benchmark.stats.stats.data)
        rates = [work / own for own in own_seconds]
        base_rates = [(baseline_work or work) / other for other in seconds]
        ratio = statistics.median(a / b for a, b in zip(rates, base_rates, strict=True))
        row = Row(
            name,
            statistics.median(rates),
            unit,
            statistics.median(base_rates),
            baseline_name,
            ratio,
            target,
        )
        report(row)
        return row

    yield run
