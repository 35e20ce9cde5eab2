"""What the sandbox's tests share: a fixed moment, a world, the recorded responses."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.wire import Answer, Request, World, build_world
from market.clock import microseconds

NOW_US = microseconds(datetime(2026, 11, 24, 15, 4, 5, 678_000, UTC))
"""A Tuesday, 10:04 in New York: every market is open in either profile."""


@pytest.fixture(scope="session")
def premium() -> World:
    return build_world("premium", seed=7, ticks_per_s=250)


@pytest.fixture
def free() -> World:
    return build_world("free", seed=7, ticks_per_s=250)


@pytest.fixture(scope="session")
def recorded() -> Callable[[str], Any]:
    """Reads a recorded response; CoinGecko's begin with three lines that are not JSON."""
    default = Path(__file__).parents[4] / "shared" / "data"
    root = Path(os.environ.get("TRADEWIND_TEST_DATA", default)) / "rest"

    def read(name: str) -> Any:
        text = (root / name).read_text()
        return json.loads(text if text.startswith("{") else text.split("\n", 3)[3])

    return read


def get(path: str = "", now_us: int = NOW_US, /, **query: str) -> Request:
    return Request(path, query, {}, now_us)


def body(answer: Answer) -> Any:
    return json.loads(answer.body)
