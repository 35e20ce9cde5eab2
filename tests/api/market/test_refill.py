"""Filling the board from the database."""

from api.market.board import PriceBoard
from api.market.refill import refill
from market.instruments import CATALOGUE
from market.sources import Feed, source_of
from storage.pools import ReadPool
from tests.api.conftest import NOW_US
from tests.api.harness import BTCUSDT, EURUSD, NOWHERE, Hands, quote, store_ticks, trade

OANDA = source_of("oanda", Feed.LIVE).id
BINANCE = source_of("binance", Feed.LIVE).id


async def test_only_those_that_were_named_and_only_forward(database_url: str) -> None:
    pool = ReadPool(database_url)
    board = PriceBoard(CATALOGUE, Feed.LIVE, Hands(NOW_US))
    store_ticks(database_url, [quote(NOW_US, OANDA, "1", "2"), trade(NOW_US, BINANCE, "7")])
    assert await refill(board, pool, [BTCUSDT]) == [BTCUSDT]
    assert await refill(board, pool, [BTCUSDT, EURUSD]) == [EURUSD]
    assert await refill(board, pool, [BTCUSDT, EURUSD]) == []
    await pool.close()


async def test_nobody_needs_no_database() -> None:
    board = PriceBoard(CATALOGUE, Feed.LIVE, Hands(NOW_US))
    assert await refill(board, ReadPool(NOWHERE), []) == []
