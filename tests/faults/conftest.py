"""One running Tradewind for the matrix, and its table at the end of the tests."""

from collections.abc import Iterator

import pytest

from tests.faults.lines import POLLED, STREAMED
from tests.faults.striking import Strike
from tests.faults.system import System
from tests.tradewind.support import data_directory, running_up, wait_until

DELIVERS_WITHIN_S = 60.0

_ROW = "recovery"


@pytest.fixture(scope="package")
def system() -> Iterator[System]:
    """All lines deliver."""
    with data_directory() as data, running_up(data) as up:
        running = System(up)
        for line in (*POLLED, *STREAMED):
            wait_until(
                lambda name=line.partition: running.good_us(name, 0) is not None,  # type: ignore[misc]  # bound as it is now
                DELIVERS_WITHIN_S,
                f"{line.name} delivers",
            )
        yield running
        running.close()
        stopped = up.stop()
        print(up.output.read_text())  # shown where a test has failed
        assert stopped == 0


@pytest.fixture
def table(request: pytest.FixtureRequest) -> Iterator[list[Strike]]:
    """What is shown at the end of the tests, by whichever process runs them."""
    strikes: list[Strike] = []
    yield strikes
    request.node.user_properties.extend((_ROW, _shown(strike)) for strike in strikes)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Provider × fault → recovery in seconds."""
    ended = terminalreporter.getreports("")
    rows = [row for report in ended for name, row in report.user_properties if name == _ROW]
    if not rows:
        return
    terminalreporter.section("recovery after the removal of a fault, seconds (promised)")
    for row in rows:
        terminalreporter.write_line(row)


def _shown(strike: Strike) -> str:
    line, case = strike.cell.line.name, strike.cell.case.name
    return f"{line:<18} {case:<18} {strike.recovery_s:6.2f}  ({strike.cell.within_s:g})"
