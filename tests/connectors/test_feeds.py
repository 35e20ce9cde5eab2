"""All providers of a configuration side by side: live first, then what was missed; each on its own."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from connectors.answers import Answer, Request
from connectors.config import FeedsConfig
from connectors.connector import Access, Build, Connector, Endpoint, Poll
from connectors.errors import AppendError, BadKeyError, UnknownAtProviderError
from connectors.feeds import CoveredUntil, run
from connectors.services import Services
from market.gaps import Gap, GapCause
from market.instruments import CATALOGUE, InstrumentTable
from market.log import LogEntry, LogWriter
from market.sources import Feed, Source, source_of
from tests.connectors.support import NOW_US, Asked, MemoryLog, MemoryWriter, http_server
from tests.connectors.venues import Plain, exchange, sends

KRAKEN, FIXER, COINGECKO = "kraken-simulated-0", "fixer-simulated-0", "coingecko-simulated-0"
STREAMED = "coingecko-simulated-stream"
HISTORY = "kraken-simulated-backfill"
GAP = Gap(source_of("kraken", Feed.SIMULATED), 1, GapCause.TRADE_IDS, NOW_US, NOW_US, 7, 9)


def check(answer: Answer, asked: str) -> None:
    if answer.status == 401:
        raise BadKeyError("fixer")


def kraken(access: Access, instruments: InstrumentTable) -> Connector:
    """A stream, a history of what is not covered, and repairs."""

    def history(covered: Mapping[int, int], now_us: int) -> Sequence[Request]:
        missed = [each for each in instruments if each.id not in covered]
        return [Request("OHLC", each.symbol, f"{access.rest_url}/OHLC") for each in missed]

    def repair(gap: Gap, asked: int, last: Answer | None) -> Request | None:
        return None if asked else Request("Trades", str(gap.first_id), f"{access.rest_url}/Trades")

    return Connector(
        "kraken",
        tuple(instruments),
        Endpoint(check),
        streams=(lambda: Plain(access.stream_url, provider="kraken"),),
        history=history,
        repair=repair,
    )


def fixer(access: Access, instruments: InstrumentTable) -> Connector:
    """One poll that is worth asking every hour."""
    poll = Poll(Request("latest", "EUR", f"{access.rest_url}/latest"), frozenset({1}), 3_600.0)
    return Connector("fixer", tuple(instruments), Endpoint(check), (poll,))


def coingecko(access: Access, instruments: InstrumentTable) -> Connector:
    """A poll, and a stream beside it."""
    poll = Poll(Request("simple/price", "", f"{access.rest_url}/price"), frozenset({1}), 60.0)
    return Connector(
        "coingecko",
        tuple(instruments),
        Endpoint(check),
        (poll,),
        (lambda: Plain(access.stream_url, provider="coingecko", shard="stream"),),
    )


BUILDS: Mapping[str, Build] = {"kraken": kraken, "fixer": fixer, "coingecko": coingecko}
COINS = InstrumentTable([CATALOGUE.by_symbol("BTC-USD"), CATALOGUE.by_symbol("ETH-USD")])


@dataclass
class Venue:
    """One server for all: each path's answers are numbered, so that none equals the one before."""

    rest_url: str = ""
    stream_url: str = ""
    asked: list[str] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)

    def respond(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        self.asked.append(asked.path)
        name = asked.path.split("/")[1]
        body = json.dumps({"number": len(self.asked)}).encode()
        return (401, {}, b"{}") if name in self.refused else (200, {}, body)

    def config(self, **dead: str) -> FeedsConfig:
        access = {
            name: Access(f"{dead.get(name, self.rest_url)}/{name}", self.stream_url)
            for name in BUILDS
        }
        return FeedsConfig(Feed.SIMULATED, access, brisk_s=0.01)


@pytest.fixture
async def venue() -> AsyncIterator[Venue]:
    standing = Venue()
    async with http_server(standing.respond) as rest, exchange(sends(1, 2)) as streams:
        standing.rest_url, standing.stream_url = rest, streams.url
        yield standing


@dataclass
class Book:
    """One gap of Kraken, until it was asked for."""

    done: list[int] = field(default_factory=list)

    async def open(self, provider: str, feed: Feed) -> list[tuple[int, Gap]]:
        return [(4, GAP)] if provider == "kraken" and not self.done else []

    async def asked(self, gap_id: int) -> None:
        self.done.append(gap_id)

    async def lost(self, gap_id: int) -> None:
        raise AssertionError("nothing is lost")


async def everything() -> Mapping[int, int]:
    return {each.id: NOW_US for each in COINS}


async def nothing() -> Mapping[int, int]:
    return {}


@contextlib.asynccontextmanager
async def feeding(
    config: FeedsConfig,
    log: MemoryLog,
    covered: CoveredUntil = everything,
    *,
    services: Services | None = None,
    builds: Mapping[str, Build] = BUILDS,
) -> AsyncIterator[None]:
    """Feeds that run for the time of the block and stop cleanly."""
    stop = asyncio.Event()
    feeds = run(
        config,
        log,
        covered,
        stop,
        services=services or Services(),
        instruments=COINS,
        builds=builds,
    )
    task = asyncio.create_task(feeds)
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(5):
            await task


async def filled(log: MemoryLog, *partitions: str) -> None:
    """Until each of these partitions holds something."""
    await log.until(lambda _: all(log.counts[each] for each in partitions))


async def test_every_stream_and_every_poll_has_its_partition(venue: Venue) -> None:
    log = MemoryLog()
    async with feeding(venue.config(), log):
        await filled(log, KRAKEN, FIXER, COINGECKO, STREAMED)
    assert set(log.counts) == {KRAKEN, FIXER, COINGECKO, STREAMED}
    sources = {record.partition: record.source for record in log.records}
    assert sources[KRAKEN] == source_of("kraken", Feed.SIMULATED)
    assert {record.kind for record in log.records} == {"frames", "latest", "simple/price"}


async def test_polls_are_brisk_where_the_configuration_says_so(venue: Venue) -> None:
    log = MemoryLog()
    async with feeding(venue.config(), log):
        await log.until(lambda _: log.counts[FIXER] >= 3)
    times = [record.received_us for record in log.records if record.partition == FIXER]
    assert times[2] - times[0] < 5_000_000  # the plan's own pace is hours


async def test_history_comes_after_what_is_live(venue: Venue) -> None:
    log = MemoryLog()
    async with feeding(venue.config(), log, nothing):
        await log.until(lambda _: log.counts[HISTORY] == len(COINS))
        first = next(n for n, each in enumerate(log.records) if each.partition == HISTORY)
        before = {record.partition for record in log.records[:first]}
    assert before >= {KRAKEN, FIXER, COINGECKO, STREAMED}
    contexts = {each.context for each in log.records if each.partition == HISTORY}
    assert contexts == {each.symbol for each in COINS}


async def test_what_is_covered_is_asked_before_a_partition_is_opened(venue: Venue) -> None:
    opened: list[str] = []
    opened_when_asked: list[list[str]] = []

    class Watched(MemoryLog):
        async def writer(self, partition: str, source: Source) -> LogWriter:
            opened.append(partition)
            return await super().writer(partition, source)

    async def covered() -> Mapping[int, int]:
        opened_when_asked.append(list(opened))
        return await everything()

    log = Watched()
    async with feeding(venue.config(), log, covered):
        await filled(log, KRAKEN)
    assert opened_when_asked == [[]]


async def test_an_open_gap_is_asked_for(venue: Venue) -> None:
    log, book = MemoryLog(), Book()
    async with feeding(venue.config(), log, services=Services(gaps=book)):
        await filled(log, HISTORY)
    (record,) = [each for each in log.records if each.partition == HISTORY]
    assert (record.kind, record.context, record.is_history) == ("Trades", "7", True)
    assert book.done == [4]


async def test_history_and_repairs_share_one_writer(venue: Venue) -> None:
    opened: list[str] = []

    class Watched(MemoryLog):
        async def writer(self, partition: str, source: Source) -> LogWriter:
            assert partition not in opened
            opened.append(partition)
            return await super().writer(partition, source)

    log = Watched()
    async with feeding(venue.config(), log, nothing, services=Services(gaps=Book())):
        await log.until(lambda _: log.counts[HISTORY] == len(COINS) + 1)


class TestFailures:
    async def test_a_dead_provider_does_not_disturb_the_others(self, venue: Venue) -> None:
        log = MemoryLog()
        config = venue.config(fixer="http://127.0.0.1:1")
        async with feeding(config, log):
            await filled(log, KRAKEN, COINGECKO, STREAMED)
        assert FIXER not in log.counts

    async def test_a_key_that_is_refused_stops_its_provider_alone(self, venue: Venue) -> None:
        log = MemoryLog()
        venue.refused.add("fixer")
        async with feeding(venue.config(), log):
            await filled(log, KRAKEN, COINGECKO, STREAMED)
        assert venue.asked.count("/fixer/latest") == 1

    async def test_a_configuration_that_makes_no_sense_is_left_out(
        self, venue: Venue, caplog: pytest.LogCaptureFixture
    ) -> None:
        def refusing(access: Access, instruments: InstrumentTable) -> Connector:
            raise UnknownAtProviderError("fixer", "the plan gold")

        log = MemoryLog()
        async with feeding(venue.config(), log, builds={**BUILDS, "fixer": refusing}):
            await filled(log, KRAKEN, COINGECKO, STREAMED)
        assert "fixer is left out: fixer: nothing is known of the plan gold" in caplog.text

    async def test_a_part_that_fails_is_started_again(self, venue: Venue) -> None:
        class Reluctant(Book):
            refused = False

            async def open(self, provider: str, feed: Feed) -> list[tuple[int, Gap]]:
                if not self.refused:
                    self.refused = True
                    raise OSError("the database is away")
                return await super().open(provider, feed)

        log, book = MemoryLog(), Reluctant()
        config = venue.config()
        alone = FeedsConfig(config.feed, {"kraken": config.access["kraken"]})
        async with feeding(alone, log, services=Services(gaps=book)):
            await filled(log, HISTORY)
        assert book.refused

    async def test_a_log_that_fails_ends_all(self, venue: Venue) -> None:
        class Full(MemoryWriter):
            async def append(self, entries: Sequence[LogEntry]) -> None:
                raise OSError("disk full")

        class FullLog(MemoryLog):
            async def writer(self, partition: str, source: Source) -> LogWriter:
                return Full(self, partition, source)

        async with asyncio.timeout(20):
            with pytest.raises(AppendError):
                await run(
                    venue.config(),
                    FullLog(),
                    everything,
                    asyncio.Event(),
                    services=Services(),
                    instruments=COINS,
                    builds=BUILDS,
                )

    async def test_without_a_provider_it_waits_for_its_stop(self) -> None:
        stop = asyncio.Event()
        nobody = FeedsConfig(Feed.LIVE, {})
        task = asyncio.create_task(run(nobody, MemoryLog(), nothing, stop, services=Services()))
        await asyncio.sleep(0)
        assert not task.done()
        stop.set()
        async with asyncio.timeout(5):
            await task
