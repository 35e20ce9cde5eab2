"""Asks an operation with a credential, and tells what it answered and whether it changed anything."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx2
import psycopg
from fastapi import FastAPI
from fastapi.routing import RouteContext
from psycopg import sql

from api.access.guards import Guard
from api.access.openapi import guard_of, guarded_routes, owner_fields
from api.services import ServiceSet
from identity.scopes import KEY_SCOPES
from tests.api.access import people
from tests.api.access.matrix.operations import EXAMPLES, Example
from tests.api.access.people import Person, access_token, make_person, pre_2fa_token
from tests.api.harness import Api

ALIKE_FOR_ALL = ("anonymous", "garbage", "expired", "wrong signature", "unsigned")
OTHERS = ("wrong audience", "wrong issuer", "refresh token", "logged out", "locked")
BAD_CREDENTIALS = (*ALIKE_FOR_ALL, *OTHERS)
"""Refused by every operation that asks who it is, with 401."""


@dataclass(frozen=True)
class Operation:
    """A method of a route; a WebSocket's is GET."""

    name: str
    method: str
    route: RouteContext
    guard: Guard

    @property
    def example(self) -> Example:
        return EXAMPLES[self.name]

    @property
    def is_open(self) -> bool:
        """Whether everybody may, and no credential is looked at."""
        return self.guard.audience == "public" and not self.guard.scopes(self.method)

    @property
    def owned(self) -> dict[str, str]:
        return owner_fields(self.route)

    def refusals(self) -> Iterator[tuple[str, int, str]]:
        """Who must be refused, with which status and code."""
        if self.is_open:
            return
        bad = BAD_CREDENTIALS[1:] if self.guard.audience == "public" else BAD_CREDENTIALS
        yield from ((name, 401, "UNAUTHENTICATED") for name in bad)
        if self.guard.audience == "pre_2fa":
            yield "access token", 401, "UNAUTHENTICATED"
            return
        yield "pre-2FA token", 401, "UNAUTHENTICATED"
        if self.guard.scopes(self.method):
            yield "key without scopes", 403, "FORBIDDEN"
        if self.guard.sessions_only:
            yield "key with every scope", 403, "FORBIDDEN"
        if self.guard.audience == "stepped_up":
            yield "long ago", 403, "STEP_UP_REQUIRED"
        if self.guard.roles:
            yield "user", 403, "FORBIDDEN"
        if self.guard.audience == "admin":
            yield "support", 403, "FORBIDDEN"


def operations(app: FastAPI) -> list[Operation]:
    """Every operation of the application, whether it is in the document or not."""
    return [
        Operation(f"{method} {route.path}", method, route, guard_of(route))
        for route in guarded_routes(app)
        for method in sorted(route.methods or {"GET"})
    ]


@dataclass
class Matrix:
    """A served application, its database, and those who ask."""

    api: Api
    database_url: str
    credentials: dict[str, str | None]
    """By name: the header `Authorization`."""
    bystander: Person
    """Whom nobody's request may change."""
    victim: Person
    """Whose credentials the bad ones are made of."""

    @property
    def services(self) -> ServiceSet:
        services: ServiceSet = self.api.app.state.services
        return services

    async def ask(
        self,
        operation: Operation,
        header: str | None,
        caller: Person,
        subject: Person | None = None,
        ids: dict[str, object] | None = None,
    ) -> tuple[int, str | None, Any]:
        """Status, code and error of the answer; of a stream no more than its head is read."""
        example = operation.example
        address = str(operation.route.path)
        for name, id_ in (ids or example.path(subject or caller)).items():
            address = address.replace(f"{{{name}}}", str(id_))
        request = self.api.client.build_request(
            operation.method,
            address,
            params=dict(example.query),
            headers={} if header is None else {"Authorization": header},
            json=None if example.body is None else dict(example.body(caller)),
        )
        answer = await self.api.client.send(request, stream=True)
        try:
            return await _read(answer)
        finally:
            await answer.aclose()

    async def refuse(self, operation: Operation, name: str, status: int, code: str) -> None:
        """AssertionError unless this credential is refused so, and nothing has changed by it."""
        before = self.digest()
        subject = self.victim if operation.owned else self.bystander
        found = await self.ask(operation, self.credentials[name], self.victim, subject)
        assert found[:2] == (status, code), f"{operation.name} for {name}: {found}"
        assert self.digest() == before, f"{operation.name} for {name} has changed the database"

    async def admit(self, operation: Operation) -> None:
        """AssertionError unless who may do this is answered as the example says."""
        role = {"support": "support", "admin": "admin"}.get(operation.guard.audience, "user")
        example = operation.example
        caller = await make_person(self.services, role=role, second_factor=example.second_factor)
        subject = caller if operation.owned else await make_person(self.services)
        header = self.good_header(operation, caller)
        found = await self.ask(operation, header, caller, subject)
        assert found[:2] == (example.status, example.code), f"{operation.name}: {found}"

    def good_header(self, operation: Operation, caller: Person) -> str | None:
        """What the caller must show for this operation; nothing, where nothing will do."""
        if operation.guard.audience == "public":
            return None
        if operation.guard.audience == "pre_2fa":
            return f"Bearer {pre_2fa_token(self.services, caller)}"
        return f"Bearer {access_token(self.services, caller)}"

    def digest(self) -> list[tuple[Any, ...]]:
        """What is in every table of accounts and of what goes out to them."""
        with psycopg.connect(self.database_url) as connection:
            names = connection.execute(
                "SELECT schemaname, tablename FROM pg_tables"
                " WHERE schemaname IN ('auth', 'delivery') ORDER BY 1, 2"
            ).fetchall()
            sums = sql.SQL(" UNION ALL ").join(
                sql.SQL(
                    "SELECT {}, count(*), sum(hashtextextended(row::text, 0)) FROM {} row"
                ).format(sql.Literal(".".join(name)), sql.Identifier(*name))
                for name in names
            )
            return connection.execute(sums).fetchall()


async def make_matrix(api: Api, database_url: str) -> Matrix:
    """Everybody who asks."""
    services: ServiceSet = api.app.state.services
    victim, bystander = await make_person(services), await make_person(services)
    out, locked = await make_person(services), await make_person(services)
    await people.end_session(services, out.session_id)
    await people.lock(services, locked.user.id)
    without = await make_person(services, scopes=frozenset({"alerts:read"}))
    every = await make_person(services, scopes=KEY_SCOPES)
    stale = await make_person(services, authenticated_s_ago=301)
    support = await make_person(services, role="support")
    good = access_token(services, victim)
    now_s = services.config.clock() / 1_000_000
    tokens = {
        "garbage": "garbage",
        "expired": access_token(services, victim, now_s=now_s - 901),
        "wrong signature": access_token(services, victim, key=people.forged_key(services)),
        "unsigned": people.unsigned(good),
        "wrong audience": access_token(services, victim, audience="elsewhere"),
        "wrong issuer": access_token(services, victim, issuer="https://elsewhere"),
        "refresh token": victim.refresh_token,
        "logged out": access_token(services, out),
        "locked": access_token(services, locked),
        "access token": good,
        "pre-2FA token": pre_2fa_token(services, victim),
        "key without scopes": without.key,
        "key with every scope": every.key,
        "long ago": access_token(services, stale),
        "user": good,
        "support": access_token(services, support),
    }
    for person in (without, every):  # which notes when it was used last, once
        await services.api_keys.principal(person.key)
    await services.api_keys.close()
    headers: dict[str, str | None] = {name: f"Bearer {token}" for name, token in tokens.items()}
    return Matrix(api, database_url, headers | {"anonymous": None}, bystander, victim)


def missing_ids(operation: Operation) -> dict[str, object]:
    """Ids that nothing has."""
    return {name: uuid4() for name in operation.owned}


async def _read(answer: httpx2.Response) -> tuple[int, str | None, Any]:
    if answer.status_code < 400:
        return answer.status_code, None, None
    await answer.aread()
    error = answer.json()["error"]
    return answer.status_code, error["code"], error
