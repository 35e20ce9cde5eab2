"""What is asked of candles: sides, running candles, ranges."""

from collections.abc import AsyncIterator
from datetime import datetime

import pytest

from api.errors import InvalidParameterError
from api.market.board import PriceBoard
from api.market.candles import find_candles
from api.market.schemas import CandleParameters
from market.clock import rfc3339
from market.errors import UnknownSymbolError
from market.instruments import CATALOGUE
from market.sources import Feed, source_of
from market.ticks import RATE, Tick
from storage.columns import ColumnReader
from tests.api.conftest import NOW_US
from tests.api.harness import EURUSD, NOWHERE, Hands, quote, store_ticks, trade, us

OANDA = source_of("oanda", Feed.LIVE).id
BINANCE = source_of("binance", Feed.LIVE).id
FIXER = source_of("fixer", Feed.LIVE).id
SECOND = 1_000_000


@pytest.fixture
def board() -> PriceBoard:
    return PriceBoard(CATALOGUE, Feed.LIVE, Hands(NOW_US))


@pytest.fixture
async def columns(database_url: str) -> AsyncIterator[ColumnReader]:
    readers = ColumnReader(database_url)
    yield readers
    await readers.close()


def candles(**parameters: object) -> CandleParameters:
    return CandleParameters.model_validate({"symbol": "EUR-USD", **parameters})


async def test_fx_shows_the_mid_and_where_there_is_none_the_rate(
    board: PriceBoard, columns: ColumnReader, database_url: str
) -> None:
    store_ticks(
        database_url,
        [
            quote(NOW_US - 60 * SECOND, OANDA, "1", "3"),
            trade(NOW_US - 60 * SECOND, OANDA, "9", of=EURUSD),
            Tick(NOW_US, EURUSD, FIXER, RATE, price="4"),
        ],
    )
    rows, _ = await find_candles(board, columns, candles())
    assert [row["close"] for row in rows] == [2.0, 4.0]


async def test_crypto_shows_trades_alone(
    board: PriceBoard, columns: ColumnReader, database_url: str
) -> None:
    store_ticks(
        database_url,
        [quote(NOW_US - 60 * SECOND, BINANCE, "1", "3", of=101), trade(NOW_US, BINANCE, "9")],
    )
    rows, _ = await find_candles(board, columns, candles(symbol="BTC-USDT"))
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
    board: PriceBoard,
    columns: ColumnReader,
    database_url: str,
    interval: str,
    zone: str,
    opens: str,
    complete: bool,
) -> None:
    store_ticks(database_url, [quote(us("2026-11-24T14:59:00Z"), OANDA, "1", "3")])
    rows, following = await find_candles(board, columns, candles(interval=interval, timezone=zone))
    assert [(row["time"], row["complete"]) for row in rows] == [
        (datetime.fromisoformat(opens), complete)
    ]
    assert following is None


async def test_a_range_that_ends_before_it_starts_is_refused(board: PriceBoard) -> None:
    moment = rfc3339(NOW_US)
    with pytest.raises(InvalidParameterError):
        await find_candles(board, ColumnReader(NOWHERE), candles(start=moment, end=moment))


async def test_an_unknown_symbol_asks_no_database(board: PriceBoard) -> None:
    with pytest.raises(UnknownSymbolError):
        await find_candles(board, ColumnReader(NOWHERE), candles(symbol="NOPE"))
