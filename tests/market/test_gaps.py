"""Gaps: their words are stored, so they stay what they are."""

from market.gaps import Gap, GapCause, GapState
from market.sources import Feed, source_of


def test_stored_words_stay_what_they_are() -> None:
    assert [cause.value for cause in GapCause] == ["trade_ids", "heartbeat", "silence"]
    assert [state.value for state in GapState] == ["open", "filled", "lost"]


def test_a_gap_of_a_whole_partition_names_no_instrument_and_no_trade() -> None:
    gap = Gap(source_of("coingecko", Feed.LIVE), None, GapCause.SILENCE, 1, 2)
    assert (gap.instrument, gap.first_id, gap.last_id) == (None, None, None)
