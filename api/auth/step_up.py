"""Step-up: a session proves again who it is, and for some minutes sensitive acts are open to it."""

from api.access.client import ClientFacts
from api.access.errors import InvalidCodeError, UnauthenticatedError
from api.access.principal import Principal
from api.auth.attempts import Kind, attempting, buckets
from api.auth.auditing import record
from api.auth.proofs import own_account, prove_password
from api.auth.schemas import StepUpBody
from api.auth.second_factor import judge_code, note_wrong_code, spend_code
from api.services import ServiceSet
from market.clock import datetime_of
from storage.identity import sessions, two_factor
from storage.pools import Connection


async def step_up(
    services: ServiceSet, principal: Principal, body: StepUpBody, client: ClientFacts
) -> None:
    """Note that the session was authenticated now: by the password, and a code where there is one to give.

    InvalidCredentialsError, InvalidCodeError, TooManyAttemptsError.
    """
    user, device_id = await services.database.read(own_account, principal)
    await prove_password(services, principal.email, user, body.password, client, device_id)
    factor = await services.database.read(two_factor.get, principal.user_id)
    if factor is None or not factor.enabled:
        async with services.writes.transaction() as connection:
            await _stepped_up(services, connection, principal, client, second_factor=False)
        return
    ring = services.config.identity.ring
    taken_from = buckets(ring, Kind.SECOND_FACTOR, principal.email, client.network, device_id)
    async with attempting(services, taken_from) as attempt:
        judged = await judge_code(services, factor, body.code, body.backup_code)
        async with services.writes.transaction() as connection:
            attempt.succeeded = await spend_code(services, connection, judged)
            if attempt.succeeded:
                await _stepped_up(services, connection, principal, client, second_factor=True)
                return
    await note_wrong_code(services, client, principal.user_id)
    raise InvalidCodeError


async def _stepped_up(
    services: ServiceSet,
    connection: Connection,
    principal: Principal,
    client: ClientFacts,
    *,
    second_factor: bool,
) -> None:
    now = datetime_of(services.config.clock())
    if not await sessions.authenticate(
        connection, principal.session, second_factor=second_factor, now=now
    ):
        raise UnauthenticatedError("the session has ended")
    await record(services, connection, "stepped_up", client, principal.user_id)
