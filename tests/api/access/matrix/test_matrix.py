"""Every operation × everybody who must not be let in, and who may: walked off the application itself.

A new route appears here by itself, and fails until `operations.py` says what it is asked with.
"""

from collections.abc import AsyncIterator, Awaitable, Callable

import psycopg
import pytest
import pytest_asyncio
from fastapi.dependencies.models import Dependant
from starlette.requests import HTTPConnection

from api.access.guards import Guard
from api.access.principal import Principal
from api.app import create_app
from api.config import ApiConfig, IdentityConfig
from identity.scopes import scopes_of
from market.sources import Feed
from tests.api.access.matrix.asking import (
    Matrix,
    Operation,
    make_matrix,
    missing_ids,
    operations,
)
from tests.api.access.matrix.operations import EXAMPLES
from tests.api.access.people import Person, access_token, make_person
from tests.api.conftest import NOW_US
from tests.api.harness import NO_REDIS, NOWHERE, Hands, serve
from tradewind.servers import Servers

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAMES = [o.name for o in operations(create_app(ApiConfig(NOWHERE, NO_REDIS, Feed.SIMULATED)))]
_DATABASE = "access_matrix"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def matrix(servers: Servers, _template: str) -> AsyncIterator[Matrix]:
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {_DATABASE} TEMPLATE {_template} STRATEGY file_copy")
    url = servers.database_url.replace("@/tradewind?", f"@/{_DATABASE}?")
    config = ApiConfig(
        url,
        servers.redis_url,
        Feed.SIMULATED,
        clock=Hands(NOW_US),
        identity=IdentityConfig.for_tests(),
    )
    async with serve(config) as api:
        await api.following()
        yield await make_matrix(api, url)
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {_DATABASE} WITH (FORCE)")


@pytest_asyncio.fixture(loop_scope="module")
async def operation(request: pytest.FixtureRequest, matrix: Matrix) -> Operation:
    found = {o.name: o for o in operations(matrix.api.app)}
    return found[request.param]


async def test_every_operation_has_an_example_and_no_other() -> None:
    assert sorted(EXAMPLES) == sorted(NAMES)


async def test_every_operation_of_the_document_says_who_may_call_it() -> None:
    app = create_app(ApiConfig(NOWHERE, NO_REDIS, Feed.SIMULATED))
    document = {
        f"{method.upper()} {path}": found
        for path, methods in app.openapi()["paths"].items()
        for method, found in methods.items()
    }
    by_name = {o.name: o for o in operations(app)}
    assert document.keys() <= by_name.keys()
    for name, found in document.items():
        operation = by_name[name]
        assert found["x-audience"] == operation.guard.audience
        assert found["x-scopes"] == sorted(operation.guard.scopes(operation.method))
        assert found["x-owner-fields"] == operation.owned
        assert bool(found["security"]) is not operation.is_open


@pytest.mark.parametrize("operation", NAMES, indirect=True)
async def test_who_must_not_is_refused_and_changes_nothing(
    matrix: Matrix, operation: Operation
) -> None:
    for name, status, code in operation.refusals():
        await matrix.refuse(operation, name, status, code)


@pytest.mark.parametrize("operation", NAMES, indirect=True)
async def test_who_may_is_let_in(matrix: Matrix, operation: Operation) -> None:
    await matrix.admit(operation)


@pytest.mark.parametrize("operation", NAMES, indirect=True)
async def test_an_id_of_somebody_else_is_answered_as_a_missing_one(
    matrix: Matrix, operation: Operation
) -> None:
    caller = await make_person(matrix.services)
    header = f"Bearer {access_token(matrix.services, caller)}"
    own = operation.example.path(caller)
    for name in operation.owned:
        before = matrix.digest()
        another = {**own, name: operation.example.path(matrix.bystander)[name]}
        missing = {**own, name: missing_ids(operation)[name]}
        refused = await matrix.ask(operation, header, caller, ids=another)
        assert refused == await matrix.ask(operation, header, caller, ids=missing)
        assert refused[:2] == (404, "NOT_FOUND")
        assert matrix.digest() == before


@pytest.mark.parametrize("operation", NAMES, indirect=True)
async def test_without_its_guard_the_matrix_is_red(matrix: Matrix, operation: Operation) -> None:
    refusals = list(operation.refusals())
    if not refusals:
        assert operation.is_open
        return
    victim = await make_person(matrix.services, role="admin", second_factor=True)
    holes = [node for node in _nodes(operation.route.dependant) if isinstance(node.call, Guard)]
    guards = [node.call for node in holes]
    for node in holes:
        node.call = _letting_in(victim, pending=operation.guard.audience == "pre_2fa")
    try:
        with pytest.raises(AssertionError, match=f"{refusals[0][0]}: |changed the database"):
            await matrix.refuse(operation, *refusals[0])
    finally:
        for node, guard in zip(holes, guards, strict=True):
            node.call = guard
    await matrix.refuse(operation, *refusals[0])


def _nodes(dependant: Dependant) -> list[Dependant]:
    below = [node for child in dependant.dependencies for node in _nodes(child)]
    return [*dependant.dependencies, *below]


def _letting_in(
    person: Person, *, pending: bool
) -> Callable[[HTTPConnection], Awaitable[Principal]]:
    principal = Principal(
        user_id=person.user.id,
        session_id=person.pending_id if pending else person.session_id,
        api_key_id=None,
        email=person.user.email,
        role="admin",
        scopes=scopes_of("admin"),
        issued_at_s=NOW_US / 1_000_000,
        expires_at_s=NOW_US / 1_000_000 + 900,
        by="bearer",
    )

    async def let_in(connection: HTTPConnection) -> Principal:
        return principal

    return let_in
