"""What the connectors' tests share: recorded data, records, a log in memory, a clock, a server."""

import asyncio
import contextlib
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from market.clock import microseconds
from market.log import LogEntry, LogRecord, LogWriter
from market.sources import Feed, Source, source_of

DATA = Path(
    os.environ.get("TRADEWIND_TEST_DATA", Path(__file__).parents[3] / "shared" / "data")
).resolve()
NOW_US = microseconds(datetime(2026, 11, 24, 12, tzinfo=UTC))


def us(text: str) -> int:
    """The µs of an ISO time in UTC."""
    return microseconds(datetime.fromisoformat(text).replace(tzinfo=UTC))


def record(
    provider: str, kind: str, payload: bytes | str, context: str = "", received_us: int = NOW_US
) -> LogRecord:
    data = payload.encode() if isinstance(payload, str) else payload
    source = source_of(provider, Feed.RECORDED)
    return LogRecord(f"{provider}-0", 0, source, kind, context, received_us, data)


def response(name: str) -> bytes:
    """A recorded REST answer; CoinGecko's begin with three lines that are not the body."""
    data = (DATA / "rest" / name).read_bytes()
    return data.split(b"\n", 3)[3] if name.startswith("coingecko_jkorf") else data


@dataclass
class MemoryLog:
    """A log whose records tests can wait for."""

    records: list[LogRecord] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def writer(self, partition: str, source: Source) -> LogWriter:
        return MemoryWriter(self, partition, source)

    async def until(self, enough: Callable[[list[LogRecord]], bool], within_s: float = 20) -> None:
        async with asyncio.timeout(within_s), self.changed:
            await self.changed.wait_for(lambda: enough(self.records))


@dataclass
class MemoryWriter:
    """Its entries get the offsets 0, 1, … of its partition."""

    log: MemoryLog = field(default_factory=MemoryLog)
    partition: str = "test-0"
    source: Source = field(default_factory=lambda: source_of("fixer", Feed.SIMULATED))
    appends: list[int] = field(default_factory=list)

    async def append(self, entries: Sequence[LogEntry]) -> None:
        async with self.log.changed:
            for entry in entries:
                self.log.records.append(
                    LogRecord(
                        self.partition,
                        self.log.counts[self.partition],
                        self.source,
                        entry.kind,
                        entry.context,
                        entry.received_us,
                        entry.payload,
                    )
                )
                self.log.counts[self.partition] += 1
            self.appends.append(len(entries))
            self.log.changed.notify_all()


@dataclass
class Hands:
    """Time that stands still but for its own sleeps; `stepped_us` is how far the clock was set."""

    now_us: int = NOW_US
    stepped_us: int = 0
    slept_s: list[float] = field(default_factory=list)

    def clock(self) -> int:
        return self.now_us + self.stepped_us

    def monotonic(self) -> float:
        return self.now_us / 1e6

    def sleep_now(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.now_us += round(seconds * 1e6)

    async def sleep(self, seconds: float) -> None:
        self.sleep_now(seconds)
        await asyncio.sleep(0)


@dataclass(frozen=True)
class Asked:
    """A request that a stand-in server got."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]


Responder = Callable[[Asked], tuple[int, dict[str, str], bytes]]


@contextlib.asynccontextmanager
async def http_server(responder: Responder) -> AsyncIterator[str]:
    """A stand-in HTTP server for the time of the block; gives its address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lines = head.split("\r\n")
            target = urlsplit(lines[0].split(" ")[1])
            pairs = [line.split(": ", 1) for line in lines[1:] if ": " in line]
            headers = {name.lower(): value for name, value in pairs}
            asked = Asked(target.path, dict(parse_qsl(target.query)), headers)
            status, extra, body = responder(asked)
            extra = {"content-length": str(len(body)), "connection": "close", **extra}
            fields = "".join(f"{name}: {value}\r\n" for name, value in extra.items())
            writer.write(f"HTTP/1.1 {status} OK\r\n{fields}\r\n".encode() + body)
            await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()
