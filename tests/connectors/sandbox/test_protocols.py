"""Connections that an endpoint reaches, under a real server."""

import asyncio

import pytest
from websockets.asyncio.client import connect

from connectors.sandbox.protocols import reset
from connectors.sandbox.server import running


async def test_a_reset_reaches_the_peer_as_one() -> None:
    accepted: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
    server = await asyncio.start_server(lambda _, writer: accepted.put_nowait(writer), "127.0.0.1")
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
    transport = (await accepted.get()).transport
    assert isinstance(transport, asyncio.Transport)
    reset(transport)
    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()
    server.close()


async def test_requests_of_one_connection_and_streams_beside_find_their_own() -> None:
    async with running(ticks_per_s=20) as server:
        server.world.faults.set("fixer", "reset", times=1)
        async with connect(server.websocket_url + "/binance/ws") as client:
            reader, writer = await asyncio.open_connection(server.host, server.port)
            request = b"GET /coingecko/api/v3/ping HTTP/1.1\r\nHost: x\r\n\r\n"
            for _ in range(2):
                writer.write(request)
                assert b"200" in await reader.readuntil(b"\r\n")
                await reader.readuntil(b'Moon!"}')
            writer.write(b"GET /fixer/api/latest HTTP/1.1\r\nHost: x\r\n\r\n")
            with pytest.raises(ConnectionResetError):
                await reader.read()
            writer.close()
            await client.send('{"method":"LIST_SUBSCRIPTIONS","id":1}')
            assert await client.recv() == '{"result":[],"id":1}'
