"""The server: it ends open streams, and does not wait for clients that stall."""

import asyncio
import socket

from tests.api.harness import Api, events


async def test_it_stops_while_streams_are_open(alone: Api) -> None:
    loop = asyncio.get_running_loop()
    async with events(alone, "EUR-USD"), events(alone, "EUR-USD"):
        began = loop.time()
        alone.server.should_exit = True
        await alone.running
        assert loop.time() - began < 1.5


async def test_it_does_not_say_what_it_is(alone: Api) -> None:
    assert "server" not in (await alone.get("/health")).headers


async def test_it_stops_beside_a_client_that_never_read(alone: Api) -> None:
    loop = asyncio.get_running_loop()
    with socket.socket() as stalled:
        stalled.connect(("127.0.0.1", alone.port))
        stalled.sendall(b"GET /api/stream/prices HTTP/1.1\r\nHost: a\r\n\r\n")
        await loop.sock_recv(_non_blocking(stalled), 1)
        began = loop.time()
        alone.server.should_exit = True
        await alone.running
        assert loop.time() - began < 4.0


def _non_blocking(client: socket.socket) -> socket.socket:
    client.setblocking(False)
    return client
