"""Candles of crosses, by hand."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pytest

from market.instruments import CATALOGUE
from market.intervals import Interval
from storage.columns import ColumnReader, Numbers
from storage.history import walking
from storage.history.cross_candles import (
    HELD_US,
    CrossLeg,
    CrossQuery,
    CrossSide,
    LegMinutes,
    cross_series,
    sampled,
)
from tests.api.harness import EURUSD, quote, store_ticks, trade
from tests.storage.history.making import FEED, LAST_TIME, OANDA, START, UTC_ZONE, at

pytestmark = pytest.mark.both_backends

USDJPY = CATALOGUE.by_symbol("USD-JPY").id
EURSEK = CATALOGUE.by_symbol("EUR-SEK").id
MINUTE_US = 60_000_000
STRAIGHT, TURNED = CrossLeg(EURUSD, inverted=False), CrossLeg(EURUSD, inverted=True)


def minutes(times: Sequence[int], bids: Sequence[float], asks: Sequence[float]) -> LegMinutes:
    return LegMinutes(
        np.array(times, np.int64) * MINUTE_US,
        np.array(bids, float),
        np.array(asks, float),
        np.ones(len(times), np.int64),
    )


class TestSamples:
    def test_one_of_every_minute_in_which_a_leg_moved(self) -> None:
        found = sampled(
            [
                (STRAIGHT, minutes([0, 2], [2, 3], [4, 5])),
                (STRAIGHT, minutes([1, 2, 5], [10, 20, 30], [10, 20, 30])),
            ]
        )
        assert (found.times // MINUTE_US).tolist() == [1, 2, 5]  # at 0 a leg had no price yet
        assert found.bids.tolist() == [20, 60, 90]
        assert found.asks.tolist() == [40, 100, 150]
        assert found.ticks.tolist() == [1, 2, 1]

    def test_a_turned_leg_divides_by_the_other_side(self) -> None:
        found = sampled([(TURNED, minutes([0], [2], [4])), (STRAIGHT, minutes([0], [10], [12]))])
        assert (found.bids.tolist(), found.asks.tolist()) == ([2.5], [6.0])

    def test_a_close_is_held_so_long_and_no_longer(self) -> None:
        held = HELD_US // MINUTE_US
        found = sampled(
            [
                (STRAIGHT, minutes([0], [2], [2])),
                (STRAIGHT, minutes([held, held + 1], [1, 1], [1, 1])),
            ]
        )
        assert (found.times // MINUTE_US).tolist() == [held]

    def test_a_leg_without_any_price_leaves_none(self) -> None:
        found = sampled([(STRAIGHT, minutes([], [], [])), (STRAIGHT, minutes([0], [1], [1]))])
        assert len(found.times) == len(found.bids) == len(found.asks) == len(found.ticks) == 0


def cross(
    interval: str = "1m", side: CrossSide = CrossSide.MID, start_minute: float = 0
) -> CrossQuery:
    return CrossQuery(
        legs=[CrossLeg(EURUSD, inverted=True), CrossLeg(EURSEK, inverted=False)],
        feed=FEED,
        side=side,
        interval=Interval.parse(interval),
        zone=UTC_ZONE,
        start=START + timedelta(minutes=start_minute),
        end=LAST_TIME,
    )


async def closes(columns: ColumnReader, query: CrossQuery) -> list[tuple[int, float]]:
    series = await cross_series(columns, query, Numbers.FLOAT64)
    rows = (await walking.first_page(series, 100)).rows.to_pylist()
    streamed = [row async for batch in walking.batches(series) for row in batch.to_pylist()]
    assert streamed == rows
    return [((row["time"] - START) // timedelta(minutes=1), row["close"]) for row in rows]


async def test_dollars_in_kronor_through_the_euro(database_url: str, columns: ColumnReader) -> None:
    store_ticks(
        database_url,
        [
            quote(at(-30), OANDA, "10", "11", 1, EURSEK),
            quote(at(0), OANDA, "1.25", "2", 2),
            quote(at(1.2), OANDA, "1.25", "1.25", 3),
            quote(at(1.9), OANDA, "12", "12", 4, EURSEK),
            trade(at(3), OANDA, "15", of=EURSEK),  # a rate alone stands for both sides
        ],
    )
    # 10 / 2 and 11 / 1.25, then 12 / 1.25, then 15 / 1.25
    assert await closes(columns, cross(side=CrossSide.BID)) == [(0, 5.0), (1, 9.6), (3, 12.0)]
    assert await closes(columns, cross(side=CrossSide.ASK)) == [(0, 8.8), (1, 9.6), (3, 12.0)]
    assert await closes(columns, cross()) == [(0, 6.9), (1, 9.6), (3, 12.0)]
    assert await closes(columns, cross("5m")) == [(0, 12.0)]
    assert await closes(columns, cross(start_minute=2)) == [(3, 12.0)]
    series = await cross_series(columns, cross("1h"), Numbers.DECIMAL)
    (row,) = (await walking.last_page(series, 1)).rows.to_pylist()
    shown = [f"{row[name].normalize():f}" for name in ("open", "high", "low", "close")]
    assert shown == ["6.9", "12", "6.9", "12"]
    assert (row["volume"], row["ticks"], row["minutes"]) == (None, 4, 3)


async def test_a_cross_of_which_a_leg_is_unknown_has_no_candles(
    database_url: str, columns: ColumnReader
) -> None:
    store_ticks(database_url, [quote(at(0), OANDA, "1.25", "2")])
    assert await closes(columns, cross()) == []
