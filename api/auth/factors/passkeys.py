"""The passkeys of an account: added by a ceremony, named, listed, removed."""

from typing import Any
from uuid import UUID, uuid4

from api.access.client import ClientFacts
from api.access.errors import ConflictError, NotFoundError
from api.access.principal import Principal
from api.auth.factors.ceremonies import Begun, Purpose, begin, now_of, origins, take
from api.auth.factors.changes import hold_owner, note_change
from api.auth.factors.errors import RefusedPasskeyError
from api.auth.factors.schemas import RegisterPasskeyBody
from api.services import ServiceSet
from delivery.letters import Letter
from identity.errors import InvalidCeremonyError
from identity.passkeys import registration_options, verify_registration
from storage.identity import passkeys
from storage.identity.passkeys import Passkey
from storage.pools import Connection

MAX_PASSKEYS = 20
_TOO_MANY = f"There are {MAX_PASSKEYS} passkeys, which is the most: remove one first."


async def begin_registration(
    services: ServiceSet, connection: Connection, owner: Principal
) -> Begun:
    """What the browser makes a passkey by; those that there are it does not make again.

    ConflictError at `MAX_PASSKEYS`.
    """
    user = await hold_owner(connection, owner)
    known = await passkeys.of_user(connection, owner.user_id)
    if len(known) >= MAX_PASSKEYS:
        raise ConflictError(_TOO_MANY)
    options, challenge = registration_options(
        rp_id=services.config.identity.host,
        rp_name="Tradewind",
        user_id=user.id.bytes,
        email=user.email,
        name=user.name or user.email,
        exclude=[passkey.credential_id for passkey in known],
    )
    return await begin(
        services,
        connection,
        Purpose.REGISTER,
        options,
        challenge,
        user_id=user.id,
        session_id=owner.session,
    )


async def finish_registration(
    services: ServiceSet,
    connection: Connection,
    owner: Principal,
    body: RegisterPasskeyBody,
    client: ClientFacts,
) -> Passkey:
    """Keep the passkey that the browser has made. RefusedPasskeyError, and the challenge is spent;
    ConflictError at `MAX_PASSKEYS`."""
    await hold_owner(connection, owner)
    challenge = await take(services, connection, body.ceremony_id, Purpose.REGISTER, owner.session)
    if len(await passkeys.of_user(connection, owner.user_id)) >= MAX_PASSKEYS:
        raise ConflictError(_TOO_MANY)
    passkey = _verified(services, owner, body, challenge)
    if not await passkeys.add(connection, passkey):
        raise RefusedPasskeyError("its credential is registered already")
    await note_change(
        services,
        connection,
        owner,
        client,
        action="passkey_added",
        letter=Letter.PASSKEY_CHANGED,
        what="was added",
        passkey_id=passkey.id,
    )
    return passkey


async def rename_passkey(
    services: ServiceSet,
    connection: Connection,
    owner: Principal,
    passkey_id: UUID,
    name: str,
    client: ClientFacts,
) -> Passkey:
    """Call a passkey something else. NotFoundError."""
    renamed = await passkeys.rename(connection, owner.user_id, passkey_id, name=name)
    if renamed is None:
        raise NotFoundError("passkey")
    await note_change(
        services,
        connection,
        owner,
        client,
        action="passkey_renamed",
        letter=Letter.PASSKEY_CHANGED,
        what="was renamed",
        passkey_id=passkey_id,
    )
    return renamed


async def remove_passkey(
    services: ServiceSet,
    connection: Connection,
    owner: Principal,
    passkey_id: UUID,
    client: ClientFacts,
) -> None:
    """Have a passkey open nothing any more. NotFoundError."""
    if await passkeys.remove(connection, owner.user_id, passkey_id) is None:
        raise NotFoundError("passkey")
    await note_change(
        services,
        connection,
        owner,
        client,
        action="passkey_removed",
        letter=Letter.PASSKEY_CHANGED,
        what="was removed",
        passkey_id=passkey_id,
    )


def passkey_data(passkey: Passkey) -> dict[str, Any]:
    """A passkey as it is listed: nothing by which it could be used or followed."""
    return {
        "id": passkey.id,
        "name": passkey.name,
        "backed_up": passkey.backed_up,
        "transports": passkey.transports,
        "created_at": passkey.created_at,
        "last_used_at": passkey.last_used_at,
    }


def _verified(
    services: ServiceSet, owner: Principal, body: RegisterPasskeyBody, challenge: bytes
) -> Passkey:
    """The passkey that an answer proves. RefusedPasskeyError."""
    host = services.config.identity.host
    try:
        data = verify_registration(
            body.credential, challenge, rp_id=host, origins=origins(services)
        )
    except InvalidCeremonyError as error:
        raise RefusedPasskeyError(error.reason) from error
    return Passkey(
        id=uuid4(),
        user_id=owner.user_id,
        name=body.name,
        credential_id=data.credential_id,
        public_key=data.public_key,
        sign_count=data.sign_count,
        aaguid=data.aaguid,
        transports=list(data.transports),
        backed_up=data.backed_up,
        created_at=now_of(services),
        last_used_at=None,
    )
