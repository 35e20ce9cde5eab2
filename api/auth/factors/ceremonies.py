"""Ceremonies of passkeys: a challenge goes out, and its answer comes back once, in time, to who asked.

A challenge is taken from the database before its answer is looked at, and stays taken when the answer is
refused (`RefusedPasskeyError` keeps what was written).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from api.access.csrf import origin_of
from api.auth.factors.errors import RefusedPasskeyError
from api.services import ServiceSet
from market.clock import datetime_of
from storage.identity import challenges
from storage.identity.challenges import Challenge
from storage.pools import Connection

GOOD_FOR = timedelta(minutes=5)


class Purpose(StrEnum):
    """What a challenge was made for: its answer does for nothing else."""

    REGISTER = "register"
    LOGIN = "login"
    SECOND_FACTOR = "second_factor"
    STEP_UP = "step_up"


@dataclass(frozen=True, slots=True)
class Begun:
    """What the browser is given: the options, and the id that its answer names."""

    ceremony_id: UUID
    options: dict[str, Any]


async def begin(
    services: ServiceSet,
    connection: Connection,
    purpose: Purpose,
    options: dict[str, Any],
    challenge: bytes,
    *,
    user_id: UUID | None = None,
    session_id: UUID | None = None,
) -> Begun:
    """Keep the challenge of these options for this purpose, user and session."""
    kept = Challenge(
        id=uuid4(),
        purpose=purpose,
        user_id=user_id,
        session_id=session_id,
        challenge=challenge,
        expires_at=now_of(services) + GOOD_FOR,
    )
    await challenges.add(connection, kept)
    return Begun(kept.id, options)


async def take(
    services: ServiceSet,
    connection: Connection,
    ceremony_id: UUID,
    purpose: Purpose,
    session_id: UUID | None = None,
) -> bytes:
    """The challenge of a ceremony, which is spent by this. RefusedPasskeyError where there is none."""
    taken = await challenges.take(
        connection, ceremony_id, purpose=purpose, session_id=session_id, now=now_of(services)
    )
    if taken is None:
        raise RefusedPasskeyError("its challenge is unknown, spent, expired or another's")
    return taken.challenge


def origins(services: ServiceSet) -> Sequence[str]:
    """Where a passkey of ours may be used: the public address alone."""
    return (origin_of(services.config.identity.public_url),)


def now_of(services: ServiceSet) -> datetime:
    """The time by the configuration's clock."""
    return datetime_of(services.config.clock())
