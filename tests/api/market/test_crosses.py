"""Prices of pairs that nobody quotes."""

from typing import Any

import pytest

from api.config import ApiConfig
from market.clock import rfc3339
from market.instruments import CATALOGUE
from market.sources import Feed, source_of
from tests.api.conftest import NOW_US
from tests.api.harness import Api, quote, serve, store_ticks, trade

SECOND = 1_000_000
OANDA = source_of("oanda", Feed.SIMULATED).id
USDJPY, EURSEK, USDNGN, EURNGN = (
    CATALOGUE.by_symbol(symbol).id for symbol in ("USD-JPY", "EUR-SEK", "USD-NGN", "EUR-NGN")
)


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


async def price_of(api: Api, symbol: str = "EUR-NGN", **more: str) -> dict[str, Any]:
    (found,) = await api.data("/api/market/prices", symbols=symbol, **more)
    assert isinstance(found, dict)
    return found


class TestAnInstrumentThatNobodyQuotes:
    async def test_is_crossed_now_and_then(self, config: ApiConfig) -> None:
        store_ticks(
            config.database_url,
            [
                quote(NOW_US - 60 * SECOND, OANDA, "1.25", "1.28", 1),
                quote(NOW_US - 59 * SECOND, OANDA, "1500", "1600", 2, of=USDNGN),
                quote(NOW_US - SECOND, OANDA, "1.50", "1.60", 3),
            ],
        )
        async with serve(config) as api:
            await api.following()
            now = await price_of(api)
            earlier = await price_of(api, as_of=rfc3339(NOW_US - 30 * SECOND))
            before = await price_of(api, as_of=rfc3339(NOW_US - 60 * SECOND))
        # 1.5 x 1500 and 1.6 x 1600; half a minute ago 1.25 x 1500 and 1.28 x 1600
        assert (now["bid"], now["ask"], now["price"]) == (2250.0, 2560.0, 2405.0)
        assert (earlier["bid"], earlier["ask"], earlier["price"]) == (1875.0, 2048.0, 1961.5)
        assert (now["age_ms"], earlier["age_ms"]) == (59_000, 30_000)
        for price in (now, earlier):
            assert (price["symbol"], price["source"], price["state"]) == ("EUR-NGN", None, "live")
            path = [(leg["symbol"], leg["inverted"]) for leg in price["path"]]
            assert path == [("EUR-USD", False), ("USD-NGN", False)]
        assert (before["price"], before["source"], before.get("path")) == (None, None, None)

    async def test_a_direct_quote_wins(self, config: ApiConfig) -> None:
        store_ticks(
            config.database_url,
            [
                quote(NOW_US - 60 * SECOND, OANDA, "1700", "1710", 1, of=EURNGN),
                quote(NOW_US, OANDA, "1.25", "1.28", 2),
                quote(NOW_US, OANDA, "1500", "1600", 3, of=USDNGN),
            ],
        )
        async with serve(config) as api:
            await api.following()
            for as_of in ({}, {"as_of": rfc3339(NOW_US)}):
                price = await price_of(api, **as_of)
                assert (price["bid"], price["ask"], price["source"]) == (1700.0, 1710.0, "oanda")
                assert "path" not in price

    async def test_others_asked_for_beside_it_keep_their_places(self, config: ApiConfig) -> None:
        store_ticks(
            config.database_url,
            [
                quote(NOW_US, OANDA, "2", "2", 1),
                quote(NOW_US, OANDA, "1500", "1500", 2, of=USDNGN),
                trade(NOW_US, source_of("binance", Feed.SIMULATED).id, "60000", 3),
            ],
        )
        symbols = "BTC-USDT,EUR-NGN,AAPL"
        async with serve(config) as api:
            prices = await api.data("/api/market/prices", symbols=symbols, as_of=rfc3339(NOW_US))
        assert [(price["symbol"], price["price"]) for price in prices] == [
            ("BTC-USDT", 60_000.0),
            ("EUR-NGN", 3_000.0),
            ("AAPL", None),
        ]
