"""The quarantine over HTTP."""

import psycopg
import pytest

from api.config import ApiConfig
from market.instruments import CATALOGUE
from market.sources import Feed, source_of
from storage.books import Quarantined, partition_id, quarantine
from tests.api.conftest import NOW_US
from tests.api.harness import Api

EURUSD = CATALOGUE.by_symbol("EUR-USD").id
FIXER = source_of("fixer", Feed.SIMULATED)


@pytest.fixture(autouse=True)
def set_aside(config: ApiConfig) -> None:
    rows = [
        Quarantined(0, "outlier", "price 11.7", NOW_US, EURUSD),
        Quarantined(1, "outlier", "price 11.8", NOW_US + 1, EURUSD),
        Quarantined(2, "not a price: 'NaN'", '"USD":NaN'),
    ]
    with psycopg.connect(config.database_url, autocommit=True) as connection:
        identity = partition_id(connection, "fixer-simulated-0", FIXER)
        quarantine(connection, identity, 7, FIXER, rows)


async def test_counts_and_the_newest_of_them(api: Api) -> None:
    response = await api.get("/api/market/quality", limit=2)
    data = response.json()["data"]
    assert [(each["reason"], each["symbol"], each["count"]) for each in data["counts"]] == [
        ("outlier", "EUR-USD", 2),
        ("not a price: 'NaN'", None, 1),
    ]
    assert response.json()["meta"]["pagination"]["total"] == 3
    assert len(data["items"]) == 2
    newest = data["items"][0]
    assert newest.keys() == {
        *("reason", "source", "symbol", "time", "set_aside_at"),
        *("excerpt", "partition", "offset", "item"),
    }
    assert (newest["source"], newest["partition"], newest["offset"]) == (
        "fixer",
        "fixer-simulated-0",
        7,
    )


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"reason": "outlier"}, 2),
        ({"symbol": "EUR-USD"}, 2),
        ({"source": "fixer"}, 3),
        ({"source": "kraken"}, 0),
        ({"end": "2000-01-01T00:00:00Z"}, 0),
    ],
)
async def test_what_is_asked_for(api: Api, query: dict[str, object], count: int) -> None:
    data = await api.data("/api/market/quality", **query)
    assert (sum(each["count"] for each in data["counts"]), len(data["items"])) == (count, count)


async def test_an_unknown_symbol_and_an_unknown_source_are_told(api: Api) -> None:
    assert (await api.get("/api/market/quality", symbol="NOPE")).status_code == 404
    assert (await api.get("/api/market/quality", source="nobody")).status_code == 422
