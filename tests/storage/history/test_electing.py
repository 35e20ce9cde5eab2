"""The election among rows of one time."""

import numpy as np
import pyarrow as pa

from market.sources import Feed
from storage.history.electing import ranked
from tests.storage.history.making import BINANCE, COINGECKO

TICKS = np.array([True, True, True, True, False])


def rows(times: list[int], sources: list[int], sides: list[int]) -> pa.Table:
    return pa.table(
        {
            "time": pa.array(times, pa.timestamp("us", "UTC")),
            "source_id": pa.array(sources, pa.int16()),
            "preference": pa.array(sides, pa.int16()),
        }
    )


def test_ticks_come_first_then_the_side_then_the_rank() -> None:
    table = rows(
        [2, 1, 1, 1, 1], [BINANCE, COINGECKO, COINGECKO, BINANCE, BINANCE], [0, 1, 0, 1, 0]
    )
    choice = ranked(table, TICKS, Feed.RECORDED)
    assert choice.order.tolist() == [2, 3, 1, 4, 0]
    assert choice.best.tolist() == [2, 0]
    assert choice.counts.tolist() == [4, 1]


def test_rows_without_rivals_stay_as_they_are() -> None:
    table = rows([1, 2, 3, 4, 5], 5 * [BINANCE], 5 * [0])
    choice = ranked(table, TICKS, Feed.RECORDED)
    assert choice.best.tolist() == [0, 1, 2, 3, 4]
    assert choice.counts.tolist() == [1, 1, 1, 1, 1]


def test_nothing_is_elected_of_nothing() -> None:
    choice = ranked(rows([], [], []), np.array([], bool), Feed.RECORDED)
    assert len(choice.best) == 0


def test_only_rows_of_one_group_are_rivals() -> None:
    table = rows([1, 1, 2, 1, 1], [COINGECKO, BINANCE, BINANCE, BINANCE, BINANCE], 5 * [0])
    choice = ranked(table, TICKS, Feed.RECORDED, np.array([2, 2, 2, 1, 1]))
    assert choice.best.tolist() == [3, 1, 2]
    assert choice.counts.tolist() == [2, 2, 1]
    apart = ranked(
        rows([5, 4, 3, 2, 1], 5 * [BINANCE], 5 * [0]), TICKS, Feed.RECORDED, np.arange(5)
    )
    assert apart.best.tolist() == [0, 1, 2, 3, 4]
