"""Prices of pairs that nobody quotes."""

import pytest

from api.config import ApiConfig
from market.instruments import CATALOGUE
from market.sources import Feed, source_of
from tests.api.conftest import NOW_US
from tests.api.harness import Api, quote, serve, store_ticks

SECOND = 1_000_000
OANDA = source_of("oanda", Feed.SIMULATED).id
USDJPY, EURSEK = (CATALOGUE.by_symbol(symbol).id for symbol in ("USD-JPY", "EUR-SEK"))


async def test_a_pair_that_nobody_quotes_is_crossed_and_says_its_path(config: ApiConfig) -> None:
    store_ticks(
        config.database_url,
        [
            quote(NOW_US - SECOND, OANDA, "1.25", "1.28"),
            quote(NOW_US - 2 * SECOND, OANDA, "150", "160", of=USDJPY),
        ],
    )
    async with serve(config) as api:
        await api.following()
        (price,) = await api.data("/api/market/prices", symbols="EUR-JPY")
    assert (price["bid"], price["ask"], price["price"]) == (187.5, 204.8, 196.15)
    assert (price["as_of"], price["age_ms"], price["state"]) == (
        "2026-11-24T15:00:28Z",
        2000,
        "live",
    )
    assert (price["source"], price["change"], price["simulated"]) == (None, None, True)
    assert price["path"] == [
        {
            "symbol": "EUR-USD",
            "inverted": False,
            "source": "oanda",
            "as_of": "2026-11-24T15:00:29Z",
        },
        {
            "symbol": "USD-JPY",
            "inverted": False,
            "source": "oanda",
            "as_of": "2026-11-24T15:00:28Z",
        },
    ]


async def test_an_old_leg_makes_the_cross_stale_and_a_turned_leg_is_told(config: ApiConfig) -> None:
    store_ticks(
        config.database_url,
        [
            quote(NOW_US, OANDA, "1.25", "1.25"),
            quote(NOW_US - 3_600 * SECOND, OANDA, "10", "10", of=EURSEK),
        ],
    )
    async with serve(config) as api:
        await api.following()
        (price,) = await api.data("/api/market/prices", symbols="USD-SEK")
    assert (price["price"], price["state"]) == (8.0, "stale")
    assert [leg["inverted"] for leg in price["path"]] == [True, False]


async def test_a_rate_that_is_missing_is_an_error(api: Api) -> None:
    response = await api.get("/api/market/prices", symbols="EUR-JPY")
    assert response.status_code == 404
    assert response.json()["error"] == {
        "code": "NO_RATE",
        "message": "no rates lead from EUR to JPY",
        "details": {"base": "EUR", "quote": "JPY"},
    }


@pytest.mark.parametrize("symbol", ["EUR-EUR", "EUR-XXX", "EURJPY", "eur-jpy", "BTC-EUR"])
async def test_what_is_no_pair_of_known_currencies_is_unknown(alone: Api, symbol: str) -> None:
    response = await alone.get("/api/market/prices", symbols=symbol)
    assert response.json()["error"]["code"] == "UNKNOWN_SYMBOL"
