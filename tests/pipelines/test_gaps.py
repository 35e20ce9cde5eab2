"""Gaps: found where ids jump, heartbeats run ahead or a stream falls silent, and nowhere else."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.bars import BarBatch
from market.gaps import Gap, GapCause
from market.log import Heartbeat, LogRecord, Parsed
from market.sources import Feed, Source, source_of
from market.ticks import QUOTE, TRADE, Tick, TickBatch
from pipelines.gaps import SILENCE_US, GapFinder, heard_nothing
from storage.gap_seeds import Heard

NOW = 1_700_000_000_000_000
COINBASE = source_of("coinbase", Feed.LIVE)
SECOND = 1_000_000


def trade(number: int, instrument: int = 111, time_us: int | None = None) -> Tick:
    at_us = NOW + number * SECOND if time_us is None else time_us
    return Tick(at_us, instrument, COINBASE.id, TRADE, number, price="10", size="1")


def heartbeat(second: int, last: int, instrument: int = 111) -> Heartbeat:
    return Heartbeat(NOW + second * SECOND, instrument, last)


def record(
    received_us: int = NOW,
    partition: str = "coinbase-live-0",
    source: Source = COINBASE,
    kind: str = "frames",
    payload: bytes = b"",
) -> LogRecord:
    return LogRecord(partition, 0, source, kind, "", received_us, payload)


def packed(*seconds: int) -> dict[str, Any]:
    """A record of frames that came so long after `NOW`."""
    times = [NOW + second * SECOND for second in seconds]
    return {
        "received_us": times[-1],
        "payload": b"".join(b"%d {}\n" % (time_us * 1_000) for time_us in times),
    }


def parsed(ticks: Sequence[Tick] = (), heartbeats: Sequence[Heartbeat] = ()) -> Parsed:
    return Parsed(TickBatch.of(ticks), BarBatch.empty(), (), tuple(heartbeats))


def find(*parts: Parsed, finder: GapFinder | None = None, **facts: Any) -> list[Gap]:
    finder = finder or GapFinder()
    return [gap for part in parts for gap in finder.update(record(**facts), part)]


def jump(first: int, last: int, instrument: int = 111) -> Gap:
    """The gap between the trades around these."""
    edges = NOW + (first - 1) * SECOND, NOW + (last + 1) * SECOND
    return Gap(COINBASE, instrument, GapCause.TRADE_IDS, *edges, first, last)


class TestTradeIds:
    def test_ids_that_follow_one_another_show_none(self) -> None:
        assert find(parsed([trade(5), trade(6)]), parsed([trade(7)])) == []

    def test_a_jump_within_a_record_and_between_two_is_a_gap_each(self) -> None:
        found = find(parsed([trade(5), trade(8)]), parsed([trade(8), trade(11)]))
        assert found == [jump(6, 7), jump(9, 10)]

    def test_instruments_are_counted_apart(self) -> None:
        ticks = [trade(5), trade(90, 112), trade(6), trade(92, 112)]
        assert find(parsed(ticks)) == [jump(91, 91, 112)]

    def test_what_is_repeated_or_older_is_none(self) -> None:
        replay = parsed([trade(n) for n in (3, 4, 5, 6)])
        assert find(parsed([trade(5), trade(6)]), replay, parsed([trade(7)])) == []

    def test_a_replay_that_begins_beyond_the_newest_shows_what_it_lacks(self) -> None:
        replay = parsed([trade(n) for n in (12, 10, 11)])
        assert find(parsed([trade(6)]), replay) == [jump(7, 9)]

    def test_the_order_within_a_record_does_not_matter(self) -> None:
        assert find(parsed([trade(5)]), parsed([trade(8), trade(6), trade(7)])) == []

    def test_a_venue_that_counts_anew_is_followed_from_there(self) -> None:
        later = NOW + 10_000 * SECOND
        anew = [trade(n, time_us=later + n) for n in (1, 2, 4)]
        (gap,) = find(parsed([trade(900)]), parsed(anew))
        assert (gap.first_id, gap.last_id) == (3, 3)

    def test_quotes_have_no_ids_that_count(self) -> None:
        quotes = [Tick(NOW, 111, COINBASE.id, QUOTE, n, bid="1", ask="2") for n in (1, 9)]
        assert find(parsed(quotes)) == []

    @pytest.mark.parametrize(
        "facts",
        [
            {"partition": "coinbase-live-backfill"},
            {"source": source_of("coinbase", Feed.RECORDED)},
            {"source": source_of("coingecko", Feed.LIVE), "partition": "coingecko-live-stream"},
        ],
        ids=["history", "recorded", "without ids"],
    )
    def test_where_nothing_is_followed_there_is_none(self, facts: dict[str, Any]) -> None:
        assert find(parsed([trade(5), trade(9)]), **facts) == []

    @given(st.sets(st.integers(1, 60), min_size=1), st.lists(st.integers(0, 60), max_size=6))
    def test_the_gaps_are_the_ids_between_those_that_came(
        self, ids: set[int], cuts: list[int]
    ) -> None:
        came = sorted(ids)
        bounds = [0, *sorted(cuts), len(came)]
        parts = [parsed([trade(n) for n in came[a:b]]) for a, b in pairwise(bounds)]
        wanted = [jump(a + 1, b - 1) for a, b in pairwise(came) if b > a + 1]
        assert find(*parts) == wanted


class TestSeeds:
    def test_a_gap_over_a_lost_state_is_found(self) -> None:
        heard = Heard(NOW, {111: (6, NOW + 6 * SECOND)})
        assert find(parsed([trade(9)]), finder=GapFinder.after(heard)) == [jump(7, 8)]

    def test_without_a_database_nothing_was_heard(self) -> None:
        assert GapFinder.after(heard_nothing(record())) == GapFinder()


class TestHeartbeats:
    def test_one_that_stays_ahead_until_the_next_tells_what_is_missing(self) -> None:
        found = find(
            parsed([trade(5)], [heartbeat(5, 7)]),
            parsed([], [heartbeat(6, 7)]),
            parsed([], [heartbeat(7, 7)]),
        )
        ends = NOW + 5 * SECOND, NOW + 6 * SECOND
        assert found == [Gap(COINBASE, 111, GapCause.HEARTBEAT, *ends, 6, 7)]

    def test_a_match_may_come_a_moment_later(self) -> None:
        found = find(
            parsed([trade(5)], [heartbeat(5, 7)]), parsed([trade(6), trade(7)], [heartbeat(6, 7)])
        )
        assert found == []

    def test_what_a_heartbeat_told_is_not_told_by_the_next_trade(self) -> None:
        found = find(
            parsed([trade(5)], [heartbeat(5, 7), heartbeat(6, 9)]),
            parsed([trade(10)], [heartbeat(11, 10)]),
        )
        told = [(gap.cause, gap.first_id, gap.last_id) for gap in found]
        assert told == [(GapCause.HEARTBEAT, 6, 7), (GapCause.TRADE_IDS, 8, 9)]

    def test_the_first_one_is_where_the_count_begins(self) -> None:
        assert find(parsed([], [heartbeat(1, 7), heartbeat(2, 7)]), parsed([trade(8)])) == []


class TestSilence:
    @pytest.mark.parametrize("over_us", [0, 1])
    def test_of_a_stream_beyond_its_interval_is_a_gap(self, over_us: int) -> None:
        finder, later = GapFinder(), NOW + SILENCE_US["coinbase"] + over_us
        assert finder.update(record(), parsed()) == []
        found = finder.update(record(later), parsed())
        silence = Gap(COINBASE, None, GapCause.SILENCE, NOW, later)
        assert found == ([silence] if over_us else [])

    def test_frames_that_a_slow_log_packed_together_were_heard_one_by_one(self) -> None:
        finder = GapFinder()
        finder.update(record(), parsed())
        assert find(parsed(), finder=finder, **packed(*range(1, 21))) == []
        assert find(parsed(), finder=finder, **packed(22)) == []

    def test_within_a_packed_record_is_a_gap(self) -> None:
        silence = Gap(COINBASE, None, GapCause.SILENCE, NOW + 2 * SECOND, NOW + 9 * SECOND)
        assert find(parsed(), **packed(1, 2, 9, 10)) == [silence]

    @pytest.mark.parametrize("facts", [{"kind": "trades"}, {"source": source_of("ecb", Feed.LIVE)}])
    def test_of_polls_and_of_what_has_no_stream_is_none(self, facts: dict[str, Any]) -> None:
        finder = GapFinder()
        for received_us in (NOW, NOW + 10**10):
            assert find(parsed(), finder=finder, received_us=received_us, **facts) == []
