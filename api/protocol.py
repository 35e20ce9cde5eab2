"""HTTP/1.1 on one connection: uvicorn's, with an end to what a request may send.

The parser keeps what it has of a header until that ends: what arrives is counted beside it.
"""

from http import HTTPStatus
from typing import NoReturn

from fastapi import FastAPI
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from api.envelope import JSON
from api.errors import refusal_body
from api.middleware import new_request_id

MAX_HEAD_BYTES = 32 * 1024
MAX_BODY_BYTES = 1024 * 1024

_BESIDE_A_HEADER = len(": \r\n")
_BESIDE_THE_HEADERS = len("GET  HTTP/1.1\r\n\r\n")


class RequestTooLargeError(Exception):
    """Stops the parser; the refusal is already sent."""


class BoundedProtocol(HttpToolsProtocol):
    """Refuses a head or a body beyond its bound, and what is no HTTP, in the envelope; then hangs up."""

    _in_head = True
    _received_bytes = 0
    """Since the request began, but for the piece in which it did."""
    _body_bytes = 0

    def data_received(self, data: bytes) -> None:
        self._received_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._received_bytes > MAX_HEAD_BYTES:
            self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
        # The frames of a body's chunks, and its trailers, are not in `_body_bytes`.
        elif self._received_bytes > MAX_HEAD_BYTES + 2 * MAX_BODY_BYTES:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

    def on_message_begin(self) -> None:
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
        self._received_bytes = 0
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """What uvicorn calls for whatever stopped the parser."""
        self._refuse(HTTPStatus.BAD_REQUEST)

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
