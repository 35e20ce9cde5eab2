"""Answers that go wrong on the wire: what a fault makes of an answer."""

import asyncio
from collections.abc import Mapping
from http import HTTPStatus

from starlette.requests import Request as HttpRequest
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from connectors.sandbox import protocols
from connectors.sandbox.fault_kinds import Fault
from connectors.sandbox.spoiling import HTML, TOKENS, error_body, limit_body, spoil
from connectors.sandbox.wire import Answer

_HUGE_CHUNK = b'{"filler":"' + b"x" * 65_536
_HUGE_MORE = b"x" * 65_536
_DRIP_PAUSE_S = 0.05


def well_behaved(answer: Answer) -> Response:
    """The answer as it is; JSON unless it says otherwise."""
    headers = {name.lower(): value for name, value in answer.headers.items()}
    headers.setdefault("content-type", "application/json")
    return Response(answer.body, answer.status, headers)


def needs_answer(fault: Fault) -> bool:
    """Whether the provider is asked at all before the fault strikes."""
    return fault.name in ("drip", "truncated", "content_type", *TOKENS)


def struck(provider: str, fault: Fault, answer: Answer, http: HttpRequest) -> ASGIApp:
    """What a fault makes of an answer (of an empty one, where none is needed)."""
    match fault.name:
        case "huge_body":
            return _Huge(http, fault.size_bytes)
        case "drip":
            return _Raw(http, _head(answer), answer.body, fault.bytes_per_s)
        case "truncated":
            return _Raw(http, _head(answer), answer.body[: len(answer.body) // 2], None)
        case "reset" | "hangup":
            return _Broken(http, reset=fault.name == "reset")
        case _:
            return well_behaved(_changed(provider, fault, answer))


def _changed(provider: str, fault: Fault, answer: Answer) -> Answer:
    """Another answer, which HTTP has nothing against."""
    match fault.name:
        case "http_429":
            after = {} if fault.retry_after is None else {"retry-after": str(fault.retry_after)}
            return Answer(limit_body(provider), 429, after)
        case "http_500":
            return Answer(b"Internal Server Error", 500, {"content-type": "text/plain"})
        case "http_503":
            return Answer(HTML.encode(), 503, {"content-type": "text/html"})
        case "error_body":
            return Answer(error_body(provider) if fault.body is None else fault.body.encode())
        case "content_type":
            wrong = {**answer.headers, "content-type": fault.content_type}
            return Answer(answer.body, answer.status, wrong)
        case _:
            text = spoil(provider, answer.body.decode(), TOKENS[fault.name])
            return Answer(text.encode(), answer.status, answer.headers)


class _Huge:
    """A body in chunks, of which only one is in memory."""

    def __init__(self, http: HttpRequest, size_bytes: int) -> None:
        protocols.http_connection(http).stubborn = True
        self._size_bytes = size_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        gone = asyncio.ensure_future(_gone(receive))
        left, chunk = self._size_bytes, _HUGE_CHUNK
        while left > 0 and not gone.done():
            part = chunk[:left]
            await send({"type": "http.response.body", "body": part, "more_body": True})
            await asyncio.sleep(0)
            left, chunk = left - len(part), _HUGE_MORE
        gone.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class _Raw:
    """Writes to the connection itself, and closes it: slowly, or too early."""

    def __init__(
        self, http: HttpRequest, head: bytes, body: bytes, bytes_per_s: int | None
    ) -> None:
        connection = protocols.http_connection(http)
        connection.stubborn = True
        self._transport = connection.transport
        self._head, self._body = head, body
        self._bytes_per_s = bytes_per_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.ensure_future(_gone(receive))
        self._transport.write(self._head)
        if self._bytes_per_s is None:
            self._transport.write(self._body)
        else:
            await self._drip(self._bytes_per_s, gone)
        self._transport.close()
        await gone

    async def _drip(self, bytes_per_s: int, gone: asyncio.Future[None]) -> None:
        at_once = max(1, round(bytes_per_s * _DRIP_PAUSE_S))
        for start in range(0, len(self._body), at_once):
            self._transport.write(self._body[start : start + at_once])
            await asyncio.wait([gone], timeout=at_once / bytes_per_s)
            if gone.done():
                return


class _Broken:
    """No answer: the connection ends, cleanly or with a reset."""

    def __init__(self, http: HttpRequest, *, reset: bool) -> None:
        self._transport = protocols.http_connection(http).transport
        self._reset = reset

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._reset:
            protocols.reset(self._transport)
        else:
            self._transport.close()
        await _gone(receive)


async def _gone(receive: Receive) -> None:
    """Returns when the client, or the connection, is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _head(answer: Answer) -> bytes:
    """Status line and headers, with the length of the whole body."""
    headers: Mapping[str, str] = {
        "content-type": "application/json",
        **{name.lower(): value for name, value in answer.headers.items()},
        "content-length": str(len(answer.body)),
        "connection": "close",
    }
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
