"""Binance's combined stream over a WebSocket: frames as they come, into the log, for ever.

Frames that arrive while an append is under way go together into the next entry; the first one is
appended at once, no timer holds it back. The queue between socket and log is bounded: when the log is
slow the socket is no longer read. The library answers the exchange's pings.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterable
from typing import Literal

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, WebSocketException

from connectors.appending import FINISH_WITHIN_S
from connectors.backoff import Backoff
from connectors.polling import Sleep
from market.log import LogEntry, LogWriter

SILENCE_S = 30.0
MAX_AGE_S = 86_000.0
"""The exchange ends a connection after 24 h; ours ends a little before, at a moment of its own."""
MAX_QUEUED_FRAMES = 20_000
MAX_ENTRY_FRAMES = 10_000
MAX_FRAME_BYTES = 2**20
MAX_ENTRY_BYTES = 4 * 2**20
CLOSE_TIMEOUT_S = 1.0

_SHUTDOWN = b"serverShutdown"
_SHUTDOWN_WITHIN = 64
_FAILURES = (OSError, TimeoutError, WebSocketException, InvalidHandshake)

log = logging.getLogger(__name__)


def stream_address(url: str, symbols: Iterable[str]) -> str:
    """The combined stream of trades and best quotes of these symbols of the exchange."""
    names = [f"{each.lower()}@{kind}" for each in symbols for kind in ("trade", "bookTicker")]
    return f"{url}/stream?streams={'/'.join(names)}"


class BinanceStream:
    """One connection at a time, made anew when it ends, is silent, too old, or to be shut down.

    `ready` is set at the first frame. `on_gap(start_us, end_us)` is told how long nothing was heard,
    after each reconnection.
    """

    def __init__(
        self,
        address: str,
        writer: LogWriter,
        *,
        on_gap: Callable[[int, int], None] = lambda start_us, end_us: None,
        through_proxy: bool = True,
        silence_s: float = SILENCE_S,
        max_age_s: float = MAX_AGE_S,
        backoff: Backoff | None = None,
        clock_ns: Callable[[], int] = time.time_ns,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.ready = asyncio.Event()
        self._address = address
        self._writer = writer
        self._on_gap = on_gap
        self._proxy: Literal[True] | None = True if through_proxy else None
        self._silence_s = silence_s
        self._max_age_s = max_age_s
        self._backoff = backoff or Backoff(first_s=0.2, longest_s=30.0)
        self._clock_ns = clock_ns
        self._sleep = sleep
        self._queue: asyncio.Queue[tuple[int, bytes]] = asyncio.Queue(MAX_QUEUED_FRAMES)
        self._heard_ns: int | None = None

    async def run(self) -> None:
        """Receive until cancelled; what was received by then is appended. AppendError: the log failed."""
        writing = asyncio.create_task(self._write())
        receiving = asyncio.create_task(self._receive())
        try:
            await asyncio.wait([writing, receiving], return_when=asyncio.FIRST_COMPLETED)
            for task in (writing, receiving):
                if task.done():
                    task.result()
        finally:
            await self._finish(receiving, writing)

    async def _finish(self, receiving: asyncio.Task[None], writing: asyncio.Task[None]) -> None:
        """Append what was received, for so long as the log takes it."""
        ends_s = asyncio.get_running_loop().time() + FINISH_WITHIN_S
        receiving.cancel()
        await asyncio.gather(receiving, return_exceptions=True)
        writing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await writing
        try:
            async with asyncio.timeout_at(ends_s):
                await self._append_queued()
        except TimeoutError:
            log.warning("binance: %d frames are lost, the log is slow", self._queue.qsize())

    async def _receive(self) -> None:
        while True:
            try:
                await self._connected()
            except _FAILURES as error:
                log.warning("binance: the stream ended: %s", type(error).__name__)
            await self._sleep(self._backoff.next_s())

    async def _connected(self) -> None:
        """One connection, from its opening to its end."""
        loop = asyncio.get_running_loop()
        connection = await connect(
            self._address,
            compression=None,
            max_size=MAX_FRAME_BYTES,
            close_timeout=CLOSE_TIMEOUT_S,
            proxy=self._proxy,
        )
        try:
            ends_s = loop.time() + self._max_age_s
            async with asyncio.timeout(self._silence_s) as silence:
                await self._frames(connection, silence, ends_s)
        finally:
            await connection.close()
            await self._take_rest(connection)

    async def _frames(
        self, connection: ClientConnection, silence: asyncio.Timeout, ends_s: float
    ) -> None:
        loop = asyncio.get_running_loop()
        fresh = True
        while True:
            frame = await connection.recv(decode=False)
            now_ns = self._clock_ns()
            if fresh:
                self._hear(now_ns)
                fresh = False
            self._heard_ns = now_ns
            silence.reschedule(loop.time() + self._silence_s)
            if _SHUTDOWN in frame[:_SHUTDOWN_WITHIN]:
                log.info("binance: the server shuts down, connecting anew")
                return
            if self._queue.full():
                silence.reschedule(None)  # it is we who are slow
            await self._queue.put((now_ns, frame))
            if loop.time() >= ends_s:
                return

    async def _take_rest(self, connection: ClientConnection) -> None:
        """Queue what has come while the connection was closed, as far as there is room."""
        with contextlib.suppress(ConnectionClosed, asyncio.QueueFull):
            while True:
                frame = await connection.recv(decode=False)
                self._heard_ns = self._clock_ns()
                self._queue.put_nowait((self._heard_ns, frame))

    def _hear(self, now_ns: int) -> None:
        """The first frame of a connection."""
        self.ready.set()
        self._backoff.reset()
        if self._heard_ns is not None:
            self._on_gap(self._heard_ns // 1_000, now_ns // 1_000)

    async def _write(self) -> None:
        while True:
            first = await self._queue.get()
            await self._writer.append([self._entry(first)])

    async def _append_queued(self) -> None:
        while not self._queue.empty():
            await self._writer.append([self._entry(self._queue.get_nowait())])

    def _entry(self, first: tuple[int, bytes]) -> LogEntry:
        """An entry of this frame and those that wait behind it."""
        frames = [first]
        size = len(first[1])
        while len(frames) < MAX_ENTRY_FRAMES and size < MAX_ENTRY_BYTES:
            try:
                frame = self._queue.get_nowait()
            except asyncio.QueueEmpty:
                break
            frames.append(frame)
            size += len(frame[1])
        payload = b"".join([b"%d %b\n" % (at, frame.replace(b"\n", b" ")) for at, frame in frames])
        return LogEntry("frames", "", frames[-1][0] // 1_000, payload)
