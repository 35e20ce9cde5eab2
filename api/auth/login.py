"""Login: a password, judged once the attempt is reserved; then a session, or the second factor is next."""

from dataclasses import dataclass, replace

from api.access.client import ClientFacts
from api.access.errors import AccountLockedError, InvalidCredentialsError
from api.auth.auditing import record
from api.auth.proofs import prove_password
from api.auth.schemas import LoginBody, Method
from api.auth.signing_in import SignedIn, start_pending, start_session
from api.services import ServiceSet
from identity.errors import TooManyHashesError
from identity.opaque import DEVICE, digest, well_formed
from storage.identity import devices, passkeys, two_factor, users
from storage.identity.devices import Device
from storage.identity.users import NOBODY, Status, User
from storage.pools import Connection


@dataclass(frozen=True, slots=True)
class SecondFactorWanted:
    """The password was right, and it takes one of these as well."""

    methods: list[Method]
    pre_2fa_token: str


async def log_in(
    services: ServiceSet, body: LoginBody, client: ClientFacts, device_token: str | None
) -> SignedIn | SecondFactorWanted:
    """A session for an address and its password, or the way to the second factor.

    An unknown account costs the same work, in the same order, as a known one with another password.
    InvalidCredentialsError, AccountLockedError, TooManyAttemptsError; CacheUnavailableError where
    attempts cannot be counted.
    """
    user, device = await services.database.read(_find, body.email, device_token)
    device_id = device.id if device else None
    proved = await prove_password(
        services, body.email, user, body.password, client, device_id, "login_failed"
    )
    if proved.status == Status.LOCKED:
        async with services.writes.transaction() as connection:
            await record(services, connection, "login_while_locked", client, proved.id)
        raise AccountLockedError
    proved = await _rehashed(services, proved, body.password)
    async with services.writes.transaction() as connection:
        methods = await _second_factors(connection, proved)
        if not methods:
            return await start_session(
                services,
                connection,
                proved,
                client,
                second_factor=False,
                device=device,
                transport=body.transport,
            )
        token = await start_pending(
            services, connection, proved, client, device=device, transport=body.transport
        )
        return SecondFactorWanted(methods, token)


async def _find(
    connection: Connection, email: str, device_token: str | None
) -> tuple[User | None, Device | None]:
    """The account of an address, and the device of a token where that account knows it."""
    user = await users.by_email(connection, email)
    if device_token is None or not well_formed(device_token, DEVICE):
        return user, None
    # Asked for nobody too: an unknown account takes no less.
    user_id = user.id if user else NOBODY
    return user, await devices.by_token(connection, user_id, digest(device_token))


async def _rehashed(services: ServiceSet, user: User, password: str) -> User:
    """The user, whose password is now hashed at today's cost, by this login or by another.

    InvalidCredentialsError where it has become another password meanwhile.
    """
    before = user.password_hash
    if before is None or not services.hasher.needs_rehash(before):
        return user
    try:
        after = await services.hasher.hash(password)
    except TooManyHashesError:  # the password was right, and its old hash is good for now
        return user
    async with services.writes.transaction() as connection:
        if await users.rehash(connection, user.id, before=before, after=after):
            return replace(user, password_hash=after)
    current = await services.database.read(users.get, user.id)
    if current is None or not await services.hasher.verify(current.password_hash, password):
        raise InvalidCredentialsError
    return current


async def _second_factors(connection: Connection, user: User) -> list[Method]:
    """What an account takes besides its password; nothing where it has not enrolled."""
    factor = await two_factor.get(connection, user.id)
    if factor is None or not factor.enabled:
        return []
    methods: list[Method] = ["totp"]
    if await two_factor.codes_left(connection, user.id):
        methods.append("backup_code")
    if await passkeys.of_user(connection, user.id):
        methods.append("passkey")
    return methods
