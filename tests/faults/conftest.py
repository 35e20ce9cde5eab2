"""One running Tradewind for the matrix, and its table at the end of the tests."""

from collections.abc import Iterator

import pytest

from tests.faults.lines import POLLED, STREAMED
from tests.faults.striking import Strike
from tests.faults.system import System
from tests.tradewind.support import data_directory, running_up, wait_until

DELIVERS_WITHIN_S = 60.0

_TABLE = pytest.StashKey[list[Strike]]()


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
def table(pytestconfig: pytest.Config) -> list[Strike]:
    """What is shown at the end of the tests."""
    return pytestconfig.stash.setdefault(_TABLE, [])


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Provider × fault → recovery in seconds."""
    strikes = config.stash.get(_TABLE, [])
    if not strikes:
        return
    terminalreporter.section("recovery after the removal of a fault, seconds (promised)")
    for strike in strikes:
        line, case = strike.cell.line.name, strike.cell.case.name
        terminalreporter.write_line(
            f"{line:<18} {case:<18} {strike.recovery_s:6.2f}  ({strike.cell.within_s:g})"
        )
