"""The answer of a price stream: a raw ASGI response that writes shared bytes."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from fastapi import Response
from starlette.types import Receive, Scope, Send

from api.middleware import RAW_SEND
from api.stream.frames import PREAMBLE, encode, frame
from api.stream.hub import Hub
from api.stream.subscriber import Subscriber

Kept = Callable[[Callable[[], None]], AbstractContextManager[None]]

_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]


class PriceStream(Response):
    """Streams the hub's events of these instruments until the client leaves or the hub stops.

    `kept`, where there is one, is entered with what ends the stream, for as long as it lasts.

    `resumed`: the client comes back with a cursor. What it missed is told as `reset`, and the snapshot
    that follows is the whole truth about latest prices.
    """

    media_type = "text/event-stream"

    def __init__(
        self, hub: Hub, ids: frozenset[int], *, resumed: bool, kept: Kept | None = None
    ) -> None:
        super().__init__()
        self._hub = hub
        self._ids = ids
        self._resumed = resumed
        self._kept = kept

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The head goes through every layer around, the body straight to the server.

        Raises TooManyStreamsError before the head.
        """
        subscriber = self._hub.subscribe(self._ids)
        leaving = asyncio.ensure_future(_close_when_gone(receive, subscriber))
        write: Send = scope.get(RAW_SEND, send)
        try:
            with self._kept(subscriber.close) if self._kept else nullcontext():
                head = {"type": "http.response.start", "status": 200, "headers": list(_HEADERS)}
                await send(head)
                await _write_events(write, subscriber, self._preamble())
        finally:
            leaving.cancel()
            self._hub.unsubscribe(self._ids, subscriber)

    def _preamble(self) -> bytes:
        if not self._resumed:
            return PREAMBLE
        return PREAMBLE + frame("reset", self._hub.event_id(), encode({"reason": "restarted"}))


async def _write_events(write: Send, subscriber: Subscriber, preamble: bytes) -> None:
    await write({"type": "http.response.body", "body": preamble, "more_body": True})
    while (data := await subscriber.next()) is not None:
        await write({"type": "http.response.body", "body": data, "more_body": True})
    await write({"type": "http.response.body", "body": b"", "more_body": False})


async def _close_when_gone(receive: Receive, subscriber: Subscriber) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    subscriber.close()
