"""The served application with a way in for statements, over a few stored ticks."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx2
import pyarrow as pa
import pytest

from api.config import ApiConfig
from market.sources import Feed, source_of
from storage.guarded_sql.role import role_of
from tests.api.harness import Api, Hands, quote, serve, store_ticks, trade

PATH = "/api/market/sql"


@pytest.fixture
def config(database_url: str, redis_url: str, feed: Feed, clock: Hands) -> ApiConfig:
    quant_url = database_url.replace("//tradewind@", f"//{role_of(feed)}@")
    return ApiConfig(database_url, redis_url, feed, clock=clock, quant_url=quant_url)


@pytest.fixture
async def stored(config: ApiConfig, clock: Hands) -> AsyncIterator[Api]:
    """Ticks of a minute of two instruments, and one of another feed class."""
    oanda, binance = (source_of(name, Feed.SIMULATED).id for name in ("oanda", "binance"))
    live = source_of("oanda", Feed.LIVE).id
    store_ticks(
        config.database_url,
        [
            quote(clock.now_us, oanda, "1.10000", "1.10002"),
            quote(clock.now_us + 1, oanda, "1.10010", "1.10014"),
            trade(clock.now_us, binance, "60000.5"),
        ],
    )
    store_ticks(config.database_url, [quote(clock.now_us, live, "9.1", "9.2")])
    async with serve(replace(config)) as api:
        yield api


async def ask(api: Api, sql: str, **more: object) -> httpx2.Response:
    """The answer to a statement, as JSON unless something else is said."""
    return await api.client.post(PATH, json={"sql": sql, "format": "json", **more})


async def rows(api: Api, sql: str, **more: object) -> Any:
    """The rows that answer a statement."""
    response = await ask(api, sql, **more)
    assert response.status_code == 200, response.text
    return response.json()["data"]


async def refused(api: Api, sql: str, **more: object) -> tuple[int, str, dict[str, Any]]:
    """Status, code and the whole error of a refusal."""
    response = await ask(api, sql, **more)
    error = response.json()["error"]
    return response.status_code, error["code"], error


def table_of(response: httpx2.Response) -> pa.Table:
    """The answer as Arrow."""
    assert response.status_code == 200, response.text
    with pa.ipc.open_stream(response.content) as reader:
        return reader.read_all()
