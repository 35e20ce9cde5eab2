"""A password as a proof: of a login, of a step-up, of a change of the password itself.

Judged with no database connection held: hashing takes turns, and whoever waits must not hold one.
"""

from uuid import UUID

from api.access.client import ClientFacts
from api.access.errors import InvalidCredentialsError
from api.access.principal import Principal
from api.auth.attempts import Kind, attempting, buckets
from api.auth.auditing import Action, record
from api.services import ServiceSet
from storage.identity import sessions, users
from storage.identity.users import User
from storage.pools import Connection


async def prove_password(
    services: ServiceSet,
    email: str,
    user: User | None,
    password: str,
    client: ClientFacts,
    device_id: UUID | None,
    refused_as: Action = "password_failed",
) -> User:
    """The user, whose password it is. None is refused as a wrong password is, with the same work.

    InvalidCredentialsError, which leaves its row in the audit; TooManyAttemptsError, and then nothing
    was judged.
    """
    taken_from = buckets(
        services.config.identity.ring, Kind.PASSWORD, email, client.network, device_id
    )
    async with attempting(services, taken_from) as attempt:
        stored = user.password_hash if user else None
        attempt.succeeded = await services.hasher.verify(stored, password)
    if user is not None and attempt.succeeded:
        return user
    async with services.writes.transaction() as connection:
        user_id = user.id if user else None
        await record(services, connection, refused_as, client, user_id, by_owner=False)
    raise InvalidCredentialsError


async def own_account(
    connection: Connection, principal: Principal
) -> tuple[User | None, UUID | None]:
    """The account of a session, where it still exists, and the device that the session is of."""
    user = await users.get(connection, principal.user_id)
    session = await sessions.get(connection, principal.session)
    return user, session.device_id if session else None
