"""One WebSocket: a reader of what the client says and a writer of its queue."""

import asyncio
import contextlib

from starlette.websockets import WebSocket, WebSocketDisconnect

from connectors.sandbox import protocols
from connectors.sandbox.sessions import Session
from connectors.sandbox.streams import GOING_AWAY, Client, Hub


class StreamSocket:
    """Joins an accepted WebSocket to its provider's hub, until either side ends it."""

    def __init__(self, socket: WebSocket, hub: Hub, session: Session) -> None:
        self._socket = socket
        self._hub = hub
        self._connection = protocols.stream_connection(socket)
        self._client = Client(session, self)
        self._writer: asyncio.Task[None] | None = None

    async def run(self, max_age_s: float | None) -> None:
        """Until the end of the connection, which is cut when it is so old."""
        reader = asyncio.create_task(self._read())
        self._writer = asyncio.create_task(self._write())
        self._hub.join(self._client)
        loop = asyncio.get_running_loop()
        cut = None
        if max_age_s is not None:
            cut = loop.call_later(max_age_s, self._client.cut, GOING_AWAY)
        try:
            await asyncio.wait([self._writer])
        finally:
            if cut is not None:
                cut.cancel()
            self._hub.leave(self._client)
            reader.cancel()
            self._writer.cancel()
            await asyncio.wait([reader, self._writer])
        if not reader.cancelled():
            reader.result()

    def abort(self) -> None:
        """See `Line.abort`."""
        if self._writer is not None:
            self._writer.cancel()

    def reset(self) -> None:
        """See `Line.reset`."""
        protocols.reset(self._connection.transport)

    def fall_silent(self, *, pongs: bool) -> None:
        """See `Line.fall_silent`."""
        self._connection.fall_silent(pongs=pongs)

    async def _write(self) -> None:
        with contextlib.suppress(WebSocketDisconnect):
            await self._write_until_cut()

    async def _write_until_cut(self) -> None:
        client = self._client
        while True:
            await client.wake.wait()
            closing = client.closing
            for frame in client.take():
                if client.silent:
                    break
                await self._socket.send_text(frame)
            if closing is not None:
                await self._socket.close(closing)
                return

    async def _read(self) -> None:
        """Hand on what the client says until it goes; a binary message ends the connection."""
        try:
            while True:
                self._hub.received(self._client, await self._socket.receive_text())
        except (WebSocketDisconnect, KeyError):  # KeyError: a binary message
            self._client.silent = False
        finally:
            self._client.cut(GOING_AWAY)
