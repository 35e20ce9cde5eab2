"""Gaps over HTTP."""

import psycopg
import pytest

from api.config import ApiConfig
from market.clock import datetime_of
from market.instruments import CATALOGUE
from market.sources import Feed, source_of
from storage.books import partition_id
from tests.api.conftest import NOW_US
from tests.api.harness import Api

BTCUSD = CATALOGUE.by_symbol("BTC-USD").id
KRAKEN, GECKO = source_of("kraken", Feed.SIMULATED), source_of("coingecko", Feed.SIMULATED)
MINUTE = 60_000_000

GAP = (
    "INSERT INTO market.gaps (partition_id, log_offset, item, source_id, feed, instrument_id, cause,"
    " start_at, end_at, first_id, last_id, state) VALUES (%s, %s, 0, %s, 's', %s, %s, %s, %s, %s, %s, %s)"
)


@pytest.fixture(autouse=True)
def gaps(config: ApiConfig) -> None:
    def at(minutes: int) -> object:
        return datetime_of(NOW_US - minutes * MINUTE)

    with psycopg.connect(config.database_url, autocommit=True) as connection:
        kraken = partition_id(connection, "kraken-simulated-0", KRAKEN)
        gecko = partition_id(connection, "coingecko-simulated-stream", GECKO)
        rows = [
            (kraken, 1, KRAKEN.id, BTCUSD, "trade_ids", at(9), at(8), 10, 14, "filled"),
            (kraken, 2, KRAKEN.id, BTCUSD, "heartbeat", at(6), at(5), 20, 20, "open"),
            (gecko, 3, GECKO.id, None, "silence", at(3), at(2), None, None, "lost"),
        ]
        for row in rows:
            connection.execute(GAP, row)


async def test_the_shape_and_the_order(api: Api) -> None:
    response = await api.get("/api/market/gaps")
    newest, _, oldest = response.json()["data"]
    assert response.json()["meta"]["pagination"]["total"] == 3
    assert oldest == {
        "id": oldest["id"],
        "symbol": "BTC-USD",
        "source": "kraken",
        "cause": "trade_ids",
        "state": "filled",
        "start": "2026-11-24T14:51:30Z",
        "end": "2026-11-24T14:52:30Z",
        "first_id": 10,
        "last_id": 14,
        "missing": 5,
        "asked_at": None,
        "settled_at": None,
    }
    assert (newest["symbol"], newest["source"], newest["missing"]) == (None, "coingecko", None)


@pytest.mark.parametrize(
    ("query", "causes"),
    [
        ({"symbol": "BTC-USD"}, ["heartbeat", "trade_ids"]),
        ({"source": "coingecko"}, ["silence"]),
        ({"state": "open"}, ["heartbeat"]),
        ({"cause": "trade_ids"}, ["trade_ids"]),
        ({"start": "2026-11-24T14:54:00Z"}, ["silence", "heartbeat"]),
        ({"end": "2026-11-24T14:54:00Z"}, ["trade_ids"]),
        ({"limit": 1, "page": 2}, ["heartbeat"]),
    ],
)
async def test_what_is_asked_for(api: Api, query: dict[str, object], causes: list[str]) -> None:
    assert [gap["cause"] for gap in await api.data("/api/market/gaps", **query)] == causes


@pytest.mark.parametrize(
    "query", ["state=closed", "source=bloomberg", "cause=x", "limit=0", "symbols=BTC-USD"]
)
async def test_a_parameter_that_cannot_be_is_refused(api: Api, query: str) -> None:
    assert (await api.client.get(f"/api/market/gaps?{query}")).status_code == 422
