"""Verdicts over records: what is accepted, late, repeated, set aside, released."""

import pickle
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from benchmarks.recordings import binance_files, fx_files, records_of
from connectors.parsing import parse
from market.instruments import CATALOGUE
from market.log import LogRecord
from market.quality import QualityRules, Tolerance
from market.sources import Feed, Source, source_of
from market.ticks import QUOTE, RATE, TRADE, Tick, TickBatch
from pipelines.outliers import ACCEPTED, OUTLIER
from pipelines.quality import Judge, Judged, QualityState
from pipelines.rules import INVERSE_BEYOND
from pipelines.verdicts import CROSSED, FUTURE, FUTURE_TOLERANCE_US, REASONS
from tests.reference.quality import ReferenceJudge

NOW = 1_700_000_000_000_000
"""A Tuesday."""
SATURDAY = NOW + 4 * 86_400_000_000
SOURCE = source_of("binance", Feed.LIVE)
BTC, EURUSD, AAPL = (CATALOGUE.by_symbol(name).id for name in ("BTC-USDT", "EUR-USD", "AAPL"))
JUDGE = Judge(CATALOGUE)


def quote(
    time_us: int, seq: int = 0, bid: str = "1.1", ask: str = "1.2", instrument: int = BTC
) -> Tick:
    return Tick(time_us, instrument, SOURCE.id, QUOTE, seq, bid=bid, ask=ask)


def trade(time_us: int, seq: int, price: str = "1.15", instrument: int = BTC) -> Tick:
    return Tick(time_us, instrument, SOURCE.id, TRADE, seq, price=price, size="2")


def rate(time_us: int, instrument: int = EURUSD, price: str = "1.1") -> Tick:
    return Tick(time_us, instrument, SOURCE.id, RATE, price=price)


def record(
    offset: int = 0, received_us: int = NOW, source: Source = SOURCE, partition: str = "p-0"
) -> LogRecord:
    return LogRecord(partition, offset, source, "", "", received_us, b"")


def judge(*ticks: Tick, state: QualityState | None = None, **facts: object) -> Judged:
    known = QualityState() if state is None else state
    return JUDGE(known, record(**facts), TickBatch.of(ticks))  # type: ignore[arg-type]  # by name


def reasons(judged: Judged) -> list[str]:
    return [REASONS[int(verdict)] for verdict in judged.verdicts]


class TestOrder:
    def test_ticks_in_order_are_accepted_and_not_late(self) -> None:
        judged = judge(quote(NOW - 2), quote(NOW - 1), quote(NOW - 1, seq=1), trade(NOW - 5, 1))
        assert len(judged.accepted) == 4
        assert not judged.accepted.late.any()
        assert not judged.disordered

    def test_an_equal_time_and_sequence_is_a_repeat(self) -> None:
        judged = judge(quote(NOW), quote(NOW), quote(NOW, seq=1), quote(NOW, seq=1))
        assert (len(judged.accepted), judged.repeated) == (2, 2)

    def test_a_repeat_is_known_across_records(self) -> None:
        state = QualityState()
        judge(trade(NOW, 7), state=state)
        judged = judge(trade(NOW, 7), trade(NOW, 8), state=state, offset=1)
        assert (len(judged.accepted), judged.repeated) == (1, 1)

    def test_an_older_tick_is_late_and_makes_the_record_disordered(self) -> None:
        judged = judge(quote(NOW), quote(NOW - 1), quote(NOW + 1))
        assert judged.accepted.late.tolist() == [False, True, False]
        assert judged.disordered

    def test_a_smaller_sequence_of_the_same_instant_is_disordered_but_not_late(self) -> None:
        judged = judge(trade(NOW, 8), trade(NOW, 7))
        assert judged.accepted.late.tolist() == [False, False]
        assert judged.disordered

    def test_quotes_and_trades_have_clocks_of_their_own(self) -> None:
        judged = judge(trade(NOW, 1), quote(NOW - 1_280_000), trade(NOW + 1, 2))
        assert not judged.accepted.late.any()

    def test_more_instruments_than_the_first_table_holds(self) -> None:
        ticks = [quote(NOW + n, instrument=n % 100 + 1) for n in range(1_000)]
        state = QualityState()
        assert len(judge(*ticks, state=state).accepted) == 1_000
        assert judge(*ticks[-100:], state=state).repeated == 100


class TestByItself:
    def test_a_crossed_quote_is_refused_and_a_locked_one_is_not(self) -> None:
        judged = judge(quote(NOW, bid="1.3"), quote(NOW, bid="1.2"))
        assert judged.verdicts.tolist() == [CROSSED]
        assert judged.refused.rows() == TickBatch.of([quote(NOW, bid="1.3")]).rows()
        assert judged.items.tolist() == [0]
        assert len(judged.accepted) == 1

    def test_more_than_five_seconds_ahead_of_the_receiver_is_the_future(self) -> None:
        judged = judge(quote(NOW + FUTURE_TOLERANCE_US), quote(NOW + FUTURE_TOLERANCE_US + 1))
        assert judged.verdicts.tolist() == [FUTURE]
        assert len(judged.accepted) == 1

    def test_a_refused_tick_does_not_make_the_next_one_late(self) -> None:
        judged = judge(quote(NOW + FUTURE_TOLERANCE_US + 1), quote(NOW))
        assert not judged.accepted.late.any()

    def test_all_trades_ahead_by_about_as_much_tell_that_our_clock_is_behind(self) -> None:
        ahead = [trade(NOW + 60_000_000 + n, n) for n in range(30)]
        assert (
            reasons(judge(*ahead)) == ["from the future"] * 19 + ["receiver's clock is behind"] * 11
        )

    def test_one_that_is_not_ahead_or_ahead_by_far_more_ends_the_suspicion(self) -> None:
        ahead = [trade(NOW + 60_000_000 + n, n) for n in range(30)]
        ahead[15] = trade(NOW, 15)
        assert set(reasons(judge(*ahead))) == {"from the future"}
        ahead[15] = trade(NOW + 90_000_000, 15)
        assert set(reasons(judge(*ahead))) == {"from the future"}

    @pytest.mark.parametrize(
        ("tick", "age_s", "stale"),
        [
            (rate(NOW, AAPL), 86_400, False),
            (rate(NOW, AAPL), 86_401, True),
            (quote(NOW), 86_401, True),
            (trade(NOW, 1), 10**7, False),
        ],
    )
    def test_a_quote_or_rate_older_than_its_source_allows_is_stale(
        self, tick: Tick, age_s: int, stale: bool
    ) -> None:
        source = source_of("coingecko", Feed.LIVE)
        received_us = NOW + age_s * 1_000_000
        judged = judge(tick, source=source, received_us=received_us)
        assert reasons(judged) == (["stale"] if stale else [])
        history = judge(tick, source=source, received_us=received_us, partition="p-backfill")
        assert len(history.accepted) == 1

    @pytest.mark.parametrize(
        ("tick", "feed", "closed"),
        [
            (rate(SATURDAY), Feed.LIVE, True),
            (rate(SATURDAY), Feed.RECORDED, True),
            (rate(SATURDAY), Feed.SIMULATED, False),
            (rate(NOW), Feed.LIVE, False),
            (trade(SATURDAY, 1), Feed.LIVE, False),
        ],
    )
    def test_no_rate_of_currencies_counts_at_the_weekend(
        self, tick: Tick, feed: Feed, closed: bool
    ) -> None:
        source = source_of("fixer", feed)
        judged = judge(tick, source=source, received_us=tick.time_us)
        assert reasons(judged) == (["market closed"] if closed else [])


def level(price: float, count: int, first: int = 0) -> list[Tick]:
    return [trade(NOW + n, n, f"{price + (n % 3) / 100:.2f}") for n in range(first, first + count)]


class TestSnapshot:
    def test_what_waits_is_taken_up_where_it_was(self) -> None:
        state = QualityState()
        ticks = [*level(100, 50), *level(110, 3, 50), quote(NOW)]
        judge(*ticks, state=state)
        again = pickle.loads(pickle.dumps(state))
        assert all(
            np.array_equal(getattr(state, name), getattr(again, name))
            for name in QualityState.__slots__
        )
        judged = judge(*level(110, 2, 53), state=again, offset=1)
        assert judged.released_from == ((0, 50), (0, 51), (0, 52))

    def test_of_an_ordinary_partition_is_small(self) -> None:
        state = QualityState()
        judge(*[trade(NOW, 1, instrument=n) for n in range(1, 31)], state=state)
        assert len(pickle.dumps(state)) < 70_000


class TestOutliers:
    def test_one_beyond_the_deviations_and_the_floor_is_set_aside(self) -> None:
        judged = judge(*level(100, 50), trade(NOW + 50, 50, "101"), *level(100, 9, 51))
        assert (reasons(judged), judged.items.tolist()) == (["outlier"], [50])
        assert len(judged.accepted) == 59

    def test_within_the_floor_or_the_deviations_none_is(self) -> None:
        calm = judge(*level(100, 50), trade(NOW + 50, 50, "100.50"))
        wild = [trade(NOW + n, n, str(100 + n % 2)) for n in range(50)]
        assert len(calm.verdicts) == len(judge(*wild, trade(NOW + 50, 50, "105")).verdicts) == 0

    def test_few_prices_judge_nobody(self) -> None:
        assert len(judge(*level(100, 9), trade(NOW + 9, 9, "500")).verdicts) == 0
        assert reasons(judge(*level(100, 10), trade(NOW + 10, 10, "500"))) == ["outlier"]

    def test_five_in_a_row_at_a_new_level_are_accepted_in_order(self) -> None:
        judged = judge(*level(100, 50), *level(110, 5, 50))
        assert len(judged.verdicts) == 0
        assert judged.accepted.seq.tolist() == list(range(55))
        assert not judged.disordered

    def test_those_of_earlier_records_are_named_and_come_first(self) -> None:
        state = QualityState()
        judge(*level(100, 50), state=state)
        for offset, first in ((1, 50), (2, 51)):
            judged = judge(*level(110, 1, first), state=state, offset=offset)
            assert (reasons(judged), judged.released_from) == (["outlier"], ())
        mixed = [quote(NOW), *level(110, 3, 52)]
        judged = judge(*mixed, state=state, offset=3)
        assert judged.released_from == ((1, 0), (2, 0))
        assert judged.released.rows() == TickBatch.of(level(110, 2, 50)).rows()
        assert judged.news.seq.tolist() == [50, 51, 0, 52, 53, 54]
        assert len(judged.verdicts) == 0
        assert len(judge(*level(110, 9, 55), state=state, offset=4).verdicts) == 0

    def test_four_and_then_the_old_level_stay_set_aside(self) -> None:
        state = QualityState()
        judge(*level(100, 50), *level(110, 4, 50), *level(100, 1, 54), state=state)
        judged = judge(*level(110, 4, 55), state=state, offset=1)
        assert (reasons(judged), judged.released_from) == (["outlier"] * 4, ())

    def test_one_that_is_unlike_the_first_begins_anew(self) -> None:
        judged = judge(*level(100, 50), *level(110, 4, 50), *level(120, 5, 54))
        assert judged.items.tolist() == [50, 51, 52, 53]

    def test_a_repeat_of_one_that_waits_is_no_evidence(self) -> None:
        again = [trade(NOW + 50, 50, "110")] * 5
        judged = judge(*level(100, 50), *again)
        assert (reasons(judged), judged.repeated) == (["outlier"], 4)

    def test_quotes_and_trades_have_windows_of_their_own(self) -> None:
        quotes = [quote(NOW + n, n, "50", "51") for n in range(50)]
        assert len(judge(*level(100, 50), *quotes).verdicts) == 0

    @pytest.mark.parametrize(
        ("instrument", "usual", "trap", "reason"),
        [
            (AAPL, "190", "19000", "minor units"),
            (AAPL, "190", "1.9", "minor units"),
            (EURUSD, "1.08", "0.9259", "inverted pair"),
            (EURUSD, "0.86", "1.1628", "inverted pair"),
            (BTC, "1.08", "0.9259", "outlier"),
            (BTC, "4", "0.25", "inverted pair"),
        ],
    )
    def test_traps_of_units_are_never_released(
        self, instrument: int, usual: str, trap: str, reason: str
    ) -> None:
        before = [trade(NOW + n, n, usual, instrument) for n in range(50)]
        after = [trade(NOW + n, n, trap, instrument) for n in range(50, 62)]
        found = reasons(judge(*before, *after))
        assert found == ([] if reason == "outlier" else [reason] * 12)
        assert reasons(judge(*before, after[0])) == [reason]

    def test_a_record_of_history_is_not_judged_by_the_one_before(self) -> None:
        repaired, state = "binance-live-backfill", QualityState()
        judge(*level(100, 50), *level(110, 2, 50), state=state, partition=repaired)
        three = level(120, 3, 90)
        later = judge(*three, state=state, partition=repaired, offset=1)
        assert (len(later.accepted), later.released_from) == (3, ())
        assert (
            reasons(judge(*level(120, 9, 93), *level(150, 1, 102), state=state, partition=repaired))
            == []
        )
        within = [*level(120, 20, 200), *level(150, 1, 220), *level(120, 1, 221)]
        assert reasons(judge(*within, state=state, partition=repaired)) == ["outlier"]

    def test_rules_of_an_instrument_are_its_own(self) -> None:
        rules = QualityRules(by_symbol={"BTC-USDT": Tolerance(floor=0.2)})
        ticks = [
            trade(NOW + n, n, "100" if n < 50 else "110", instrument)
            for n in range(51)
            for instrument in (BTC, AAPL)
        ]
        judged = Judge(CATALOGUE, rules)(QualityState(), record(), TickBatch.of(ticks))
        assert judged.refused.instrument.tolist() == [AAPL]

    def test_rates_of_the_providers_named_are_fixings(self) -> None:
        ticks = [rate(NOW + n, price="1.2" if n < 50 else "0.98") for n in range(51)]
        ecb, fixer = (source_of(name, Feed.RECORDED) for name in ("ecb", "fixer"))
        assert reasons(judge(*ticks, source=ecb)) == []
        assert reasons(judge(*ticks, source=fixer)) == ["outlier"]
        held = Judge(CATALOGUE, QualityRules(fixings=frozenset()))
        judged = held(QualityState(), record(source=ecb), TickBatch.of(ticks))
        assert reasons(judged) == ["outlier"]

    def test_a_state_goes_on_under_a_smaller_window(self) -> None:
        state = QualityState()
        judge(*level(100, 50), state=state)
        small = Judge(CATALOGUE, QualityRules(Tolerance(window=20)))
        ticks = TickBatch.of([*level(100, 30, 50), trade(NOW + 80, 80, "150")])
        assert reasons(small(state, record(1), ticks)) == ["outlier"]


PRICES = st.sampled_from(
    ["100", "100.3", "100.6", "101", "110", "110.2", "99", "1", "10000", "0.01"]
)
ONE = (
    st.builds(
        trade, st.integers(NOW, NOW + 40), st.integers(0, 3), PRICES, st.sampled_from([BTC, AAPL])
    )
    | st.builds(quote, st.integers(NOW, NOW + 40), st.integers(0, 1), PRICES, PRICES)
    | st.builds(quote, st.integers(NOW + 5_000_000, NOW + 5_000_040), st.integers(0, 1))
    | st.builds(trade, st.integers(NOW + 5_000_000, NOW + 5_000_040), st.just(9))
)


def run_of(price: str, first: int, count: int) -> list[Tick]:
    """Trades at one price, in order."""
    return [trade(NOW + first + n, n, price) for n in range(count)]


TICKS = st.lists(
    ONE.map(lambda tick: [tick]) | st.builds(run_of, PRICES, st.integers(0, 60), st.integers(2, 7)),
    min_size=5,
    max_size=25,
).map(lambda parts: [tick for part in parts for tick in part])
RULES = st.builds(
    Tolerance,
    floor=st.sampled_from([0.005, 0.001, 0.02]),
    deviations=st.sampled_from([10.0, 2.0]),
    window=st.sampled_from([50, 7, 3]),
    minimum=st.sampled_from([2, 3]),
)
CUTS = st.lists(st.integers(0, 60), max_size=20)


@settings(max_examples=300)
@given(TICKS, RULES, CUTS)
def test_verdicts_equal_the_reference_wherever_the_log_is_cut(
    ticks: list[Tick], tolerance: Tolerance, cuts: list[int]
) -> None:
    judge_ = Judge(CATALOGUE, QualityRules(tolerance))
    reference = ReferenceJudge(tolerance, INVERSE_BEYOND, 3_600_000_000)
    state, origins = QualityState(), {}
    accepted: list[tuple[Tick, bool]] = []
    verdicts: dict[tuple[int, int], str] = {}
    bounds = [0, *sorted(min(cut, len(ticks)) for cut in cuts), len(ticks)]
    for offset, (start, end) in enumerate(pairwise(bounds)):
        judged = judge_(state, record(offset), TickBatch.of(ticks[start:end]))
        accepted += list(zip(judged.news.rows(), judged.news.late.tolist(), strict=True))
        event("released" if judged.released_from else "none released")
        for origin in judged.released_from:
            assert verdicts.pop(origin) == "outlier"
        for item, verdict in zip(judged.items, judged.verdicts, strict=True):
            verdicts[offset, int(item)] = REASONS[int(verdict)]
        for row, tick in enumerate(ticks[start:end]):
            origins[offset, row] = tick
            reference.judge(tick, (offset, row), NOW)
    wanted = {
        origin: verdict
        for origin, verdict in reference.verdicts.items()
        if verdict not in ("accepted", "repeated")
    }
    assert verdicts == wanted
    assert _by_lane(accepted) == _by_lane(
        [(TickBatch.of([origins[origin]]).row(0), late) for origin, late in reference.accepted]
    )


def _by_lane(rows: list[tuple[Tick, bool]]) -> list[tuple[Tick, bool]]:
    """In the order of each lane: how lanes interleave is of no consequence."""
    return sorted(rows, key=lambda row: (row[0].instrument, row[0].kind == QUOTE))


@pytest.mark.parametrize("files", [fx_files, binance_files], ids=["oanda", "binance"])
def test_the_recorded_sets_yield_no_quarantine(test_data: Path, files: object) -> None:
    assert callable(files)
    states: dict[str, QualityState] = {}
    verdicts = []
    total = 0
    for item in records_of(files(test_data)):
        ticks = parse(item, CATALOGUE).ticks
        judged = JUDGE(states.setdefault(item.partition, QualityState()), item, ticks)
        total += len(ticks)
        verdicts += [REASONS[int(verdict)] for verdict in judged.verdicts]
    assert verdicts == []
    assert total > 100_000


def test_constants_do_not_collide() -> None:
    assert ACCEPTED not in REASONS
    assert REASONS[OUTLIER] == "outlier"
    assert len(np.unique(list(REASONS))) == len(REASONS)
