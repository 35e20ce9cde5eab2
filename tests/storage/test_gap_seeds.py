"""What was heard before: the newest trade of each instrument, and the last record's time."""

from typing import Any

import psycopg
import pytest

from market.bars import BAR_US
from market.clock import microseconds
from market.log import LogEntry
from storage.gap_seeds import Heard, seed_from
from storage.inbox import Inbox
from tests.pipelines.logs import record as record_of
from tests.storage.driving import Driver
from tests.storage.making import INSTRUMENT, SOURCE, START_US, numbers, quote, record, trade

pytestmark = pytest.mark.both_backends

Connection = psycopg.Connection[Any]


def test_of_an_empty_database_is_nothing(database_url: str) -> None:
    assert seed_from(database_url)(record(0)) == Heard()


def test_is_each_instruments_newest_trade_of_that_source(
    database_url: str, connection: Connection
) -> None:
    ticks = [trade(0, 5), trade(BAR_US, 7), trade(BAR_US, 8), quote(9 * BAR_US, 99)]
    other = [trade(3 * BAR_US, 70, instrument=102)]
    with Driver(database_url, [record_of(0, ticks), record_of(1, other)]) as driver:
        driver.step(2)
    assert numbers(connection, "SELECT count(*) FROM market.ticks") == [(5,)]
    heard = seed_from(database_url)(record(2))
    assert heard.newest == {
        INSTRUMENT: (8, START_US + BAR_US),
        102: (70, START_US + 3 * BAR_US),
    }


async def test_is_when_the_record_before_was_received(
    database_url: str, connection: Connection
) -> None:
    inbox = Inbox(database_url, None)
    writer = await inbox.writer("binance-0", SOURCE)
    await writer.append([LogEntry("frames", "", START_US + n, b"") for n in range(3)])
    await inbox.close()
    received = numbers(connection, "SELECT received_at FROM market.inbox ORDER BY log_offset")
    assert seed_from(database_url)(record(2)).received_us == microseconds(received[1][0])
    assert seed_from(database_url)(record(0)).received_us is None
