"""The profile: what an account says of its owner, to its owner."""

import logging
from collections.abc import Mapping
from uuid import UUID

from api.access.client import ClientFacts
from api.access.csrf import csrf_token
from api.access.errors import UnauthenticatedError
from api.access.principal import Principal
from api.auth.auditing import record
from api.auth.schemas import ProfileBody
from api.services import ServiceSet
from identity.errors import UnsealError
from identity.keyring import KeyRing
from market.clock import datetime_of
from storage.identity import two_factor, users
from storage.identity.two_factor import TwoFactor
from storage.identity.users import User
from storage.pools import Connection

_log = logging.getLogger(__name__)


async def find_profile(services: ServiceSet, principal: Principal) -> Mapping[str, object]:
    """What the owner of a session is told of the account."""
    return _profile(services, principal, *await services.database.read(_find, principal))


async def change_profile(
    services: ServiceSet,
    connection: Connection,
    principal: Principal,
    body: ProfileBody,
    client: ClientFacts,
) -> Mapping[str, object]:
    """Set what the body has, leave what it has not; the profile as it is then."""
    now = datetime_of(services.config.clock())
    changed = sorted(body.model_fields_set)
    if "name" in changed:
        await users.set_name(connection, principal.user_id, name=body.name, now=now)
    if "phone" in changed:
        await _set_phone(services, connection, principal, body.phone)
    await record(services, connection, "profile_changed", client, principal.user_id, fields=changed)
    return _profile(services, principal, *await _find(connection, principal))


async def _set_phone(
    services: ServiceSet, connection: Connection, principal: Principal, phone: str | None
) -> None:
    ring = services.config.identity.ring
    sealed = digest = None
    if phone is not None:
        sealed = ring.seal(phone.encode(), of=_phone_place(principal.user_id))
        digest = ring.mac("phone", phone.encode())
    now = datetime_of(services.config.clock())
    await users.set_phone(connection, principal.user_id, sealed=sealed, digest=digest, now=now)


async def _find(
    connection: Connection, principal: Principal
) -> tuple[User | None, TwoFactor | None]:
    return (
        await users.get(connection, principal.user_id),
        await two_factor.get(connection, principal.user_id),
    )


def _profile(
    services: ServiceSet, principal: Principal, user: User | None, factor: TwoFactor | None
) -> Mapping[str, object]:
    if user is None or not user.exists:
        raise UnauthenticatedError("the account is gone")
    identity = services.config.identity
    by_cookie = principal.by == "cookie"
    return {
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "role": user.role,
        "phone": _phone(identity.ring, user),
        "phone_verified": user.phone_verified,
        "email_verified": user.email_verified,
        "permissions": sorted(principal.scopes),
        "two_factor_enabled": factor is not None and factor.enabled,
        "created_at": user.created_at,
        "session_id": principal.session_id,
        "csrf_token": csrf_token(identity, principal.session) if by_cookie else None,
    }


def _phone(ring: KeyRing, user: User) -> str | None:
    """The phone; none where the ring cannot open it any more: the rest of a profile is there without."""
    if user.phone_sealed is None:
        return None
    try:
        return ring.open(user.phone_sealed, of=_phone_place(user.id)).decode()
    except UnsealError as error:
        _log.warning("a phone cannot be shown: %s", error)
        return None


def _phone_place(user_id: UUID) -> str:
    return f"auth.users/{user_id}/phone"
