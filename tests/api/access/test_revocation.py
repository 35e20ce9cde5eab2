"""What was revoked: learnt once, kept as long as any token lives, and never guessed."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from api.access.errors import RevocationsUnknownError
from api.access.revocation import BLIND_AFTER_S, KEPT_S, Revocations
from api.services import ServiceSet
from market.clock import datetime_of
from storage.identity import revocations as stored
from storage.identity.revocations import Revocation
from tests.api.access.making import NOW_S, principal
from tests.api.harness import NOWHERE, Hands


class Seconds:
    """A clock of seconds that stands where it was set."""

    now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
async def following(services: ServiceSet, clock: Hands, seconds: Seconds) -> Revocations:
    found = Revocations(services.config.database_url, clock, monotonic=seconds)
    await found.poll()
    return found


async def revoke(services: ServiceSet, kind: str, subject: UUID, *, s_ago: float = 0) -> None:
    now = datetime_of(services.config.clock()) - timedelta(seconds=s_ago)
    async with services.writes.transaction() as connection:
        await stored.add(connection, kind=kind, subject=subject, reason="test", now=now)


@pytest.mark.parametrize("kind", ["session", "api_key"])
async def test_a_session_and_a_key_are_revoked_for_good(
    services: ServiceSet, following: Revocations, kind: str
) -> None:
    subject = uuid4()
    field = {"session": "session_id", "api_key": "api_key_id"}[kind]
    revoked, other = principal(**{field: subject}), principal()
    assert not following.is_revoked(revoked)
    await revoke(services, kind, subject)
    await following.poll()
    assert following.is_revoked(revoked)
    assert not following.is_revoked(other)
    await following.close()


async def test_a_user_is_revoked_up_to_then(services: ServiceSet, following: Revocations) -> None:
    user_id = uuid4()
    await revoke(services, "user", user_id)
    await following.poll()
    assert following.is_revoked(principal(user_id=user_id, issued_at_s=NOW_S))
    assert not following.is_revoked(principal(user_id=user_id, issued_at_s=NOW_S + 0.001))
    await following.close()


async def test_a_start_learns_what_was_revoked_while_a_token_lives(
    services: ServiceSet, clock: Hands
) -> None:
    old, older = uuid4(), uuid4()
    await revoke(services, "session", old, s_ago=KEPT_S - 1)
    await revoke(services, "session", older, s_ago=KEPT_S + 1)
    starting = Revocations(services.config.database_url, clock)
    with pytest.raises(RevocationsUnknownError):
        starting.is_revoked(principal())
    await starting.poll()
    assert starting.loaded.is_set()
    assert starting.is_revoked(principal(session_id=old))
    assert not starting.is_revoked(principal(session_id=older))
    await starting.close()


async def test_what_is_committed_late_is_seen_and_told_once(
    services: ServiceSet, following: Revocations
) -> None:
    told: list[Revocation] = []
    following.listeners.append(told.append)
    subject = uuid4()
    await revoke(services, "session", subject, s_ago=50)
    await following.poll()
    await following.poll()
    assert [row.subject for row in told] == [subject]
    await following.close()


async def test_without_a_look_for_so_long_no_token_is_believed(
    following: Revocations, seconds: Seconds
) -> None:
    seconds.now_s += BLIND_AFTER_S
    assert not following.is_revoked(principal())
    seconds.now_s += 0.001
    with pytest.raises(RevocationsUnknownError):
        following.is_revoked(principal())
    await following.poll()
    assert not following.is_revoked(principal())
    await following.close()


async def test_while_the_database_is_away_it_is_told_that_nothing_is_known(clock: Hands) -> None:
    lost = Revocations(NOWHERE, clock)
    calls: list[bool] = []
    lost.when_blind.append(lambda: calls.append(lost.known))
    await lost.poll()
    assert calls == [False]
    assert not lost.loaded.is_set()
    await lost.close()
