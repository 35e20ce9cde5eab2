"""The ledger of quotas in PostgreSQL: entered before it is granted, and never given back."""

from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from market.clock import datetime_of
from market.quotas import Budget, Limit, Period
from storage.errors import DatabaseUnavailableError
from storage.quota_book import ENTERED_WITHIN_US, FAILURE_LENGTH, Entered, QuotaBook
from storage.quota_rules import MINUTE_US, Standing, counts
from tests.connectors.support import NOW_US, Hands, us

DAY = us("2026-11-24T00:00:00"), us("2026-11-25T00:00:00")
MINUTE_START_US = NOW_US // MINUTE_US * MINUTE_US
FREE = Budget("alphavantage", "ab", (Limit(2, Period.DAY), Limit(1, Period.SECOND)))
PREMIUM = Budget("alphavantage", "cd", (Limit(75, Period.MINUTE),))


@pytest.fixture
async def book(database_url: str) -> AsyncIterator[QuotaBook]:
    opened = QuotaBook(database_url, clock=lambda: NOW_US)
    yield opened
    await opened.close()


async def enter(
    book: QuotaBook, budget: Budget, now_us: int = NOW_US, generation: int | None = 1
) -> Entered:
    counted = counts(budget, spread=True)
    return await book.enter(budget, counted, now_us, spread=True, generation=generation)


async def test_a_day_takes_its_calls_and_no_more(book: QuotaBook) -> None:
    await book.refill(FREE, NOW_US)
    entered = [await enter(book, FREE) for _ in range(3)]
    assert entered == [Entered(), Entered(), Entered(until_us=DAY[1])]
    assert await enter(book, FREE, DAY[1]) == Entered()
    standing = await book.refill(FREE, DAY[1])
    assert standing.used == {("day", DAY[1]): 1}
    assert standing.last_us == DAY[1]
    assert standing.paced_us == (DAY[1] + DAY[1] + 86_400_000_000) // 2


async def test_what_an_older_filling_granted_is_not_entered(book: QuotaBook) -> None:
    await book.refill(FREE, NOW_US)
    await book.refill(FREE, NOW_US)
    assert await enter(book, FREE) == Entered(stale=True)
    assert await book.refill(FREE, NOW_US) == Standing(generation=3)


async def test_a_call_without_windows_makes_them_stale(book: QuotaBook) -> None:
    await book.refill(PREMIUM, NOW_US)
    assert await enter(book, PREMIUM, generation=None) == Entered()
    assert await enter(book, PREMIUM) == Entered(stale=True)
    assert (await book.refill(PREMIUM, NOW_US)).used == {("minute", MINUTE_START_US): 1}


async def test_a_call_that_took_too_long_is_not_made(database_url: str) -> None:
    hands = Hands()
    book = QuotaBook(database_url, clock=hands.clock)
    await book.refill(FREE, NOW_US)
    hands.now_us += ENTERED_WITHIN_US + 1
    assert await enter(book, FREE) == Entered(stale=True)
    assert (await book.refill(FREE, NOW_US)).used == {}
    await book.close()


async def test_minutes_long_past_are_forgotten(
    book: QuotaBook, connection: psycopg.Connection[Any]
) -> None:
    await book.refill(PREMIUM, NOW_US)
    for minutes in (0, 1, 61):
        await enter(book, PREMIUM, NOW_US + minutes * MINUTE_US)
    kept = connection.execute("SELECT started_at FROM market.provider_calls ORDER BY 1").fetchall()
    assert kept == [(datetime_of(MINUTE_START_US + each * MINUTE_US),) for each in (1, 61)]


async def test_a_block_only_grows_and_holds_every_call_back(book: QuotaBook) -> None:
    await book.block(FREE, NOW_US + 50)
    await book.block(FREE, NOW_US + 40)
    assert (await book.refill(FREE, NOW_US)).blocked_us == NOW_US + 50
    assert await enter(book, FREE) == Entered(until_us=NOW_US + 50)


async def test_how_calls_went_is_kept(book: QuotaBook, connection: psycopg.Connection[Any]) -> None:
    await book.note(FREE, NOW_US, None, NOW_US + 5)
    await book.note(FREE, NOW_US + 1, "no\0answer" + "x" * FAILURE_LENGTH, None)
    row = connection.execute(
        "SELECT last_success_at, last_failure_at, last_failure, next_call_at, limits"
        " FROM market.provider_states"
    ).fetchone()
    assert row is not None
    assert row[:2] == (datetime_of(NOW_US), datetime_of(NOW_US + 1))
    assert (row[2][:10], len(row[2])) == ("no\ufffdanswerx", FAILURE_LENGTH)
    assert row[3:] == (datetime_of(NOW_US + 5), "2/day, 1/second")


async def test_a_connection_that_was_cut_is_opened_anew(
    book: QuotaBook, connection: psycopg.Connection[Any]
) -> None:
    await book.refill(FREE, NOW_US)
    connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with pytest.raises(DatabaseUnavailableError):
        await enter(book, FREE)
    assert await enter(book, FREE) == Entered()


async def test_no_database_is_told() -> None:
    with pytest.raises(DatabaseUnavailableError):
        await QuotaBook("postgresql://nobody@127.0.0.1:1/none").refill(FREE, NOW_US)
