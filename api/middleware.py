"""Around every request: its id, its metrics, and the last resort when something breaks.

One raw ASGI layer, because each layer between the server and a stream costs every message. A stream
sends its head through all of them and its body by `RAW_SEND`, the server's own function.
"""

import logging
import re
import time
from secrets import token_hex
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.config import ApiConfig
from api.errors import unexpected_body
from api.metrics import Metrics

RAW_SEND = "tradewind.send"
"""The key of a scope under which the server's own `send` stands."""

_WELL_FORMED_ID = re.compile(rb"[A-Za-z0-9_.-]{1,64}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_log = logging.getLogger(__name__)


class RequestMiddleware:
    """Gives each request an id (the client's own where it is well formed) and counts its answer.

    An error that nothing else caught is logged and answered with a 500 that tells nothing of it.
    """

    def __init__(self, app: ASGIApp, config: ApiConfig, metrics: Metrics) -> None:
        self._app = app
        self._config = config
        self._metrics = metrics
        self._headers = security_headers(https=config.identity.secure)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        scope[RAW_SEND] = send
        state = scope["state"]
        # A request is a task of its own, whose context ends with it.
        structlog.contextvars.bind_contextvars(request_id=request_id)
        started = time.perf_counter()
        answered = False

        async def send_with_id(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = True
                self._count(scope, message["status"], time.perf_counter() - started)
                headers = list(message.get("headers", ()))
                given = {name for name, _ in headers}
                headers += [header for header in self._headers if header[0] not in given]
                headers += state.get("answer_headers", ())
                headers.append((b"x-request-id", request_id.encode()))
                message["headers"] = headers
            await send(message)

        try:
            await self._app(scope, receive, send_with_id)
        except Exception:
            _log.exception("request %s failed: %s %s", request_id, scope["method"], scope["path"])
            if not answered:
                await self._answer_500(request_id, send_with_id)

    async def _answer_500(self, request_id: str, send: Send) -> None:
        body = unexpected_body(request_id, self._config.clock)
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
        ]
        await send({"type": "http.response.start", "status": 500, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.answered(method, _route(scope), status, seconds)
        if status >= 500:
            # The route and not the address, which may hold what is nobody's business.
            _log.warning(
                "answered %d: %s %s, %.0f ms", status, method, _route(scope), seconds * 1e3
            )


def security_headers(*, https: bool) -> list[tuple[bytes, bytes]]:
    """What every answer says that does not say something else: an answer of the API is no page.

    Nothing of the API is kept by a cache: it is of now, or of somebody.
    """
    headers = [
        (b"x-content-type-options", b"nosniff"),
        (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
        (b"referrer-policy", b"no-referrer"),
        (b"cache-control", b"no-store"),
    ]
    if https:
        headers.append((b"strict-transport-security", b"max-age=31536000; includeSubDomains"))
    return headers


def new_request_id() -> str:
    """The id of a request that brought none."""
    return f"req_{token_hex(8)}"


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _WELL_FORMED_ID.fullmatch(value):
            return str(value, "ascii")
    return new_request_id()


def _route(scope: Scope) -> str:
    route: Any = scope.get("route")
    return getattr(route, "path", "unmatched")
