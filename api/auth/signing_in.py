"""How every sign-in ends: a session, its first tokens, and a notice where the device is new.

Everything here runs in the caller's transaction, after whatever the caller asked for as a proof.
"""

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from uuid import UUID, uuid4

from api.access.client import ClientFacts
from api.access.errors import (
    AccountLockedError,
    InvalidCredentialsError,
    UnauthenticatedError,
)
from api.auth.auditing import record
from api.auth.issuing import access_token, pre_2fa_token
from api.auth.notices import notify_of_device
from api.services import ServiceSet
from identity.opaque import DEVICE, REFRESH, digest, new_token
from market.clock import datetime_of
from storage.identity import devices, refresh_tokens, sessions, users
from storage.identity.devices import Device
from storage.identity.sessions import Session
from storage.identity.users import Status, User
from storage.pools import Connection


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session, with what its client is given this once.

    `device_token` is None where the client's device was known.
    """

    user: User
    session_id: UUID
    access_token: str
    refresh_token: str
    expires_in_s: int
    device_token: str | None
    transport: str


async def start_session(
    services: ServiceSet,
    connection: Connection,
    user: User,
    client: ClientFacts,
    *,
    second_factor: bool,
    device: Device | None,
    transport: str,
    pending: UUID | None = None,
) -> SignedIn:
    """A session of `user`, who has proved to be that user.

    `device` None makes the client's a known one from now on. `pending` is the session that a password
    alone had opened, which ends here: UnauthenticatedError where it was used up already.
    AccountLockedError and InvalidCredentialsError where the account has changed since the proof.
    """
    await _require_unchanged(connection, user)
    now = datetime_of(services.config.clock())
    if pending is not None and await sessions.spend_pending(connection, pending, now=now) is None:
        raise UnauthenticatedError("the session that waits for a second factor has ended")
    device_token = None
    if device is None:
        device_token = new_token(DEVICE)
        device = await _new_device(services, connection, user, client, device_token)
    else:
        await devices.touch(connection, device.id, user_agent=client.user_agent, now=now)
    lasts_s = services.config.identity.refresh_s
    session = _session(
        services, user, client, lasts_s, device, transport, second_factor=second_factor
    )
    await sessions.add(connection, session)
    refresh_token = new_token(REFRESH)
    await refresh_tokens.add(connection, digest(refresh_token), session_id=session.id, now=now)
    await record(services, connection, "login", client, user.id, session=str(session.id))
    return SignedIn(
        user=user,
        session_id=session.id,
        access_token=access_token(services, user, session),
        refresh_token=refresh_token,
        expires_in_s=services.config.identity.access_s,
        device_token=device_token,
        transport=transport,
    )


async def start_pending(
    services: ServiceSet,
    connection: Connection,
    user: User,
    client: ClientFacts,
    *,
    device: Device | None,
    transport: str,
) -> str:
    """The token of a session that a password alone has opened: it leads to the second factor only."""
    await _require_unchanged(connection, user)
    lasts_s = services.config.identity.pre_2fa_s
    session = _session(services, user, client, lasts_s, device, transport, pending=True)
    await sessions.add(connection, session)
    return pre_2fa_token(services, user, session)


async def _require_unchanged(connection: Connection, user: User) -> None:
    """Take the account's turn. A lock, or another password, may have come since the proof."""
    current = await users.hold(connection, user.id)
    if current is not None and current.status == Status.LOCKED:
        raise AccountLockedError
    if current is None or not current.exists or current.password_hash != user.password_hash:
        raise InvalidCredentialsError


async def _new_device(
    services: ServiceSet, connection: Connection, user: User, client: ClientFacts, token: str
) -> Device:
    """The client's device, known from now on; the owner is told, if it is not the first."""
    now = datetime_of(services.config.clock())
    first = not await devices.count(connection, user.id)
    device = Device(uuid4(), user.id, digest(token), client.user_agent, now, now)
    await devices.add(connection, device)
    await record(services, connection, "new_device", client, user.id, device=str(device.id))
    if not first:
        await notify_of_device(services, connection, user, client)
    return device


def _session(
    services: ServiceSet,
    user: User,
    client: ClientFacts,
    lasts_s: int,
    device: Device | None,
    transport: str,
    *,
    pending: bool = False,
    second_factor: bool = False,
) -> Session:
    now = datetime_of(services.config.clock())
    return Session(
        id=uuid4(),
        user_id=user.id,
        device_id=device.id if device else None,
        device_info=device_info(client),
        ip_address=ip_address(client.address),
        transport=transport,
        pending=pending,
        second_factor=second_factor,
        authenticated_at=now,
        created_at=now,
        last_used_at=now,
        expires_at=now + timedelta(seconds=lasts_s),
        revoked_at=None,
        revoked_reason=None,
    )


def device_info(client: ClientFacts) -> dict[str, object]:
    """What a session says of the client that used it last."""
    return {"user_agent": client.user_agent, "name": None}
