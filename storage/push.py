"""A push after the commit: the record itself as a datagram on a local socket, for readers in a hurry.

Nothing depends on it. A datagram that is lost, too large or not listened to leaves a hole, which the
reader fills from the table.
"""

import contextlib
import select
import socket
from collections.abc import Iterator
from pathlib import Path

import orjson

from market.log import LogRecord
from market.sources import source_by_id

MAX_DATAGRAM_BYTES = 200_000
_SUFFIX = ".inbox"


class PushSender:
    """Sends records to every listener in a directory; never blocks, never fails."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def send(self, record: LogRecord) -> None:
        """Offer a committed record to whoever listens."""
        data = _encode(record)
        if len(data) > MAX_DATAGRAM_BYTES:
            return
        for listener in self._directory.glob(f"*{_SUFFIX}"):
            with contextlib.suppress(OSError):
                self._socket.sendto(data, str(listener))

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()


class PushListener:
    """Receives records; one listener a name and directory (a later one takes its place)."""

    def __init__(self, directory: Path, name: str) -> None:
        self._path = directory / f"{name}{_SUFFIX}"
        self._path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(str(self._path))
        self._inode = self._path.stat().st_ino

    def wait(self, timeout_s: float) -> bool:
        """Block until a record is there or the time is over; whether one is."""
        readable, _, _ = select.select([self._socket], [], [], timeout_s)
        return bool(readable)

    def received(self) -> Iterator[LogRecord]:
        """The records that have come, without blocking."""
        while True:
            try:
                data = self._socket.recv(MAX_DATAGRAM_BYTES + 1)
            except BlockingIOError:
                return
            record = _decode(data)
            if record is not None:
                yield record

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()
        with contextlib.suppress(FileNotFoundError):
            if self._path.stat().st_ino == self._inode:  # not that of one that took the place
                self._path.unlink()


def _encode(record: LogRecord) -> bytes:
    head = [
        record.partition,
        record.offset,
        record.source.id,
        record.kind,
        record.context,
        record.received_us,
    ]
    return orjson.dumps(head) + b"\n" + record.payload


def _decode(data: bytes) -> LogRecord | None:
    """The record, or None where another program's or version's words came."""
    head, _, payload = data.partition(b"\n")
    try:
        partition, offset, source_id, kind, context, received_us = orjson.loads(head)
        source = source_by_id(source_id)
    except (ValueError, TypeError):
        return None
    return LogRecord(partition, offset, source, kind, context, received_us, payload)
