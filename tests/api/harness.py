"""What the API's tests stand on: a served application, stored ticks, live ticks, broken wires."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import numpy as np
import psycopg
from fastapi import FastAPI

from api.app import create_app
from api.config import ApiConfig
from api.server import Server, server_of
from market.bars import BAR_US, BarBatch
from market.clock import microseconds
from market.elected import ElectedPrices
from market.instruments import CATALOGUE
from market.sources import Feed, source_by_id
from market.ticks import QUOTE, TRADE, Tick, TickBatch
from storage.candles import Bucket, recompute_candles, upsert_provider_bars
from storage.live import LivePublisher, Newest
from storage.partitions import TickPartitions
from storage.ticks import insert_ticks

BINANCE, OANDA, ALPHAVANTAGE = "binance", "oanda", "alphavantage"
EURUSD = CATALOGUE.by_symbol("EUR-USD").id
BTCUSDT = CATALOGUE.by_symbol("BTC-USDT").id
AAPL = CATALOGUE.by_symbol("AAPL").id
NOWHERE = "postgresql://nobody@127.0.0.1:1/none"
NO_REDIS = "redis://127.0.0.1:1/0"


@dataclass
class Hands:
    """A clock that stands where it was set."""

    now_us: int

    def __call__(self) -> int:
        return self.now_us


def quote(time_us: int, source: int, bid: str, ask: str, seq: int = 0, of: int = EURUSD) -> Tick:
    return Tick(time_us, of, source, QUOTE, seq, bid=bid, ask=ask)


def trade(time_us: int, source: int, price: str, seq: int = 0, of: int = BTCUSDT) -> Tick:
    return Tick(time_us, of, source, TRADE, seq, price=price, size="0.5")


def store_ticks(database_url: str, ticks: Sequence[Tick]) -> None:
    """Keep ticks and the candles that they make."""
    feed = source_by_id(ticks[0].source).feed
    batch = TickBatch.of(ticks)
    minutes = batch.time // BAR_US * BAR_US
    buckets = {
        Bucket(int(minute), tick.instrument, tick.source)
        for minute, tick in zip(minutes, ticks, strict=True)
    }
    with psycopg.connect(database_url, autocommit=True) as connection:
        TickPartitions(connection).ensure(feed, batch.time, minutes)
        with connection.transaction():
            insert_ticks(connection, feed, batch, all_new=False)
            recompute_candles(connection, feed, buckets)


def store_bars(database_url: str, feed: Feed, bars: BarBatch) -> None:
    """Keep a provider's own bars."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        TickPartitions(connection).ensure(feed, np.array([], np.int64), bars.time)
        with connection.transaction():
            upsert_provider_bars(connection, feed, bars)


class Wire:
    """Publishes ticks live, as the flow does: offsets of a partition count up."""

    def __init__(self, redis_url: str, feed: Feed, partition: str = "binance-0") -> None:
        self._publisher = LivePublisher(redis_url, feed)
        self._partition = partition
        self._latest = ElectedPrices(CATALOGUE)
        self.offset = 0

    def send(self, ticks: Iterable[Tick]) -> None:
        batch = TickBatch.of(ticks)
        self.offset += 1
        for source_id in np.unique(batch.source).tolist():
            source = source_by_id(source_id)
            own = batch.take(batch.source == source_id)
            moved = self._latest.apply(source, own, int(batch.time.max()))
            symbols = [CATALOGUE.by_id(id_).symbol for id_ in moved.ids.tolist()]
            items = moved.items.tobytes()
            newest = Newest(source.provider, symbols, items, moved.elected.tolist())
            self._publisher.publish(self._partition, self.offset, own.to_bytes(), newest)
            self.offset += 1
        self.offset -= 1

    def close(self) -> None:
        self._publisher.close()


@dataclass
class Api:
    """A served application and a client of it."""

    app: FastAPI
    server: Server
    client: httpx2.AsyncClient
    port: int
    running: "asyncio.Task[None]"

    async def get(self, path: str, **parameters: object) -> httpx2.Response:
        query = {name: str(value) for name, value in parameters.items()}
        return await self.client.get(path, params=query or None)

    async def data(self, path: str, **parameters: object) -> Any:
        """The data of a successful answer."""
        response = await self.get(path, **parameters)
        assert response.status_code == 200, response.text
        return response.json()["data"]

    async def following(self) -> None:
        """Return when the live stream is being read, and tokens can be made and judged."""
        services = self.app.state.services
        await services.follower.attached.wait()
        await services.keys.loaded.wait()
        await services.revocations.loaded.wait()


@asynccontextmanager
async def serve(config: ApiConfig) -> AsyncIterator[Api]:
    """The application on a free port of the loopback, by a real server, until the context ends."""
    app = create_app(config)
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
        # As asyncio does for a listener of its own: else the second write of an answer waits 40 ms.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        port = listener.getsockname()[1]
        server = server_of(app, host="127.0.0.1", port=port)
        running = asyncio.ensure_future(server.serve(sockets=[listener]))
        while not server.started:
            assert not running.done(), running.exception()
            await asyncio.sleep(0.005)
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=15) as client:
            yield Api(app, server, client, port, running)
            server.should_exit = True
        await running


@dataclass
class Event:
    """One server-sent event."""

    name: str
    id: str
    data: Any


class EventReader:
    """Reads a stream's events in order."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()
        self.retry: str | None = None

    async def next(self, name: str | None = None) -> Event:
        """The next event, or the next of that name; EOFError at the end of the stream."""
        while True:
            event = await self._event()
            if name in (None, event.name):
                return event

    async def price(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next price that is wanted, of a snapshot or of an update."""
        while True:
            event = await self.next()
            if event.name in ("snapshot", "price_update"):
                for price in event.data if isinstance(event.data, list) else [event.data]:
                    if wanted(price):
                        found: dict[str, Any] = price
                        return found

    async def _event(self) -> Event:
        fields: dict[str, str] = {}
        async for line in self._lines:
            if line:
                key, _, value = line.partition(": ")
                fields[key] = value
            elif "retry" in fields:
                self.retry = fields.pop("retry")
            else:
                return Event(fields["event"], fields["id"], json.loads(fields["data"]))
        raise EOFError


@asynccontextmanager
async def events(
    api: Api, symbols: str | None = None, headers: dict[str, str] | None = None
) -> AsyncIterator[EventReader]:
    """A price stream of these symbols."""
    params = {} if symbols is None else {"symbols": symbols}
    path = "/api/stream/prices"
    async with api.client.stream("GET", path, params=params, headers=headers) as response:
        assert response.status_code == 200
        yield EventReader(response)


@dataclass
class Proxy:
    """A wire to a server that can be cut, frozen and mended without touching the server."""

    target: tuple[str, int] | str
    port: int = 0
    _listener: asyncio.Server | None = None
    _open: set[asyncio.StreamWriter] = field(default_factory=set)
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)
    _flowing: asyncio.Event = field(default_factory=asyncio.Event)

    async def mend(self) -> None:
        self._flowing.set()
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._listener.sockets[0].getsockname()[1]

    def freeze(self) -> None:
        """Keep every connection, and take new ones, and pass nothing on."""
        self._flowing.clear()

    def thaw(self) -> None:
        self._flowing.set()

    async def cut(self) -> None:
        """Break every connection and refuse new ones."""
        assert self._listener is not None
        self._listener.close()
        for writer in list(self._open):
            writer.transport.abort()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._open.add(writer)
        onward = None
        try:
            await self._flowing.wait()
            if isinstance(self.target, str):
                back, onward = await asyncio.open_unix_connection(self.target)
            else:
                back, onward = await asyncio.open_connection(*self.target)
            self._open.add(onward)
            await asyncio.gather(self._copy(reader, onward), self._copy(back, writer))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            for end in (writer, onward):
                if end is not None:
                    self._open.discard(end)
                    end.close()
            self._tasks.discard(task)

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65_536):
            await self._flowing.wait()
            writer.write(data)
            await writer.drain()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


@asynccontextmanager
async def database_proxy(database_url: str) -> AsyncIterator[tuple[Proxy, str]]:
    """A proxy to the database and the URL that goes through it."""
    proxy = Proxy(_address(database_url, 5432))
    await proxy.mend()
    parts = urlsplit(database_url)
    user = parts.username or "postgres"
    yield proxy, f"postgresql://{user}@127.0.0.1:{proxy.port}{parts.path}?sslmode=disable"
    await proxy.cut()


@asynccontextmanager
async def redis_proxy(redis_url: str) -> AsyncIterator[tuple[Proxy, str]]:
    """A proxy to Redis and the URL that goes through it."""
    parts = urlsplit(redis_url)
    unix = parts.scheme == "unix"
    proxy = Proxy(parts.path if unix else (str(parts.hostname), parts.port or 6379))
    await proxy.mend()
    yield proxy, f"redis://127.0.0.1:{proxy.port}/0"
    await proxy.cut()


def _address(database_url: str, port: int) -> tuple[str, int] | str:
    parts = urlsplit(database_url)
    query = parse_qs(parts.query)
    host = query["host"][0] if "host" in query else parts.hostname
    port = int(query["port"][0]) if "port" in query else parts.port or port
    assert host is not None
    return f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, port)


def us(moment: str) -> int:
    """Microseconds of an RFC 3339 time."""
    return microseconds(datetime.fromisoformat(moment))
