"""The clients of one provider's stream: what the market does goes to their sessions, their frames out.

A client has a bounded backlog; one that falls behind is cut, as a venue cuts it, and disturbs nobody
else. Faults of connections, trades and frames strike here.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from connectors.sandbox.fault_kinds import Fault, Place
from connectors.sandbox.faults import Faults, Numbers
from connectors.sandbox.sessions import Cut, Session
from connectors.sandbox.spoiling import FAREWELLS, GARBAGE, TOKENS, spoil
from connectors.sandbox.tape import Pair, Quotes, Trades
from market.clock import Clock

PASS_S = 0.1
"""How often sessions hear that time has passed."""
MAX_BACKLOG = 20_000
KEPT_FRAMES = 1_000
"""The last frames of a client, which a fault can send again."""
FAREWELL_S = 0.5

GOING_AWAY = 1001
POLICY = 1008
TRY_AGAIN_LATER = 1013


class Line(Protocol):
    """The connection below a client."""

    def abort(self) -> None:
        """Give up a send that hangs because the peer does not read."""

    def reset(self) -> None:
        """End the connection at once, with a TCP reset."""

    def fall_silent(self, *, pongs: bool) -> None:
        """Stop pinging; without `pongs`, hear nothing any more."""


@dataclass(slots=True, eq=False)
class Client:
    """One connection's session and queue. `closing` is a close code once the client is to be cut."""

    session: Session
    line: Line
    backlog: deque[str] = field(default_factory=deque)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    closing: int | None = None
    silent: bool = False
    sent: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT_FRAMES))
    struck: Numbers = field(default_factory=set)

    def put(self, frames: Sequence[str]) -> None:
        """Queue frames, unless the end is near; a client that fell far behind is cut at once."""
        if self.closing is not None or self.silent or not frames:
            return
        if len(self.backlog) + len(frames) <= MAX_BACKLOG:
            self.backlog.extend(frames)
            self.sent.extend(frames)
            self.wake.set()
            return
        self.backlog.clear()
        self.cut(POLICY)
        self.line.abort()

    def cut(self, code: int) -> None:
        """End the connection with this code, after what is queued."""
        if self.silent:
            return
        if self.closing is None:
            self.closing = code
        self.wake.set()

    def take(self) -> list[str]:
        """What is queued; the queue is empty after."""
        frames = list(self.backlog)
        self.backlog.clear()
        self.wake.clear()
        return frames


class Hub:
    """The clients of one provider, in the order of their coming; `occupied` or `empty`."""

    def __init__(self, provider: str, clock: Clock, faults: Faults) -> None:
        self.provider = provider
        self._clock = clock
        self._faults = faults
        self._clients: dict[Client, None] = {}
        self.occupied = asyncio.Event()
        self.empty = asyncio.Event()
        self.empty.set()
        faults.listen(provider, self._strike_all)

    def __len__(self) -> int:
        return len(self._clients)

    def join(self, client: Client) -> None:
        """Greet a client and feed it from now on."""
        self._clients[client] = None
        self.empty.clear()
        self.occupied.set()
        self._strike(client)
        self._tell(client, lambda session: session.opened(self._clock()))

    def leave(self, client: Client) -> None:
        """Forget a client."""
        self._clients.pop(client, None)
        if not self._clients:
            self.empty.set()
            self.occupied.clear()

    def received(self, client: Client, message: str) -> None:
        """Answer what a client sent."""
        self._tell(client, lambda session: session.received(message, self._clock()))

    def traded(self, pair: Pair, trades: Trades) -> None:
        """Tell every client of a pair's trades; faults may skip or repeat some."""
        now_us = self._clock()
        if self._faults.strikes(self.provider, Place.TRADE):
            trades = self._with_faults(pair, trades)
        self.send(lambda session: session.traded(pair, trades, now_us))

    def quoted(self, pair: Pair, quotes: Quotes) -> None:
        """Tell every client of a pair's best quotes."""
        now_us = self._clock()
        self.send(lambda session: session.quoted(pair, quotes, now_us))

    def send(self, frames_of: Callable[[Session], list[str]]) -> None:
        """Send every client what is made of its session."""
        for client in list(self._clients):
            self._tell(client, frames_of)

    async def pass_time(self) -> None:
        """Tell the sessions that time passes, until cancelled."""
        while True:
            await asyncio.sleep(PASS_S)
            self.send(lambda session: session.passed(self._clock()))

    def cut_all(self, code: int) -> None:
        """End every connection with this code."""
        for client in list(self._clients):
            client.cut(code)

    def end_all(self) -> None:
        """Announce the end to every client and cut it."""
        for client in list(self._clients):
            self._end(client)

    async def shut_down(self) -> None:
        """End every connection, and wait a moment for all to be gone; silent ones are reset."""
        self.end_all()
        for client in list(self._clients):
            if client.silent:
                client.line.reset()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.empty.wait(), FAREWELL_S)

    def _tell(self, client: Client, frames_of: Callable[[Session], list[str]]) -> None:
        if client.silent or client.closing is not None:
            return
        try:
            frames = frames_of(client.session)
        except Cut as cut:
            client.cut(cut.code)
            return
        if frames and self._faults.strikes(self.provider, Place.FRAME):
            frames = [self._spoiled(frame) for frame in frames]
        client.put(frames)

    def _end(self, client: Client) -> None:
        self._tell(client, lambda session: session.ending(self._clock()))
        client.cut(GOING_AWAY)

    def _strike_all(self) -> None:
        for client in list(self._clients):
            self._strike(client)

    def _strike(self, client: Client) -> None:
        for fault in self._faults.take_new(self.provider, client.struck):
            self._apply(fault, client)

    def _apply(self, fault: Fault, client: Client) -> None:
        match fault.name:
            case "ws_silent":
                client.silent = True
                client.backlog.clear()
                client.line.fall_silent(pongs=fault.pongs)
            case "ws_shutdown":
                if self.provider in FAREWELLS:
                    client.put([FAREWELLS[self.provider]])
                self._end(client)
            case "ws_reset":
                client.line.reset()
            case "ws_garbage":
                client.put([GARBAGE])
            case "ws_replay":
                client.put(list(client.sent)[-fault.frames :])

    def _with_faults(self, pair: Pair, trades: Trades) -> Trades:
        """The trades without those that a fault skips, and twice those that it repeats."""
        rows: list[int] = []
        for row in range(len(trades.ids)):
            symbol = pair.instrument.symbol
            fault = self._faults.take(self.provider, Place.TRADE, symbol=symbol)
            rows += _times_sent(fault) * [row]
        return trades.rows(rows)

    def _spoiled(self, frame: str) -> str:
        fault = self._faults.take(self.provider, Place.FRAME)
        return frame if fault is None else spoil(self.provider, frame, TOKENS[fault.name])


def _times_sent(fault: Fault | None) -> int:
    if fault is None:
        return 1
    return 0 if fault.name == "ws_skip" else 2
