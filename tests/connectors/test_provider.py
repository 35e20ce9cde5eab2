"""A provider's parts: which there are, what they are called, and that nothing opens before its time."""

import httpx2

from connectors.answers import Answer, Request
from connectors.connector import Connector, Endpoint, Poll
from connectors.provider import Provider, Surroundings
from connectors.services import Services
from market.clock import system_clock
from market.log import LogWriter
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
    assert [name for name, _ in parts] == ["a stream of coingecko", "the polls of coingecko"]
    assert [event.is_set() for event in ready] == [False, False]
    assert set(log.counts) == {"coingecko-live-stream", "coingecko-live-0"}
    assert [name for name, _ in past] == [
        "the history of coingecko",
        "the repairs of coingecko",
    ]


async def test_without_an_endpoint_there_is_no_past() -> None:
    connector = Connector("kraken", (), streams=(lambda: Plain("ws://127.0.0.1:1"),))
    async with httpx2.AsyncClient() as http:
        assert Provider(connector, "none", around(MemoryLog(), http)).past({}, begun) == []
