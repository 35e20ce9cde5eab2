"""A running `up` under the load of its own sandbox."""

from collections.abc import Iterator

import pytest

from tests.chaos.checks import TICKS_PER_S
from tests.tradewind.support import Up, data_directory, running_up
from tradewind.ports import free_port

LOG_LENGTH = 2_000
"""Characters of each log that are shown where a test has failed."""


@pytest.fixture
def sandbox_port() -> int:
    """Chosen, so that nobody else takes it while the sandbox is down."""
    return free_port("127.0.0.1")


@pytest.fixture
def up(sandbox_port: int) -> Iterator[Up]:
    variables = {
        "TRADEWIND_SANDBOX_TICKS_PER_S": str(TICKS_PER_S),
        "TRADEWIND_SANDBOX_PORT": str(sandbox_port),
    }
    with data_directory() as data, running_up(data, variables=variables) as running:
        yield running
        stopped = running.stop()
        show(running)
        assert stopped == 0


def show(up: Up) -> None:
    """What all said, for a test that has failed."""
    print(up.output.read_text())
    for path in sorted((up.data / "logs").iterdir()):
        print(f"== {path.name}", path.read_text()[-LOG_LENGTH:], sep="\n")
