"""Changes of factors: one at a time for an account, each with a row in the audit and a letter."""

from uuid import UUID

from api.access.client import ClientFacts
from api.access.errors import UnauthenticatedError
from api.access.principal import Principal
from api.auth.auditing import Action, record
from api.services import ServiceSet
from delivery.letters import Letter, post
from market.clock import datetime_of, rfc3339
from storage.identity import users
from storage.identity.users import Status, User
from storage.pools import Connection


async def hold_owner(connection: Connection, owner: Principal) -> User:
    """The owner's account, whose turn this is to the end of the transaction.

    UnauthenticatedError where it was locked or deleted since the request came in.
    """
    user = await users.hold(connection, owner.user_id)
    if user is None or user.status != Status.ACTIVE:
        raise UnauthenticatedError("the account is not active")
    return user


async def note_change(
    services: ServiceSet,
    connection: Connection,
    owner: Principal,
    client: ClientFacts,
    *,
    action: Action,
    letter: Letter,
    what: str,
    passkey_id: UUID | None = None,
) -> None:
    """Note what the owner did, in the transaction that does it; `what` completes the letter's sentence."""
    if passkey_id is None:
        await record(services, connection, action, client, owner.user_id)
    else:
        id_ = str(passkey_id)
        await record(services, connection, action, client, owner.user_id, passkey=id_)
    now_us = services.config.clock()
    facts = {
        "what": what,
        "at": rfc3339(now_us),
        "device": client.user_agent or "unknown",
        "address": client.address,
    }
    ring = services.config.identity.ring
    await post(connection, ring, letter, owner.email, facts, now=datetime_of(now_us))
