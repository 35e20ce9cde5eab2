"""Tickets of streams: good once, for half a minute, and never for longer than who got them."""

from dataclasses import replace

import pytest

from api.access.errors import UnauthenticatedError
from api.access.tickets import StreamTickets
from api.services import ServiceSet
from identity.opaque import TICKET, new_token
from storage.errors import CacheUnavailableError
from storage.tickets import Tickets
from tests.api.access.making import NOW_S, principal
from tests.api.access.people import Person, end_session
from tests.api.harness import NO_REDIS, Hands


async def test_a_ticket_stands_for_who_got_it_once(services: ServiceSet) -> None:
    caller = principal()
    ticket = await services.tickets.issued(caller)
    assert await services.tickets.spent(ticket) == replace(caller, by="ticket")
    with pytest.raises(UnauthenticatedError):
        await services.tickets.spent(ticket)


async def test_a_key_gets_one_too(services: ServiceSet) -> None:
    caller = principal(session_id=None, api_key_id=principal().user_id)
    ticket = await services.tickets.issued(caller)
    assert (await services.tickets.spent(ticket)).api_key_id == caller.api_key_id


@pytest.mark.parametrize("ticket", ["", "garbage", pytest.param(new_token(TICKET), id="unknown")])
async def test_what_is_no_ticket_of_ours_is_nobodys(services: ServiceSet, ticket: str) -> None:
    with pytest.raises(UnauthenticatedError):
        await services.tickets.spent(ticket)


async def test_a_ticket_ends_with_the_token_that_it_was_got_by(
    services: ServiceSet, clock: Hands
) -> None:
    ticket = await services.tickets.issued(principal(expires_at_s=NOW_S + 1))
    clock.now_us += 1_000_000
    with pytest.raises(UnauthenticatedError, match="expired"):
        await services.tickets.spent(ticket)


async def test_a_ticket_ends_with_its_session(services: ServiceSet, person: Person) -> None:
    ticket = await services.tickets.issued(principal(session_id=person.session_id))
    await end_session(services, person.session_id)
    with pytest.raises(UnauthenticatedError, match="revoked"):
        await services.tickets.spent(ticket)


async def test_without_redis_there_is_none(services: ServiceSet) -> None:
    lost = StreamTickets(Tickets(NO_REDIS), services.revocations, services.config.clock)
    with pytest.raises(CacheUnavailableError):
        await lost.issued(principal())
    await lost.close()
