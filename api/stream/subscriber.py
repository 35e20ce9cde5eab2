"""What waits for one client: a bounded queue that gives way to a snapshot.

A client that reads slowly is sent the newest prices instead of all that it missed: its queue never
holds more than `MAX_QUEUED_BYTES`, and what it holds is shared with every other queue.
"""

import asyncio
from collections.abc import Callable

MAX_QUEUED_BYTES = 128 * 1024


class Subscriber:
    """The queue of one client, filled by the hub and emptied by the client's own task.

    It begins behind: the first thing that it gives is a snapshot. `snapshot` is called when the client
    can take it, so that it is never an old one, and nothing falls between it and what follows.
    """

    __slots__ = ("_closed", "_queue", "_queued_bytes", "_snapshot", "_waiter", "behind")

    def __init__(self, snapshot: Callable[[], bytes]) -> None:
        self.behind = True
        self._snapshot = snapshot
        self._queue: list[bytes] = []
        self._queued_bytes = 0
        self._closed = False
        self._waiter: asyncio.Future[None] | None = None

    def push(self, frame: bytes) -> bool:
        """Queue a frame; whether this made the client fall behind."""
        if self.behind or self._closed:
            return False
        self._queued_bytes += len(frame)
        if self._queued_bytes > MAX_QUEUED_BYTES:
            self._empty()
            self.behind = True
            return True
        self._queue.append(frame)
        self._wake()
        return False

    def close(self) -> None:
        """End the stream after what is already being sent."""
        self._closed = True
        self._wake()

    async def next(self) -> bytes | None:
        """What is to be sent now, waiting for it; None at the end."""
        while not self._closed:
            if self.behind:
                self.behind = False
                return self._snapshot()
            if self._queue:
                frames = self._queue[0] if len(self._queue) == 1 else b"".join(self._queue)
                self._empty()
                return frames
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return None

    def _empty(self) -> None:
        self._queue.clear()
        self._queued_bytes = 0

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
