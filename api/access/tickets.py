"""Tickets: what a browser puts into the address of a stream, once and within half a minute."""

from uuid import UUID

import orjson

from api.access.errors import UnauthenticatedError
from api.access.principal import Principal
from api.access.revocation import Revocations
from identity.opaque import TICKET, digest, new_token, well_formed
from market.clock import Clock
from storage.tickets import Tickets

GOOD_FOR_S = 30


class StreamTickets:
    """Gives tickets out and takes them back, for every process: they are kept in Redis."""

    def __init__(self, stored: Tickets, revocations: Revocations, clock: Clock) -> None:
        self._stored = stored
        self._revocations = revocations
        self._clock = clock

    async def issued(self, principal: Principal) -> str:
        """A new ticket that stands for this principal. CacheUnavailableError while Redis is away."""
        ticket = new_token(TICKET)
        await self._stored.put(digest(ticket).hex(), _encoded(principal), ttl_s=GOOD_FOR_S)
        return ticket

    async def spent(self, ticket: str) -> Principal:
        """Whom it stands for; it is used up. UnauthenticatedError where it is not good (any more)."""
        if not well_formed(ticket, TICKET):
            raise UnauthenticatedError("malformed ticket")
        found = await self._stored.take(digest(ticket).hex())
        if found is None:
            raise UnauthenticatedError("unknown ticket")
        principal = _decoded(found)
        if principal.expires_at_s <= self._clock() / 1_000_000:
            raise UnauthenticatedError("what the ticket stands for has expired")
        if self._revocations.is_revoked(principal):
            raise UnauthenticatedError("what the ticket stands for was revoked")
        return principal

    async def close(self) -> None:
        """Give the connection back."""
        await self._stored.close()


def _encoded(principal: Principal) -> bytes:
    fields = {name: getattr(principal, name) for name in principal.__slots__}
    return orjson.dumps(fields | {"scopes": sorted(principal.scopes)})


def _decoded(data: bytes) -> Principal:
    fields = orjson.loads(data)
    ids = ("user_id", "session_id", "api_key_id")
    fields |= {name: UUID(fields[name]) for name in ids if fields[name] is not None}
    return Principal(**fields | {"scopes": frozenset(fields["scopes"]), "by": "ticket"})
