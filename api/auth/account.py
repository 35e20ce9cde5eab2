"""The end of an account, and its lock by who reads its mail."""

from datetime import timedelta
from uuid import UUID

from api.access.client import ClientFacts
from api.access.errors import InvalidMailTokenError, UnauthenticatedError
from api.access.principal import Principal
from api.auth.auditing import record
from api.auth.notices import notify_of_deletion, notify_of_lock
from api.services import ServiceSet
from identity.opaque import digest
from market.clock import datetime_of
from storage.identity import api_keys, devices, mail_tokens, revocations, sessions, users
from storage.pools import Connection

LOCKED_BY_OWNER = "owner"
"""A reason for a lock: a reset of the password opens it again. One by an administrator stays."""
ERASED_AFTER = timedelta(days=30)
"""What `storage.identity.pruning` holds to."""


async def delete_account(
    services: ServiceSet, connection: Connection, principal: Principal, client: ClientFacts
) -> None:
    """Delete the account: nobody can use it any more, and its address is free. Erased later."""
    now = datetime_of(services.config.clock())
    user = await users.delete(connection, principal.user_id, now=now)
    if user is None:
        raise UnauthenticatedError("the account is gone")
    await end_everything(services, connection, user.id, "account_deleted")
    await notify_of_deletion(services, connection, user, now + ERASED_AFTER)
    await record(services, connection, "account_deleted", client, user.id)


async def lock_account(
    services: ServiceSet, connection: Connection, token: str, client: ClientFacts
) -> None:
    """Lock the account of a notice: "it was not me". A reset of the password opens it again.

    InvalidMailTokenError where the token is unknown, used or expired.
    """
    now = datetime_of(services.config.clock())
    spent = await mail_tokens.spend(connection, digest(token), purpose="lock", now=now)
    if spent is None or spent.user_id is None:
        raise InvalidMailTokenError
    user = await users.lock(connection, spent.user_id, reason=LOCKED_BY_OWNER, now=now)
    if user is None:  # locked or deleted already: there is nothing to protect
        return
    await end_everything(services, connection, user.id, "account_locked")
    await notify_of_lock(services, connection, user)
    await record(services, connection, "account_locked", client, user.id, by_owner=False)


async def end_everything(
    services: ServiceSet, connection: Connection, user_id: UUID, reason: str
) -> None:
    """End every session and API key of an account, and forget its devices."""
    now = datetime_of(services.config.clock())
    await sessions.revoke_all(connection, user_id, reason=reason, now=now)
    await api_keys.revoke_all(connection, user_id, reason=reason, now=now)
    await devices.forget_all(connection, user_id)
    await revocations.add(connection, kind="user", subject=user_id, reason=reason, now=now)
