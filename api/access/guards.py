"""Guards: every route takes exactly one, by a type that says who may come in.

A guard is one flat dependency, so that what it costs is a header, a look into a cache and a set. It
leaves the principal in the request's state, for what counts requests by caller.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import Depends
from starlette.requests import HTTPConnection

from api.access.authentication import (
    authenticated,
    authenticated_pre_2fa,
    authenticated_stream,
    is_presented,
)
from api.access.errors import ForbiddenError, StepUpRequiredError, UnauthenticatedError
from api.access.principal import Principal
from market.clock import microseconds
from storage.identity import sessions

Audience = Literal["public", "pre_2fa", "user", "session", "stepped_up", "support", "admin"]
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True, eq=False)
class Guard:
    """Who may come in: the scopes that a credential must hold to read and to write.

    `sessions_only`: an API key will not do. `roles`: one of these, where there are any.
    """

    audience: Audience
    reads: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()
    sessions_only: bool = False
    roles: frozenset[str] = frozenset()

    def scopes(self, method: str) -> frozenset[str]:
        """What the credential must hold for a method."""
        return self.reads if method in SAFE_METHODS else self.writes

    def admit(self, connection: HTTPConnection, principal: Principal) -> Principal:
        """The principal. ForbiddenError where it may not come in."""
        if self.sessions_only and principal.session_id is None:
            raise ForbiddenError("a session")
        if self.roles and principal.role not in self.roles:
            raise ForbiddenError("another role")
        missing = self.scopes(connection.scope.get("method", "GET")) - principal.scopes
        if missing:
            raise ForbiddenError(f"the scope {min(missing)}")
        connection.scope["state"]["principal"] = principal
        return principal


class OpenGuard(Guard):
    """Lets everybody in; what is presented is not looked at."""

    async def __call__(self, connection: HTTPConnection) -> None:
        """Nobody is known."""


class ReaderGuard(Guard):
    """Lets everybody in; but a header `Authorization` that is presented must be good."""

    async def __call__(self, connection: HTTPConnection) -> Principal | None:
        """The principal, where one is presented."""
        if not is_presented(connection):
            return None
        return self.admit(connection, await authenticated(connection, cookies=False))


class UserGuard(Guard):
    """Lets in who is signed in."""

    async def __call__(self, connection: HTTPConnection) -> Principal:
        """The principal."""
        return self.admit(connection, await authenticated(connection))


class StreamGuard(Guard):
    """Lets in who is signed in, or has a ticket in the address: a browser's stream sends no header."""

    async def __call__(self, connection: HTTPConnection) -> Principal:
        """The principal."""
        return self.admit(connection, await authenticated_stream(connection))


class PreTwoFactorGuard(Guard):
    """Lets in who has given a password and owes the second factor, and nobody else."""

    async def __call__(self, connection: HTTPConnection) -> Principal:
        """The principal: its session is a pending one, and it has no scope."""
        return self.admit(connection, await authenticated_pre_2fa(connection))


class SteppedUpGuard(Guard):
    """Lets in a session that was authenticated lately, as the database knows it."""

    async def __call__(self, connection: HTTPConnection) -> Principal:
        """The principal. StepUpRequiredError where the last authentication is too long ago."""
        principal = self.admit(connection, await authenticated(connection))
        services = connection.app.state.services
        session = await services.database.read(sessions.get, principal.session)
        if session is None or session.revoked_at is not None:
            raise UnauthenticatedError("the session has ended")
        age_us = services.config.clock() - microseconds(session.authenticated_at)
        within_s = services.config.identity.step_up_s
        if age_us > within_s * 1_000_000:
            raise StepUpRequiredError(within_s)
        return principal


_READ, _WRITE = frozenset({"account:read"}), frozenset({"account:write"})

ANYONE: Any = Depends(OpenGuard("public"))
MARKET_READER: Any = Depends(
    ReaderGuard("public", reads=frozenset({"market:read"}), writes=frozenset({"market:read"}))
)
"""As a router's dependency, where its routes have no use for the principal."""

Anyone = Annotated[None, ANYONE]
"""Everybody."""
MarketReader = Annotated[Principal | None, MARKET_READER]
"""Everybody; a credential that is presented must be good, and hold `market:read`."""
PreTwoFactor = Annotated[Principal, Depends(PreTwoFactorGuard("pre_2fa", sessions_only=True))]
"""Who has given a password and owes the second factor."""
Member = Annotated[Principal, Depends(UserGuard("user"))]
"""Whoever is signed in, by a session or an API key."""
Account = Annotated[Principal, Depends(UserGuard("session", _READ, _WRITE, sessions_only=True))]
"""The user in person: the account is never managed by an API key."""
SteppedUp = Annotated[
    Principal, Depends(SteppedUpGuard("stepped_up", _READ, _WRITE, sessions_only=True))
]
"""The user in person, authenticated within the last minutes."""
Support = Annotated[
    Principal,
    Depends(
        UserGuard(
            "support",
            frozenset({"users:read"}),
            frozenset({"users:read"}),
            sessions_only=True,
            roles=frozenset({"support", "admin"}),
        )
    ),
]
"""Support, or an administrator."""
Admin = Annotated[
    Principal,
    Depends(
        UserGuard(
            "admin",
            frozenset({"users:read"}),
            frozenset({"users:write"}),
            sessions_only=True,
            roles=frozenset({"admin"}),
        )
    ),
]
"""An administrator."""
Streamer = Annotated[Principal, Depends(StreamGuard("user", frozenset({"market:read"})))]
"""Whoever is signed in, for a stream: by a ticket too."""


def scoped(*scopes: str) -> Any:
    """What a route depends on that any credential with these scopes may call:
    `caller: Annotated[Principal, scoped("wallet:write")]`."""
    wanted = frozenset(scopes)
    return Depends(UserGuard("user", wanted, wanted))
