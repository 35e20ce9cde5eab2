"""The corpus of the recorded data; without the data, the tests that need it skip (with CI=true: fail)."""

from pathlib import Path

import pytest

from tests.fuzz.corpus import corpus
from tests.fuzz.entry import Entry


@pytest.fixture(scope="session")
def entries(test_data: Path) -> tuple[Entry, ...]:
    """Every entry of the corpus."""
    return corpus(test_data)
