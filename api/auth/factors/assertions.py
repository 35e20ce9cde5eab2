"""A passkey as a proof: to sign in with nothing else, as a second factor, and to step up.

The authenticator has verified its user, so a passkey counts as two factors. Which account it opens, the
passkey itself says: nobody who asks for a challenge learns whether there is an account.
"""

from uuid import UUID

from api.access.client import ClientFacts
from api.access.errors import UnauthenticatedError
from api.access.principal import Principal
from api.auth.auditing import record
from api.auth.factors.ceremonies import Begun, Purpose, begin, now_of, origins, take
from api.auth.factors.errors import RefusedPasskeyError
from api.auth.factors.schemas import AssertionBody, PasskeyLoginBody
from api.auth.signing_in import SignedIn, start_session
from api.services import ServiceSet
from identity.errors import InvalidCeremonyError
from identity.opaque import DEVICE, digest, well_formed
from identity.passkeys import (
    authentication_options,
    credential_id_of,
    verify_authentication,
)
from storage.identity import devices, passkeys, sessions, users
from storage.identity.devices import Device
from storage.identity.passkeys import Passkey
from storage.identity.users import User
from storage.pools import Connection


async def begin_assertion(
    services: ServiceSet,
    connection: Connection,
    purpose: Purpose,
    principal: Principal | None = None,
) -> Begun:
    """What the browser signs with a passkey: with any at a login, else with one of the principal's."""
    known = [] if principal is None else await passkeys.of_user(connection, principal.user_id)
    options, challenge = authentication_options(
        rp_id=services.config.identity.host,
        allow=[passkey.credential_id for passkey in known],
    )
    return await begin(
        services,
        connection,
        purpose,
        options,
        challenge,
        user_id=None if principal is None else principal.user_id,
        session_id=None if principal is None else principal.session,
    )


async def log_in(
    services: ServiceSet,
    connection: Connection,
    body: PasskeyLoginBody,
    client: ClientFacts,
    device_token: str | None,
) -> SignedIn:
    """A session of the account that the passkey is of. RefusedPasskeyError, AccountLockedError."""
    passkey = await _proved(services, connection, body, Purpose.LOGIN, client, None)
    user = await _owner(connection, passkey)
    return await start_session(
        services,
        connection,
        user,
        client,
        second_factor=True,
        device=await _known_device(connection, user.id, device_token),
        transport=body.transport,
    )


async def verify_second_factor(
    services: ServiceSet,
    connection: Connection,
    principal: Principal,
    body: AssertionBody,
    client: ClientFacts,
) -> SignedIn:
    """The session that a password alone did not open.

    RefusedPasskeyError; UnauthenticatedError where the password's session has ended.
    """
    pending = await sessions.get(connection, principal.session)
    if pending is None or not pending.is_live(now_of(services)):
        raise UnauthenticatedError("nothing waits for a second factor")
    passkey = await _proved(services, connection, body, Purpose.SECOND_FACTOR, client, principal)
    device = None
    if pending.device_id is not None:
        device = await devices.get(connection, pending.device_id)
    return await start_session(
        services,
        connection,
        await _owner(connection, passkey),
        client,
        second_factor=True,
        device=device,
        transport=pending.transport,
        pending=pending.id,
    )


async def step_up(
    services: ServiceSet,
    connection: Connection,
    principal: Principal,
    body: AssertionBody,
    client: ClientFacts,
) -> None:
    """Note that the session was authenticated now. RefusedPasskeyError."""
    await _proved(services, connection, body, Purpose.STEP_UP, client, principal)
    if not await sessions.authenticate(
        connection, principal.session, second_factor=True, now=now_of(services)
    ):
        raise UnauthenticatedError("the session has ended")
    await record(services, connection, "stepped_up", client, principal.user_id, by="passkey")


async def _proved(
    services: ServiceSet,
    connection: Connection,
    body: AssertionBody,
    purpose: Purpose,
    client: ClientFacts,
    principal: Principal | None,
) -> Passkey:
    """The passkey that has signed the challenge. RefusedPasskeyError, and the challenge is spent."""
    session_id = None if principal is None else principal.session
    challenge = await take(services, connection, body.ceremony_id, purpose, session_id)
    try:
        credential_id = credential_id_of(body.credential)
    except InvalidCeremonyError as error:
        raise RefusedPasskeyError(error.reason) from error
    passkey = await passkeys.by_credential(connection, credential_id)
    if passkey is None or (principal is not None and passkey.user_id != principal.user_id):
        raise RefusedPasskeyError("it is not known here")
    try:
        count = verify_authentication(
            body.credential,
            challenge,
            passkey,
            rp_id=services.config.identity.host,
            origins=origins(services),
        )
    except InvalidCeremonyError as error:
        await _note_refusal(services, connection, passkey, client, error.reason)
        raise RefusedPasskeyError(error.reason) from error
    if not await passkeys.used(
        connection,
        passkey.id,
        sign_count=count,
        backed_up=passkey.backed_up,
        now=now_of(services),
    ):
        # Two answers at once with the same count: one of them is a copy's.
        await _note_refusal(services, connection, passkey, client, "counter")
        raise RefusedPasskeyError("its counter did not grow")
    return passkey


async def _note_refusal(
    services: ServiceSet,
    connection: Connection,
    passkey: Passkey,
    client: ClientFacts,
    reason: str,
) -> None:
    # It may quote what was sent, and the audit's JSON does not take every character.
    told = "".join(letter if " " <= letter <= "~" else "?" for letter in reason)
    await record(
        services,
        connection,
        "passkey_refused",
        client,
        passkey.user_id,
        by_owner=False,
        passkey=str(passkey.id),
        reason=told,
    )


async def _owner(connection: Connection, passkey: Passkey) -> User:
    user = await users.get(connection, passkey.user_id)
    if user is None or not user.exists:
        raise RefusedPasskeyError("its account is deleted")
    return user


async def _known_device(connection: Connection, user_id: UUID, token: str | None) -> Device | None:
    """The device of a token, where that account knows it."""
    if token is None or not well_formed(token, DEVICE):
        return None
    return await devices.by_token(connection, user_id, digest(token))
