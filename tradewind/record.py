"""`tradewind record`: what one provider says, as it comes, into a file that `tradewind replay` plays."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

from connectors.config import FeedsConfig
from connectors.feeds import run
from connectors.providers import PROVIDERS
from connectors.recording import Recording
from connectors.services import Services
from market.clock import system_clock
from market.instruments import CATALOGUE, InstrumentTable
from storage.migrate import migrate
from storage.quotas import QuotaLedger
from tradewind.connections import feeds_config
from tradewind.errors import BadSettingError, MissingKeyError, UnknownProviderError
from tradewind.lifetime import set_when, stop_requested
from tradewind.servers import reach_database
from tradewind.servers.bundle import with_running
from tradewind.settings import FeedChoice, Settings

DAY_US = 86_400_000_000


def run_record(
    path: Path,
    settings: Settings,
    provider: str,
    *,
    symbols: Sequence[str] = (),
    seconds: float | None = None,
) -> int:
    """Record until Ctrl-C, or for so many seconds; the exit status. No symbols: all that it quotes.

    A provider that is asked live has its quota counted in the database of the data directory. Raises a
    ProcessError where the provider or a symbol is unknown, a RecordingError where the file is there.
    """
    config = _config_of(settings, provider)
    instruments = _chosen(symbols)
    connector = PROVIDERS[provider](config.access[provider], instruments)
    if not connector.instruments:
        raise BadSettingError("--symbols", f"{provider} quotes none of them")
    counted = settings.feed is FeedChoice.LIVE and bool(connector.polls)
    stop_requested()  # before asyncio takes the signal of Ctrl-C for itself
    with _ledger_of(settings) if counted else contextlib.nullcontext() as urls:
        recording = Recording(path)
        try:
            asyncio.run(_record(recording, config, instruments, urls, seconds))
        finally:
            recording.close()
    size = path.stat().st_size
    print(f"{recording.lines:,} lines in {size:,} bytes: {path}")
    return 0


def _config_of(settings: Settings, provider: str) -> FeedsConfig:
    """The feed's configuration with this provider alone."""
    if provider not in PROVIDERS:
        raise UnknownProviderError(provider, tuple(PROVIDERS))
    config = feeds_config(settings)
    if provider not in config.access:
        raise MissingKeyError(provider)
    return replace(config, access={provider: config.access[provider]})


def _chosen(symbols: Sequence[str]) -> InstrumentTable:
    for symbol in symbols:
        if symbol not in CATALOGUE:
            raise BadSettingError("--symbols", f"there is no instrument {symbol}")
    return InstrumentTable([CATALOGUE.by_symbol(symbol) for symbol in symbols] or CATALOGUE)


@contextmanager
def _ledger_of(settings: Settings) -> Iterator[tuple[str, str]]:
    """The addresses of the database and of Redis that quotas are counted in."""
    with reach_database(settings) as database_url:
        migrate(database_url)
        yield database_url, with_running(settings).redis()


@asynccontextmanager
async def _services(urls: tuple[str, str] | None) -> AsyncIterator[Services]:
    if urls is None:
        yield Services()
        return
    ledger = QuotaLedger(*urls)
    try:
        yield Services(ledger=ledger)
    finally:
        await ledger.close()


async def _record(
    recording: Recording,
    config: FeedsConfig,
    instruments: InstrumentTable,
    urls: tuple[str, str] | None,
    seconds: float | None,
) -> None:
    stop = asyncio.Event()
    set_when(stop_requested(), stop)
    if seconds is not None:
        asyncio.get_running_loop().call_later(seconds, stop.set)

    async def all_covered() -> Mapping[int, int]:
        # No history: it would be no news, and its time is not the recording's.
        return dict.fromkeys([each.id for each in instruments], system_clock() + DAY_US)

    flushing = asyncio.create_task(recording.keep_flushing())
    async with _services(urls) as services:
        running = asyncio.create_task(
            run(config, recording, all_covered, stop, services=services, instruments=instruments)
        )
        try:
            # A flush that fails, on a full disk, ends the recording.
            await asyncio.wait([running, flushing], return_when=asyncio.FIRST_COMPLETED)
            for task in (running, flushing):
                if task.done():
                    task.result()
        finally:
            for task in (running, flushing):
                task.cancel()
            await asyncio.gather(running, flushing, return_exceptions=True)
