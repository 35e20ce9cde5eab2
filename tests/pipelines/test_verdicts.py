"""The verdicts' kernel: it tallies, and every reason has its words. What it decides: `test_quality`."""

import numpy as np

from market.instruments import CATALOGUE
from market.quality import QualityRules
from market.ticks import TRADE, Tick, TickBatch
from pipelines.outliers import ACCEPTED
from pipelines.quality import QualityState
from pipelines.rules import RuleTable
from pipelines.slots import take_slots
from pipelines.verdicts import (
    DISORDERED,
    REASONS,
    RELEASED,
    RELEASED_COLUMNS,
    REPEATED,
    judge_rows,
)


def judge(ticks: list[Tick]) -> tuple[list[int], list[int]]:
    """Verdicts and tally of one record."""
    batch, state = TickBatch.of(ticks), QualityState()
    assert take_slots(state.slots, batch.instrument, batch.source)
    table = RuleTable.of(CATALOGUE, QualityRules())
    verdicts, tally = np.zeros(len(batch), np.int8), np.zeros(2, np.int64)
    judge_rows(
        (batch.time, batch.seq, batch.bid, batch.ask, batch.price, batch.size),
        (batch.instrument, batch.source, batch.kind, batch.exponent, batch.size_exponent),
        (
            *(state.slots, state.newest, state.window, state.sums),
            *(state.counts, state.held, state.ahead),
        ),
        (0, 10**9, 0),
        (table.numbers, table.is_fx, np.zeros((0, 2), np.int64)),
        (
            *(verdicts, np.zeros(len(batch), np.bool_)),
            *(np.zeros((0, RELEASED_COLUMNS), np.int64), tally),
        ),
    )
    return verdicts.tolist(), tally.tolist()


def trade(time_us: int, seq: int = 0) -> Tick:
    return Tick(time_us, 101, 11, TRADE, seq, price="10", size="1")


def test_the_tally_says_whether_a_tick_is_not_the_newest() -> None:
    assert judge([trade(5), trade(6), trade(6)]) == ([ACCEPTED, ACCEPTED, REPEATED], [0, 0])
    verdicts, tally = judge([trade(5), trade(4)])
    assert verdicts == [ACCEPTED, ACCEPTED]
    assert (tally[DISORDERED], tally[RELEASED]) == (1, 0)


def test_an_instrument_beyond_the_table_is_judged_by_the_default() -> None:
    stranger = Tick(5, 9_999, 11, TRADE, price="10")
    assert judge([stranger]) == ([ACCEPTED], [0, 0])


def test_every_reason_to_set_aside_has_words_of_its_own() -> None:
    assert len(set(REASONS.values())) == len(REASONS)
    assert not {ACCEPTED, REPEATED} & set(REASONS)
