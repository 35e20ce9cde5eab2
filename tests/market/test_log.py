"""The words of the log."""

from dataclasses import FrozenInstanceError

import pytest

from market.log import LogRecord
from market.sources import Feed, source_of


def record(partition: str) -> LogRecord:
    return LogRecord(partition, 0, source_of("binance", Feed.LIVE), "frames", "", 0, b"")


@pytest.mark.parametrize(
    ("partition", "history"),
    [("binance-0", False), ("binance-backfill", True), ("file:0123456789abcdef", False)],
)
def test_history_is_told_by_the_partitions_name(partition: str, history: bool) -> None:
    assert record(partition).is_history is history


def test_a_record_does_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        record("binance-0").offset = 1  # type: ignore[misc]  # the very thing that must fail
