"""Streaming: a venue's stream over a WebSocket, frames as they come, into the log, for ever.

How the venue is spoken to is its dialect's; this is the connection around it, which is made anew when
it ends, falls silent or grows old. While the log is slow the socket is not read. The library answers
protocol pings.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Awaitable, Callable
from typing import Literal

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from connectors.appending import FINISH_WITHIN_S
from connectors.backoff import Backoff
from connectors.breaker import Breaker
from connectors.connector import Dialect, Streams
from connectors.errors import BadKeyError, BurstError, ConnectorError, TransientError
from connectors.gathering import MAX_QUEUED_FRAMES, Gatherer
from connectors.health import Health
from market.log import LogWriter

STEADY_S = 30.0
"""A connection that has stood and been heard for so long counts as a success."""
YOUNGEST = 0.9
"""A connection is left at an age between this part of its greatest and all of it: feeds that began
together do not reconnect together."""
MAX_FRAME_BYTES = 2**20
OPEN_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 1.0
MAX_RETRY_AFTER_S = 86_400.0

_FAILURES = (OSError, TimeoutError, WebSocketException)

log = logging.getLogger(__name__)


class Stream:
    """One connection at a time. `ready` is set once the first frame was kept; `health` can be watched."""

    def __init__(
        self,
        provider: str,
        streams: Streams,
        writer: LogWriter,
        *,
        through_proxy: bool = True,
        backoff: Backoff | None = None,
        breaker: Breaker | None = None,
        steady_s: float = STEADY_S,
        max_queued_frames: int = MAX_QUEUED_FRAMES,
        clock_ns: Callable[[], int] = time.time_ns,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self.ready = asyncio.Event()
        self.health = Health(provider, lambda: clock_ns() // 1_000)
        self.health.backoff = backoff or self.health.backoff
        self.health.breaker = breaker or self.health.breaker
        self._provider = provider
        self._streams = streams
        self._gatherer = Gatherer(writer, max_frames=max_queued_frames)
        self._proxy: Literal[True] | None = True if through_proxy else None
        self._steady_s = steady_s
        self._clock_ns = clock_ns
        self._sleep = sleep
        self._uniform = uniform

    async def run(self) -> None:
        """Receive until cancelled; what was received by then is appended. AppendError: the log failed."""
        writing = asyncio.create_task(self._gatherer.run())
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
                await self._gatherer.drain()
        except TimeoutError:
            count = self._gatherer.waiting
            log.warning("%s: %d frames are lost, the log is slow", self._provider, count)

    async def _receive(self) -> None:
        while True:
            try:
                await self._connected(self._streams())
                wait_s = self.health.wait_s()
            except ConnectorError as error:
                wait_s = self.health.failed(error)
            await self._sleep(wait_s)
            self.health.reconnects += 1

    async def _connected(self, dialect: Dialect) -> None:
        """One connection, from its opening until we leave it; a ConnectorError says why it failed."""
        try:
            connection = await self._open(dialect)
            self.health.connected_us = self._clock_ns() // 1_000
            try:
                await self._spoken(connection, dialect)
            finally:
                self.health.connected_us = None
                await connection.close()
                await self._take_rest(connection, dialect)
        except _FAILURES as error:
            raise _typed(self._provider, error) from None

    async def _open(self, dialect: Dialect) -> ClientConnection:
        return await connect(
            dialect.address,
            additional_headers=dict(dialect.headers),
            compression=None,
            max_size=MAX_FRAME_BYTES,
            open_timeout=OPEN_TIMEOUT_S,
            close_timeout=CLOSE_TIMEOUT_S,
            # Silence is measured here; the library's own pings would cut what a slow log holds back.
            ping_interval=None,
            proxy=self._proxy,
        )

    async def _spoken(self, connection: ClientConnection, dialect: Dialect) -> None:
        pinging = asyncio.create_task(_ping(connection, dialect))
        try:
            async with asyncio.timeout(dialect.silence_s) as silence:
                for message in dialect.opening():
                    await connection.send(message)
                await self._frames(connection, dialect, silence)
        except TimeoutError:
            what = f"the stream was silent for {dialect.silence_s:g} s"
            raise TransientError(self._provider, what) from None
        finally:
            pinging.cancel()
            await asyncio.gather(pinging, return_exceptions=True)

    async def _frames(
        self, connection: ClientConnection, dialect: Dialect, silence: asyncio.Timeout
    ) -> None:
        """Hear frames until it is time to leave."""
        loop = asyncio.get_running_loop()
        steady_s = loop.time() + self._steady_s
        oldest_s = float("inf") if dialect.max_age_s is None else dialect.max_age_s
        leave_s = loop.time() + oldest_s * self._uniform(YOUNGEST, 1.0)
        while True:
            frame = await connection.recv(decode=False)
            at_ns = self._clock_ns()
            self.health.heard_us = at_ns // 1_000
            heard = dialect.hear(frame)
            if heard.keep:
                if self._gatherer.is_full:
                    silence.reschedule(None)  # it is we who are slow
                await self._gatherer.put(at_ns, frame)
                self.ready.set()
            now_s = loop.time()
            silence.reschedule(now_s + dialect.silence_s)
            for reply in heard.replies:
                await connection.send(reply)
            if heard.error is not None:
                self.health.refused(heard.error)
            if now_s >= steady_s:
                self.health.stands()
            if heard.leave or now_s >= leave_s:
                return

    async def _take_rest(self, connection: ClientConnection, dialect: Dialect) -> None:
        """Queue what has come while the connection was closed, as far as there is room."""
        with contextlib.suppress(ConnectionClosed, asyncio.QueueFull):
            while True:
                frame = await connection.recv(decode=False)
                at_ns = self._clock_ns()
                if dialect.hear(frame).keep:
                    self._gatherer.put_nowait(at_ns, frame)


async def _ping(connection: ClientConnection, dialect: Dialect) -> None:
    """Send the venue's own pings until the connection ends."""
    if dialect.ping_s is None:
        return
    with contextlib.suppress(ConnectionClosed):
        while True:
            await asyncio.sleep(dialect.ping_s)
            await connection.send(dialect.ping())


def _typed(provider: str, error: Exception) -> ConnectorError:
    """What a failed connection means. The library's own words are left out: they may hold the address."""
    if isinstance(error, InvalidStatus):
        return _refusal(provider, error)
    if isinstance(error, ConnectionClosed):
        code = "without a word" if error.rcvd is None else f"with code {error.rcvd.code}"
        return TransientError(provider, f"the stream ended {code}")
    return TransientError(provider, f"the stream cannot be reached: {type(error).__name__}")


def _refusal(provider: str, error: InvalidStatus) -> ConnectorError:
    status = error.response.status_code
    if status == 401:
        return BadKeyError(provider)
    retry_after = error.response.headers.get("retry-after", "")
    if retry_after.isascii() and retry_after.isdigit():
        return BurstError(provider, min(float(retry_after), MAX_RETRY_AFTER_S))
    return TransientError(provider, f"the stream's handshake was refused: HTTP {status}")
