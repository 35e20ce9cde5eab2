"""Passkeys as proofs over HTTP: at the door, after a password, and before a sensitive act."""

from dataclasses import asdict

from fastapi import APIRouter, Request, Response

from api.access.client import Client
from api.access.cookies import device_cookie
from api.access.csrf import check_same_site
from api.access.guards import Account, Anyone, PreTwoFactor
from api.access.rates import rate_limited
from api.access.transaction import Transaction
from api.auth.answers import signed_in
from api.auth.factors.assertions import begin_assertion, log_in, step_up, verify_second_factor
from api.auth.factors.ceremonies import Purpose
from api.auth.factors.schemas import AssertionBody, CeremonyData, PasskeyLoginBody
from api.auth.schemas import SignedInData, SteppedUpData
from api.envelope import Success, success
from api.services import Services

router = APIRouter(dependencies=[rate_limited("auth")])

FRESH = {"Cache-Control": "no-store"}


@router.post("/biometric/verify/begin", response_model=Success[CeremonyData])
async def begin_login(
    request: Request, _: Anyone, services: Services, connection: Transaction
) -> Response:
    """What `navigator.credentials.get` takes: any passkey of this site will do."""
    begun = await begin_assertion(services, connection, Purpose.LOGIN)
    return success(request, asdict(begun), headers=FRESH)


@router.post("/biometric/verify", response_model=Success[SignedInData])
@router.post("/biometric/verify/finish", response_model=Success[SignedInData])
async def finish_login(
    request: Request,
    _: Anyone,
    body: PasskeyLoginBody,
    services: Services,
    connection: Transaction,
    client: Client,
) -> Response:
    """Sign in by a passkey alone. The two addresses are one operation."""
    check_same_site(request)
    token = body.device_token or device_cookie(request)
    signed = await log_in(services, connection, body, client, token)
    return signed_in(request, services, signed)


@router.post("/verify-2fa/passkey/begin", response_model=Success[CeremonyData])
async def begin_second_factor(
    request: Request, waiting: PreTwoFactor, services: Services, connection: Transaction
) -> Response:
    """What `navigator.credentials.get` takes, after a password."""
    begun = await begin_assertion(services, connection, Purpose.SECOND_FACTOR, waiting)
    return success(request, asdict(begun), headers=FRESH)


@router.post("/verify-2fa/passkey/finish", response_model=Success[SignedInData])
async def finish_second_factor(
    request: Request,
    waiting: PreTwoFactor,
    body: AssertionBody,
    services: Services,
    connection: Transaction,
    client: Client,
) -> Response:
    """A passkey in the place of a code."""
    signed = await verify_second_factor(services, connection, waiting, body, client)
    return signed_in(request, services, signed)


@router.post("/step-up/passkey/begin", response_model=Success[CeremonyData])
async def begin_step_up(
    request: Request, owner: Account, services: Services, connection: Transaction
) -> Response:
    """What `navigator.credentials.get` takes, to prove again who one is."""
    begun = await begin_assertion(services, connection, Purpose.STEP_UP, owner)
    return success(request, asdict(begun), headers=FRESH)


@router.post("/step-up/passkey/finish", response_model=Success[SteppedUpData])
async def finish_step_up(
    request: Request,
    owner: Account,
    body: AssertionBody,
    services: Services,
    connection: Transaction,
    client: Client,
) -> Response:
    """Open sensitive acts to this session, by a passkey in the place of the password."""
    await step_up(services, connection, owner, body, client)
    return success(request, {"valid_for": services.config.identity.step_up_s})
