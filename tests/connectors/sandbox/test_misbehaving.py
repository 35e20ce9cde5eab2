"""Answers that go wrong, over real sockets."""

import asyncio
import json
import time
from collections.abc import AsyncIterator

import httpx2
import pytest
import pytest_asyncio

from connectors.sandbox.mounts import MOUNTS
from connectors.sandbox.server import Running, running
from tests.connectors.sandbox.support import ADDRESSES, forget, get, raw

FIXER = ADDRESSES["fixer"]


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared() -> AsyncIterator[Running]:
    async with running(ticks_per_s=20) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def sandbox(shared: Running) -> AsyncIterator[Running]:
    yield shared
    await forget(shared)


class TestStatus:
    @pytest.mark.parametrize(
        ("options", "header"), [({}, None), ({"retry_after": 53}, "53"), ({"retry_after": 0}, "0")]
    )
    async def test_429_with_and_without_retry_after(
        self, sandbox: Running, options: dict[str, int], header: str | None
    ) -> None:
        sandbox.world.faults.set("coingecko", "http_429", times=1, **options)
        answer = await get(sandbox, ADDRESSES["coingecko"])
        assert answer.status_code == 429
        assert answer.headers.get("retry-after") == header
        assert answer.json()["status"]["error_code"] == 429
        assert (await get(sandbox, ADDRESSES["coingecko"])).status_code == 200

    async def test_500(self, sandbox: Running) -> None:
        sandbox.world.faults.set("fixer", "http_500", times=1)
        answer = await get(sandbox, FIXER)
        assert (answer.status_code, answer.text) == (500, "Internal Server Error")

    async def test_503_with_html(self, sandbox: Running) -> None:
        sandbox.world.faults.set("fixer", "http_503", times=1)
        answer = await get(sandbox, FIXER)
        assert answer.status_code == 503
        assert answer.headers["content-type"].startswith("text/html")
        assert answer.text.startswith("<html>")


class TestContent:
    async def test_another_content_type_with_the_same_body(self, sandbox: Running) -> None:
        sandbox.world.faults.set("fixer", "content_type", times=1)
        answer = await get(sandbox, FIXER)
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert json.loads(answer.text)["success"] is True

    @pytest.mark.parametrize("provider", MOUNTS)
    async def test_an_error_under_200(self, sandbox: Running, provider: str) -> None:
        sandbox.world.faults.set(provider, "error_body", times=1)
        wrong = await get(sandbox, ADDRESSES[provider])
        right = await get(sandbox, ADDRESSES[provider])
        assert (wrong.status_code, right.status_code) == (200, 200)
        assert len(wrong.content) < 400
        assert wrong.text != right.text

    async def test_a_body_of_the_testers_own(self, sandbox: Running) -> None:
        sandbox.world.faults.set("fixer", "error_body", times=1, body='{"success":false}')
        assert (await get(sandbox, FIXER)).text == '{"success":false}'

    @pytest.mark.parametrize("provider", MOUNTS)
    @pytest.mark.parametrize(("fault", "token"), [("nan", "NaN"), ("overflow", "1e400")])
    async def test_no_price_is_one(
        self, sandbox: Running, provider: str, fault: str, token: str
    ) -> None:
        sandbox.world.faults.set(provider, fault, times=1)
        wrong = await get(sandbox, ADDRESSES[provider])
        right = await get(sandbox, ADDRESSES[provider])
        assert token in wrong.text
        assert token not in right.text


class TestWire:
    async def test_a_hundred_megabytes(self, sandbox: Running) -> None:
        sandbox.world.faults.set("fixer", "huge_body", times=1)
        received = 0
        async with (
            httpx2.AsyncClient(base_url=sandbox.http_url) as client,
            client.stream("GET", FIXER) as answer,
        ):
            async for part in answer.aiter_bytes():
                received += len(part)
        assert received == 100_000_000

    async def test_a_client_that_leaves_a_huge_body_is_forgotten(self, sandbox: Running) -> None:
        sandbox.world.faults.set("fixer", "huge_body", times=1, size_bytes=1_000_000_000)
        async with (
            httpx2.AsyncClient(base_url=sandbox.http_url) as client,
            client.stream("GET", FIXER) as answer,
        ):
            assert answer.status_code == 200
        assert (await get(sandbox, FIXER)).status_code == 200

    async def test_a_truncated_body(self, sandbox: Running) -> None:
        sandbox.world.faults.set("fixer", "truncated", times=2)
        head, _, body = (await raw(sandbox, FIXER)).partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        assert len(body) == length // 2
        with pytest.raises(httpx2.RemoteProtocolError):
            await get(sandbox, FIXER)

    async def test_a_slow_drip_ends_whole(self, sandbox: Running) -> None:
        address = FIXER + "&symbols=USD"
        sandbox.world.faults.set("fixer", "drip", times=1, bytes_per_s=200)
        begun = time.monotonic()
        answer = await get(sandbox, address)
        assert answer.json()["success"] is True
        assert time.monotonic() - begun > 0.7 * len(answer.content) / 200

    async def test_a_stop_does_not_wait_for_a_drip(self, caplog: pytest.LogCaptureFixture) -> None:
        async with running(ticks_per_s=20) as server:
            server.world.faults.set("fixer", "drip", bytes_per_s=1)
            reader, writer = await asyncio.open_connection(server.host, server.port)
            writer.write(f"GET {FIXER} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            await reader.readuntil(b"\r\n\r\n{")
            begun = time.monotonic()
        assert time.monotonic() - begun < 0.9
        writer.close()
        assert caplog.records == []

    async def test_a_reset(self, sandbox: Running) -> None:
        sandbox.world.faults.set("fixer", "reset", times=2)
        with pytest.raises(ConnectionResetError):
            await raw(sandbox, FIXER)
        with pytest.raises(httpx2.ReadError):
            await get(sandbox, FIXER)

    async def test_a_hangup(self, sandbox: Running) -> None:
        sandbox.world.faults.set("fixer", "hangup", times=2)
        assert await raw(sandbox, FIXER) == b""
        with pytest.raises(httpx2.RemoteProtocolError):
            await get(sandbox, FIXER)


@pytest.mark.parametrize(
    "fault", ["http_429", "http_500", "truncated", "drip", "reset", "hangup", "nan", "error_body"]
)
async def test_a_fault_of_one_provider_leaves_the_others_alone(
    sandbox: Running, fault: str
) -> None:
    sandbox.world.faults.set("fixer", fault)
    others = [address for provider, address in ADDRESSES.items() if provider != "fixer"]
    answers = await asyncio.gather(*(get(sandbox, address) for address in others))
    assert {answer.status_code for answer in answers} == {200}
    assert all("NaN" not in answer.text for answer in answers)


async def test_a_fault_is_the_paths_that_it_names(sandbox: Running) -> None:
    sandbox.world.faults.set("coingecko", "http_500", path="simple/price")
    assert (await get(sandbox, ADDRESSES["coingecko"])).status_code == 500
    assert (await get(sandbox, "/coingecko/api/v3/ping")).status_code == 200
