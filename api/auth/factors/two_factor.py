"""The authenticator of an account: enrolled, confirmed by a code of it, turned off again.

A secret that was not confirmed opens nothing, so that a failed enrolment locks nobody out.
"""

from dataclasses import dataclass
from datetime import datetime

from api.access.client import ClientFacts
from api.access.errors import (
    ConflictError,
    InvalidCodeError,
    NotFoundError,
    UnauthenticatedError,
)
from api.access.principal import Principal
from api.auth.factors.changes import hold_owner, note_change
from api.auth.second_factor import secret_place
from api.services import ServiceSet
from delivery.letters import Letter
from identity.backup_codes import hash_codes, new_codes, new_salt
from identity.errors import UnsealError
from identity.totp import base32, new_secret, qr_svg, step_of, uri
from market.clock import datetime_of
from storage.identity import sessions, two_factor
from storage.identity.two_factor import TwoFactor
from storage.pools import Connection

_ENABLED = "Two-factor authentication is on already: turn it off first."
_NOT_ENABLED = "Two-factor authentication is not on."


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A secret that waits for its first code, in the forms that authenticators take."""

    secret: str
    uri: str
    qr_svg: str


async def state_of(connection: Connection, owner: Principal) -> dict[str, object]:
    """Whether there is a second factor, and how many backup codes are left."""
    factor = await two_factor.get(connection, owner.user_id)
    on = factor is not None and factor.enabled
    return {
        "enabled": on,
        "enabled_at": factor.enabled_at if factor is not None else None,
        "backup_codes_left": await two_factor.codes_left(connection, owner.user_id) if on else 0,
    }


async def begin_enrolment(
    services: ServiceSet, connection: Connection, owner: Principal
) -> Enrolment:
    """A new secret, which replaces one that was never confirmed. ConflictError where one is in use."""
    await hold_owner(connection, owner)
    secret = new_secret()
    sealed = services.config.identity.ring.seal(secret, of=secret_place(owner.user_id))
    now = _now(services)
    if not await two_factor.begin(
        connection, owner.user_id, secret=sealed, salt=new_salt(), now=now
    ):
        raise ConflictError(_ENABLED)
    address = uri(secret, owner.email)
    return Enrolment(base32(secret), address, qr_svg(address))


async def confirm_enrolment(
    services: ServiceSet, owner: Principal, code: str, client: ClientFacts
) -> list[str]:
    """Turn the second factor on by a code of it; the backup codes, which nobody is shown again.

    Every other session ends: a password alone has opened it.

    NotFoundError where no enrolment was begun, ConflictError where it is on, InvalidCodeError;
    TooManyHashesError.
    """
    factor = await services.database.read(two_factor.get, owner.user_id)
    if factor is None:
        raise NotFoundError("enrolment")
    if factor.enabled:
        raise ConflictError(_ENABLED)
    step = _judged(services, factor, code)
    codes = new_codes()
    hashes = await hash_codes(codes, factor.salt, services.hasher)
    async with services.writes.transaction() as connection:
        await hold_owner(connection, owner)
        # Another enrolment may have begun since: its secret was not proved.
        current = await two_factor.get(connection, owner.user_id)
        if current is None or current.secret != factor.secret:
            raise InvalidCodeError
        if not await two_factor.enable(connection, owner.user_id, step=step, now=_now(services)):
            raise ConflictError(_ENABLED)
        await two_factor.replace_codes(connection, owner.user_id, salt=factor.salt, hashes=hashes)
        await _end_weaker_sessions(services, connection, owner)
        await note_change(
            services,
            connection,
            owner,
            client,
            action="two_factor_enabled",
            letter=Letter.TWO_FACTOR_CHANGED,
            what="was turned on",
        )
    return codes


async def renew_codes(services: ServiceSet, owner: Principal, client: ClientFacts) -> list[str]:
    """Ten new backup codes in the place of all old ones. ConflictError where no second factor is on."""
    codes, salt = new_codes(), new_salt()
    hashes = await hash_codes(codes, salt, services.hasher)
    async with services.writes.transaction() as connection:
        await hold_owner(connection, owner)
        factor = await two_factor.get(connection, owner.user_id)
        if factor is None or not factor.enabled:
            raise ConflictError(_NOT_ENABLED)
        await two_factor.replace_codes(connection, owner.user_id, salt=salt, hashes=hashes)
        await note_change(
            services,
            connection,
            owner,
            client,
            action="backup_codes_renewed",
            letter=Letter.TWO_FACTOR_CHANGED,
            what="has new backup codes",
        )
    return codes


async def disable(
    services: ServiceSet, connection: Connection, owner: Principal, client: ClientFacts
) -> None:
    """Turn the second factor off, its codes with it; or forget an enrolment. ConflictError for neither."""
    await hold_owner(connection, owner)
    if not await two_factor.remove(connection, owner.user_id):
        raise ConflictError(_NOT_ENABLED)
    await note_change(
        services,
        connection,
        owner,
        client,
        action="two_factor_disabled",
        letter=Letter.TWO_FACTOR_CHANGED,
        what="was turned off",
    )


def _judged(services: ServiceSet, factor: TwoFactor, code: str) -> int:
    """The step of a code that is right. InvalidCodeError, also for a secret that no key of ours opens."""
    ring = services.config.identity.ring
    try:
        secret = ring.open(factor.secret, of=secret_place(factor.user_id))
    except UnsealError as error:
        raise InvalidCodeError from error
    now_s = services.config.clock() / 1_000_000
    step = step_of(secret, code, now_s=now_s, after_step=factor.last_step)
    if step is None:
        raise InvalidCodeError
    return step


async def _end_weaker_sessions(
    services: ServiceSet, connection: Connection, owner: Principal
) -> None:
    """Leave the session that has shown a code, as one that has, and no other."""
    now = _now(services)
    await sessions.revoke_all(
        connection, owner.user_id, reason="two_factor_enabled", now=now, but=owner.session
    )
    session = await sessions.get(connection, owner.session)
    if session is None:
        raise UnauthenticatedError("the session has ended")
    # A code of a secret that was just shown is no new proof of who it is: that stays as old as it was.
    await sessions.authenticate(
        connection, session.id, second_factor=True, now=session.authenticated_at
    )


def _now(services: ServiceSet) -> datetime:
    return datetime_of(services.config.clock())
