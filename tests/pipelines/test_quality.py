"""Verdicts: what is accepted, late, repeated, crossed or from the future."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from market.ticks import QUOTE, TRADE, Tick, TickBatch
from pipelines.quality import CROSSED, FUTURE, FUTURE_TOLERANCE_US, Judged, QualityState

NOW = 1_700_000_000_000_000


def quote(
    time_us: int, seq: int = 0, bid: str = "1.1", ask: str = "1.2", instrument: int = 1
) -> Tick:
    return Tick(time_us, instrument, 51, QUOTE, seq, bid=bid, ask=ask)


def trade(time_us: int, seq: int, instrument: int = 1) -> Tick:
    return Tick(time_us, instrument, 11, TRADE, seq, price="1.15", size="2")


def judge(*ticks: Tick, received_us: int = NOW) -> Judged:
    return QualityState().update(TickBatch.of(ticks), received_us)


def test_ticks_in_order_are_accepted_and_not_late() -> None:
    judged = judge(quote(NOW - 2), quote(NOW - 1), quote(NOW - 1, seq=1), trade(NOW - 5, 1))
    assert len(judged.accepted) == 4
    assert not judged.accepted.late.any()
    assert not judged.disordered


def test_an_equal_time_and_sequence_is_a_repeat() -> None:
    judged = judge(quote(NOW), quote(NOW), quote(NOW, seq=1), quote(NOW, seq=1))
    assert (len(judged.accepted), judged.repeated) == (2, 2)


def test_a_repeat_is_known_across_records() -> None:
    state = QualityState()
    state.update(TickBatch.of([trade(NOW, 7)]), NOW)
    judged = state.update(TickBatch.of([trade(NOW, 7), trade(NOW, 8)]), NOW)
    assert (len(judged.accepted), judged.repeated) == (1, 1)


def test_an_older_tick_is_late_and_makes_the_record_disordered() -> None:
    judged = judge(quote(NOW), quote(NOW - 1), quote(NOW + 1))
    assert judged.accepted.late.tolist() == [False, True, False]
    assert judged.disordered


def test_a_smaller_sequence_of_the_same_instant_is_disordered_but_not_late() -> None:
    judged = judge(trade(NOW, 8), trade(NOW, 7))
    assert judged.accepted.late.tolist() == [False, False]
    assert judged.disordered


def test_quotes_and_trades_have_clocks_of_their_own() -> None:
    judged = judge(trade(NOW, 1), quote(NOW - 1_280_000), trade(NOW + 1, 2))
    assert not judged.accepted.late.any()


def test_a_crossed_quote_is_refused_and_a_locked_one_is_not() -> None:
    judged = judge(quote(NOW, bid="1.3"), quote(NOW, bid="1.2"))
    assert judged.verdicts.tolist() == [CROSSED]
    assert judged.refused.rows() == TickBatch.of([quote(NOW, bid="1.3")]).rows()
    assert len(judged.accepted) == 1


def test_more_than_five_seconds_ahead_of_the_receiver_is_the_future() -> None:
    judged = judge(quote(NOW + FUTURE_TOLERANCE_US), quote(NOW + FUTURE_TOLERANCE_US + 1))
    assert judged.verdicts.tolist() == [FUTURE]
    assert len(judged.accepted) == 1


def test_a_refused_tick_does_not_make_the_next_one_late() -> None:
    judged = judge(quote(NOW + FUTURE_TOLERANCE_US + 1), quote(NOW))
    assert not judged.accepted.late.any()


def test_more_instruments_than_the_first_table_holds() -> None:
    ticks = [quote(NOW + n, instrument=n % 100 + 1) for n in range(1_000)]
    state = QualityState()
    assert len(state.update(TickBatch.of(ticks), NOW).accepted) == 1_000
    assert state.update(TickBatch.of(ticks[-100:]), NOW).repeated == 100


TICKS = st.lists(
    st.builds(
        quote,
        time_us=st.integers(NOW, NOW + 20),
        seq=st.integers(0, 3),
        bid=st.sampled_from(["1.1", "1.2", "1.3"]),
        instrument=st.integers(1, 3),
    ),
    max_size=40,
)


@given(TICKS, st.lists(st.integers(0, 40), max_size=4))
def test_verdicts_do_not_depend_on_how_the_log_is_cut(ticks: list[Tick], cuts: list[int]) -> None:
    whole = judge(*ticks)
    state, accepted, repeated = QualityState(), [], 0
    bounds = [0, *sorted(min(cut, len(ticks)) for cut in cuts), len(ticks)]
    for start, end in pairwise(bounds):
        judged = state.update(TickBatch.of(ticks[start:end]), NOW)
        accepted += list(zip(judged.accepted.rows(), judged.accepted.late, strict=True))
        repeated += judged.repeated
    assert accepted == list(zip(whole.accepted.rows(), whole.accepted.late, strict=True))
    assert repeated == whole.repeated
