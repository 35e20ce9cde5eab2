"""One provider of a run: its streams, its polls, its history and its repairs, each a part of its own."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import httpx2

from connectors.appending import Appender
from connectors.backfilling import backfill
from connectors.connector import Connector, Poll, Streams
from connectors.fetching import Fetcher
from connectors.health import Health
from connectors.polling import Poller
from connectors.repairing import Repairer
from connectors.services import Services
from connectors.streaming import Stream
from market.clock import Clock
from market.log import HISTORY_SUFFIX, Log
from market.quotas import Budget
from market.sources import Feed, source_of

NOTE_EVERY_S = 10.0
"""How often it is written down how the streams go."""

Part = tuple[str, Callable[[], Awaitable[None]]]
"""What is kept alive by itself: its name, and how it runs."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all providers of a run share. Polls are asked every `brisk_s` seconds at least."""

    feed: Feed
    log: Log
    http: httpx2.AsyncClient
    services: Services
    clock: Clock
    brisk_s: float | None = None


class Provider:
    """A connector at work. `key` is the digest of the key that its quota belongs to."""

    def __init__(self, connector: Connector, key: str, around: Surroundings) -> None:
        self._connector = connector
        self._around = around
        limits = () if connector.endpoint is None else connector.endpoint.limits
        self._budget = Budget(connector.provider, key, limits)
        self._writers: dict[str, Appender] = {}
        self._opening = asyncio.Lock()

    async def live(self) -> tuple[list[Part], list[asyncio.Event]]:
        """What receives, ready to run, with the events that say that it has received.

        Its partitions are opened before anything is received.
        """
        name = self._connector.provider
        streams = [await self._stream(make) for make in self._connector.streams]
        parts: list[Part] = [(f"a stream of {name}", stream.run) for stream in streams]
        ready = [stream.ready for stream in streams]
        if streams:
            healths = [stream.health for stream in streams]
            parts.append((f"the health of {name}", lambda: self._note(healths)))
        if self._connector.polls:
            poller = await self._poller()
            parts.append((f"the polls of {name}", poller.run))
            ready.append(poller.ready)
        return parts, ready

    def past(self, covered: Mapping[int, int], begun: Callable[[], Awaitable[None]]) -> list[Part]:
        """What fills the past, once `begun` returns; each part runs for ever."""
        if self._connector.endpoint is None:
            return []
        name = self._connector.provider

        async def history() -> None:
            await begun()
            await self._history(covered)
            await asyncio.Event().wait()  # one that ends is begun again

        async def repairs() -> None:
            await begun()
            await (await self._repairer()).run()

        parts: list[Part] = [(f"the history of {name}", history)]
        # Only a stream has gaps: what a poll missed the next one does not bring back.
        return [*parts, (f"the repairs of {name}", repairs)] if self._connector.streams else parts

    async def _stream(self, make: Streams) -> Stream:
        return Stream(
            self._connector.provider,
            make,
            await self._writer(make().shard),
            through_proxy=self._around.feed is not Feed.SIMULATED,
        )

    async def _note(self, healths: Sequence[Health]) -> None:
        """Write down how the streams go, beside how the calls went."""
        while True:
            since_us = self._around.clock()
            await asyncio.sleep(NOTE_EVERY_S)
            for health in healths:
                outcome = health.outcome(since_us)
                if outcome is not None:
                    await self._around.services.ledger.note(self._budget, outcome)

    async def _poller(self) -> Poller:
        around = self._around
        return Poller(
            self._fetcher(spread=True).fetch,
            self._polls(),
            await self._writer("0"),
            wants=around.services.wants,
            ledger=around.services.ledger,
            budget=self._budget,
            clock=around.clock,
        )

    def _polls(self) -> Sequence[Poll]:
        brisk_s = self._around.brisk_s
        if brisk_s is None:
            return self._connector.polls
        return [replace(poll, every_s=min(poll.every_s, brisk_s)) for poll in self._connector.polls]

    async def _history(self, covered: Mapping[int, int]) -> None:
        requests = self._connector.history(covered, self._around.clock())
        if not requests:
            return
        writer = await self._writer(HISTORY_SUFFIX.removeprefix("-"))
        came = await backfill(
            self._fetcher(spread=False).fetch, requests, writer, clock=self._around.clock
        )
        log.info("%s: %d of %d histories came", self._connector.provider, came, len(requests))

    async def _repairer(self) -> Repairer:
        around = self._around
        return Repairer(
            self._connector,
            around.feed,
            self._fetcher(spread=False).fetch,
            around.services.gaps,
            await self._writer(HISTORY_SUFFIX.removeprefix("-")),
            clock=around.clock,
        )

    def _fetcher(self, *, spread: bool) -> Fetcher:
        """What is live is spread over the day; the past takes what is left."""
        endpoint = self._connector.endpoint
        assert endpoint is not None, f"{self._connector.provider} is asked without an endpoint"
        around = self._around
        return Fetcher(
            self._connector.provider,
            endpoint,
            around.http,
            ledger=around.services.ledger,
            budget=self._budget,
            clock=around.clock,
            spread=spread,
        )

    async def _writer(self, shard: str) -> Appender:
        """The writer of a shard, the same for all who ask: a partition has one."""
        async with self._opening:
            if shard not in self._writers:
                feed, name = self._around.feed, self._connector.provider
                partition = f"{name}-{feed.value}-{shard}"
                writer = await self._around.log.writer(partition, source_of(name, feed))
                self._writers[shard] = Appender(partition, writer)
            return self._writers[shard]
