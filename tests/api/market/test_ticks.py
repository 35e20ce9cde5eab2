"""Ticks over HTTP: pages and whole ranges in every form, and what is refused."""

import asyncio
import csv
import io
from dataclasses import replace
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fastapi import Request

from api.config import ApiConfig
from api.errors import InvalidParameterError, RangeTooLargeError
from api.formats import MEDIA_TYPES, Format
from api.limits import PageTurns
from api.market import ticks as ticks_module
from api.market.board import PriceBoard
from api.market.schemas import TickParameters
from api.market.ticks import find_ticks, require_streamable
from market.clock import datetime_of, rfc3339
from market.errors import UnknownSymbolError
from market.instruments import CATALOGUE
from market.sources import Feed, source_of
from storage.history.tick_columns import Stretch
from storage.pools import ReadPool
from tests.api.conftest import NOW_US
from tests.api.harness import NOWHERE, Api, Hands, Wire, quote, store_ticks, trade

OANDA = source_of("oanda", Feed.SIMULATED).id
FIXER = source_of("fixer", Feed.SIMULATED).id
BINANCE = source_of("binance", Feed.SIMULATED).id
SECOND = 1_000_000
PATH = "/api/market/ticks"
EURSEK = CATALOGUE.by_symbol("EUR-SEK").id


@pytest.fixture
def board() -> PriceBoard:
    return PriceBoard(CATALOGUE, Feed.LIVE, Hands(NOW_US))


@pytest.fixture
def stored(config: ApiConfig) -> None:
    """Ten quotes of EUR-USD, one of them of another source, and a trade of BTC-USDT."""
    quotes = [quote(NOW_US + n * SECOND, OANDA, "1.25", f"1.{n + 30}", seq=n) for n in range(9)]
    store_ticks(config.database_url, [*quotes, quote(NOW_US + 9 * SECOND, FIXER, "1", "2", 9)])
    store_ticks(config.database_url, [trade(NOW_US, BINANCE, "60000.25", seq=8)])


def read(format_: Format, body: bytes) -> list[dict[str, object]]:
    """The rows; those of CSV are texts."""
    if format_ is Format.ARROW:
        return pa.ipc.open_stream(body).read_all().to_pylist()
    if format_ is Format.PARQUET:
        return pq.read_table(io.BytesIO(body)).to_pylist()
    return list(csv.DictReader(io.StringIO(body.decode())))


def seqs(rows: list[dict[str, object]]) -> list[int]:
    return [int(str(row["seq"])) for row in rows]


async def test_a_range_that_ends_before_it_starts_is_refused(board: PriceBoard) -> None:
    moment = rfc3339(NOW_US)
    ticks = TickParameters.model_validate({"symbol": "EUR-USD", "start": moment, "end": moment})
    with pytest.raises(InvalidParameterError):
        await find_ticks(board, ReadPool(NOWHERE), ticks)


async def test_an_unknown_symbol_asks_no_database(board: PriceBoard) -> None:
    with pytest.raises(UnknownSymbolError):
        await find_ticks(
            board, ReadPool(NOWHERE), TickParameters.model_validate({"symbol": "NOPE"})
        )


@pytest.mark.usefixtures("stored")
class TestForms:
    async def test_a_whole_range_comes_in_every_form(self, api: Api) -> None:
        for format_ in (Format.CSV, Format.ARROW, Format.PARQUET):
            for parameters, headers in (
                ({"format": format_.value}, {}),
                ({}, {"accept": MEDIA_TYPES[format_]}),
            ):
                query = {"symbol": "EUR-USD", **parameters}
                response = await api.client.get(PATH, params=query, headers=headers)
                assert response.status_code == 200, response.text
                assert response.headers["content-type"] == MEDIA_TYPES[format_]
                rows = read(format_, response.content)
                assert seqs(rows) == list(range(10))
                assert list(rows[0]) == "time symbol bid ask price size source kind seq".split()

    async def test_columns_are_named_and_typed(self, api: Api) -> None:
        response = await api.get(PATH, symbol="BTC-USDT", format="arrow")
        table = pa.ipc.open_stream(response.content).read_all()
        names = pa.dictionary(pa.int8(), pa.string())
        types = dict(zip(table.schema.names, table.schema.types, strict=True))
        assert types == {
            "time": pa.timestamp("us", "UTC"),
            "symbol": names,
            **dict.fromkeys(("bid", "ask", "price", "size"), pa.float64()),
            "source": names,
            "kind": pa.string(),
            "seq": pa.int64(),
        }
        assert table.schema.metadata == {
            b"numbers": b"float64",
            b"tradewind.content": b"ticks",
            b"tradewind.symbol": b"BTC-USDT",
            b"tradewind.feed": b"simulated",
        }
        assert table.to_pylist() == [
            {
                "time": datetime(2026, 11, 24, 15, 0, 30, tzinfo=UTC),
                "symbol": "BTC-USDT",
                "bid": None,
                "ask": None,
                "price": 60000.25,
                "size": 0.5,
                "source": "binance",
                "kind": "t",
                "seq": 8,
            }
        ]

    async def test_numbers_are_exact_where_that_is_asked_for(self, api: Api) -> None:
        response = await api.get(PATH, symbol="BTC-USDT", format="csv", numbers="decimal")
        assert response.text.splitlines()[1] == (
            "2026-11-24T15:00:30Z,BTC-USDT,,,60000.25,0.5,binance,t,8"
        )

        (row,) = await api.data(PATH, symbol="BTC-USDT", numbers="decimal")
        assert (row["price"], row["size"], row["bid"]) == ("60000.25", "0.5", None)

    async def test_pages_hold_everything_once(self, api: Api) -> None:
        found, parameters = [], {"symbol": "EUR-USD", "format": "arrow", "limit": 4}
        parameters["start"] = rfc3339(NOW_US)
        while True:
            response = await api.get(PATH, **parameters)
            found.append(seqs(read(Format.ARROW, response.content)))
            if "x-next-cursor" not in response.headers:
                break
            parameters["cursor"] = response.headers["x-next-cursor"]
        assert found == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]

    async def test_without_a_start_a_page_is_the_last(self, api: Api) -> None:
        response = await api.get(PATH, symbol="EUR-USD", format="csv", limit=3)
        assert seqs(read(Format.CSV, response.content)) == [7, 8, 9]
        assert "x-next-cursor" not in response.headers

    async def test_one_source_alone(self, api: Api) -> None:
        for format_ in (Format.CSV, Format.ARROW):
            response = await api.get(PATH, symbol="EUR-USD", format=format_.value, source="fixer")
            assert seqs(read(format_, response.content)) == [9]
        assert [row["seq"] for row in await api.data(PATH, symbol="EUR-USD", source="fixer")] == [9]

    async def test_start_is_inside_and_end_outside(self, api: Api) -> None:
        bounds = {"start": rfc3339(NOW_US + SECOND), "end": rfc3339(NOW_US + 4 * SECOND)}
        response = await api.get(PATH, symbol="EUR-USD", format="csv", **bounds)
        assert seqs(read(Format.CSV, response.content)) == [1, 2, 3]


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"limit": 10_001}, "limit"),
        ({"limit": 100_001, "format": "csv"}, "limit"),
        ({"format": "csv", "cursor": "WzFd"}, "cursor"),
        ({"format": "xml"}, "format"),
        ({"source": "nobody"}, "source"),
    ],
)
async def test_what_cannot_be_meant_is_refused(
    api: Api, parameters: dict[str, object], field: str
) -> None:
    response = await api.get(PATH, symbol="EUR-USD", **parameters)
    assert response.status_code == 422
    assert [fault["field"] for fault in response.json()["error"]["details"]["fields"]] == [field]


async def test_a_form_that_is_not_there_is_refused(alone: Api) -> None:
    response = await alone.client.get(
        PATH, params={"symbol": "EUR-USD"}, headers={"accept": "image/png"}
    )
    assert response.status_code == 406
    error = response.json()["error"]
    assert error["code"] == "NOT_ACCEPTABLE"
    assert "text/csv; charset=utf-8" in error["details"]["offered"]


async def test_a_database_that_is_away_is_said_before_anything_else(alone: Api) -> None:
    for parameters in ({}, {"limit": 5}):
        response = await alone.get(PATH, symbol="EUR-USD", format="arrow", **parameters)
        assert response.status_code == 503
        assert response.headers["retry-after"]


class TestPairsThatAreCrossed:
    async def test_the_legs_are_named(self, api: Api, wire: Wire) -> None:
        wire.send([quote(NOW_US, OANDA, "1.1", "1.2"), quote(NOW_US, OANDA, "10", "11", of=EURSEK)])
        body = (await api.get(PATH, symbol="USD-SEK")).json()
        async with asyncio.timeout(10):
            while not body["error"]["details"]["legs"]:  # until the live stream has brought them
                body = (await api.get(PATH, symbol="USD-SEK")).json()
        assert body["error"]["code"] == "NO_TICKS"
        assert body["error"]["details"] == {"symbol": "USD-SEK", "legs": ["EUR-USD", "EUR-SEK"]}
        for name in ("/api/market/candles", "/api/market/prices", "EUR-USD and EUR-SEK"):
            assert name in body["error"]["message"]

    async def test_also_while_nothing_leads_there(self, alone: Api) -> None:
        for parameters in ({}, {"format": "csv"}):
            response = await alone.get(PATH, symbol="USD-SEK", **parameters)
            assert response.status_code == 404
            assert response.json()["error"]["code"] == "NO_TICKS"
        assert (await alone.get(PATH, symbol="EUR-XXX")).json()["error"]["code"] == "UNKNOWN_SYMBOL"

    async def test_an_instrument_that_nobody_quotes_has_no_ticks_of_its_own(
        self, api: Api, config: ApiConfig
    ) -> None:
        store_ticks(
            config.database_url,
            [
                quote(NOW_US, OANDA, "1.25", "1.28"),
                quote(NOW_US, OANDA, "1500", "1600", of=CATALOGUE.by_symbol("USD-NGN").id),
            ],
        )
        assert await api.data(PATH, symbol="EUR-NGN") == []
        response = await api.get(PATH, symbol="EUR-NGN", format="csv")
        assert read(Format.CSV, response.content) == []


class TestRangesThatAreTooLarge:
    def stretch(self, minute: int, ticks: int) -> Stretch:
        start = NOW_US + minute * 60 * SECOND
        return Stretch(datetime_of(start), datetime_of(start + 60 * SECOND), ticks)

    def test_what_fits_passes(self) -> None:
        fits = [self.stretch(0, 6_000_000), self.stretch(1, 4_000_000)]
        for stretches in ([], fits):
            require_streamable(stretches)
        with pytest.raises(RangeTooLargeError):
            require_streamable([*fits, self.stretch(2, 1)])

    def test_the_end_that_fits_is_named(self) -> None:
        stretches = [self.stretch(0, 6_000_000), self.stretch(5, 4_000_000), self.stretch(9, 1)]
        with pytest.raises(RangeTooLargeError) as refused:
            require_streamable(stretches)
        error = refused.value
        assert (error.bound, error.asked, error.most) == ("ticks", 10_000_001, 10_000_000)
        assert error.end == stretches[2].start
        require_streamable(stretches[:2])

    def test_where_no_end_fits_pages_are_left(self) -> None:
        with pytest.raises(RangeTooLargeError, match="limit and cursor") as refused:
            require_streamable([self.stretch(0, 10_000_001)])
        assert refused.value.end is None

    @pytest.mark.usefixtures("stored")
    async def test_the_client_learns_bound_estimate_and_end(
        self, api: Api, config: ApiConfig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ticks_module, "MAX_STREAMED_ROWS", 10)
        later = NOW_US + 3600 * SECOND
        store_ticks(config.database_url, [quote(later, OANDA, "1", "2", 10)])
        response = await api.get(PATH, symbol="EUR-USD", format="arrow")
        assert response.status_code == 422
        error = response.json()["error"]
        assert error["code"] == "RANGE_TOO_LARGE"
        details = error["details"]
        assert (details["bound"], details["asked"], details["most"]) == ("ticks", 11, 10)
        assert details["end"] in error["message"]
        fitting = await api.get(PATH, symbol="EUR-USD", format="arrow", end=details["end"])
        assert seqs(read(Format.ARROW, fitting.content)) == list(range(10))


@pytest.mark.usefixtures("stored")
class TestManyAtOnce:
    async def test_a_caller_streams_two_ranges_at_once_and_a_third_is_refused(
        self, api: Api
    ) -> None:
        heavy = api.app.state.services.heavy
        heavy.take("127.0.0.1")
        assert (await api.get(PATH, symbol="EUR-USD", format="csv")).status_code == 200
        heavy.take("127.0.0.1")
        response = await api.get(PATH, symbol="EUR-USD", format="csv")
        assert response.status_code == 429
        assert response.json()["error"]["code"] == "TOO_MANY_QUERIES"
        assert response.headers["retry-after"] == "1"
        assert (await api.get(PATH, symbol="EUR-USD", format="csv", limit=5)).status_code == 200
        heavy.give_back("127.0.0.1")
        assert (await api.get(PATH, symbol="EUR-USD", format="csv")).status_code == 200
        assert heavy.running == 1

    async def test_a_large_page_takes_a_place_too(self, api: Api) -> None:
        heavy = api.app.state.services.heavy
        page = {"symbol": "EUR-USD", "format": "csv", "limit": 10_001}
        heavy.take("127.0.0.1")
        assert (await api.get(PATH, **page)).status_code == 200
        assert heavy.running == 1
        heavy.take("127.0.0.1")
        assert (await api.get(PATH, **page)).status_code == 429
        assert (await api.get(PATH, **page | {"limit": 10_000})).status_code == 200

    @pytest.mark.parametrize("path", [PATH, "/api/market/candles"])
    async def test_pages_of_one_caller_wait_for_their_turn(self, api: Api, path: str) -> None:
        pages = PageTurns(a_caller=1, within_s=0.05)
        api.app.state.services = replace(api.app.state.services, pages=pages)
        asked = {"symbol": "EUR-USD", "format": "csv", "limit": 5_000}
        ours = {"type": "http", "client": ("127.0.0.1", 1), "app": api.app, "state": {}}
        async with pages.taken(Request(ours)):
            response = await api.get(path, **asked)
        assert response.status_code == 429
        assert response.json()["error"]["details"] == {"most": 1}
        assert (await api.get(path, **asked)).status_code == 200

    async def test_the_place_is_held_until_the_client_has_gone(
        self, api: Api, config: ApiConfig
    ) -> None:
        many = [quote(NOW_US + n * 1_000, OANDA, "1", "2", n) for n in range(100, 60_000)]
        store_ticks(config.database_url, many)
        heavy = api.app.state.services.heavy
        query = {"symbol": "EUR-USD", "format": "csv"}
        async with api.client.stream("GET", PATH, params=query) as response:
            assert response.status_code == 200
            assert heavy.running == 1
        for _ in range(5):
            assert (await api.get(PATH, **query)).status_code == 200
        assert heavy.running == 0


async def test_the_documentation_shows_the_forms(alone: Api) -> None:
    operation = (await alone.get("/openapi.json")).json()["paths"][PATH]["get"]
    content = operation["responses"]["200"]["content"]
    assert set(content) == {
        "application/json",
        "text/csv",
        "application/vnd.apache.arrow.stream",
        "application/vnd.apache.parquet",
    }
    assert {"406", "429"} <= set(operation["responses"])
