"""The client against the served application: frames of what is stored, and errors with their facts."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from api.config import ApiConfig
from market.instruments import instruments_of
from market.sources import Feed, source_of
from tests.api.harness import Api, Hands, quote, serve, store_ticks, trade, us
from tests.connectors.support import Asked, http_server
from tests.support import free_port
from tradewind.client import (
    BusyError,
    Client,
    ClientError,
    RangeTooLargeError,
    RefusedError,
    UnreachableError,
)

NOW_US = us("2026-11-24T15:00:30Z")
START_US = us("2026-11-24T14:00:00Z")
START = "2026-11-24T14:00:00Z"
OANDA = source_of("oanda", Feed.SIMULATED).id
BINANCE = source_of("binance", Feed.SIMULATED).id
MINUTE_US = 60_000_000


@pytest.fixture
async def api(database_url: str, redis_url: str) -> AsyncIterator[Api]:
    """An hour of a pair's quotes, one a second, and three trades of a coin."""
    quotes = [
        quote(START_US + n * 1_000_000, OANDA, f"1.1{n % 60:02d}5", f"1.1{n % 60:02d}7")
        for n in range(3_600)
    ]
    store_ticks(database_url, quotes)
    store_ticks(database_url, [trade(START_US + n, BINANCE, "90000.5", n) for n in range(3)])
    quant_url = database_url.replace("//tradewind@", "//tradewind_quant_simulated@")
    config = ApiConfig(
        *(database_url, redis_url, Feed.SIMULATED), clock=Hands(NOW_US), quant_url=quant_url
    )
    async with serve(config) as running:
        yield running


async def asked(api: Api, question: Callable[[Client], Any]) -> Any:
    """What a question to a client gives, in a thread: the client waits."""

    def ask() -> Any:
        with Client(f"http://127.0.0.1:{api.port}") as client:
            return question(client)

    return await asyncio.to_thread(ask)


async def test_instruments_are_found_over_all_pages(api: Api) -> None:
    frame = await asked(api, lambda client: client.instruments())
    assert frame["symbol"].to_list() == [each.symbol for each in instruments_of(Feed.SIMULATED)]
    coins = await asked(api, lambda client: client.instruments("bit", asset_class="crypto"))
    assert coins["symbol"].to_list() == ["BTC-USDT", "BTC-USD"]
    nothing = await asked(api, lambda client: client.instruments("no such thing"))
    assert (nothing.height, nothing.schema) == (0, coins.schema)


async def test_prices_are_a_row_a_symbol_with_their_time(api: Api) -> None:
    as_of = datetime(2026, 11, 24, 14, 0, 30, tzinfo=UTC)
    frame = await asked(api, lambda client: client.prices(["EUR-USD"], as_of=as_of))
    (row,) = frame.to_dicts()
    assert (row["symbol"], row["bid"], row["ask"]) == ("EUR-USD", 1.1305, 1.1307)
    assert (row["as_of"], row["source"], row["path"]) == (as_of, "oanda", None)


async def test_ticks_are_a_frame_of_the_whole_range(api: Api) -> None:
    end = "2026-11-24T14:30:00Z"
    frame = await asked(api, lambda client: client.ticks("EUR-USD", start=START, end=end))
    assert frame.height == 1_800
    assert frame.schema["time"] == pl.Datetime("us", "UTC")
    assert frame["bid"][:2].to_list() == [1.1005, 1.1015]
    exact = await asked(
        api, lambda client: client.ticks("BTC-USDT", start=START, numbers="decimal", limit=2)
    )
    assert exact.schema["price"] == pl.Decimal(38, 18)
    assert exact.height == 2


async def test_ticks_come_in_pieces_too(api: Api) -> None:
    pieces = await asked(
        api, lambda client: list(client.tick_batches("EUR-USD", start=START, source="oanda"))
    )
    whole = await asked(api, lambda client: client.ticks("EUR-USD", start=START))
    assert pl.concat(pieces).equals(whole)


async def test_candles_of_any_interval_in_any_zone(api: Api) -> None:
    frame = await asked(
        api, lambda client: client.candles("EUR-USD", "90s", start=START, timezone="Europe/Berlin")
    )
    assert frame.height == 40
    assert frame["ticks"].sum() == 3_600
    assert frame["high"].max() == 1.1596


async def test_a_query_is_answered_with_the_columns_that_were_asked_for(api: Api) -> None:
    frame = await asked(
        api,
        lambda client: client.query(
            ["close", {"name": "change", "op": "simple_return"}],
            symbols=["EUR-USD"],
            start=START,
            interval="1m",
        ),
    )
    assert frame.columns == ["time", "symbol", "close", "change"]
    assert frame.height == 60
    words = await asked(api, lambda client: client.vocabulary())
    assert "simple_return" in {each["name"] for each in words["operations"]}


async def test_sql_is_a_frame_of_its_rows(api: Api) -> None:
    statement = "SELECT symbol, count(*) AS ticks FROM ticks GROUP BY symbol ORDER BY symbol"
    frame = await asked(api, lambda client: client.sql(statement))
    assert frame.rows() == [("BTC-USDT", 3), ("EUR-USD", 3_600)]
    views = await asked(api, lambda client: client.sql_views())
    assert "ticks" in {each["name"] for each in views["views"]}


async def test_gaps_have_their_columns_where_there_are_none(api: Api) -> None:
    frame = await asked(api, lambda client: client.gaps("EUR-USD"))
    assert frame.height == 0
    assert frame.schema["start"] == pl.Datetime("us", "UTC")


async def test_ticks_are_saved_as_parquet(api: Api, tmp_path: Path) -> None:
    path = tmp_path / "eurusd.parquet"
    saved = await asked(api, lambda client: client.save("ticks", path, "EUR-USD", start=START))
    whole = await asked(api, lambda client: client.ticks("EUR-USD", start=START))
    assert saved == path
    assert pl.read_parquet(path)["bid"].equals(whole["bid"])
    with pytest.raises(RefusedError):
        await asked(api, lambda client: client.save("ticks", tmp_path / "no", "NOPE", start=START))
    left = await asyncio.to_thread(lambda: [each.name for each in tmp_path.iterdir()])
    assert left == [path.name]


class TestErrors:
    async def test_an_unknown_symbol_has_its_code_and_facts(self, api: Api) -> None:
        with pytest.raises(RefusedError, match="UNKNOWN_SYMBOL: unknown symbol: NOPE") as caught:
            await asked(api, lambda client: client.ticks("NOPE", start=START))
        error = caught.value
        assert (error.status, error.code) == (404, "UNKNOWN_SYMBOL")
        assert error.details == {"symbol": "NOPE"}
        assert error.request_id

    async def test_a_bad_parameter_names_its_field(self, api: Api) -> None:
        with pytest.raises(RefusedError, match="; timezone: ") as caught:
            await asked(api, lambda client: client.candles("EUR-USD", timezone="Mars/Base"))
        assert caught.value.code == "VALIDATION_ERROR"

    async def test_a_statement_that_is_none_is_refused(self, api: Api) -> None:
        with pytest.raises(RefusedError) as caught:
            await asked(api, lambda client: client.sql("SELEC 1"))
        assert caught.value.code == "SQL_INVALID"

    def test_a_time_without_its_zone_is_refused_here(self) -> None:
        naive = datetime(2026, 1, 1)
        with Client() as client, pytest.raises(ValueError, match="without its zone"):
            client.ticks("EUR-USD", start=naive)

    def test_nobody_at_an_address_is_unreachable(self) -> None:
        url = f"http://127.0.0.1:{free_port()}"
        with Client(url) as client, pytest.raises(UnreachableError, match=url):
            client.instruments()

    async def test_a_range_that_is_too_large_and_a_busy_server_are_types(self) -> None:
        def answer(request: Asked) -> tuple[int, dict[str, str], bytes]:
            busy = request.path.endswith("prices")
            code = "TOO_MANY_QUERIES" if busy else "RANGE_TOO_LARGE"
            body = f'{{"success":false,"error":{{"code":"{code}","message":"x","details":{{}}}}}}'
            return (429 if busy else 422), {"retry-after": "7"}, body.encode()

        async with http_server(answer) as url:
            with Client(url) as client:
                with pytest.raises(RangeTooLargeError):
                    await asyncio.to_thread(client.ticks, "EUR-USD", start=START)
                with pytest.raises(BusyError) as caught:
                    await asyncio.to_thread(client.prices)
        assert caught.value.retry_after_s == 7

    @pytest.mark.parametrize("status", [200, 502])
    async def test_what_is_no_answer_of_ours_is_an_error_of_the_client(self, status: int) -> None:
        async with http_server(lambda _: (status, {}, b"<html>")) as url:
            with Client(url) as client, pytest.raises(ClientError):
                await asyncio.to_thread(client.ticks, "EUR-USD", start=START)


def test_importing_the_client_brings_no_room_of_the_server() -> None:
    rooms = "api storage pipelines connectors pricing_engine fastapi psycopg bytewax numba pyarrow"
    program = (
        "import sys, tradewind.client;"
        f"print([name for name in {rooms.split()!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert done.stdout.decode().strip() == "[]"
