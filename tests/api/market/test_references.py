"""The prices that changes are measured from: loaded, renewed, dropped when their day is over."""

import asyncio

import pytest

from api.market.board import PriceBoard
from api.market.references import keep_references, load_references, reference_times
from market.instruments import CATALOGUE, InstrumentTable
from market.sources import Feed, source_of
from storage.pools import ReadPool
from tests.api.conftest import NOW_US
from tests.api.harness import BTCUSDT, EURUSD, NOWHERE, Hands, quote, store_ticks, trade, us

OANDA = source_of("oanda", Feed.LIVE).id
BINANCE = source_of("binance", Feed.LIVE).id
MIDNIGHT = us("2026-11-24T00:00:00Z")
FX_DAY = us("2026-11-23T22:00:00Z")
TWO = InstrumentTable([CATALOGUE.by_id(EURUSD), CATALOGUE.by_id(BTCUSDT)])


async def test_each_class_has_its_own_instant(database_url: str) -> None:
    store_ticks(
        database_url,
        [
            quote(FX_DAY - 1, OANDA, "1", "1"),
            quote(FX_DAY, OANDA, "2", "2"),
            trade(FX_DAY, BINANCE, "3"),
            trade(MIDNIGHT - 1, BINANCE, "4"),
            trade(MIDNIGHT, BINANCE, "5"),
            quote(NOW_US, OANDA, "3", "3", of=EURUSD),
            trade(NOW_US, BINANCE, "6"),
        ],
    )
    board = PriceBoard(TWO, Feed.LIVE, Hands(NOW_US))
    pool = ReadPool(database_url)
    times = reference_times(board)
    assert times == {EURUSD: FX_DAY, BTCUSDT: MIDNIGHT}
    assert await load_references(board, pool, times) == ([EURUSD, BTCUSDT], True)
    assert await load_references(board, pool, times) == ([], True)
    await pool.close()


async def test_what_is_unknown_is_missing(database_url: str) -> None:
    board = PriceBoard(TWO, Feed.LIVE, Hands(NOW_US))
    pool = ReadPool(database_url)
    assert await load_references(board, pool, reference_times(board)) == ([], False)
    await pool.close()


async def test_a_new_day_brings_a_new_reference(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.market.references.LOOK_EVERY_S", 0.005)
    store_ticks(database_url, [trade(MIDNIGHT - 1, BINANCE, "4"), trade(NOW_US, BINANCE, "6")])
    clock = Hands(NOW_US)
    board = PriceBoard(InstrumentTable([CATALOGUE.by_id(BTCUSDT)]), Feed.LIVE, clock)
    pool = ReadPool(database_url)
    changes: asyncio.Queue[list[int]] = asyncio.Queue()

    def note(ids: list[int]) -> None:
        if ids:
            changes.put_nowait(ids)

    keeping = asyncio.ensure_future(keep_references(board, pool, note))
    assert await changes.get() == [BTCUSDT]
    clock.now_us += 24 * 3_600 * 1_000_000
    assert await changes.get() == [BTCUSDT]
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    await pool.close()


async def test_a_lost_database_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("api.market.references.LOOK_EVERY_S", 0.001)
    monkeypatch.setattr("api.market.references.RETRY_EVERY_S", 0.0)
    board = PriceBoard(TWO, Feed.LIVE, Hands(NOW_US))
    keeping = asyncio.ensure_future(keep_references(board, ReadPool(NOWHERE), lambda _: None))
    async with asyncio.timeout(5):
        while caplog.text.count("references not loaded") < 2:
            assert not keeping.done()
            await asyncio.sleep(0.002)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
