"""Uvicorn's protocols, with a way for an endpoint to reach the connection it speaks on.

What HTTP forbids (a body that ends too early, a reset) a fault writes to the transport itself; and the
ping interval of a stream is its provider's.
"""

import asyncio
import contextlib
import socket
import struct
from typing import cast

from starlette.requests import HTTPConnection
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

_CONNECTION = "connection"
_LINGER_NOT = struct.pack("ii", 1, 0)


class HttpConnection(HttpToolsProtocol):
    """One HTTP connection; a request finds it with `http_connection`."""

    stubborn = False
    """Its answer may take for ever: a stop of the server does not wait for it."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(cast(asyncio.Transport, transport))
        self.app_state = {**self.app_state, _CONNECTION: self}


class StreamConnection(WebSocketsSansIOProtocol):
    """One WebSocket; its endpoint finds it with `stream_connection`."""

    deaf = False
    """Hears nothing: no message, no ping, no close."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.app_state = {**self.app_state, _CONNECTION: self}

    def data_received(self, data: bytes) -> None:
        if not self.deaf:
            super().data_received(data)

    def keep_alive(self, interval_s: float | None, deadline_s: float | None) -> None:
        """Ping so often, and end the connection without a pong for so long; before it is accepted."""
        self.ping_interval = interval_s
        self.ping_timeout = deadline_s

    def fall_silent(self, *, pongs: bool) -> None:
        """Ping no more; without `pongs`, hear nothing."""
        self.stop_keepalive()
        self.deaf = not pongs


def http_connection(request: HTTPConnection) -> HttpConnection:
    """The connection of a request."""
    return cast(HttpConnection, request.scope["state"][_CONNECTION])


def stream_connection(request: HTTPConnection) -> StreamConnection:
    """The connection of a WebSocket."""
    return cast(StreamConnection, request.scope["state"][_CONNECTION])


def reset(transport: asyncio.Transport) -> None:
    """End a connection at once with RST; what was not sent yet is lost."""
    plain = transport.get_extra_info("socket")
    with contextlib.suppress(OSError):  # the peer was faster
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    transport.abort()
