"""Open private streams: they end with the credential that opened them."""

import asyncio
from collections.abc import Callable

import pytest

from api.access.errors import RevocationsUnknownError
from api.access.revocation import Revocations
from api.access.streams import PrivateStreams
from api.services import ServiceSet
from tests.api.access.making import NOW_S, principal
from tests.api.access.people import Person, end_session, lock
from tests.api.harness import NOWHERE, Hands


def ended() -> tuple[asyncio.Event, Callable[[], None]]:
    event = asyncio.Event()
    return event, event.set


async def test_a_stream_ends_with_its_session_and_no_other(
    services: ServiceSet, person: Person
) -> None:
    streams = services.private_streams
    mine, close_mine = ended()
    others, close_others = ended()
    with (
        streams.kept(principal(session_id=person.session_id), close_mine),
        streams.kept(principal(user_id=person.user.id), close_others),
    ):
        assert streams.open == 2
        await end_session(services, person.session_id)
        assert mine.is_set()
        assert not others.is_set()
    assert streams.open == 0


async def test_every_stream_of_a_locked_account_ends(services: ServiceSet, person: Person) -> None:
    by_session, close_session = ended()
    by_key, close_key = ended()
    streams = services.private_streams
    key = principal(session_id=None, api_key_id=person.key_id, user_id=person.user.id)
    with (
        streams.kept(principal(session_id=person.session_id), close_session),
        streams.kept(key, close_key),
    ):
        await lock(services, person.user.id)
        assert by_session.is_set()
        assert by_key.is_set()


async def test_a_stream_ends_when_its_token_does(services: ServiceSet) -> None:
    event, close = ended()
    with services.private_streams.kept(principal(expires_at_s=NOW_S + 0.01), close):
        assert not event.is_set()
        assert await event.wait()


async def test_a_stream_that_opens_after_its_session_has_ended_ends(
    services: ServiceSet, person: Person
) -> None:
    await end_session(services, person.session_id)
    event, close = ended()
    with services.private_streams.kept(principal(session_id=person.session_id), close):
        assert event.is_set()


async def test_while_it_is_not_known_what_was_revoked_no_stream_stays_open(clock: Hands) -> None:
    seconds = [0.0]
    revocations = Revocations(NOWHERE, clock, monotonic=lambda: seconds[0])
    revocations._polled_s = 0.0
    streams = PrivateStreams(revocations, clock)
    event, close = ended()
    with streams.kept(principal(), close):
        await revocations.poll()
        assert not event.is_set()
        seconds[0] = 4.1
        await revocations.poll()
        assert event.is_set()
    with pytest.raises(RevocationsUnknownError), streams.kept(principal(), close):
        pass
    await revocations.close()
