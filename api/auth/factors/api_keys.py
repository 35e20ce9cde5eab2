"""Keys for programs: each may a part of what its owner may, until it expires or is revoked."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

from api.access.client import ClientFacts
from api.access.errors import ConflictError, NotFoundError
from api.access.principal import Principal
from api.auth.auditing import record
from api.auth.factors.changes import hold_owner
from api.auth.factors.errors import UnfitScopesError
from api.auth.factors.schemas import ApiKeyBody
from api.services import ServiceSet
from delivery.letters import Letter, post
from identity.opaque import API_KEY, digest, new_token
from identity.scopes import KEY_SCOPES
from market.clock import datetime_of, rfc3339
from storage.identity import api_keys
from storage.identity.api_keys import ApiKey
from storage.pools import Connection

MAX_KEYS = 50
"""Of one account; expired ones count until they are revoked."""


async def create_key(
    services: ServiceSet,
    connection: Connection,
    owner: Principal,
    body: ApiKeyBody,
    client: ClientFacts,
) -> tuple[ApiKey, str]:
    """A key and its token, which is known to nobody afterwards.

    UnfitScopesError for scopes that the owner, or any key, may not have; ConflictError at `MAX_KEYS`.
    """
    scopes = sorted(set(body.scopes))
    if unfit := sorted(set(scopes) - (KEY_SCOPES & owner.scopes)):
        raise UnfitScopesError(unfit)
    # Held, so that requests at once do not each find room for one more.
    await hold_owner(connection, owner)
    if len(await api_keys.of_user(connection, owner.user_id)) >= MAX_KEYS:
        raise ConflictError(f"There are {MAX_KEYS} keys, which is the most: revoke one first.")
    token = new_token(API_KEY)
    now = datetime_of(services.config.clock())
    key = ApiKey(
        id=uuid4(),
        user_id=owner.user_id,
        name=body.name,
        token_hash=digest(token),
        scopes=scopes,
        created_at=now,
        expires_at=now + timedelta(days=body.expires_in_days),
        last_used_at=None,
        revoked_at=None,
    )
    await api_keys.add(connection, key)
    await _tell(services, connection, owner, client, key)
    return key, token


async def revoke_key(
    services: ServiceSet,
    connection: Connection,
    owner: Principal,
    key_id: UUID,
    client: ClientFacts,
) -> None:
    """Make a key void, everywhere within seconds. NotFoundError."""
    now = datetime_of(services.config.clock())
    revoked = await api_keys.revoke(
        connection, owner.user_id, key_id, reason="revoked_by_owner", now=now
    )
    if revoked is None:
        raise NotFoundError("API key")
    await record(services, connection, "api_key_revoked", client, owner.user_id, key=str(key_id))


def key_data(key: ApiKey) -> dict[str, object]:
    """A key as it is listed."""
    return {
        "id": key.id,
        "name": key.name,
        "scopes": key.scopes,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
    }


def keys_data(keys: Sequence[ApiKey]) -> list[dict[str, object]]:
    """Keys as they are listed."""
    return [key_data(key) for key in keys]


async def _tell(
    services: ServiceSet,
    connection: Connection,
    owner: Principal,
    client: ClientFacts,
    key: ApiKey,
) -> None:
    await record(
        services,
        connection,
        "api_key_created",
        client,
        owner.user_id,
        key=str(key.id),
        scopes=key.scopes,
    )
    facts = {
        "name": key.name,
        "scopes": ", ".join(key.scopes),
        "at": rfc3339(services.config.clock()),
        "address": client.address,
    }
    ring = services.config.identity.ring
    letter = Letter.API_KEY_CREATED
    await post(connection, ring, letter, owner.email, facts, now=key.created_at)
