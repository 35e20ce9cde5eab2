"""HTTP/1.1 on one connection: uvicorn's, with an end to what a request may send and how long it may take.

The parser keeps what it has of a header until that ends: what arrives is counted beside it. A request that
arrives in one piece, as nearly all do, costs no timer.
"""

import asyncio
from enum import Enum
from http import HTTPStatus
from typing import NoReturn

from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from api.envelope import JSON
from api.errors import refusal_body
from api.middleware import new_request_id

MAX_HEAD_BYTES = 32 * 1024
MAX_BODY_BYTES = 1024 * 1024
HEAD_WITHIN_S = 10.0
"""From a request's first byte to the end of its head; also from the connection to that first byte."""
BODY_WITHIN_S = 30.0
"""From there to the end of its body."""

_BESIDE_A_HEADER = len(": \r\n")
_BESIDE_THE_HEADERS = len("GET  HTTP/1.1\r\n\r\n")


class RequestTooLargeError(Exception):
    """Stops the parser; the refusal is already sent."""


class _Stage(Enum):
    """What is waited for; an answer may take as long as it does."""

    ANSWER = "answer"
    FIRST_BYTE = "first byte"
    HEAD = "head"
    BODY = "body"


class BoundedProtocol(HttpToolsProtocol):
    """Refuses in the envelope a head or a body beyond its bounds, and what is no HTTP; then hangs up."""

    head_within_s = HEAD_WITHIN_S
    body_within_s = BODY_WITHIN_S

    _begun = False
    _stage = _Stage.ANSWER
    _deadline: asyncio.TimerHandle | None = None
    _handed_over = False

    _in_head = True
    _received_bytes = 0
    """Since the request began, but for the piece in which it did."""
    _body_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_for(_Stage.ANSWER)
        super().connection_lost(exc)

    def handle_websocket_upgrade(self) -> None:
        self._handed_over = True
        self._wait_for(_Stage.ANSWER)
        super().handle_websocket_upgrade()

    def data_received(self, data: bytes) -> None:
        self._received_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._received_bytes > MAX_HEAD_BYTES:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        # The frames of a body's chunks, and its trailers, are not in `_body_bytes`.
        elif self._received_bytes > MAX_HEAD_BYTES + 2 * MAX_BODY_BYTES:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        if not self._handed_over:
            self._watch()

    def on_message_begin(self) -> None:
        self._begun = True
        self._received_bytes = self._body_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        if self._head_bytes() > MAX_HEAD_BYTES:
            self._stop(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        lengths = [value for name, value in self.headers if name == b"content-length"]
        if lengths and int(lengths[0]) > MAX_BODY_BYTES:
            self._stop(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        self._in_head = False
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        if self._body_bytes > MAX_BODY_BYTES:
            self._stop(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_head = True
        self._begun = False
        self._received_bytes = 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """What uvicorn calls for whatever stopped the parser."""
        self._refuse(HTTPStatus.BAD_REQUEST)

    def _watch(self) -> None:
        """Have the deadline be that of what is waited for now."""
        answering = self.cycle is not None and not self.cycle.response_complete
        if self._begun:
            self._wait_for(_Stage.HEAD if self._in_head else _Stage.BODY)
        else:
            self._wait_for(_Stage.ANSWER if answering else _Stage.FIRST_BYTE)

    def _wait_for(self, stage: _Stage) -> None:
        if stage is self._stage:
            return
        self._stage = stage
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if stage is not _Stage.ANSWER:
            within_s = self.body_within_s if stage is _Stage.BODY else self.head_within_s
            self._deadline = self.loop.call_later(within_s, self._late)

    def _late(self) -> None:
        stage, self._stage, self._deadline = self._stage, _Stage.ANSWER, None
        if self.pipeline:  # it is we who keep the request waiting
            self._watch()
        elif stage is _Stage.FIRST_BYTE or (stage is _Stage.BODY and self.cycle.response_complete):
            self.transport.close()
        else:
            self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    def _head_bytes(self) -> int:
        headers = sum(len(name) + len(value) + _BESIDE_A_HEADER for name, value in self.headers)
        return len(self.url) + headers + _BESIDE_THE_HEADERS

    def _stop(self, status: HTTPStatus) -> NoReturn:
        self._refuse(status)
        raise RequestTooLargeError(status)

    def _refuse(self, status: HTTPStatus) -> None:
        """Answer once, unless an answer is on its way, and hang up."""
        if self.transport.is_closing():
            return
        answering = self.cycle is not None and not self.cycle.response_complete
        if answering:
            self.cycle.disconnected = True
        if not answering or not self.cycle.response_started:
            self.transport.write(self._answer(status))
        self.transport.close()

    def _answer(self, status: HTTPStatus) -> bytes:
        app = self.config.app
        assert isinstance(app, FastAPI)
        request_id = new_request_id()
        body = refusal_body(status, request_id, app.state.config.clock)
        head = (
            f"content-type: {JSON}\r\ncontent-length: {len(body)}\r\nx-request-id: {request_id}\r\n"
            "x-content-type-options: nosniff\r\nconnection: close\r\n\r\n"
        )
        return STATUS_LINE[status] + head.encode() + body
