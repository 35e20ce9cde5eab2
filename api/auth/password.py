"""Passwords: changed by who knows the old one, reset by who reads the mail of the address."""

from api.access.client import ClientFacts
from api.access.errors import InvalidCredentialsError, InvalidMailTokenError
from api.access.principal import Principal
from api.auth.account import LOCKED_BY_OWNER, end_everything
from api.auth.attempts import take_letter
from api.auth.auditing import record
from api.auth.notices import ask_to_reset, notify_of_password
from api.auth.proofs import own_account, prove_password
from api.auth.schemas import PasswordBody, ResetBody
from api.services import ServiceSet
from identity.opaque import MAIL, digest, well_formed
from identity.passwords import check_password
from market.clock import datetime_of
from storage.identity import mail_tokens, revocations, sessions, users
from storage.identity.users import Status


async def change_password(
    services: ServiceSet, principal: Principal, body: PasswordBody, client: ClientFacts
) -> int:
    """Set another password. Every other session ends; how many is returned.

    This one goes on with its refresh token: access tokens of before, and streams opened with them, end.
    InvalidCredentialsError, TooManyAttemptsError, WeakPasswordError.
    """
    check_password(body.new_password, principal.email)
    user, device_id = await services.database.read(own_account, principal)
    password = body.current_password
    await prove_password(services, principal.email, user, password, client, device_id)
    password_hash = await services.hasher.hash(body.new_password)
    now = datetime_of(services.config.clock())
    async with services.writes.transaction() as connection:
        current = await users.hold(connection, principal.user_id)
        if current is None or user is None or current.password_hash != user.password_hash:
            raise InvalidCredentialsError
        await users.set_password(connection, user.id, password_hash=password_hash, now=now)
        ended = await sessions.revoke_all(
            connection, user.id, reason="password_changed", now=now, but=principal.session
        )
        await revocations.add(
            connection, kind="user", subject=user.id, reason="password_changed", now=now
        )
        await mail_tokens.void(connection, email=user.email, purpose="reset", now=now)
        await notify_of_password(services, connection, user, client)
        await record(services, connection, "password_changed", client, user.id)
    return len(ended)


async def forget_password(services: ServiceSet, email: str, client: ClientFacts) -> None:
    """Have a link sent to the address, where it has an account: which the delivery looks up, later.

    TooManyAttemptsError where the address has been written to often enough.
    """
    await take_letter(services, email)
    async with services.writes.transaction() as connection:
        await ask_to_reset(services, connection, email)
        await record(services, connection, "password_forgotten", client, None)


async def reset_password(services: ServiceSet, body: ResetBody, client: ClientFacts) -> None:
    """Set another password by the link of a mail. Sessions and API keys end, devices are forgotten.

    Whoever resets may do so because somebody else got in: nothing of theirs survives it. A second factor
    stays, and nobody is signed in. An account that its owner has locked is open again; one that an
    administrator has locked stays so. InvalidMailTokenError, WeakPasswordError.
    """
    if not well_formed(body.token, MAIL):
        raise InvalidMailTokenError
    check_password(body.new_password, "")
    password_hash = await services.hasher.hash(body.new_password)
    now = datetime_of(services.config.clock())
    async with services.writes.transaction() as connection:
        token = await mail_tokens.spend(connection, digest(body.token), purpose="reset", now=now)
        if token is None:
            raise InvalidMailTokenError
        check_password(body.new_password, token.email)  # where it raises, the token stays good
        found = await users.by_email(connection, token.email)
        user = None if found is None else await users.hold(connection, found.id)
        if user is None or not user.exists:
            raise InvalidMailTokenError
        await users.set_password(connection, user.id, password_hash=password_hash, now=now)
        if user.status == Status.LOCKED and user.lock_reason == LOCKED_BY_OWNER:
            await users.unlock(connection, user.id, now=now)
        await end_everything(services, connection, user.id, "password_reset")
        await mail_tokens.void(connection, email=user.email, purpose="reset", now=now)
        await notify_of_password(services, connection, user, client)
        await record(services, connection, "password_reset", client, user.id)
