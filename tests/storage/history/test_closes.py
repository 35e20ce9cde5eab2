"""The last closes before given instants."""

from datetime import timedelta

import pytest

from market.sources import Feed, source_of
from storage.history.closes import CloseQuestion, closes_before
from storage.pools import ReadPool
from tests.api.harness import BTCUSDT, EURUSD, quote, store_ticks, trade
from tests.storage.history.making import FEED, OANDA, START, at, btc

pytestmark = pytest.mark.both_backends


class TestCloses:
    async def test_the_last_close_before_an_instant_of_the_wanted_side(
        self, database_url: str, pool: ReadPool
    ) -> None:
        store_ticks(
            database_url,
            [
                quote(at(-2), OANDA, "1", "3"),
                quote(at(-1), OANDA, "2", "4"),
                quote(at(0), OANDA, "5", "7"),
                trade(at(-1), OANDA, "9", of=EURUSD),
                btc(-1, "50"),
                btc(0, "60"),
            ],
        )
        questions = [
            CloseQuestion(EURUSD, START, "m"),
            CloseQuestion(BTCUSDT, START, "m"),
            CloseQuestion(201, START, "t"),
        ]
        closes = await pool.read(closes_before, FEED, questions)
        assert closes == {EURUSD: 3.0, BTCUSDT: 50.0}

    async def test_a_close_older_than_a_week_counts_for_nothing(
        self, database_url: str, pool: ReadPool
    ) -> None:
        store_ticks(database_url, [btc(0, "50")])
        later = START + timedelta(days=7, minutes=1)
        assert (await pool.read(closes_before, FEED, [CloseQuestion(BTCUSDT, later, "t")])) == {}


async def test_feeds_never_mix(database_url: str, pool: ReadPool) -> None:
    store_ticks(database_url, [btc(0, "1", 0, source_of("binance", Feed.SIMULATED).id)])
    question = CloseQuestion(BTCUSDT, START + timedelta(hours=1), "t")
    assert await pool.read(closes_before, FEED, [question]) == {}
