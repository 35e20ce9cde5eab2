"""Any log, with outliers: in any grouping and after any crash, books and candles are those of the ticks.

The oracle is the plain judge: it says which ticks are accepted, and when those are that had to wait.
"""

from collections import Counter
from decimal import Decimal
from typing import Any

import psycopg
from hypothesis import event, given, settings
from hypothesis import strategies as st

from market.clock import datetime_of
from market.log import LogRecord
from market.quality import Tolerance
from market.ticks import TRADE, Tick, TickBatch
from pipelines.rules import INVERSE_BEYOND
from storage.books import Totals, totals
from tests.pipelines.logs import record
from tests.reference.candles import candles
from tests.reference.quality import ReferenceJudge
from tests.storage.driving import Driver
from tests.storage.making import SOURCE, START_US, candle_texts, empty, numbers, text, trade

Connection = psycopg.Connection[Any]
PARTITION = "binance-0"
CALM = [trade(n * 1_000_000, n, 100, "0.5") for n in range(12)]
"""A window's worth of one price, so that whatever is far from it is an outlier."""


def at_level(price: int, first: int, count: int) -> list[Tick]:
    """Trades at one level, a second apart, whose ids and prices follow from their time."""
    return [
        trade(n * 1_000_000, n, f"{price}.{n % 4}", f"0.{1 + n % 9}")
        for n in range(first, first + count)
    ]


@st.composite
def disordered_levels(draw: st.DrawFn) -> list[Tick]:
    """Prices that jump from level to level, with single wrong ones, latecomers and repeats."""
    ticks, at = list(CALM), len(CALM)
    for _ in range(draw(st.integers(1, 6))):
        count = draw(st.sampled_from([1, 2, 4, 5, 6, 9]))
        ticks += at_level(draw(st.sampled_from([100, 110, 125])), at, count)
        at += draw(st.sampled_from([count, count, count + 55]))
    moves = st.tuples(st.integers(0, 80), st.integers(-20, 20), st.booleans())
    for which, further, is_repeat in draw(st.lists(moves, max_size=6)):
        if which < len(ticks):
            tick = ticks[which] if is_repeat else ticks.pop(which)
            ticks.insert(max(0, which + further), tick)
    return ticks


@st.composite
def logs(draw: st.DrawFn) -> list[LogRecord]:
    """The ticks in records, some of which are read a second time as later ones (a replay)."""
    ticks = draw(disordered_levels())
    parts = []
    while ticks:
        count = draw(st.integers(1, 12))
        parts.append(ticks[:count])
        ticks = ticks[count:]
    for at in draw(st.lists(st.integers(0, len(parts) - 1), max_size=3)):
        parts.insert(draw(st.integers(at, len(parts))), parts[at])
    return [record(offset, part, PARTITION) for offset, part in enumerate(parts)]


def accepted_of(log: list[LogRecord]) -> tuple[list[Tick], Counter[str]]:
    """The accepted ticks in the order in which they became so, and how many verdicts there are."""
    judge = ReferenceJudge(Tolerance(), INVERSE_BEYOND, 10**18)
    ticks = {}
    for item in log:
        for row, tick in enumerate(TickBatch.from_bytes(item.payload).rows()):
            ticks[item.offset, row] = tick
            judge.judge(tick, (item.offset, row), item.received_us)
    return [ticks[origin] for origin, _ in judge.accepted], Counter(judge.verdicts.values())


def assert_all_is_right(connection: Connection, database_url: str, log: list[LogRecord]) -> None:
    """Books by record, ticks and candles are what the plain way gives."""
    accepted, verdicts = accepted_of(log)
    unique = {(t.time_us, t.kind, t.seq): t for t in reversed(accepted)}
    assert totals(database_url, [PARTITION]) == Totals(
        len(unique),
        verdicts["outlier"],
        verdicts["repeated"] + len(accepted) - len(unique),
        0,
    )
    entered = numbers(
        connection,
        "SELECT log_offset, ticks + quarantined + duplicates FROM market.inbox_done ORDER BY 1",
    )
    assert entered == [(item.offset, len(TickBatch.from_bytes(item.payload))) for item in log]
    by_record = "SELECT log_offset, quarantined FROM market.inbox_done WHERE quarantined > 0"
    kept = "SELECT log_offset, count(*) FROM market.quarantine GROUP BY 1"
    assert sorted(numbers(connection, by_record)) == sorted(numbers(connection, kept))
    assert candle_texts(connection) == {
        (datetime_of(time_us), instrument, chr(side)): (
            *(text(each) for each in (made.open, made.high, made.low, made.close)),
            *(text(made.volume), made.ticks),
        )
        for (time_us, instrument, _, side), made in candles(accepted).items()
    }


_RELEASED = "SELECT 1 FROM market.ticks WHERE price > 105 LIMIT 1"


def clear(connection: Connection) -> None:
    empty(connection)
    connection.execute(
        "TRUNCATE market.quarantine, market.inbox_done,"
        " market.inbox_consumers, market.inbox_partitions CASCADE"
    )


@settings(max_examples=60)
@given(logs(), st.data())
def test_in_any_grouping_and_fed_again_after_any_crash(
    database_url: str, connection: Connection, log: list[LogRecord], data: st.DataObject
) -> None:
    clear(connection)
    with Driver(database_url, log) as driver:
        snapshots = [driver.snapshot()]
        for count in data.draw(st.lists(st.integers(1, 4), max_size=6)):
            driver.step(count)
            snapshots.append(driver.snapshot())
            if data.draw(st.booleans()):
                driver.crash(data.draw(st.sampled_from(snapshots)))
        driver.step(len(log))
    event(f"released: {bool(numbers(connection, _RELEASED))}")
    assert_all_is_right(connection, database_url, log)


def test_the_first_four_of_a_new_level_are_moved_when_the_fifth_comes(
    database_url: str, connection: Connection
) -> None:
    log = [record(n, part, PARTITION) for n, part in enumerate([CALM, *([t] for t in LEVEL)])]
    with Driver(database_url, log) as driver:
        driver.step(5)
        assert numbers(connection, "SELECT log_offset, item, reason FROM market.quarantine") == [
            (offset, 0, "outlier") for offset in range(1, 5)
        ]
        driver.step(1)
    assert numbers(connection, "SELECT count(*) FROM market.quarantine") == [(0,)]
    assert_all_is_right(connection, database_url, log)
    prices = numbers(connection, "SELECT price FROM market.ticks WHERE price > 105 ORDER BY time")
    assert [price for (price,) in prices] == [Decimal(str(tick.price)) for tick in LEVEL]
    assert all(tick.kind == TRADE and tick.source == SOURCE.id for tick in LEVEL)
    assert LEVEL[0].time_us > START_US


LEVEL = at_level(110, 50, 5)
