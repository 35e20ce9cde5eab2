"""The sessions of an account: listed, and ended one by one or all at once."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from api.access.client import ClientFacts
from api.access.errors import NotFoundError
from api.access.principal import Principal
from api.auth.auditing import record
from api.services import ServiceSet
from market.clock import datetime_of
from storage.identity import sessions
from storage.identity.sessions import Session
from storage.pools import Connection


async def list_sessions(
    services: ServiceSet, principal: Principal
) -> Sequence[Mapping[str, object]]:
    """The sessions that are open, the one used last first."""
    now = datetime_of(services.config.clock())
    found = await services.database.read(sessions.live_of, principal.user_id, now=now)
    return [_data(session, principal) for session in found]


async def end_session(
    services: ServiceSet,
    connection: Connection,
    principal: Principal,
    session_id: UUID,
    client: ClientFacts,
) -> None:
    """End one of one's own. NotFoundError where it is none, or has ended."""
    now = datetime_of(services.config.clock())
    ended = await sessions.revoke(
        connection, session_id, user_id=principal.user_id, reason="ended_by_owner", now=now
    )
    if ended is None:
        raise NotFoundError("session")
    await record(
        services, connection, "session_ended", client, principal.user_id, session=str(session_id)
    )


async def log_out(
    services: ServiceSet,
    connection: Connection,
    principal: Principal,
    client: ClientFacts,
    *,
    everywhere: bool,
) -> int:
    """End the session of the request, or every one; how many have ended."""
    now = datetime_of(services.config.clock())
    if everywhere:
        ended = await sessions.revoke_all(connection, principal.user_id, reason="logout", now=now)
        count = len(ended)
    else:
        one = await sessions.revoke(connection, principal.session, reason="logout", now=now)
        count = 0 if one is None else 1
    await record(services, connection, "logout", client, principal.user_id, ended=count)
    return count


def _data(session: Session, principal: Principal) -> Mapping[str, object]:
    return {
        "id": session.id,
        "current": session.id == principal.session_id,
        "user_agent": session.device_info.get("user_agent"),
        "ip_address": None if session.ip_address is None else str(session.ip_address),
        "transport": session.transport,
        "second_factor": session.second_factor,
        "created_at": session.created_at,
        "last_used_at": session.last_used_at,
        "expires_at": session.expires_at,
    }
