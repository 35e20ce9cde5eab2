"""The feeds: every provider of a configuration, live first, then what was missed.

Each provider is on its own: what fails in one is logged and tried again, and the others never notice.
Only the log stops all of them: without it nothing may be received.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

import httpx2

from connectors.backoff import Backoff
from connectors.config import FeedsConfig
from connectors.connector import Build
from connectors.errors import AppendError, ConnectorError
from connectors.provider import Part, Provider, Surroundings
from connectors.providers import PROVIDERS
from connectors.services import Services
from connectors.together import together
from market.clock import Clock, system_clock
from market.instruments import CATALOGUE, InstrumentTable
from market.log import Log
from market.quotas import key_digest
from market.sources import Feed

READY_WITHIN_S = 10.0
"""What fills the past waits so long for the live connections, then begins without them."""
MAX_CONNECTIONS = 64
"""More than all providers use at once (a poll, four histories, a repair each), so that none waits for the
connections of another that hangs: a call that was granted is to be made at once."""
STEADY_S = 60.0
"""A part that ran for so long is started again as quickly as at first."""

CoveredUntil = Callable[[], Awaitable[Mapping[int, int]]]
"""Instrument id → until when candles cover its last day, in µs; what is not covered is absent."""

logger = logging.getLogger(__name__)


async def run(
    config: FeedsConfig,
    log: Log,
    covered_until: CoveredUntil,
    stop: asyncio.Event,
    *,
    services: Services,
    instruments: InstrumentTable = CATALOGUE,
    builds: Mapping[str, Build] = PROVIDERS,
    clock: Clock = system_clock,
) -> None:
    """Run the providers until `stop`. AppendError where the log does not take what came.

    What is covered is asked once, before anything is received: the first live candle would hide the
    time that nobody listened.
    """
    covered = await covered_until()
    limits = httpx2.Limits(max_connections=MAX_CONNECTIONS)
    through_proxy = config.feed is not Feed.SIMULATED
    async with httpx2.AsyncClient(limits=limits, trust_env=through_proxy) as http:
        around = Surroundings(config.feed, log, http, services, clock, config.brisk_s)
        providers = _providers(config, instruments, builds, around)
        parts = await _parts(providers, covered)
        running = asyncio.create_task(together(*(_kept_alive(*part) for part in parts)))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([running, stopping], return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                running.result()
            await stopping  # nothing to run is no reason to end
        finally:
            for task in (running, stopping):
                task.cancel()
            await asyncio.gather(running, stopping, return_exceptions=True)


def _providers(
    config: FeedsConfig,
    instruments: InstrumentTable,
    builds: Mapping[str, Build],
    around: Surroundings,
) -> list[Provider]:
    """The providers of the configuration; one whose configuration makes no sense is left out."""
    providers = []
    for name, access in config.access.items():
        try:
            connector = builds[name](access, instruments)
        except ConnectorError as error:
            logger.error("%s is left out: %s", name, error)
            continue
        providers.append(Provider(connector, key_digest(access.key), around))
    return providers


async def _parts(providers: Sequence[Provider], covered: Mapping[int, int]) -> list[Part]:
    """What receives, and behind it what fills the past."""
    parts: list[Part] = []
    ready: list[asyncio.Event] = []
    for provider in providers:
        receiving, received = await provider.live()
        parts += receiving
        ready += received
    begun = asyncio.create_task(_all_set(ready))

    async def wait_until_begun() -> None:
        await asyncio.shield(begun)

    for provider in providers:
        parts += provider.past(covered, wait_until_begun)
    return parts


async def _all_set(events: Sequence[asyncio.Event]) -> None:
    """Wait for all of them, but not for ever."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    if not waiting:
        return
    try:
        await asyncio.wait(waiting, timeout=READY_WITHIN_S)
    finally:
        for task in waiting:
            task.cancel()


async def _kept_alive(name: str, part: Callable[[], Awaitable[None]]) -> None:
    """Run a part again whenever it ends: its own fault must not be the others'."""
    backoff = Backoff(first_s=1.0)
    loop = asyncio.get_running_loop()
    while True:
        began_s = loop.time()
        try:
            await part()
        except AppendError:
            raise
        except Exception:  # the top loop of a part
            logger.exception("%s failed and is started again", name)
        if loop.time() - began_s >= STEADY_S:
            backoff.reset()
        await asyncio.sleep(backoff.next_s())
