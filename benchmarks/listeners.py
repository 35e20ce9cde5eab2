"""Who waits at the far end of a latency: a process of its own, whose clock is nobody else's work."""

import re
import selectors
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import orjson

from benchmarks.processes import child

Received = list[tuple[int, bytes]]
"""What came, each part with its instant in nanoseconds since 1970."""

CONNECT_WITHIN_S = 5.0
READY_WITHIN_S = 30.0
READ_BYTES = 1 << 20

_EVENT = re.compile(rb"event: (?:price_update|snapshot)\nid: [^\n]*\ndata: ([^\n]*)\n\n")


class Listener:
    """A listening process, seen from the benchmark."""

    def __init__(self, pipe: "Connection[str, Received]") -> None:
        self._pipe = pipe

    def take(self) -> Received:
        """What came since the last time."""
        self._pipe.send("take")
        return self._pipe.recv()


@contextmanager
def listening(connect: Callable[..., socket.socket], *arguments: Any) -> Iterator[Listener]:
    """A process that listens to the socket which `connect(*arguments)` gives it, while the block runs."""
    with child(_listen, connect, arguments) as pipe:
        assert pipe.poll(READY_WITHIN_S), "the listener does not start"
        pipe.recv()
        yield Listener(pipe)
        pipe.send("stop")


def datagram_socket(path: Path) -> socket.socket:
    """A Unix socket to which datagrams are sent."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(str(path))
    return listener


def price_stream(host: str, port: int) -> socket.socket:
    """A client of the stream of all prices, which is about to be answered."""
    client = socket.create_connection((host, port), CONNECT_WITHIN_S)
    client.sendall(b"GET /api/stream/prices HTTP/1.1\r\nHost: benchmark\r\n\r\n")
    return client


class PriceEvents:
    """Finds the prices in what a client of the price stream receives."""

    def __init__(self) -> None:
        self._rest = b""

    def read(self, received: Received) -> Iterator[tuple[int, dict[str, Any]]]:
        """The prices of these further parts, each with the instant at which its event was whole."""
        for at_ns, part in received:
            self._rest += part
            end = 0
            # The server writes whole events: the sizes of HTTP's chunks stand between them.
            for event in _EVENT.finditer(self._rest):
                end = event.end()
                found = orjson.loads(event[1])
                for price in found if isinstance(found, list) else [found]:
                    yield at_ns, price
            self._rest = self._rest[end:]


def _listen(
    pipe: "Connection[Received, str]",
    connect: Callable[..., socket.socket],
    arguments: tuple[Any, ...],
) -> None:
    received: Received = []
    with connect(*arguments) as source, selectors.DefaultSelector() as selector:
        selector.register(source, selectors.EVENT_READ)
        selector.register(pipe, selectors.EVENT_READ)
        pipe.send([])
        while True:
            ready = [key.fileobj for key, _ in selector.select()]
            if source in ready:
                part = source.recv(READ_BYTES)
                received.append((time.time_ns(), part))
            if pipe in ready:
                if pipe.recv() == "stop":
                    return
                pipe.send(received)
                received = []
