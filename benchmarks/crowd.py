"""A crowd of clients: one process that holds many plain sockets and reads what they are sent."""

import resource
import selectors
import socket
import time
from multiprocessing.connection import Connection

READ_BYTES = 1 << 18
CONNECT_WITHIN_S = 20.0
PATIENCE_S = 60.0
PRICE_MARK = b"{"
"""Stands once in a price as JSON, and nowhere else in what a server sends between prices."""

_SPARE_FILES = 100


def crowd(
    pipe: "Connection[int, bytes]",
    address: tuple[str, int],
    clients: int,
    request: bytes,
    greeted: bytes,
) -> None:
    """Connect, each with the request, and read up to the end of a greeting.

    Then for every `last` that comes through the pipe, up to an empty one, read until each client was
    sent it, and answer with the number of prices that the poorest of them got.
    """
    _allow_files(clients + _SPARE_FILES)
    with selectors.DefaultSelector() as selector:
        sockets = [_greeted(address, request, greeted) for _ in range(clients)]
        for client in sockets:
            selector.register(client, selectors.EVENT_READ, _Client(client))
        pipe.send(0)
        while last := pipe.recv():
            pipe.send(_read_until(selector, last))
        for client in sockets:
            client.close()


class _Client:
    """A socket, and how many prices it was sent."""

    __slots__ = ("prices", "socket", "tail")

    def __init__(self, client: socket.socket) -> None:
        self.socket = client
        self.prices = 0
        self.tail = b""

    def read(self, last: bytes) -> bool:
        """Read what is there; whether `last` came with it."""
        part = self.socket.recv(READ_BYTES)
        assert part, "the server closed the connection"
        self.prices += part.count(PRICE_MARK)
        tail = self.tail + part
        self.tail = tail[-len(last) :]
        return last in tail


def _greeted(address: tuple[str, int], request: bytes, greeted: bytes) -> socket.socket:
    client = socket.create_connection(address, CONNECT_WITHIN_S)
    client.sendall(request)
    answer = b""
    while greeted not in answer or not answer.endswith(b"\r\n"):
        answer += client.recv(READ_BYTES)
    client.setblocking(False)
    return client


def _read_until(selector: selectors.BaseSelector, last: bytes) -> int:
    clients: list[_Client] = [key.data for key in selector.get_map().values()]
    for client in clients:
        client.prices, client.tail = 0, b""
    waiting = set(clients)
    deadline = time.monotonic() + PATIENCE_S
    while waiting:
        assert time.monotonic() < deadline, f"{len(waiting)} clients were not sent everything"
        for key, _ in selector.select(1.0):
            client = key.data
            if client.read(last):
                waiting.discard(client)
    return min(client.prices for client in clients)


def _allow_files(count: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(count, hard), hard))
