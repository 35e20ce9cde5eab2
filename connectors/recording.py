"""Recording: a log in a file, which holds what a connector received as it came and can be replayed.

A line is `<receive_ns> <frame>`. A polled answer is one line too: a frame of our own that begins with
`{"kind":` and holds the answer's text, or its base64 where it is no text. The file is a chain of whole
gzip members, each written at once: whatever kills the writer, what was flushed can be read.
"""

import asyncio
import base64
import gzip
from collections.abc import Sequence
from pathlib import Path

import msgspec

from connectors.errors import MalformedError, RecordingError
from connectors.gathering import KIND
from market.log import LogEntry, LogWriter
from market.sources import Source

FLUSH_EVERY_S = 1.0
FLUSH_BYTES = 2**20
LEVEL = 6
WRAPPED = b'{"kind":'
"""How a line of ours begins, behind its time."""


class WrappedAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """A polled answer as one frame; `source` is the provider that gave it."""

    kind: str
    context: str
    source: str = ""
    body: str | None = None
    base64: str | None = None

    def payload(self) -> bytes:
        """The answer's body, byte by byte."""
        if self.base64 is not None:
            return base64.b64decode(self.base64)
        return (self.body or "").encode()


def wrapped(provider: str, entry: LogEntry) -> bytes:
    """The frame of an entry that holds an answer."""
    try:
        answer = WrappedAnswer(entry.kind, entry.context, provider, body=entry.payload.decode())
    except UnicodeDecodeError:
        encoded = base64.b64encode(entry.payload).decode()
        answer = WrappedAnswer(entry.kind, entry.context, provider, base64=encoded)
    return msgspec.json.encode(answer)


def unwrapped(frame: bytes) -> WrappedAnswer:
    """The answer of such a frame. MalformedError where it is none."""
    try:
        return msgspec.json.decode(frame, type=WrappedAnswer)
    except msgspec.MsgspecError as error:
        raise MalformedError("recording", f"not a polled answer: {error}") from error


class Recording:
    """A Log whose partitions all go into one new file. RecordingError where it cannot be made."""

    def __init__(self, path: Path) -> None:
        try:
            # Without a buffer of its own: what is written is the kernel's at once.
            self._file = path.open("xb", buffering=0)
        except OSError as error:
            raise RecordingError(path, f"cannot be made: {error.strerror}") from error
        self.lines = 0
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0

    async def writer(self, partition: str, source: Source) -> LogWriter:
        """A writer of a partition's entries."""
        return _Writer(self, source.provider)

    def add(self, provider: str, entry: LogEntry) -> None:
        """Take an entry; it is in the file after the next flush. OSError where the disk is full: what
        waited is lost then, and what was flushed stays readable."""
        lines = entry.payload
        if entry.kind != KIND:
            lines = b"%d %b\n" % (entry.received_us * 1_000, wrapped(provider, entry))
        self.lines += lines.count(b"\n")
        self._waiting.append(lines)
        self._waiting_bytes += len(lines)
        if self._waiting_bytes >= FLUSH_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        if self._waiting:
            member = gzip.compress(b"".join(self._waiting), LEVEL)
            self._waiting, self._waiting_bytes = [], 0
            self._write(member)

    def _write(self, member: bytes) -> None:
        """All of a member, or nothing: what is before a torn one could not be read any more."""
        begins = self._file.tell()
        try:
            written = 0
            while written < len(member):
                written += self._file.write(member[written:])
        except OSError:
            self._file.truncate(begins)
            self._file.seek(begins)
            raise

    async def keep_flushing(self, every_s: float = FLUSH_EVERY_S) -> None:
        """Flush again and again, until cancelled."""
        while True:
            await asyncio.sleep(every_s)
            self.flush()

    def close(self) -> None:
        """Write what waits, and end the file."""
        self.flush()
        self._file.close()


class _Writer:
    def __init__(self, recording: Recording, provider: str) -> None:
        self._recording = recording
        self._provider = provider

    async def append(self, entries: Sequence[LogEntry]) -> None:
        for entry in entries:
            self._recording.add(self._provider, entry)
