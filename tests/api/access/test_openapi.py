"""What the document says of access; that it says so of every operation is the matrix's."""

from typing import Annotated

import pytest
from fastapi import APIRouter, FastAPI

from api.access.guards import ANYONE, Account, Anyone, Member
from api.access.openapi import UnguardedRouteError, describe_access, guarded_routes, owner_fields
from api.access.owners import SessionId


def application(router: APIRouter) -> FastAPI:
    app = FastAPI()
    app.include_router(router)
    return app


def test_an_operation_says_who_may_call_it() -> None:
    router = APIRouter(prefix="/things")

    @router.delete("/{thing_id}")
    async def remove(thing_id: SessionId, caller: Account) -> None: ...

    app = application(router)
    describe_access(app)
    document = app.openapi()
    found = document["paths"]["/things/{thing_id}"]["delete"]
    assert found["x-audience"] == "session"
    assert found["x-scopes"] == ["account:write"]
    assert found["x-owner-fields"] == {"thing_id": "session"}
    assert found["security"] == [{"bearer": []}]
    assert document["components"]["securitySchemes"].keys() == {"bearer", "pre_2fa"}
    (route,) = guarded_routes(app)
    assert owner_fields(route) == {"thing_id": "session"}


def test_a_route_without_a_guard_makes_no_application() -> None:
    router = APIRouter()

    @router.get("/open")
    async def forgotten() -> None: ...

    with pytest.raises(UnguardedRouteError, match="/open has 0 guards"):
        describe_access(application(router))


def test_a_route_with_two_guards_makes_none_either() -> None:
    router = APIRouter(dependencies=[ANYONE])

    @router.get("/twice")
    async def twice(caller: Member) -> None: ...

    with pytest.raises(UnguardedRouteError, match="2 guards"):
        describe_access(application(router))


def test_a_websocket_is_a_route_like_any_other() -> None:
    router = APIRouter()

    @router.websocket("/socket")
    async def forgotten() -> None: ...

    with pytest.raises(UnguardedRouteError, match="/socket"):
        describe_access(application(router))


def test_a_guard_that_is_met_twice_is_one_guard() -> None:
    router = APIRouter(dependencies=[ANYONE])

    @router.get("/open")
    async def opened(_: Annotated[None, ANYONE], __: Anyone) -> None: ...

    app = application(router)
    describe_access(app)
    assert app.openapi()["paths"]["/open"]["get"]["x-audience"] == "public"
