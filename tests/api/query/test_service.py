"""What is made of a body before anything is read, and what the answer becomes."""

import asyncio
from datetime import UTC, datetime, timedelta

import polars as pl
import pyarrow as pa
import pytest

from api.config import ApiConfig
from api.errors import InvalidParameterError, RangeTooLargeError
from api.market.board import PriceBoard
from api.query import service
from api.query.schemas import QueryBody
from api.query.service import (
    answered,
    arrow_table,
    batches_of,
    check_json,
    json_limit,
    limited,
    understood,
)
from api.services import ServiceSet
from market.instruments import ALL_INSTRUMENTS
from market.sources import Feed
from pricing_engine.quant.errors import InvalidQueryError
from storage.pools import QueryTimeoutError
from tests.api.harness import Hands
from tests.api.query.conftest import STOCKS, days

NOW = datetime(2018, 1, 10, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
def board() -> PriceBoard:
    return PriceBoard(ALL_INSTRUMENTS, Feed.RECORDED, Hands(0))


def body(**change: object) -> QueryBody:
    return QueryBody.model_validate({**days(("AAPL", "TSLA"), ["close"]), **change})


def test_benchmarks_that_are_not_asked_for_are_read_beside(board: PriceBoard) -> None:
    columns = [{"name": name, "op": "beta", "benchmark": name} for name in ("TSLA", "GSPC")]
    found = understood(board, body(columns=columns), NOW)
    assert found.symbols == (("AAPL", True), ("TSLA", True), ("GSPC", False))


def test_no_range_reaches_beyond_now(board: PriceBoard) -> None:
    assert understood(board, body(end=None), NOW).end == NOW + MICROSECOND
    assert understood(board, body(end="2030-01-01T00:00:00Z"), NOW).end == NOW + MICROSECOND
    assert understood(board, body(), NOW).end == datetime(2018, 1, 1, tzinfo=UTC)


def test_a_symbol_named_twice_is_one(board: PriceBoard) -> None:
    assert understood(board, body(symbols=["TSLA", "AAPL", "TSLA"]), NOW).symbols == (
        ("TSLA", True),
        ("AAPL", True),
    )
    pairs = {"columns": ["correlation"], "layout": "pairs"}
    with pytest.raises(InvalidQueryError):
        understood(board, body(symbols=["TSLA", "TSLA"], **pairs), NOW)


def test_a_universe_is_what_fits_all_its_words(board: PriceBoard) -> None:
    universe = {"asset_class": "fx", "quote": "JPY"}
    found = understood(board, body(symbols=None, universe=universe), NOW).symbols
    assert {symbol for symbol, _ in found} >= {"USD-JPY", "EUR-JPY"}
    assert all(symbol.endswith("-JPY") for symbol, _ in found)


def test_a_limit_keeps_whole_times() -> None:
    first = datetime(2020, 1, 1, tzinfo=UTC)
    times = [first + timedelta(days=row // 3) for row in range(9)]
    frame = pl.DataFrame({"time": times, "x": range(9)})
    assert limited(frame, None).frame.height == limited(frame, 9).frame.height == 9
    cut = limited(frame, 5)
    assert (cut.frame["x"].to_list(), cut.next_start) == ([0, 1, 2], times[3])
    exact = limited(frame, 6)
    assert (exact.frame.height, exact.next_start) == (6, times[6])
    with pytest.raises(InvalidParameterError, match="at least 3"):
        limited(frame, 2)


def test_json_is_bounded() -> None:
    assert json_limit(None) == 10_000
    assert json_limit(50_000) == 50_000
    with pytest.raises(InvalidParameterError):
        json_limit(50_001)


async def test_a_table_leaves_in_batches_with_its_symbols_as_text() -> None:
    names = pl.Enum(["B", "A"])
    frame = pl.DataFrame({"symbol": pl.Series(["B", "A"] * 50_000, dtype=names), "x": 1.5})
    table = arrow_table(frame)
    assert table.schema.field("symbol").type == pa.dictionary(pa.int32(), pa.string())
    batches = [batch async for batch in batches_of(table)]
    assert [batch.num_rows for batch in batches] == [65_536, 34_464]
    assert batches[1].column("symbol")[1].as_py() == "A"


@pytest.mark.usefixtures("stored")
async def test_what_takes_too_long_is_given_up(
    recorded: ApiConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = ServiceSet.of(recorded)
    question = understood(services.board, body(symbols=list(STOCKS)), NOW)
    for seconds in (0.0, 1e-9):
        monkeypatch.setattr(service, "TIMEOUT_S", seconds)
        with pytest.raises(QueryTimeoutError):
            await answered(services, question, None)
    await asyncio.gather(services.columns.close(), services.database.close())


def test_columns_of_the_whole_range_are_not_cut() -> None:
    frame = pl.DataFrame({"time": [datetime(2020, 1, day, tzinfo=UTC) for day in (1, 2)]})
    assert limited(frame, 2, ("drawdown",)).next_start is None
    with pytest.raises(RangeTooLargeError, match="drawdown without a window") as caught:
        limited(frame, 1, ("drawdown",))
    assert (caught.value.bound, caught.value.asked, caught.value.most) == ("rows", 2, 1)


def test_json_is_bounded_by_values_too() -> None:
    frame = pl.DataFrame({f"c{n}": pl.zeros(20_000, eager=True) for n in range(50)})
    check_json(frame)
    with pytest.raises(RangeTooLargeError, match=r"a limit of 19,607 rows"):
        check_json(frame.with_columns(one_more=pl.lit(0.0)))
