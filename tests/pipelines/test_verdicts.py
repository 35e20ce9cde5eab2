"""The verdicts' kernel: it tallies, and every reason has its words. What it decides: `test_quality`."""

import numpy as np

from market.instruments import CATALOGUE
from market.quality import QualityRules
from market.ticks import RATE, TRADE, Tick, TickBatch
from pipelines.outliers import ACCEPTED, INVERTED, MINOR_UNITS, OUTLIER
from pipelines.quality import QualityState
from pipelines.rules import RuleTable
from pipelines.slots import take_slots
from pipelines.verdicts import (
    DISORDERED,
    FUTURE,
    REASONS,
    RELEASED,
    RELEASED_COLUMNS,
    REPEATED,
    judge_rows,
)


def judge(ticks: list[Tick], *, fixings: bool = False) -> tuple[list[int], list[int]]:
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
        (0, 10**9, 0, fixings),
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


EURUSD = CATALOGUE.by_symbol("EUR-USD").id


def series(*prices: str, kind: int = RATE) -> list[Tick]:
    """Fifty prices of 1.20, and then these."""
    return [
        Tick(n, EURUSD, 91, kind, price=price) for n, price in enumerate(["1.20"] * 50 + [*prices])
    ]


def test_a_fixing_is_no_outlier_and_those_before_it_are_none_by_it() -> None:
    peg_and_its_end = series("0.98", "1.04", "1.20", "1.70", "1.20")
    assert judge(peg_and_its_end, fixings=True) == ([ACCEPTED] * 55, [0, 0])
    assert judge(peg_and_its_end)[0][50:] == [OUTLIER, OUTLIER, ACCEPTED, OUTLIER, ACCEPTED]
    trades = series("0.98", kind=TRADE)
    assert judge(trades, fixings=True)[0][50:] == [OUTLIER]


def test_a_fixing_in_wrong_units_inverted_or_from_the_future_is_set_aside() -> None:
    traps = series("120", "0.0120", "0.8333", *["120"] * 5)
    found, _ = judge(traps, fixings=True)
    assert found[50:] == [MINOR_UNITS, MINOR_UNITS, INVERTED] + [MINOR_UNITS] * 5
    ahead = Tick(10**10, EURUSD, 91, RATE, price="1.20")
    assert judge([ahead], fixings=True)[0] == [FUTURE]


def test_every_reason_to_set_aside_has_words_of_its_own() -> None:
    assert len(set(REASONS.values())) == len(REASONS)
    assert not {ACCEPTED, REPEATED} & set(REASONS)
