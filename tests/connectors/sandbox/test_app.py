"""Prefixes: whose path is whose."""

from collections.abc import AsyncIterator

import httpx2
import pytest
import pytest_asyncio
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from connectors.sandbox.mounts import MOUNTS
from connectors.sandbox.server import Running, running
from tests.connectors.sandbox.support import ADDRESSES, forget, get

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared() -> AsyncIterator[Running]:
    async with running(ticks_per_s=20) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox(shared: Running) -> AsyncIterator[Running]:
    yield shared
    await forget(shared)


@pytest.mark.parametrize("provider", MOUNTS)
async def test_every_provider_answers_below_its_prefix(sandbox: Running, provider: str) -> None:
    answer = await get(sandbox, ADDRESSES[provider])
    assert answer.status_code == 200
    path = ADDRESSES[provider].split("?")[0].removeprefix(f"/{provider}/")
    assert len(sandbox.world.calls.times(provider, path)) == 1
    assert {other: sandbox.world.calls.total(other) for other in MOUNTS if other != provider} == {
        other: 0 for other in MOUNTS if other != provider
    }


@pytest.mark.parametrize("path", ["/", "/nobody", "/nobody/api/latest", "/query", "/api/latest"])
async def test_nobodys_path_is_not_found_and_the_providers_are_said(
    sandbox: Running, path: str
) -> None:
    answer = await get(sandbox, path)
    assert answer.status_code == 404
    assert all(provider in answer.json()["error"] for provider in MOUNTS)


async def test_only_get_is_served(sandbox: Running) -> None:
    async with httpx2.AsyncClient(base_url=sandbox.http_url) as client:
        assert (await client.post("/fixer/api/latest")).status_code == 405


@pytest.mark.parametrize("path", ["/", "/ws", "/nobody/ws", "/fixer/api/latest", "/binance/x"])
async def test_no_stream_no_handshake(sandbox: Running, path: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        await connect(sandbox.websocket_url + path)
    assert refused.value.response.status_code == 404
