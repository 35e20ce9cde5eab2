"""The sandbox's own paths: faults are set and cleared here, calls are counted."""

import json

from starlette.requests import Request as HttpRequest
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.sandbox.fault_kinds import FaultError
from connectors.sandbox.wire import World

MAX_BODY_BYTES = 65_536


def control_routes(world: World) -> list[Route]:
    """`/faults`, `/faults/{provider}` and `/calls`."""
    control = _Control(world)
    return [
        Route("/faults", control.list_faults, methods=["GET"]),
        Route("/faults/{provider}", control.set_fault, methods=["PUT"]),
        Route("/faults/{provider}", control.clear_faults, methods=["DELETE"]),
        Route("/calls", control.list_calls, methods=["GET"]),
        Route("/calls", control.clear_calls, methods=["DELETE"]),
    ]


class _Control:
    def __init__(self, world: World) -> None:
        self._world = world

    async def list_faults(self, http: HttpRequest) -> Response:
        return JSONResponse({"faults": self._world.faults.listing()})

    async def set_fault(self, http: HttpRequest) -> Response:
        try:
            name, options = _fault_of(await _body(http))
            self._world.faults.set(http.path_params["provider"], name, **options)
        except FaultError as error:
            return _refusal(error)
        return JSONResponse({"faults": self._world.faults.listing()})

    async def clear_faults(self, http: HttpRequest) -> Response:
        try:
            name = http.query_params.get("fault")
            self._world.faults.clear(http.path_params["provider"], name)
        except FaultError as error:
            return _refusal(error)
        return JSONResponse({"faults": self._world.faults.listing()})

    async def list_calls(self, http: HttpRequest) -> Response:
        return JSONResponse(self._world.calls.listing())

    async def clear_calls(self, http: HttpRequest) -> Response:
        self._world.calls.clear()
        return JSONResponse({})


async def _body(http: HttpRequest) -> bytes:
    body = b""
    async for part in http.stream():
        body += part
        if len(body) > MAX_BODY_BYTES:
            raise FaultError(f"the body is larger than {MAX_BODY_BYTES} bytes")
    return body


def _fault_of(body: bytes) -> tuple[str, dict[str, object]]:
    """The fault's name, and the rest of the body. FaultError where it is no such thing."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        raise FaultError(
            'the body is no JSON; it is like {"fault": "http_500", "times": 1}'
        ) from None
    if not isinstance(said, dict) or not isinstance(said.get("fault"), str):
        raise FaultError('the body is an object with the name of a "fault"')
    return said.pop("fault"), said


def _refusal(error: FaultError) -> Response:
    return JSONResponse({"error": str(error)}, 404 if error.missing else 400)
