"""The hub: what moves on the board goes out to every client that asked for it.

A price is encoded once, a frame is made once for each distinct subscription, and the clients share its
bytes. Moves are gathered for one pass of the loop when the market is quiet, and up to `GATHER_S` when
it is not and many clients listen: of what moves twice in that time the newest price goes out.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable

from api.config import MAX_STREAMS
from api.errors import TooManyStreamsError
from api.market.board import PriceBoard
from api.metrics import Metrics
from api.stream.frames import encode, frame, one_or_list
from api.stream.subscriber import Subscriber
from market.clock import rfc3339

GATHER_S = 0.005
GATHER_PER_CLIENT_S = 0.000_01
"""About what one write costs: a few clients are not made to wait for the sake of many."""
HEARTBEAT_EVERY_S = 10.0
LOOK_EVERY_S = 1.0
"""How soon a price that grew old without moving is sent with its new state."""


class _Group:
    """The clients of one distinct subscription."""

    __slots__ = ("ids", "snapshot", "snapshot_at", "subscribers")

    def __init__(self, ids: frozenset[int]) -> None:
        self.ids = ids
        self.subscribers: set[Subscriber] = set()
        self.snapshot = b""
        self.snapshot_at = (-1, -1)
        """What had been sent, and the second: ages grow while nothing moves."""


class Hub:
    """Belongs to one event loop; `run` must be running there for heartbeats and ageing prices."""

    def __init__(self, board: PriceBoard, metrics: Metrics, max_clients: int = MAX_STREAMS) -> None:
        self._max_clients = max_clients
        self._clients = 0
        self._board = board
        self._metrics = metrics
        self._groups: dict[frozenset[int], _Group] = {}
        self._groups_of: dict[int, set[_Group]] = {}
        self._moved: set[int] = set()
        self._flush_handle: asyncio.Handle | None = None
        self._flushed_at = 0.0
        self._epoch = f"{time.time_ns() // 1_000_000:x}"
        self._sequence = 0
        self._stopped = False

    def publish(self, ids: Iterable[int]) -> None:
        """Send out the newest prices of these instruments, with what else moves within a moment."""
        self._moved.update(ids)
        if not self._moved or self._flush_handle is not None:
            return
        loop = asyncio.get_running_loop()
        gather_s = min(GATHER_S, self._clients * GATHER_PER_CLIENT_S)
        wait = self._flushed_at + gather_s - loop.time()
        self._flush_handle = (
            loop.call_later(wait, self._flush) if wait > 0 else loop.call_soon(self._flush)
        )

    def subscribe(self, ids: frozenset[int]) -> Subscriber:
        """A client of these instruments; its first frame is a snapshot of them.

        Raises TooManyStreamsError where there are as many as there may be.
        """
        if self._clients >= self._max_clients:
            raise TooManyStreamsError(self._max_clients)
        group = self._groups.get(ids)
        if group is None:
            group = self._groups[ids] = _Group(ids)
            for id_ in ids:
                self._groups_of.setdefault(id_, set()).add(group)
        subscriber = Subscriber(lambda: self._snapshot(group))
        group.subscribers.add(subscriber)
        self._clients += 1
        self._metrics.stream_clients.set(self._clients)
        if self._stopped:
            subscriber.close()
        return subscriber

    def unsubscribe(self, ids: frozenset[int], subscriber: Subscriber) -> None:
        """Forget a client that `subscribe` gave for these instruments."""
        group = self._groups[ids]
        group.subscribers.remove(subscriber)
        self._clients -= 1
        self._metrics.stream_clients.set(self._clients)
        if not group.subscribers:
            del self._groups[ids]
            for id_ in ids:
                self._groups_of[id_].discard(group)

    def watched(self) -> dict[int, int]:
        """How many clients there are of each instrument."""
        counted: Counter[int] = Counter()
        for group in self._groups.values():
            counted.update(dict.fromkeys(group.ids, len(group.subscribers)))
        return dict(counted)

    def stop(self) -> None:
        """End every stream, and each new one after its head: the server is going down."""
        self._stopped = True
        for group in self._groups.values():
            for subscriber in group.subscribers:
                subscriber.close()

    def event_id(self) -> str:
        """The cursor of what was sent last; it is good for this process only."""
        return f"{self._epoch}-{self._sequence}"

    async def run(self) -> None:
        """Beat, and watch prices grow old; for ever."""
        loop = asyncio.get_running_loop()
        beat_at = loop.time() + HEARTBEAT_EVERY_S
        while True:
            await asyncio.sleep(min(LOOK_EVERY_S, max(0.0, beat_at - loop.time())))
            self.publish(self._board.changed_states())
            if loop.time() >= beat_at:
                self._beat()
                beat_at += HEARTBEAT_EVERY_S

    def _beat(self) -> None:
        data = encode({"time": rfc3339(self._board.now_us())})
        heartbeat = frame("heartbeat", self.event_id(), data)
        for group in self._groups.values():
            self._send(group, heartbeat)

    def _flush(self) -> None:
        self._flush_handle = None
        self._flushed_at = asyncio.get_running_loop().time()
        self._sequence += 1
        moved, self._moved = self._moved, set()
        now_us = self._board.now_us()
        by_group: dict[_Group, list[bytes]] = {}
        for id_ in moved:
            groups = self._groups_of.get(id_)
            if not groups:
                continue
            price = self._board.price(self._board.instruments.by_id(id_), now_us)
            if price is None:
                continue
            self._metrics.stream_prices.inc()
            encoded = encode(price)
            for group in groups:
                by_group.setdefault(group, []).append(encoded)
        for group, prices in by_group.items():
            self._send(group, frame("price_update", self.event_id(), one_or_list(prices)))

    def _send(self, group: _Group, data: bytes) -> None:
        for subscriber in group.subscribers:
            if subscriber.push(data):
                self._metrics.stream_conflations.inc()

    def _snapshot(self, group: _Group) -> bytes:
        at = self._sequence, self._board.now_us() // 1_000_000
        if group.snapshot_at != at:
            prices = self._board.prices(sorted(group.ids))
            group.snapshot = frame("snapshot", self.event_id(), encode(prices))
            group.snapshot_at = at
        return group.snapshot
