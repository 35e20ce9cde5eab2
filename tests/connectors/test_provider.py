"""A provider's parts: which there are, what they are called, and that nothing opens before its time."""

import asyncio
from dataclasses import replace

import httpx2
import pytest

from connectors import provider as provider_module
from connectors.answers import Answer, Request
from connectors.connector import Connector, Endpoint, Poll
from connectors.provider import Provider, Surroundings
from connectors.services import Services, Unlimited
from market.clock import system_clock
from market.log import LogWriter
from market.quotas import Budget
from market.sources import Feed, Source
from tests.connectors.support import MemoryLog
from tests.connectors.venues import Plain

POLL = Poll(Request("latest", "", "http://127.0.0.1:1"), frozenset({1}), 3_600.0)


def check(answer: Answer, asked: str) -> None:
    """Everything is fine."""


def around(log: MemoryLog, http: httpx2.AsyncClient) -> Surroundings:
    return Surroundings(Feed.LIVE, log, http, Services(), system_clock)


class Opened(MemoryLog):
    """Knows which partitions were opened."""

    async def writer(self, partition: str, source: Source) -> LogWriter:
        self.counts[partition] += 0
        return await super().writer(partition, source)


async def begun() -> None:
    """At once."""


async def test_streams_and_polls_are_parts_with_partitions_of_their_own() -> None:
    log = Opened()
    connector = Connector(
        "coingecko",
        (),
        Endpoint(check),
        (POLL,),
        (lambda: Plain("ws://127.0.0.1:1", provider="coingecko", shard="stream"),),
    )
    async with httpx2.AsyncClient() as http:
        provider = Provider(connector, "none", around(log, http))
        parts, ready = await provider.live()
        past = provider.past({}, begun)
    assert [name for name, _ in parts] == [
        "a stream of coingecko",
        "the health of coingecko",
        "the polls of coingecko",
    ]
    assert [event.is_set() for event in ready] == [False, False]
    assert set(log.counts) == {"coingecko-live-stream", "coingecko-live-0"}
    assert [name for name, _ in past] == [
        "the history of coingecko",
        "the repairs of coingecko",
    ]


async def test_how_a_stream_goes_is_written_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provider_module, "NOTE_EVERY_S", 0.001)
    noted: list[tuple[str, str, str]] = []
    enough = asyncio.Event()

    class Ledger(Unlimited):
        async def note(self, budget: Budget, outcome: str, *, next_us: int | None = None) -> None:
            noted.append((budget.provider, budget.key, outcome))
            enough.set()

    connector = Connector("kraken", (), streams=(lambda: Plain("ws://127.0.0.1:1"),))
    async with httpx2.AsyncClient() as http:
        surroundings = replace(around(MemoryLog(), http), services=Services(ledger=Ledger()))
        parts, _ = await Provider(connector, "none", surroundings).live()
        tasks = [asyncio.ensure_future(part()) for _, part in parts]
        async with asyncio.timeout(10):
            await enough.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    reason = "kraken: the stream cannot be reached: ConnectionRefusedError"
    assert noted[0] == ("kraken", "none", reason)


async def test_without_an_endpoint_there_is_no_past() -> None:
    connector = Connector("kraken", (), streams=(lambda: Plain("ws://127.0.0.1:1"),))
    async with httpx2.AsyncClient() as http:
        assert Provider(connector, "none", around(MemoryLog(), http)).past({}, begun) == []
