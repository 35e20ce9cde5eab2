"""Open gaps are asked for in order, step by step; what fails stays open, what is not offered is lost."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import pytest

from connectors.answers import Answer, Request
from connectors.backoff import Backoff
from connectors.connector import Connector
from connectors.errors import (
    AppendError,
    BadKeyError,
    BurstError,
    ConnectorError,
    MalformedError,
    NotYetError,
    PremiumError,
    QuotaExceededError,
    TransientError,
    UnknownAtProviderError,
)
from connectors.repairing import BAD_KEY_REST_S, EVERY_S, MAX_ROUNDS, QUOTA_REST_S, TRIES, Repairer
from market.gaps import Gap, GapCause
from market.log import LogEntry
from market.sources import Feed, source_of
from tests.connectors.support import NOW_US, Hands, MemoryWriter

PAGES = 2


def gap(number: int) -> Gap:
    source = source_of("kraken", Feed.LIVE)
    return Gap(source, 1, GapCause.TRADE_IDS, NOW_US, NOW_US + 1, number * 10, number * 10 + 5)


@dataclass
class Book:
    """Gaps stay open until they are asked for, or lost; says when a round begins."""

    gaps: dict[int, Gap]
    asked_ids: list[int] = field(default_factory=list)
    lost_ids: list[int] = field(default_factory=list)
    reopens: bool = False
    rounds: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def open(self, provider: str, feed: Feed) -> list[tuple[int, Gap]]:
        assert (provider, feed) == ("kraken", Feed.LIVE)
        async with self.changed:
            self.rounds += 1
            self.changed.notify_all()
        return sorted(self.gaps.items())

    async def asked(self, gap_id: int) -> None:
        self.asked_ids.append(gap_id)
        if not self.reopens:
            del self.gaps[gap_id]

    async def lost(self, gap_id: int) -> None:
        self.lost_ids.append(gap_id)
        del self.gaps[gap_id]

    async def until(self, rounds: int) -> None:
        """Until so many rounds have begun, so that all but the last have ended."""
        async with asyncio.timeout(10), self.changed:
            await self.changed.wait_for(lambda: self.rounds >= rounds)


@dataclass
class Kraken:
    """Two pages a gap; fails as told, by context."""

    failures: dict[str, list[ConnectorError]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def repair(self, of: Gap, asked: int, last: Answer | None) -> Request | None:
        assert (last is None) == (asked == 0)
        return Request("Trades", f"{of.first_id}/{asked}", "http://x") if asked < PAGES else None

    async def fetch(self, request: Request) -> Answer:
        self.asked.append(request.context)
        failures = self.failures.get(request.context)
        if failures:
            raise failures.pop(0)
        return Answer(200, request.context.encode(), NOW_US)


@contextlib.asynccontextmanager
async def repairing(
    book: Book, venue: Kraken, writer: MemoryWriter, hands: Hands | None = None
) -> AsyncIterator[None]:
    hands = hands or Hands()
    repairer = Repairer(
        Connector("kraken", (), repair=venue.repair),
        Feed.LIVE,
        venue.fetch,
        book,
        writer,
        backoff=Backoff(first_s=0.5, uniform=lambda low, high: high),
        clock=hands.clock,
        sleep=hands.sleep,
    )
    task = asyncio.create_task(repairer.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def contexts(writer: MemoryWriter) -> list[str]:
    return [record.context for record in writer.log.records]


async def test_gaps_are_worked_off_in_order_and_step_by_step() -> None:
    book, writer = Book({number: gap(number) for number in range(1, 30)}), MemoryWriter()
    async with repairing(book, Kraken(), writer):
        await book.until(2)
    assert contexts(writer) == [f"{n * 10}/{page}" for n in range(1, 30) for page in range(PAGES)]
    assert {record.kind for record in writer.log.records} == {"Trades"}
    assert book.asked_ids == list(range(1, 30))
    assert book.lost_ids == []


async def test_the_book_is_looked_at_every_few_seconds() -> None:
    book, hands = Book({}), Hands()
    async with repairing(book, Kraken(), MemoryWriter(), hands):
        await book.until(3)
    assert hands.slept_s[:2] == [EVERY_S, EVERY_S]


@pytest.mark.parametrize(
    "error", [TransientError("kraken", "HTTP 503"), BurstError("kraken", 0.25)]
)
async def test_a_short_failure_is_waited_out_within_a_gap(error: ConnectorError) -> None:
    book, writer = Book({1: gap(1)}), MemoryWriter()
    venue = Kraken({"10/1": [error] * (TRIES - 1)})
    async with repairing(book, venue, writer):
        await book.until(2)
    assert contexts(writer) == ["10/0", "10/1"]
    assert book.asked_ids == [1]


async def test_a_long_failure_leaves_the_gap_open_and_the_next_wait() -> None:
    book, writer, hands = Book({1: gap(1), 2: gap(2)}), MemoryWriter(), Hands()
    venue = Kraken({"10/1": [TransientError("kraken", "HTTP 503")] * TRIES})
    async with repairing(book, venue, writer, hands):
        await book.until(3)
    assert venue.asked[: 1 + TRIES] == ["10/0"] + ["10/1"] * TRIES
    assert contexts(writer) == ["10/0", "20/0", "20/1", "10/0", "10/1"]
    assert book.asked_ids == [2, 1]
    assert hands.slept_s[:4] == [0.5, 1.0, 2.0, EVERY_S]


@pytest.mark.parametrize(
    ("error", "rest_s"),
    [
        (BadKeyError("kraken"), BAD_KEY_REST_S),
        (QuotaExceededError("kraken", None), QUOTA_REST_S),
        (QuotaExceededError("kraken", NOW_US + 90_000_000), 90.0),
        (NotYetError("kraken", NOW_US + 70_000_000), 70.0),
    ],
)
async def test_a_refusal_of_the_provider_makes_all_wait(
    error: ConnectorError, rest_s: float
) -> None:
    book, hands = Book({1: gap(1), 2: gap(2)}), Hands()
    venue = Kraken({"10/0": [error]})
    async with repairing(book, venue, MemoryWriter(), hands):
        await book.until(3)
    assert hands.slept_s[0] == rest_s
    assert book.asked_ids == [1, 2]


@pytest.mark.parametrize(
    "error", [PremiumError("kraken", "Trades"), UnknownAtProviderError("kraken", "FOO/BAR")]
)
async def test_what_is_not_offered_is_lost_and_the_next_goes_on(error: ConnectorError) -> None:
    book, venue = Book({1: gap(1), 2: gap(2)}), Kraken({"10/0": [error]})
    async with repairing(book, venue, MemoryWriter()):
        await book.until(2)
    assert (book.lost_ids, book.asked_ids) == ([1], [2])


async def test_nonsense_leaves_the_gap_open_and_the_next_goes_on() -> None:
    book, venue = Book({1: gap(1), 2: gap(2)}), Kraken({"10/0": [MalformedError("kraken", "?")]})
    async with repairing(book, venue, MemoryWriter()):
        await book.until(3)
    assert book.asked_ids == [2, 1]


@pytest.mark.parametrize(
    "error", [MalformedError("kraken", "?"), TransientError("kraken", "HTTP 500")]
)
async def test_a_gap_that_never_comes_is_asked_for_less_and_less_and_holds_up_no_other(
    error: ConnectorError,
) -> None:
    book, hands = Book({1: gap(1), 2: gap(2), 3: gap(3)}), Hands()
    venue = Kraken({"10/0": [error] * 1_000})
    async with repairing(book, venue, MemoryWriter(), hands):
        await book.until(12)
    assert book.asked_ids == [2, 3]
    assert book.lost_ids == []
    assert max(hands.slept_s) == 60.0


async def test_where_there_is_nothing_to_ask_a_gap_is_lost() -> None:
    book = Book({1: gap(1)})
    repairer = Repairer(
        Connector("kraken", ()),
        Feed.LIVE,
        Kraken().fetch,
        book,
        MemoryWriter(),
        sleep=Hands().sleep,
    )
    task = asyncio.create_task(repairer.run())
    await book.until(2)
    task.cancel()
    assert book.lost_ids == [1]


async def test_a_gap_that_is_open_whatever_was_asked_is_lost_in_the_end() -> None:
    book = Book({1: gap(1)}, reopens=True)
    async with repairing(book, Kraken(), MemoryWriter()):
        await book.until(MAX_ROUNDS + 2)
    assert book.asked_ids == [1] * MAX_ROUNDS
    assert book.lost_ids == [1]


async def test_a_log_that_fails_ends_it() -> None:
    class Broken:
        async def append(self, entries: Sequence[LogEntry]) -> None:
            raise AppendError("kraken-live-backfill")

    venue = Kraken()
    connector = Connector("kraken", (), repair=venue.repair)
    repairer = Repairer(connector, Feed.LIVE, venue.fetch, Book({1: gap(1)}), Broken())
    with pytest.raises(AppendError):
        await repairer.run()
