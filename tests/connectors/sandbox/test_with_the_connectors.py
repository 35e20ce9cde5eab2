"""Every connector against the running sandbox: what it asks is answered, and every answer parses."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from itertools import islice

import httpx2
import numpy as np
import pytest
import pytest_asyncio
from websockets.asyncio.client import connect

from connectors.answers import Answer, Request
from connectors.config import FeedsConfig
from connectors.connector import Connector, Dialect
from connectors.parsing import parse
from connectors.providers import PROVIDERS
from connectors.sandbox.mounts import MOUNTS
from connectors.sandbox.server import Running, running
from market.clock import system_clock
from market.instruments import CATALOGUE
from market.log import LogRecord, Parsed, Refused
from market.sources import Feed, source_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

STREAMED = [provider for provider, mount in MOUNTS.items() if mount.stream is not None]
MAX_AGE_S = 120.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sandbox() -> AsyncIterator[Running]:
    async with running(ticks_per_s=1_000) as server:
        yield server


def connector_of(server: Running, provider: str) -> Connector:
    access = FeedsConfig.sandbox(server.http_url).access[provider]
    return PROVIDERS[provider](access, CATALOGUE)


def _is_a_null(provider: str, kind: str, refused: Refused) -> bool:
    """One frame in two hundred of CoinGecko's stream lacks the price or its time, as the real one's do."""
    return provider == "coingecko" and kind == "frames" and "null" in refused.excerpt


def read(provider: str, kind: str, context: str, payload: bytes) -> Parsed:
    """What comes of a payload; nothing in it may be refused, but for CoinGecko's frames without a price."""
    source = source_of(provider, Feed.SIMULATED)
    now_us = system_clock()
    record = LogRecord(f"{provider}-0", 0, source, kind, context, now_us, payload)
    parsed = parse(record, CATALOGUE)
    refused = [each for each in parsed.refused if not _is_a_null(provider, kind, each)]
    assert refused == [], (provider, kind, context, refused[:1])
    return parsed


async def ask(server: Running, connector: Connector, request: Request) -> Parsed:
    endpoint = connector.endpoint
    assert endpoint is not None
    async with httpx2.AsyncClient(timeout=30) as client:
        answer = await client.get(
            request.url,
            params={**request.params, **endpoint.secrets},
            headers={"accept": endpoint.accept, **endpoint.headers},
        )
    endpoint.check(Answer(answer.status_code, answer.content, system_clock()), str(request))
    return read(connector.provider, request.kind, request.context, answer.content)


def sample(requests: Iterable[Request], of_each_kind: int) -> list[Request]:
    """The first requests of each kind."""
    kinds: dict[str, list[Request]] = {}
    for request in requests:
        kinds.setdefault(request.kind, []).append(request)
    return [request for same in kinds.values() for request in islice(same, of_each_kind)]


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_polls(sandbox: Running, provider: str) -> None:
    connector = connector_of(sandbox, provider)
    polls = {str(poll.request): poll for poll in connector.polls}
    assert polls or provider in STREAMED
    for request in sample((poll.request for poll in connector.polls), 3):
        parsed = await ask(sandbox, connector, request)
        wanted = polls[str(request)].instruments
        assert wanted <= {*parsed.ticks.instrument.tolist(), *parsed.bars.instrument.tolist()}


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_history(sandbox: Running, provider: str) -> None:
    connector = connector_of(sandbox, provider)
    for request in sample(connector.history({}, system_clock()), 2):
        parsed = await ask(sandbox, connector, request)
        assert len(parsed.ticks) + len(parsed.bars) > 0, str(request)


@pytest.mark.parametrize("provider", STREAMED)
async def test_streams_quote_every_instrument(sandbox: Running, provider: str) -> None:
    connector = connector_of(sandbox, provider)
    wanted = {instrument.id for instrument in connector.instruments}
    quoted: set[int] = set()
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        for streams in connector.streams:
            group.create_task(listen(provider, streams(), wanted, quoted))
    assert quoted == wanted


async def listen(provider: str, dialect: Dialect, wanted: set[int], quoted: set[int]) -> None:
    """Listen on one connection until every instrument was quoted on some."""
    async with connect(
        dialect.address, additional_headers=dict(dialect.headers), close_timeout=0.2
    ) as client:
        for message in dialect.opening():
            await client.send(message)
        async for frame in client:
            data = frame if isinstance(frame, bytes) else frame.encode()
            heard = dialect.hear(data)
            assert heard.error is None
            for reply in heard.replies:
                await client.send(reply)
            if heard.keep:
                line = f"{time.time_ns()} ".encode() + data + b"\n"
                ticks = read(provider, "frames", "", line).ticks
                assert (np.abs(ticks.time - system_clock()) < MAX_AGE_S * 1e6).all()
                quoted |= set(ticks.instrument.tolist())
            if quoted >= wanted:
                return
