"""What the tests of the running sandbox share: the order of things on a real socket."""

import asyncio
import json
from typing import Any

import httpx2
from websockets.asyncio.client import ClientConnection

from connectors.sandbox.fault_kinds import PROVIDERS
from connectors.sandbox.server import Running

ADDRESSES = {
    "alphavantage": "/alphavantage/query?function=CURRENCY_EXCHANGE_RATE&from_currency=EUR"
    "&to_currency=USD&apikey=k",
    "binance": "/binance/api/v3/klines?symbol=BTCUSDT&interval=1m&limit=2",
    "coinbase": "/coinbase/products/BTC-USD/trades?limit=2",
    "coingecko": "/coingecko/api/v3/simple/price?ids=bitcoin&vs_currencies=usd",
    "ecb": "/ecb/stats/eurofxref/eurofxref-daily.xml",
    "fixer": "/fixer/api/latest?access_key=k",
    "kraken": "/kraken/0/public/Trades?pair=XBTUSD&count=2",
    "openexchangerates": "/openexchangerates/api/latest.json?app_id=k",
}
"""A cheap request for prices of each provider."""


async def forget(server: Running) -> None:
    """Clear what one test set and asked, and wait until its clients are gone, for the next."""
    for provider in PROVIDERS:
        server.world.faults.clear(provider)
    server.world.calls.clear()
    async with asyncio.timeout(10):
        for hub in server.hubs.values():
            await hub.empty.wait()


async def get(server: Running, address: str) -> httpx2.Response:
    """One answer, on a connection of its own."""
    async with httpx2.AsyncClient(base_url=server.http_url, timeout=10) as client:
        return await client.get(address)


async def raw(server: Running, address: str) -> bytes:
    """All bytes of an answer, up to the end of the connection; ConnectionError where it is reset."""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    try:
        head = f"GET {address} HTTP/1.1\r\nHost: sandbox\r\nConnection: close\r\n\r\n"
        writer.write(head.encode())
        async with asyncio.timeout(10):
            return await reader.read()
    finally:
        writer.close()


async def frame_of(client: ClientConnection) -> Any:
    """The next frame, as JSON."""
    async with asyncio.timeout(10):
        return json.loads(await client.recv())


async def until(client: ClientConnection, wanted: str) -> list[str]:
    """Frames up to the first that holds a text, which is the last of them."""
    frames: list[str] = []
    async with asyncio.timeout(10):
        while not frames or wanted not in frames[-1]:
            frames.append(str(await client.recv()))
    return frames
