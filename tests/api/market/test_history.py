"""What is asked of ticks: ranges."""

import pytest

from api.errors import InvalidParameterError
from api.market.board import PriceBoard
from api.market.history import find_ticks
from api.market.schemas import TickParameters
from market.clock import rfc3339
from market.errors import UnknownSymbolError
from market.instruments import CATALOGUE
from market.sources import Feed
from storage.pools import ReadPool
from tests.api.conftest import NOW_US
from tests.api.harness import NOWHERE, Hands


@pytest.fixture
def board() -> PriceBoard:
    return PriceBoard(CATALOGUE, Feed.LIVE, Hands(NOW_US))


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
