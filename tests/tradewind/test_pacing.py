"""A bulk load beside connectors works half of the time at most, and at full speed without them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import pytest

from connectors.recordings import MAX_ROWS_PER_RECORD
from market.bars import BarBatch
from market.sources import Feed, source_of
from market.ticks import TickBatch
from storage.arrivals import Arrivals
from storage.errors import DatabaseUnavailableError
from storage.outcomes import Outcome
from tests.connectors.support import NOW_US, Hands
from tradewind.pacing import LONGEST_PAUSE_S, RECENT_US, ROWS_BESIDE_CONNECTORS, Pace

COMMIT_S = 0.2


def outcome(offset: int) -> Outcome:
    return Outcome(
        partition="file:x",
        offset=offset,
        source=source_of("oanda", Feed.RECORDED),
        ticks=TickBatch.empty(),
        all_new=True,
        duplicates=0,
        quarantined=(),
        candles=BarBatch.empty(),
        stale_buckets=frozenset(),
        provider_bars=BarBatch.empty(),
    )


@dataclass
class Inbox:
    """Says when the newest record came; counts how often it was asked."""

    newest: int | None = None
    asked: int = 0
    away: bool = False

    def newest_us(self, now_us: int) -> int | None:
        self.asked += 1
        if self.away:
            raise DatabaseUnavailableError("gone")
        return self.newest


@dataclass
class Database:
    """Takes its time for a commit."""

    hands: Hands
    took_s: float = COMMIT_S
    commits: list[list[int]] = field(default_factory=list)

    def commit(self, outcomes: Sequence[Outcome]) -> None:
        self.commits.append([each.offset for each in outcomes])
        self.hands.now_us += round(self.took_s * 1e6)


def pace(inbox: Inbox, hands: Hands) -> Pace:
    return Pace(
        cast("Arrivals", inbox),
        clock=hands.clock,
        monotonic=hands.monotonic,
        sleep=hands.sleep_now,
    )


@pytest.mark.parametrize("newest_us", [None, NOW_US - RECENT_US - 1])
def test_without_connectors_all_is_one_commit_and_nothing_pauses(newest_us: int | None) -> None:
    hands = Hands()
    database = Database(hands)
    pace(Inbox(newest_us), hands).commit([outcome(0), outcome(1)], database.commit)
    assert database.commits == [[0, 1]]
    assert hands.slept_s == []


def test_beside_connectors_each_commit_is_followed_by_a_pause_as_long() -> None:
    hands = Hands()
    database = Database(hands)
    pace(Inbox(NOW_US), hands).commit([outcome(0), outcome(1)], database.commit)
    assert database.commits == [[0], [1]]
    assert hands.slept_s == pytest.approx([COMMIT_S, COMMIT_S])


def test_records_are_short_beside_connectors() -> None:
    hands = Hands()
    paced = pace(Inbox(NOW_US), hands)
    assert paced.max_rows() == MAX_ROWS_PER_RECORD
    paced.commit([outcome(0)], Database(hands).commit)
    assert paced.max_rows() == ROWS_BESIDE_CONNECTORS


def test_a_long_commit_does_not_stop_the_load() -> None:
    hands = Hands()
    pace(Inbox(NOW_US), hands).commit([outcome(0)], Database(hands, took_s=60.0).commit)
    assert hands.slept_s == [LONGEST_PAUSE_S]


def test_it_looks_once_a_second_and_notices_a_change() -> None:
    hands, inbox = Hands(), Inbox(NOW_US)
    database, paced = Database(hands), pace(inbox, hands)
    paced.commit([outcome(0)], database.commit)
    paced.commit([outcome(1)], database.commit)
    assert inbox.asked == 1
    hands.now_us += RECENT_US
    paced.commit([outcome(2), outcome(3)], database.commit)
    assert inbox.asked == 2
    assert database.commits[-1] == [2, 3]


def test_a_database_that_is_away_is_the_commits_to_report() -> None:
    hands = Hands()
    database = Database(hands)
    pace(Inbox(away=True), hands).commit([outcome(0)], database.commit)
    assert database.commits == [[0]]
