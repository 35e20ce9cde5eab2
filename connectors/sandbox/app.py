"""The routes of the one port: every provider below its prefix, and the sandbox's own paths."""

from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from connectors.sandbox import protocols
from connectors.sandbox.answering import Answering
from connectors.sandbox.control import control_routes
from connectors.sandbox.fault_kinds import Place
from connectors.sandbox.mounts import Mount
from connectors.sandbox.sockets import StreamSocket
from connectors.sandbox.streams import Hub
from connectors.sandbox.wire import World


class Endpoints:
    """Finds the provider of a request by its prefix."""

    def __init__(
        self,
        world: World,
        mounts: Mapping[str, Mount],
        hubs: Mapping[str, Hub],
        answering: Answering,
        max_age_s: float | None,
    ) -> None:
        self._world = world
        self._mounts = mounts
        self._hubs = hubs
        self._answering = answering
        self._max_age_s = max_age_s

    async def answer(self, http: HttpRequest) -> ASGIApp:
        """REST."""
        provider, path = _provider_and_path(http.url.path)
        mount = self._mounts.get(provider)
        if mount is None:
            known = ", ".join(sorted(self._mounts))
            return JSONResponse({"error": f"no provider {provider!r}; there are {known}"}, 404)
        return await self._answering.answer(provider, mount, path, http)

    async def connect(self, socket: WebSocket) -> None:
        """A WebSocket, accepted if its provider has a stream there and no fault refuses it."""
        provider, path = _provider_and_path(socket.url.path)
        mount = self._mounts.get(provider)
        stream = None if mount is None else mount.stream
        if stream is None or not stream.serves(path):
            await socket.send_denial_response(Response("Not Found", 404))
            return
        request = self._answering.request(socket, path)
        self._world.calls.count(provider, path, request.now_us)
        fault = self._world.faults.take(provider, Place.HANDSHAKE)
        if fault is not None:
            await socket.send_denial_response(Response(status_code=fault.status))
            return
        connection = protocols.stream_connection(socket)
        connection.keep_alive(stream.ping_interval_s, stream.pong_deadline_s)
        await socket.accept()
        session = stream.open(self._world, request)
        max_age_s = stream.max_age_s if self._max_age_s is None else self._max_age_s
        await StreamSocket(socket, self._hubs[provider], session).run(max_age_s)


def build_app(endpoints: Endpoints, world: World) -> Starlette:
    """The application."""
    routes: list[BaseRoute] = [
        *control_routes(world),
        Route("/{path:path}", endpoints.answer, methods=["GET"]),
        WebSocketRoute("/{path:path}", endpoints.connect),
    ]
    return Starlette(routes=routes)


def _provider_and_path(path: str) -> tuple[str, str]:
    """`/binance/api/v3/klines` is binance's `api/v3/klines`."""
    provider, _, below = path.removeprefix("/").partition("/")
    return provider, below
