"""The live stream: one player writes each frame of the tape once, and every client gets it.

The player walks the tape in the order of its events and never goes back. A client has a bounded
backlog; one that falls behind is cut, as the exchange cuts it, and disturbs nobody else.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import attrgetter

from connectors.sandbox.binance import (
    Control,
    Frame,
    quote_frames,
    shutdown_frame,
    trade_frames,
)
from connectors.sandbox.tape import MINUTE_MS, PAIRS, Quotes, Tape, Trades
from market.clock import Clock

TICK_S = 0.005
"""The player wakes this often at most: frames leave within 5 ms of their event time."""
PREPARE_MS = 10_000
"""The next minute is made in a thread so long before it begins."""
CHUNK_MS = 100
"""Frames are written so much of the tape at once; divides a minute."""
MAX_LAG_MS = 30_000
"""After a larger jump of the clock (a sleeping machine) connections are cut; the player follows."""
MAX_BACKLOG = 20_000
FAREWELL_S = 0.5

GOING_AWAY = 1001
POLICY = 1008
TRY_AGAIN_LATER = 1013


@dataclass(slots=True, eq=False)
class Client:
    """One connection's queue. `closing` is a close code once the client is to be cut.

    `abort` ends a send that hangs because the peer does not read.
    """

    control: Control
    backlog: deque[str] = field(default_factory=deque)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    closing: int | None = None
    abort: Callable[[], object] | None = None

    def put(self, message: str) -> None:
        """Queue a message, unless the end is near; a client that fell far behind is cut at once."""
        if self.closing is not None:
            return
        if len(self.backlog) < MAX_BACKLOG:
            self.backlog.append(message)
            self.wake.set()
            return
        self.backlog.clear()
        self.cut(POLICY)
        if self.abort is not None:
            self.abort()

    def cut(self, code: int) -> None:
        """End the connection with this code, after what is queued."""
        if self.closing is None:
            self.closing = code
        self.wake.set()

    def take(self) -> list[str]:
        """What is queued; the queue is empty after."""
        messages = list(self.backlog)
        self.backlog.clear()
        self.wake.clear()
        return messages


class Hub:
    """The clients and the player that feeds them."""

    def __init__(self, tape: Tape, clock: Clock) -> None:
        self._tape = tape
        self._clock = clock
        self._subscribers: dict[str, dict[Client, None]] = {}
        self._clients: dict[Client, None] = {}
        self._empty = asyncio.Event()
        self._empty.set()

    def join(self, client: Client) -> None:
        """Begin to feed a client with the streams that its control names."""
        self._clients[client] = None
        self._empty.clear()
        self.resubscribe(client, [])

    def leave(self, client: Client) -> None:
        """Forget a client."""
        self._clients.pop(client, None)
        self._unsubscribe(client, client.control.streams)
        if not self._clients:
            self._empty.set()

    def resubscribe(self, client: Client, before: list[str]) -> None:
        """Follow a change of the client's streams."""
        self._unsubscribe(client, before)
        for stream in client.control.streams:
            self._subscribers.setdefault(stream, {})[client] = None

    async def shut_down(self) -> None:
        """Announce the end to every client, cut it, and wait a moment for all to be gone."""
        frame = shutdown_frame(self._clock())
        for client in list(self._clients):
            client.put(frame.wrapped if client.control.combined else frame.bare)
            client.cut(GOING_AWAY)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._empty.wait(), FAREWELL_S)

    async def play(self) -> None:
        """Send each frame when its time has come, until cancelled."""
        while True:
            start_ms = self._clock() // 1_000
            await self._play_from(start_ms)
            self._cut_all()

    async def _play_from(self, start_ms: int) -> None:
        """Play from a time on; returns when the clock has jumped: the machine slept, or was set."""
        chunk_ms = start_ms // CHUNK_MS * CHUNK_MS
        reel = await self._reel(chunk_ms // MINUTE_MS)
        following: asyncio.Task[Reel] | None = None
        frames = deque(frame for frame in reel.frames(chunk_ms) if frame.event_ms > start_ms)
        while True:
            now_ms = self._clock() // 1_000
            if abs(now_ms - chunk_ms) > MAX_LAG_MS:
                return
            while frames and frames[0].event_ms <= now_ms:
                self._send(frames.popleft())
            next_ms = chunk_ms + CHUNK_MS
            if following is None and reel.end_ms - now_ms < PREPARE_MS:
                following = asyncio.create_task(self._reel(reel.minute + 1))
            if frames or now_ms < next_ms:
                await asyncio.sleep(_pause_s(frames, next_ms, now_ms))
                continue
            if next_ms == reel.end_ms and following is not None:
                reel, following = await following, None
            chunk_ms, frames = next_ms, deque(reel.frames(next_ms))

    async def _reel(self, minute: int) -> "Reel":
        return await asyncio.to_thread(load_reel, self._tape, minute)

    def _send(self, frame: Frame) -> None:
        subscribers = self._subscribers.get(frame.stream)
        if not subscribers:
            return
        wrapped = frame.wrapped
        for client in subscribers:
            client.put(wrapped if client.control.combined else frame.bare)

    def _cut_all(self) -> None:
        for client in list(self._clients):
            client.cut(TRY_AGAIN_LATER)

    def _unsubscribe(self, client: Client, streams: list[str]) -> None:
        for stream in streams:
            self._subscribers.get(stream, {}).pop(client, None)


@dataclass(frozen=True, slots=True)
class Reel:
    """A minute of the tape, of which frames are written a chunk at a time."""

    minute: int
    trades: list[Trades]
    quotes: list[Quotes]

    @property
    def end_ms(self) -> int:
        """The first millisecond after the minute."""
        return (self.minute + 1) * MINUTE_MS

    def frames(self, chunk_ms: int) -> list[Frame]:
        """The frames of the chunk that begins there, in the order of their events."""
        frames: list[Frame] = []
        for pair, trades, quotes in zip(PAIRS, self.trades, self.quotes, strict=True):
            frames += trade_frames(pair, trades.between(chunk_ms, chunk_ms + CHUNK_MS))
            frames += quote_frames(pair, quotes.between(chunk_ms, chunk_ms + CHUNK_MS))
        frames.sort(key=attrgetter("event_ms"))
        return frames


def load_reel(tape: Tape, minute: int) -> Reel:
    """The trades and quotes of all pairs in one minute."""
    return Reel(
        minute,
        [tape.trades(pair, minute) for pair in PAIRS],
        [tape.quotes(pair, minute) for pair in PAIRS],
    )


def _pause_s(frames: deque[Frame], next_ms: int, now_ms: int) -> float:
    until_ms = frames[0].event_ms if frames else next_ms
    return max(TICK_S, min(until_ms - now_ms, CHUNK_MS) / 1_000)
