"""Gathering: the frames of a stream on their way from the socket into the log.

The first frame is appended at once, no timer holds it back; frames that come while an append is under
way go together into the next entry. The queue is bounded: who puts waits, and reads no more.
"""

import asyncio

from market.log import LogEntry, LogWriter

MAX_QUEUED_FRAMES = 20_000
MAX_ENTRY_FRAMES = 10_000
MAX_ENTRY_BYTES = 4 * 2**20

KIND = "frames"


class Gatherer:
    """A bounded queue in front of a writer. Frames carry their receive time in ns since 1970."""

    def __init__(self, writer: LogWriter, *, max_frames: int = MAX_QUEUED_FRAMES) -> None:
        self._writer = writer
        self._queue: asyncio.Queue[tuple[int, bytes]] = asyncio.Queue(max_frames)

    @property
    def waiting(self) -> int:
        """How many frames are queued."""
        return self._queue.qsize()

    @property
    def is_full(self) -> bool:
        """Whether `put` would wait for the log."""
        return self._queue.full()

    async def put(self, at_ns: int, frame: bytes) -> None:
        """Queue a frame, as soon as there is room."""
        await self._queue.put((at_ns, frame))

    def put_nowait(self, at_ns: int, frame: bytes) -> None:
        """Queue a frame; asyncio.QueueFull where there is no room."""
        self._queue.put_nowait((at_ns, frame))

    async def run(self) -> None:
        """Append what is queued until cancelled. AppendError where the log does not take it."""
        while True:
            first = await self._queue.get()
            await self._writer.append([self._entry(first)])

    async def drain(self) -> None:
        """Append all that is queued now."""
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
        return LogEntry(KIND, "", frames[-1][0] // 1_000, payload)
