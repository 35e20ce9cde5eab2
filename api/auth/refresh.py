"""Rotation: a refresh token is good once, and a used one that comes back ends its family.

The successor is a MAC of the presented token, so that a client whose answer got lost is given the very
same one again, though nothing but hashes is stored.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from api.access.client import ClientFacts
from api.access.errors import RefusedTokenError
from api.auth.auditing import record
from api.auth.issuing import access_token
from api.auth.signing_in import SignedIn, device_info
from api.services import ServiceSet
from identity.errors import UnknownKeyError
from identity.keyring import KeyRing
from identity.opaque import REFRESH, digest, successor, well_formed
from market.clock import datetime_of
from storage.identity import refresh_tokens, sessions, users
from storage.identity.sessions import Session
from storage.identity.users import Status
from storage.pools import Connection

RETRY_FOR = timedelta(seconds=10)
"""How long a client may ask again for the successor that it was not given."""


async def refresh(
    services: ServiceSet,
    connection: Connection,
    token: str,
    client: ClientFacts,
    admit: Callable[[Session], None],
) -> SignedIn:
    """The successor of a refresh token, and a new access token.

    `admit` is asked about the session first, and raises where the request is none of its owner's.
    RefusedTokenError where the token is not good; its family is revoked where it was used before.
    """
    if not well_formed(token, REFRESH):
        raise RefusedTokenError("not a refresh token")
    session = await sessions.lock_of_token(connection, digest(token))
    if session is None:
        raise RefusedTokenError("unknown")
    admit(session)
    now = datetime_of(services.config.clock())
    user = await users.get(connection, session.user_id)
    if not session.is_live(now) or user is None or user.status != Status.ACTIVE:
        raise RefusedTokenError("its session has ended")
    following = await _successor(connection, services.config.identity.ring, token, session, now)
    if following is None:
        await sessions.revoke(connection, session.id, reason="reuse", now=now)
        await record(
            services,
            connection,
            "refresh_reused",
            client,
            user.id,
            by_owner=False,
            session=str(session.id),
        )
        raise RefusedTokenError("used before: its family is revoked")
    await sessions.touch(
        connection,
        session.id,
        ip_address=client.address,
        device_info=device_info(client),
        now=now,
    )
    return SignedIn(
        user=user,
        session_id=session.id,
        access_token=access_token(services, user, session),
        refresh_token=following,
        expires_in_s=services.config.identity.access_s,
        device_token=None,
        transport=session.transport,
    )


async def _successor(
    connection: Connection, ring: KeyRing, token: str, session: Session, now: datetime
) -> str | None:
    """What follows a token whose session is locked; None where it was used before.

    Used less than `RETRY_FOR` ago by a client that has not used what it was given: the same again.
    """
    found = await refresh_tokens.get(connection, digest(token))
    assert found is not None  # it is how the session was found
    if found.used_at is None:
        key_id = ring.current_id
        following = successor(ring, key_id, token)
        await refresh_tokens.spend(connection, digest(token), key_id=key_id, now=now)
        await refresh_tokens.add(connection, digest(following), session_id=session.id, now=now)
        return following
    if now - found.used_at >= RETRY_FOR or found.key_id is None:
        return None
    try:
        following = successor(ring, found.key_id, token)
    except UnknownKeyError:  # it has left the ring since
        return None
    given = await refresh_tokens.get(connection, digest(following))
    return following if given is not None and given.used_at is None else None
