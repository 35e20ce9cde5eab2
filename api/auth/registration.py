"""Registration: an account exists once its address has answered, and no answer tells who has one."""

from datetime import timedelta
from uuid import uuid4

from api.access.client import ClientFacts
from api.access.errors import InvalidMailTokenError
from api.auth.attempts import take_letter
from api.auth.auditing import record
from api.auth.notices import ask_to_verify, tell_of_account
from api.auth.schemas import RegisterBody
from api.auth.signing_in import SignedIn, start_session
from api.services import ServiceSet
from identity.opaque import MAIL, digest, new_token
from identity.passwords import check_password
from market.clock import datetime_of
from storage.identity import registrations, users
from storage.pools import Connection

VERIFY_FOR = timedelta(hours=24)


async def register(
    services: ServiceSet, body: RegisterBody, client: ClientFacts
) -> SignedIn | None:
    """None: accepted, and what follows is in the mail of that address, whether it is known or not.

    The session of the new account at once where the operator has turned verification off.
    WeakPasswordError; TooManyAttemptsError where the address has been written to often enough.
    """
    check_password(body.password, body.email)
    await take_letter(services, body.email)
    password_hash = await services.hasher.hash(body.password)
    async with services.writes.transaction() as connection:
        if not services.config.identity.require_verification:
            return await _create(services, connection, body, password_hash, client)
        token = new_token(MAIL)
        now = datetime_of(services.config.clock())
        await registrations.add(
            connection,
            digest(token),
            email=body.email,
            password_hash=password_hash,
            name=body.name,
            now=now,
            expires_at=now + VERIFY_FOR,
        )
        await ask_to_verify(services, connection, body.email, token)
        await record(services, connection, "registration_requested", client, None)
    return None


async def verify_email(
    services: ServiceSet, connection: Connection, token: str, client: ClientFacts
) -> None:
    """Make the account of a registration whose mail was answered, with the password of that very one.

    InvalidMailTokenError where the token is unknown, used or expired, or the address has an account.
    """
    now = datetime_of(services.config.clock())
    redeemed = await registrations.redeem(connection, digest(token), user_id=uuid4(), now=now)
    if redeemed is None or redeemed.user is None:
        raise InvalidMailTokenError
    await record(services, connection, "registered", client, redeemed.user.id)


async def _create(
    services: ServiceSet,
    connection: Connection,
    body: RegisterBody,
    password_hash: str,
    client: ClientFacts,
) -> SignedIn | None:
    """The first session of a new account; None where the address has one."""
    user = await users.create(
        connection,
        uuid4(),
        email=body.email,
        password_hash=password_hash,
        name=body.name,
        email_verified=False,
        now=datetime_of(services.config.clock()),
    )
    if user is None:
        await tell_of_account(services, connection, body.email)
        return None
    await record(services, connection, "registered", client, user.id)
    return await start_session(
        services,
        connection,
        user,
        client,
        second_factor=False,
        device=None,
        transport=body.transport,
    )
