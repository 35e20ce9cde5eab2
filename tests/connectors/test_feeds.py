"""All connectors together, against the sandbox."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Mapping, Sequence

import pytest
from websockets.asyncio.server import ServerConnection

from connectors import backfilling
from connectors.coverage import coverage_of
from connectors.errors import AppendError
from connectors.feeds import CoveredUntil, FeedsConfig, run
from connectors.parsing import parse
from connectors.sandbox.server import Running, running
from market.clock import system_clock
from market.instruments import CATALOGUE, InstrumentTable
from market.log import LogEntry, LogWriter
from market.sources import Feed, Source
from tests.connectors.support import MemoryLog, MemoryWriter
from tests.connectors.test_streaming import FRAME, exchange, sends

BINANCE, ALPHAVANTAGE = "binance-simulated-0", "alphavantage-simulated-0"
COINGECKO, FIXER = "coingecko-simulated-0", "fixer-simulated-0"
BINANCE_HISTORY = "binance-simulated-backfill"
ALPHAVANTAGE_HISTORY = "alphavantage-simulated-backfill"
COINGECKO_HISTORY = "coingecko-simulated-backfill"
LIVE = {BINANCE, ALPHAVANTAGE, COINGECKO, FIXER}
BACKFILL = {BINANCE_HISTORY, ALPHAVANTAGE_HISTORY, COINGECKO_HISTORY}
SOME = InstrumentTable(
    CATALOGUE.by_symbol(symbol)
    for symbol in "EUR-USD AAPL EUR-SEK EUR-NGN BTC-USDT ETH-USDT BTC-USD PEPE-USD".split()
)

COIN = CATALOGUE.by_symbol("BTC-USDT")
GAPPED = InstrumentTable([COIN, CATALOGUE.by_symbol("PEPE-USD")])


@pytest.fixture
async def sandbox() -> AsyncIterator[Running]:
    async with running() as server:
        yield server


async def nothing() -> Mapping[int, int]:
    return {}


async def everything() -> Mapping[int, int]:
    return {instrument.id: system_clock() for instrument in CATALOGUE}


async def well_covered() -> Mapping[int, int]:
    """Until an hour from now."""
    return {instrument.id: system_clock() + 3_600_000_000 for instrument in CATALOGUE}


@contextlib.asynccontextmanager
async def feeding(
    config: FeedsConfig,
    log: MemoryLog,
    covered: CoveredUntil = everything,
    instruments: InstrumentTable = SOME,
) -> AsyncIterator[None]:
    """Feeds that run for the time of the block and stop cleanly."""
    stop = asyncio.Event()
    task = asyncio.create_task(run(config, log, covered, stop, instruments=instruments))
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(5):
            await task


def partitions(log: MemoryLog) -> set[str]:
    return set(log.counts)


async def quoting(log: MemoryLog, feed: Feed) -> None:
    """Until every provider has quoted in this class."""
    await log.until(
        lambda records: len({each.source for each in records if each.source.feed is feed}) == 4
    )


async def test_every_provider_quotes_and_a_day_is_backfilled(sandbox: Running) -> None:
    await expect_everything(sandbox, SOME)


@pytest.mark.slow
async def test_every_instrument_is_quoted_and_a_day_is_backfilled(sandbox: Running) -> None:
    await expect_everything(sandbox, CATALOGUE)


async def expect_everything(sandbox: Running, instruments: InstrumentTable) -> None:
    """Every instrument gets a live tick, and a day of bars or points where there is a history."""
    log, coverage = MemoryLog(), coverage_of(instruments)
    wanted = {
        BINANCE_HISTORY: 2 * len(coverage.binance),
        ALPHAVANTAGE_HISTORY: len(coverage.alphavantage) + len(coverage.fixer),
        COINGECKO_HISTORY: len(coverage.coingecko),
        ALPHAVANTAGE: len(coverage.alphavantage),
    } | dict.fromkeys(LIVE - {ALPHAVANTAGE}, 1)
    async with feeding(FeedsConfig.sandbox(sandbox.http_url), log, nothing, instruments):
        await log.until(
            lambda _: all(log.counts[name] >= count for name, count in wanted.items()), within_s=100
        )
    outcomes = [(record, parse(record, instruments)) for record in log.records]
    assert [each.refused for _, each in outcomes if each.refused] == []
    assert {record.source.feed for record in log.records} == {Feed.SIMULATED}
    live = [each.ticks for record, each in outcomes if record.partition in LIVE]
    quoted = {instrument for ticks in live for instrument in ticks.instrument.tolist()}
    assert quoted >= {each.id for each in instruments if each.quote != "USDT"}
    bars = sum(len(each.bars) for record, each in outcomes if record.partition in BACKFILL)
    assert bars >= 1_400 * (len(coverage.binance) + len(coverage.alphavantage))


async def test_feeds_of_two_classes_share_a_log(
    sandbox: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    log = MemoryLog()
    simulated = FeedsConfig.sandbox(sandbox.http_url)
    for config in (simulated, dataclasses.replace(simulated, feed=Feed.LIVE)):
        async with feeding(config, log):
            await quoting(log, config.feed)
    holds = {(each.partition, each.source) for each in log.records}
    assert len(holds) == len(partitions(log)) == 8


async def test_history_comes_after_the_live_prices(sandbox: Running) -> None:
    log = MemoryLog()
    async with feeding(FeedsConfig.sandbox(sandbox.http_url), log, nothing):
        await log.until(lambda _: bool(partitions(log) & BACKFILL), within_s=60)
        assert partitions(log) >= LIVE


async def test_what_is_covered_is_asked_before_anything_is_received(sandbox: Running) -> None:
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
    async with feeding(FeedsConfig.sandbox(sandbox.http_url), log, covered):
        await log.until(lambda _: partitions(log) >= LIVE)
    assert opened_when_asked == [[]]


async def test_what_is_covered_is_not_backfilled(sandbox: Running) -> None:
    log = MemoryLog()
    async with feeding(FeedsConfig.sandbox(sandbox.http_url), log):
        await log.until(lambda _: partitions(log) >= LIVE)
        seen = len(log.records)
        await log.until(lambda records: len(records) >= seen + 20)
    assert partitions(log) == LIVE


async def test_a_dead_provider_does_not_disturb_the_others(sandbox: Running) -> None:
    log = MemoryLog()
    config = dataclasses.replace(
        FeedsConfig.sandbox(sandbox.http_url),
        fixer_url="http://127.0.0.1:1/api/latest",
        binance_stream_url="ws://127.0.0.1:1",
    )
    async with feeding(config, log):
        await log.until(lambda _: partitions(log) >= LIVE - {FIXER, BINANCE})
    assert partitions(log) == {ALPHAVANTAGE, COINGECKO}


async def test_without_keys_only_the_keyless_are_asked(sandbox: Running) -> None:
    log = MemoryLog()
    config = dataclasses.replace(
        FeedsConfig.sandbox(sandbox.http_url), alphavantage_key=None, fixer_key=None
    )
    async with feeding(config, log, nothing):
        wanted = {BINANCE, COINGECKO, BINANCE_HISTORY, COINGECKO_HISTORY}
        await log.until(lambda _: partitions(log) >= wanted, within_s=60)
    assert partitions(log) == wanted


async def test_a_wrong_key_stops_its_provider_alone(sandbox: Running) -> None:
    log = MemoryLog()
    config = dataclasses.replace(FeedsConfig.sandbox(sandbox.http_url), alphavantage_key="demo")
    async with feeding(config, log):
        await log.until(lambda _: partitions(log) >= LIVE - {ALPHAVANTAGE})
    assert ALPHAVANTAGE not in partitions(log)


async def test_a_log_that_fails_ends_the_feeds(sandbox: Running) -> None:
    class Full(MemoryWriter):
        async def append(self, entries: Sequence[LogEntry]) -> None:
            raise OSError("disk full")

    class FullLog(MemoryLog):
        async def writer(self, partition: str, source: Source) -> LogWriter:
            return Full(self, partition, source)

    async with asyncio.timeout(20):
        with pytest.raises(AppendError):
            config = FeedsConfig.sandbox(sandbox.http_url)
            await run(config, FullLog(), everything, asyncio.Event())


class TestGaps:
    @pytest.fixture(autouse=True)
    def _every_gap_matters(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(backfilling, "KLINES_GAP_US", -1)

    async def fill(self, sandbox: Running, log: MemoryLog, covered: CoveredUntil) -> None:
        """A stream that is cut and comes again, until the history of its gap is in the log."""
        cut = asyncio.Event()

        async def until_cut(connection: ServerConnection) -> None:
            await connection.send(FRAME % 1)
            await cut.wait()

        async with exchange(until_cut, sends(2)) as standing:
            config = dataclasses.replace(
                FeedsConfig.sandbox(sandbox.http_url),
                binance_stream_url=standing.url,
                coingecko_url="http://127.0.0.1:1",
                alphavantage_key=None,
                fixer_key=None,
            )
            async with feeding(config, log, covered, GAPPED):
                await log.until(lambda _: log.counts[BINANCE] == 1)
                history = log.counts[BINANCE_HISTORY]
                cut.set()
                await log.until(lambda _: log.counts[BINANCE_HISTORY] == history + 1)

    async def test_a_gap_is_filled_after_it(self, sandbox: Running) -> None:
        await self.fill(sandbox, MemoryLog(), well_covered)

    async def test_a_gap_whose_filling_failed_is_kept(self, sandbox: Running) -> None:
        class Reluctant(MemoryLog):
            refused = False

            async def writer(self, partition: str, source: Source) -> LogWriter:
                if partition == BINANCE_HISTORY and not self.refused:
                    self.refused = True
                    raise OSError("the database is away")
                return await super().writer(partition, source)

        log = Reluctant()
        await self.fill(sandbox, log, well_covered)
        assert log.refused

    async def test_a_gap_does_not_wait_for_another_providers_day(self, sandbox: Running) -> None:
        async def the_coin_alone() -> Mapping[int, int]:
            return {COIN.id: (await well_covered())[COIN.id]}

        await self.fill(sandbox, MemoryLog(), the_coin_alone)
