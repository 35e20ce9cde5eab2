"""Which rollups may be read: until the mark, but for the touched hours of the instrument asked for."""

from typing import Any

import psycopg
import pytest

from market.bars import BarBatch
from market.sources import Feed
from storage.rollup_marks import Touches, set_until, watch
from storage.rollup_state import RollupState, rollup_state
from tests.storage.rolling import FEED, at, minute_bar

Connection = psycopg.Connection[Any]

pytestmark = pytest.mark.both_backends


async def state(database_url: str, feed: Feed = FEED, instrument: int = 101) -> RollupState:
    """Of the second and third hour."""
    async with await psycopg.AsyncConnection.connect(database_url) as connection:
        await connection.execute("SET TIME ZONE 'UTC'")
        return await rollup_state(connection, feed, instrument, at(60), at(180))


@pytest.fixture
def touched(connection: Connection) -> None:
    """Four hours of which all were touched, the last two of another instrument."""
    watch(connection, FEED, at(300))
    set_until(connection, FEED, at(240))
    touches = Touches()
    bars = [minute_bar(minute) for minute in (0, 61, 60, 181)]
    bars += [minute_bar(minute, instrument=102) for minute in (120, 60)]
    bars += [minute_bar(60, source=21)]
    touches.bars(FEED, BarBatch.of(bars))
    touches.record(connection)


async def test_before_the_first_refresh_none_may(database_url: str) -> None:
    assert await state(database_url) == RollupState(None, ())


@pytest.mark.usefixtures("touched")
async def test_says_the_mark_and_the_touched_hours_of_the_range(database_url: str) -> None:
    assert await state(database_url) == RollupState(at(240), (at(60),))
    assert await state(database_url, instrument=102) == RollupState(at(240), (at(60), at(120)))
    assert await state(database_url, instrument=103) == RollupState(at(240), ())
    assert await state(database_url, feed=Feed.LIVE) == RollupState(None, ())
