"""Attempts at a password or a code: reserved before they are judged, given back where they succeed.

A device that has signed in to the account before has a bucket of its own, so that nobody who guesses at
the account can lock its owner out. Everybody else takes from the account's and from the client's.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from api.access.errors import TooManyAttemptsError
from api.services import ServiceSet
from identity.errors import TooManyHashesError
from identity.keyring import KeyRing
from storage.attempts import Refused
from storage.errors import CacheUnavailableError


class Kind(StrEnum):
    """What is attempted: each is counted by itself."""

    PASSWORD = "password"
    SECOND_FACTOR = "second_factor"


@dataclass(slots=True)
class Attempt:
    """One attempt that was reserved; what succeeds is not counted."""

    succeeded: bool = False


def buckets(
    ring: KeyRing, kind: Kind, email: str, network: str, device_id: UUID | None
) -> Sequence[str]:
    """What an attempt is taken from. Accounts are named by a MAC, whether they exist or not."""
    if device_id is not None:
        return (f"{kind}:device:{device_id}",)
    account = ring.mac("attempts", email.encode()).hex()
    return (f"{kind}:account:{account}", f"{kind}:client:{network}")


@asynccontextmanager
async def attempting(services: ServiceSet, taken_from: Sequence[str]) -> AsyncIterator[Attempt]:
    """One attempt, counted unless it `succeeded` or could not be judged.

    TooManyAttemptsError where there were too many, CacheUnavailableError where they cannot be counted:
    nothing is judged then.
    """
    rules = services.config.identity
    taken = await services.attempts.take(
        taken_from, most=rules.most_attempts, window_s=rules.attempt_window_s
    )
    if isinstance(taken, Refused):
        raise TooManyAttemptsError(taken.retry_after_s)
    attempt = Attempt()
    try:
        yield attempt
    except TooManyHashesError:
        attempt.succeeded = True  # nothing was learnt from it
        raise
    finally:
        if attempt.succeeded:
            # A Redis that goes away just now takes an attempt, not a sign-in.
            with suppress(CacheUnavailableError):
                await services.attempts.give_back(taken)


async def take_letter(services: ServiceSet, email: str) -> None:
    """TooManyAttemptsError where anybody has had enough letters sent to an address, known or not."""
    rules = services.config.identity
    account = rules.ring.mac("attempts", email.encode()).hex()
    taken = await services.attempts.take(
        (f"letter:{account}",), most=rules.most_attempts, window_s=rules.attempt_window_s
    )
    if isinstance(taken, Refused):
        raise TooManyAttemptsError(taken.retry_after_s)
