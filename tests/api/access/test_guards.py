"""Guards: who comes in by which, beside what the matrix asks of every route."""

import pytest

from api.access.errors import ForbiddenError, StepUpRequiredError, UnauthenticatedError
from api.access.guards import Guard, ReaderGuard, SteppedUpGuard, UserGuard
from api.services import ServiceSet
from identity.scopes import scopes_of
from market.clock import datetime_of
from storage.identity import sessions
from tests.api.access.making import connection, principal
from tests.api.access.people import Person, access_token, make_person
from tests.api.access.test_authentication import asked
from tests.api.harness import Hands

READ, WRITE = frozenset({"wallet:read"}), frozenset({"wallet:write"})


def test_what_is_read_and_what_is_written_need_different_scopes() -> None:
    guard = Guard("user", READ, WRITE)
    reader = principal(scopes=READ)
    assert guard.admit(connection(), reader) is reader
    with pytest.raises(ForbiddenError, match="wallet:write"):
        guard.admit(connection(method="POST"), reader)


def test_who_is_let_in_is_known_to_what_comes_after() -> None:
    request, found = connection(), principal()
    Guard("user").admit(request, found)
    assert request.scope["state"]["principal"] is found


def test_a_key_is_no_session_and_a_user_no_administrator() -> None:
    with pytest.raises(ForbiddenError, match="session"):
        Guard("session", sessions_only=True).admit(connection(), principal(session_id=None))
    with pytest.raises(ForbiddenError, match="role"):
        Guard("admin", roles=frozenset({"admin"})).admit(connection(), principal())


async def test_a_public_route_looks_at_what_is_presented(
    services: ServiceSet, person: Person
) -> None:
    guard = ReaderGuard("public", frozenset({"market:read"}))
    assert await guard(asked(services)) is None
    header = f"Bearer {access_token(services, person)}"
    found = await guard(asked(services, authorization=header))
    assert found is not None
    assert found.user_id == person.user.id
    assert await guard(asked(services, cookie="tradewind_access=garbage")) is None
    with pytest.raises(UnauthenticatedError):
        await guard(asked(services, authorization="Bearer garbage"))


async def test_a_step_up_lasts_five_minutes(
    services: ServiceSet, person: Person, clock: Hands
) -> None:
    guard = SteppedUpGuard("stepped_up", sessions_only=True)
    header = f"Bearer {access_token(services, person)}"
    clock.now_us += 300_000_000
    assert (await guard(asked(services, authorization=header))).user_id == person.user.id
    clock.now_us += 1
    with pytest.raises(StepUpRequiredError):
        await guard(asked(services, authorization=header))
    async with services.writes.transaction() as connected:
        await sessions.authenticate(
            connected, person.session_id, second_factor=False, now=datetime_of(clock.now_us)
        )
    assert (await guard(asked(services, authorization=header))).user_id == person.user.id


async def test_a_step_up_of_a_session_that_has_ended_is_none(services: ServiceSet) -> None:
    person = await make_person(services)
    async with services.writes.transaction() as connected:
        now = datetime_of(services.config.clock())
        await sessions.revoke(connected, person.session_id, reason="logout", now=now)
    header = f"Bearer {access_token(services, person)}"
    with pytest.raises(UnauthenticatedError):  # even before the process knows of it
        await SteppedUpGuard("stepped_up")(asked(services, authorization=header))


async def test_scopes_are_those_of_the_role(services: ServiceSet, person: Person) -> None:
    header = f"Bearer {access_token(services, person)}"
    found = await UserGuard("user")(asked(services, authorization=header))
    assert found.scopes == scopes_of("user")
