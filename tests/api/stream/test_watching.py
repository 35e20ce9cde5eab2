"""What is looked at is told: by streams while they last, by questions for a while."""

import asyncio

import pytest

from api.config import ApiConfig
from api.market.board import PriceBoard
from api.metrics import Metrics
from api.stream.hub import Hub
from api.stream.watching import LOOKED_FOR_S, Watching
from market.instruments import CATALOGUE
from market.sources import Feed
from storage.wants import Wants, Watched
from tests.api.harness import AAPL, BTCUSDT, EURUSD, NO_REDIS, events, serve


async def wanted(redis_url: str) -> dict[int, float]:
    """What a poller would read now."""
    wants = Wants(redis_url)
    found = dict(await wants.wanted())
    await wants.close()
    return found


async def test_streams_and_questions_are_told(
    config: ApiConfig, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.stream.watching.TELL_EVERY_S", 0.02)
    async with serve(config) as api, events(api, "EUR-USD,BTC-USDT") as reader:
        await reader.next()
        await api.data("/api/market/candles", symbol="BTC-USDT", interval="1m")
        async with asyncio.timeout(20):
            while (found := await wanted(redis_url)).get(BTCUSDT, 0.0) < 2.0:
                pass
    assert found == {EURUSD: 1.0, BTCUSDT: 2.0}


async def test_a_question_is_forgotten_after_a_while_and_a_lost_redis_is_no_failure() -> None:
    now_s = 0.0
    hub = Hub(PriceBoard(CATALOGUE, Feed.LIVE, lambda: 0), Metrics())
    watching = Watching(hub, Watched(NO_REDIS), monotonic=lambda: now_s)
    watching.looked_at([AAPL])
    running = asyncio.ensure_future(watching.run())
    done, _ = await asyncio.wait([running], timeout=0.2)
    assert not done
    running.cancel()
    assert watching.watchers() == {AAPL: 1}
    now_s += LOOKED_FOR_S
    assert watching.watchers() == {}
    await watching.close()
