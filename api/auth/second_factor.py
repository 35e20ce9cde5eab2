"""The second factor: a code of an authenticator, or a backup code, each good once.

Judged first, with no connection held, as hashing a backup code takes its time; then spent, by one
statement that only one of many simultaneous requests gets to see succeed.
"""

import logging
from dataclasses import dataclass
from uuid import UUID

from api.access.client import ClientFacts
from api.access.errors import InvalidCodeError, UnauthenticatedError
from api.access.principal import Principal
from api.auth.attempts import Kind, attempting, buckets
from api.auth.auditing import record
from api.auth.schemas import SecondFactorBody
from api.auth.signing_in import SignedIn, start_session
from api.services import ServiceSet
from identity.backup_codes import hash_codes
from identity.errors import UnsealError
from identity.totp import step_of
from market.clock import datetime_of
from storage.identity import devices, sessions, two_factor, users
from storage.identity.devices import Device
from storage.identity.sessions import Session
from storage.identity.two_factor import TwoFactor
from storage.identity.users import User
from storage.pools import Connection

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Judged:
    """A code that may be right: the step of time it belongs to, or the hash to look for."""

    user_id: UUID
    step: int | None = None
    code_hash: bytes | None = None


def secret_place(user_id: UUID) -> str:
    """What a TOTP secret is sealed for."""
    return f"auth.two_factor_auth/{user_id}/secret"


async def judge_code(
    services: ServiceSet, factor: TwoFactor, code: str | None, backup_code: str | None
) -> Judged:
    """What is to be spent for a code, with no connection held.

    A secret that the ring cannot open any more has no code that is right; backup codes need no ring.
    """
    if code is not None:
        ring = services.config.identity.ring
        try:
            secret = ring.open(factor.secret, of=secret_place(factor.user_id))
        except UnsealError as error:
            _log.warning("a second factor cannot be judged: %s", error)
            return Judged(factor.user_id)
        now_s = services.config.clock() // 1_000_000
        step = step_of(secret, code, now_s=now_s, after_step=factor.last_step)
        return Judged(factor.user_id, step=step)
    if backup_code is None:
        return Judged(factor.user_id)
    [code_hash] = await hash_codes([backup_code], factor.salt, services.hasher)
    return Judged(factor.user_id, code_hash=code_hash)


async def spend_code(services: ServiceSet, connection: Connection, judged: Judged) -> bool:
    """Whether the code was right, and is spent now: one of many at once gets a True."""
    if judged.step is not None:
        return await two_factor.spend_step(connection, judged.user_id, step=judged.step)
    if judged.code_hash is not None:
        now = datetime_of(services.config.clock())
        return await two_factor.spend_code(connection, judged.user_id, judged.code_hash, now=now)
    return False


async def note_wrong_code(services: ServiceSet, client: ClientFacts, user_id: UUID) -> None:
    """Leave in the audit that a code was wrong."""
    async with services.writes.transaction() as connection:
        await record(services, connection, "second_factor_failed", client, user_id, by_owner=False)


async def verify_second_factor(
    services: ServiceSet, principal: Principal, body: SecondFactorBody, client: ClientFacts
) -> SignedIn:
    """The session that a password alone did not open.

    InvalidCodeError, TooManyAttemptsError; UnauthenticatedError where the password's session has ended.
    """
    user, factor, pending, device = await services.database.read(_find, principal)
    now = datetime_of(services.config.clock())
    waiting = pending is not None and pending.is_live(now)
    if user is None or pending is None or not waiting or factor is None or not factor.enabled:
        raise UnauthenticatedError("nothing waits for a second factor")
    device_id = device.id if device else None
    ring = services.config.identity.ring
    taken_from = buckets(ring, Kind.SECOND_FACTOR, user.email, client.network, device_id)
    async with attempting(services, taken_from) as attempt:
        judged = await judge_code(services, factor, body.code, body.backup_code)
        async with services.writes.transaction() as connection:
            attempt.succeeded = await spend_code(services, connection, judged)
            if attempt.succeeded:
                return await start_session(
                    services,
                    connection,
                    user,
                    client,
                    second_factor=True,
                    device=device,
                    transport=pending.transport,
                    pending=pending.id,
                )
    await note_wrong_code(services, client, user.id)
    raise InvalidCodeError


async def _find(
    connection: Connection, principal: Principal
) -> tuple[User | None, TwoFactor | None, Session | None, Device | None]:
    pending = await sessions.get(connection, principal.session)
    device = None
    if pending is not None and pending.device_id is not None:
        device = await devices.get(connection, pending.device_id)
    return (
        await users.get(connection, principal.user_id),
        await two_factor.get(connection, principal.user_id),
        pending,
        device,
    )
