"""What the OpenAPI document says of access, read off the guards: audience, scopes, ids with an owner."""

from collections.abc import Callable, Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, APIWebSocketRoute, RouteContext, iter_route_contexts

from api.access.guards import Guard
from api.access.owners import OwnerField

SCHEMES = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An access token (`POST /api/auth/login`) or an API key (`twk_…`).",
    },
    "pre_2fa": {
        "type": "http",
        "scheme": "bearer",
        "description": "The token of a login that waits for its second factor.",
    },
}


class UnguardedRouteError(Exception):
    """A route of the application that does not say who may come in, or says it twice."""

    def __init__(self, path: str, guards: int) -> None:
        super().__init__(path, guards)
        self.path = path
        self.guards = guards

    def __str__(self) -> str:
        return f"{self.path} has {self.guards} guards: a route has exactly one"


def guarded_routes(app: FastAPI) -> Iterator[RouteContext]:
    """Every route of the application that somebody wrote, WebSockets included."""
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, APIRoute | APIWebSocketRoute):
            yield route


def guard_of(route: RouteContext) -> Guard:
    """The guard of a route. UnguardedRouteError where it has none, or several."""
    guards = list({call for call in _calls(route.dependant) if isinstance(call, Guard)})
    if len(guards) != 1:
        raise UnguardedRouteError(str(route.path), len(guards))
    return guards[0]


def owner_fields(route: RouteContext) -> dict[str, str]:
    """The parameters of its path that are ids of things that have an owner, with their kind."""
    return {
        parameter.name: mark.kind
        for parameter in route.dependant.path_params
        for mark in parameter.field_info.metadata
        if isinstance(mark, OwnerField)
    }


def describe_access(app: FastAPI) -> None:
    """Have the document say of each operation who may call it. UnguardedRouteError as `guard_of`."""
    routes = [(route, guard_of(route)) for route in guarded_routes(app)]
    plain: Callable[[], dict[str, Any]] = app.openapi

    def described() -> dict[str, Any]:
        document = plain()
        document.setdefault("components", {})["securitySchemes"] = SCHEMES
        for route, guard in routes:
            for method in route.methods or ():
                operation = document["paths"].get(route.path_format, {}).get(method.lower())
                if operation is not None:
                    operation.update(_facts(guard, method, owner_fields(route)))
        return document

    app.openapi = described  # type: ignore[method-assign]  # as FastAPI's documentation says


def _facts(guard: Guard, method: str, owned: dict[str, str]) -> dict[str, Any]:
    scopes = sorted(guard.scopes(method))
    security: list[dict[str, list[str]]]
    if guard.audience == "pre_2fa":
        security = [{"pre_2fa": []}]
    elif guard.audience != "public":
        security = [{"bearer": []}]
    else:
        security = [{}, {"bearer": []}] if scopes else []
    return {
        "x-audience": guard.audience,
        "x-scopes": scopes,
        "x-owner-fields": owned,
        "security": security,
    }


def _calls(dependant: Dependant) -> Iterator[object]:
    for dependency in dependant.dependencies:
        yield dependency.call
        yield from _calls(dependency)
