"""What is asked of candles: sides, running candles, ranges."""

import io
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from api.config import ApiConfig
from api.errors import InvalidParameterError
from api.market.candles import Now, find_page, find_series, shown_rows
from api.market.schemas import CandleParameters
from api.services import ServiceSet
from market.bars import DAY_S, LAST, Bar, BarBatch
from market.clock import rfc3339
from market.errors import UnknownSymbolError
from market.instruments import CATALOGUE
from market.intervals import DAY_US
from market.sources import Feed, source_of
from market.ticks import RATE, Tick
from storage.bars import upsert_bars
from tests.api.conftest import NOW_US
from tests.api.harness import (
    BTCUSDT,
    EURUSD,
    NO_REDIS,
    Api,
    Hands,
    quote,
    serve,
    store_ticks,
    trade,
    us,
)

OANDA = source_of("oanda", Feed.LIVE).id
BINANCE = source_of("binance", Feed.LIVE).id
FIXER = source_of("fixer", Feed.LIVE).id
USDJPY = CATALOGUE.by_symbol("USD-JPY").id
USDNGN = CATALOGUE.by_symbol("USD-NGN").id
EURNGN = CATALOGUE.by_symbol("EUR-NGN").id
SIMULATED = source_of("binance", Feed.SIMULATED).id
SECOND = 1_000_000


@pytest.fixture
async def services(database_url: str) -> AsyncIterator[ServiceSet]:
    config = ApiConfig(database_url, NO_REDIS, Feed.LIVE, clock=Hands(NOW_US))
    found = ServiceSet.of(config)
    yield found
    await found.columns.close()
    await found.database.close()


def candles(**parameters: object) -> CandleParameters:
    return CandleParameters.model_validate({"symbol": "EUR-USD", **parameters})


async def find_candles(
    services: ServiceSet, parameters: CandleParameters
) -> tuple[list[dict[str, Any]], int | None]:
    """A page, as JSON shows it, and where the next one begins."""
    asked = await find_series(services, parameters)
    page = await find_page(asked.series, parameters)
    return shown_rows(asked.series, page.rows, Now.of(services)), page.following_us


async def test_fx_shows_the_mid_and_where_there_is_none_the_rate(
    services: ServiceSet, database_url: str
) -> None:
    store_ticks(
        database_url,
        [
            quote(NOW_US - 60 * SECOND, OANDA, "1", "3"),
            trade(NOW_US - 60 * SECOND, OANDA, "9", of=EURUSD),
            Tick(NOW_US, EURUSD, FIXER, RATE, price="4"),
        ],
    )
    rows, _ = await find_candles(services, candles())
    assert [row["close"] for row in rows] == [2.0, 4.0]


async def test_crypto_shows_trades_alone(services: ServiceSet, database_url: str) -> None:
    store_ticks(
        database_url,
        [quote(NOW_US - 60 * SECOND, BINANCE, "1", "3", of=101), trade(NOW_US, BINANCE, "9")],
    )
    rows, _ = await find_candles(services, candles(symbol="BTC-USDT"))
    assert [row["close"] for row in rows] == [9.0]


@pytest.mark.parametrize(
    ("interval", "zone", "opens", "complete"),
    [
        ("1m", "UTC", "2026-11-24T14:59:00Z", True),
        ("5m", "UTC", "2026-11-24T14:55:00Z", True),
        ("1h", "UTC", "2026-11-24T14:00:00Z", True),
        ("4h", "UTC", "2026-11-24T12:00:00Z", False),
        ("1d", "UTC", "2026-11-24T00:00:00Z", False),
        ("1d", "Asia/Tokyo", "2026-11-23T15:00:00Z", True),
        ("1w", "UTC", "2026-11-23T00:00:00Z", False),
        ("1M", "UTC", "2026-11-01T00:00:00Z", False),
    ],
)
async def test_a_candle_is_complete_when_its_time_is_over(
    services: ServiceSet,
    database_url: str,
    interval: str,
    zone: str,
    opens: str,
    complete: bool,
) -> None:
    store_ticks(database_url, [quote(us("2026-11-24T14:59:00Z"), OANDA, "1", "3")])
    rows, following = await find_candles(services, candles(interval=interval, timezone=zone))
    assert [(row["time"], row["complete"]) for row in rows] == [
        (datetime.fromisoformat(opens), complete)
    ]
    assert following is None


async def test_a_range_that_ends_before_it_starts_is_refused(services: ServiceSet) -> None:
    moment = rfc3339(NOW_US)
    with pytest.raises(InvalidParameterError):
        await find_candles(services, candles(start=moment, end=moment))


@pytest.mark.parametrize("symbol", ["NOPE", "EUR-XXX", "BTC-EUR", "EUR-EUR"])
async def test_what_is_neither_an_instrument_nor_a_pair_of_currencies_is_unknown(
    services: ServiceSet, symbol: str
) -> None:
    with pytest.raises(UnknownSymbolError):
        await find_candles(services, candles(symbol=symbol))


class TestTables:
    @pytest.fixture
    async def served(self, config: ApiConfig) -> AsyncIterator[Api]:
        ticks = [
            trade(
                NOW_US - n * 60 * SECOND,
                SIMULATED,
                f"1.{n}0",
                9 - n,
                of=CATALOGUE.by_symbol("AAPL").id,
            )
            for n in (2, 1, 0)
        ]
        store_ticks(config.database_url, ticks)
        async with serve(config) as api:
            yield api

    async def test_csv(self, served: Api) -> None:
        response = await served.get("/api/market/candles", symbol="AAPL", format="csv")
        assert response.headers["content-disposition"] == 'attachment; filename="AAPL-1m.csv"'
        assert response.text.splitlines() == [
            "time,symbol,open,high,low,close,volume,ticks,complete",
            "2026-11-24T14:58:00Z,AAPL,1.2,1.2,1.2,1.2,0.5,1,true",
            "2026-11-24T14:59:00Z,AAPL,1.1,1.1,1.1,1.1,0.5,1,true",
            "2026-11-24T15:00:00Z,AAPL,1.0,1.0,1.0,1.0,0.5,1,false",
        ]

    @pytest.mark.parametrize("form", ["arrow", "parquet"])
    @pytest.mark.parametrize("numbers", ["float64", "decimal"])
    async def test_arrow_and_parquet(self, served: Api, form: str, numbers: str) -> None:
        response = await served.get(
            "/api/market/candles", symbol="AAPL", interval="2m", format=form, numbers=numbers
        )
        found = read_table(form, response.content)
        assert found.column("time").type == pa.timestamp("us", "UTC")
        assert found.column("open").type == (
            pa.float64() if numbers == "float64" else pa.decimal128(38, 18)
        )
        assert [str(float(v or 0)) for v in found.column("close").to_pylist()] == ["1.1", "1.0"]
        assert found.column("symbol").to_pylist() == ["AAPL", "AAPL"]
        assert found.column("complete").to_pylist() == [True, False]
        metadata = {key.decode(): value.decode() for key, value in found.schema.metadata.items()}
        facts = {name: metadata[f"tradewind.{name}"] for name in ("interval", "timezone", "feed")}
        assert facts == {"interval": "2m", "timezone": "UTC", "feed": "simulated"}

    async def test_pages_of_a_table_tell_the_next_cursor_in_a_header(self, served: Api) -> None:
        parameters = {
            "symbol": "AAPL",
            "format": "csv",
            "limit": "2",
            "start": "2026-11-24T00:00:00Z",
        }
        first = await served.get("/api/market/candles", **parameters)
        cursor = first.headers["x-next-cursor"]
        second = await served.get("/api/market/candles", cursor=cursor, **parameters)
        lines = [*first.text.splitlines()[1:], *second.text.splitlines()[1:]]
        assert [line.split(",")[2] for line in lines] == ["1.2", "1.1", "1.0"]
        assert "x-next-cursor" not in second.headers

    async def test_exact_numbers_are_text_in_json(self, served: Api) -> None:
        rows = await served.data("/api/market/candles", symbol="AAPL", numbers="decimal", limit=1)
        assert (rows[0]["close"], rows[0]["volume"]) == ("1", "0.5")

    async def test_an_empty_range_is_an_empty_table(self, served: Api) -> None:
        response = await served.get("/api/market/candles", symbol="EUR-USD", format="csv")
        assert response.text.splitlines() == [
            "time,symbol,open,high,low,close,volume,ticks,complete"
        ]

    async def test_more_than_one_answer_holds_is_refused_with_a_range_that_fits(
        self, config: ApiConfig
    ) -> None:
        earlier = NOW_US - 200 * 86_400 * SECOND
        ticks = [trade(time, SIMULATED, "1") for time in (earlier, NOW_US)]
        store_ticks(config.database_url, ticks)
        async with serve(config) as api:
            response = await api.get(
                "/api/market/candles", symbol="BTC-USDT", interval="1s", format="csv"
            )
        error = response.json()["error"]
        assert (response.status_code, error["code"]) == (422, "RANGE_TOO_LARGE")
        assert (error["details"]["bound"], error["details"]["most"]) == ("candles", 10_000_000)
        assert error["details"]["end"].startswith("2026-09-01T")  # 10 million seconds on

    async def test_no_third_whole_range_at_once_for_one_caller(self, served: Api) -> None:
        heavy = served.app.state.services.heavy
        heavy.take("127.0.0.1")
        heavy.take("127.0.0.1")
        response = await served.get("/api/market/candles", symbol="AAPL", format="csv")
        page = await served.get("/api/market/candles", symbol="AAPL", format="csv", limit=2)
        assert (response.status_code, page.status_code) == (429, 200)
        assert int(response.headers["retry-after"]) > 0


def read_table(form: str, content: bytes) -> pa.Table:
    if form == "parquet":
        return pq.read_table(io.BytesIO(content))
    return pa.ipc.open_stream(content).read_all()


def store_legs(config: ApiConfig, dollar: tuple[str, str], pair: int) -> None:
    """Quotes of EUR-USD, before and after one of a pair that begins with the dollar."""
    oanda = source_of("oanda", Feed.SIMULATED).id
    ticks = [
        quote(NOW_US - 240 * SECOND, oanda, "1.25", "1.28", 1),
        quote(NOW_US - 180 * SECOND, oanda, *dollar, 2, pair),
        quote(NOW_US - 60 * SECOND, oanda, "1.50", "1.60", 3),
    ]
    store_ticks(config.database_url, ticks)


class TestCrosses:
    @pytest.fixture
    async def served(self, config: ApiConfig) -> AsyncIterator[Api]:
        store_legs(config, ("150", "160"), USDJPY)
        async with serve(config) as api:
            yield api

    async def test_a_cross_is_marked_and_says_its_path(self, served: Api) -> None:
        body = (await served.get("/api/market/candles", symbol="EUR-JPY", interval="5m")).json()
        assert body["meta"]["synthetic"] is True
        assert [(leg["symbol"], leg["inverted"], leg["as_of"]) for leg in body["meta"]["path"]] == [
            ("EUR-USD", False, "2026-11-24T14:59:30Z"),
            ("USD-JPY", False, "2026-11-24T14:57:30Z"),
        ]
        (candle,) = body["data"]
        # (187.5 + 204.8) / 2 at 14:57, (225 + 256) / 2 at 14:59; before that a leg was missing
        assert (candle["time"], candle["open"], candle["high"], candle["low"], candle["close"]) == (
            "2026-11-24T14:55:00Z",
            196.15,
            240.5,
            196.15,
            240.5,
        )
        assert (candle["volume"], candle["ticks"], candle["complete"]) == (None, 2, True)

    @pytest.mark.parametrize(("side", "prices"), [("bid", [187.5, 225.0]), ("ask", [204.8, 256.0])])
    async def test_bids_multiply_with_bids_and_asks_with_asks(
        self, served: Api, side: str, prices: list[float]
    ) -> None:
        rows = await served.data("/api/market/candles", symbol="EUR-JPY", side=side)
        assert [row["close"] for row in rows] == prices

    async def test_the_table_carries_the_path_in_its_schema(self, served: Api) -> None:
        response = await served.get("/api/market/candles", symbol="JPY-EUR", format="arrow")
        found = read_table("arrow", response.content)
        path = json.loads(found.schema.metadata[b"tradewind.path"])
        assert [(leg["symbol"], leg["inverted"]) for leg in path] == [
            ("USD-JPY", True),
            ("EUR-USD", True),
        ]
        assert found.schema.metadata[b"tradewind.synthetic"] == b"true"
        assert found.column("symbol").to_pylist() == ["JPY-EUR", "JPY-EUR"]
        assert found.column("close").to_pylist() == [0.005108072917, 0.004175347222]

    async def test_no_path_is_an_error(self, served: Api) -> None:
        response = await served.get("/api/market/candles", symbol="GBP-JPY")
        assert (response.status_code, response.json()["error"]["code"]) == (404, "NO_RATE")

    @pytest.mark.parametrize("parameters", [{"interval": "90s"}, {"side": "trade"}])
    async def test_what_a_cross_does_not_have_is_refused(
        self, alone: Api, parameters: dict[str, str]
    ) -> None:
        response = await alone.get("/api/market/candles", symbol="EUR-JPY", **parameters)
        fields = response.json()["error"]["details"]["fields"]
        assert [field["field"] for field in fields] == list(parameters)


class TestAnInstrumentThatNobodyQuotes:
    @pytest.fixture
    async def served(self, config: ApiConfig) -> AsyncIterator[Api]:
        store_legs(config, ("1500", "1600"), USDNGN)
        async with serve(config) as api:
            yield api

    async def body(self, api: Api, **parameters: str) -> dict[str, Any]:
        response = await api.get("/api/market/candles", symbol="EUR-NGN", **parameters)
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return found

    async def test_is_crossed_and_says_its_path(self, served: Api) -> None:
        body = await self.body(served, interval="5m")
        assert body["meta"]["synthetic"] is True
        path = [(leg["symbol"], leg["inverted"]) for leg in body["meta"]["path"]]
        assert path == [("EUR-USD", False), ("USD-NGN", False)]
        # (1875 + 2048) / 2 at 14:57, (2250 + 2560) / 2 at 14:59
        shown = [
            (row["time"], row["open"], row["high"], row["low"], row["close"])
            for row in body["data"]
        ]
        assert shown == [("2026-11-24T14:55:00Z", 1961.5, 2405.0, 1961.5, 2405.0)]

    async def test_its_own_candles_win(self, served: Api, config: ApiConfig) -> None:
        oanda = source_of("oanda", Feed.SIMULATED).id
        own = quote(NOW_US - 120 * SECOND, oanda, "1700", "1710", 4, EURNGN)
        store_ticks(config.database_url, [own])
        body = await self.body(served)
        assert [row["close"] for row in body["data"]] == [1705.0]
        assert {"synthetic", "path"}.isdisjoint(body["meta"])

    async def test_a_range_without_a_quote_of_a_pair_that_is_quoted_is_empty(
        self, served: Api, config: ApiConfig
    ) -> None:
        oanda = source_of("oanda", Feed.SIMULATED).id
        own = quote(NOW_US - 200 * SECOND, oanda, "1700", "1710", 4, EURNGN)
        store_ticks(config.database_url, [own])
        body = await self.body(served, start=rfc3339(NOW_US - 90 * SECOND))
        assert body["data"] == []
        assert {"synthetic", "path"}.isdisjoint(body["meta"])

    @pytest.mark.parametrize(
        "parameters", [{"interval": "90s"}, {"side": "trade"}, {"end": "2026-11-24T14:56:40Z"}]
    )
    async def test_what_a_cross_does_not_have_is_empty(
        self, served: Api, parameters: dict[str, str]
    ) -> None:
        body = await self.body(served, **parameters)
        assert body["data"] == []
        assert {"synthetic", "path"}.isdisjoint(body["meta"])


class TestBarsBesideARecording:
    @pytest.fixture
    def feed(self) -> Feed:
        return Feed.RECORDED

    async def test_a_bar_is_complete_by_the_clock_and_a_candle_by_the_recording(
        self, config: ApiConfig
    ) -> None:
        recorded = source_of("binance", Feed.RECORDED).id
        day = NOW_US // DAY_US * DAY_US
        store_ticks(config.database_url, [trade(day - 3 * DAY_US, recorded, "1")])
        bars = [
            Bar(day + n * DAY_US, BTCUSDT, recorded, LAST, "2", "2", "2", "2", interval_s=DAY_S)
            for n in (-2, -1, 0)
        ]
        with psycopg.connect(config.database_url) as connection:
            upsert_bars(connection, Feed.RECORDED, BarBatch.of(bars))
        async with serve(config) as api:
            await api.following()
            rows = await api.data("/api/market/candles", symbol="BTC-USDT", interval="1d")
        assert [(row["close"], row["ticks"], row["complete"]) for row in rows] == [
            (1.0, 1, False),
            (2.0, 0, True),
            (2.0, 0, True),
            (2.0, 0, False),
        ]
