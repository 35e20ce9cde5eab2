"""From a request to its principal: a bearer token, an API key, a cookie or a ticket."""

from starlette.requests import HTTPConnection

from api.access.cookies import access_cookie
from api.access.csrf import check_csrf, check_same_site
from api.access.errors import UnauthenticatedError
from api.access.principal import Principal
from api.services import ServiceSet
from identity.opaque import API_KEY

_SAFE = ("GET", "HEAD", "OPTIONS")
TICKET = "ticket"
"""The parameter of a stream's address that holds its ticket."""


def is_presented(connection: HTTPConnection) -> bool:
    """Whether there is a header `Authorization`."""
    return "authorization" in connection.headers


async def authenticated(connection: HTTPConnection, *, cookies: bool = True) -> Principal:
    """Whose credential this is. UnauthenticatedError where there is none that is good.

    A header goes before a cookie, and a bad one is refused whatever the cookie says. A write by cookie
    must prove that a page of ours sent it (CsrfError).
    """
    services: ServiceSet = connection.app.state.services
    if is_presented(connection):
        token = bearer(connection)
        if token.startswith(API_KEY):
            return await services.api_keys.principal(token)
        return await services.tokens.principal(token, "bearer")
    cookie = access_cookie(connection) if cookies else None
    if cookie is None:
        raise UnauthenticatedError("nothing is presented", presented=False)
    principal = await services.tokens.principal(cookie, "cookie")
    if connection.scope["type"] == "websocket" or connection.scope["method"] not in _SAFE:
        check_csrf(connection, principal.session)
    return principal


async def authenticated_pre_2fa(connection: HTTPConnection) -> Principal:
    """Who owes the second factor. UnauthenticatedError for any other credential."""
    if not is_presented(connection):
        raise UnauthenticatedError("nothing is presented", presented=False)
    services: ServiceSet = connection.app.state.services
    return await services.tokens.pre_2fa(bearer(connection))


async def authenticated_stream(connection: HTTPConnection) -> Principal:
    """As `authenticated`, or by the ticket in the address, which is used up."""
    services: ServiceSet = connection.app.state.services
    ticket = connection.query_params.get(TICKET)
    if ticket is not None:
        return await services.tickets.spent(ticket)
    principal = await authenticated(connection)
    if principal.by == "cookie":
        check_same_site(connection)
    return principal


def bearer(connection: HTTPConnection) -> str:
    """The token of the header `Authorization`. UnauthenticatedError where it holds none."""
    values = connection.headers.getlist("authorization")
    scheme, _, token = values[0].partition(" ")
    if len(values) != 1 or scheme.lower() != "bearer" or not token:
        raise UnauthenticatedError("the header Authorization is no bearer token")
    return token.strip()
