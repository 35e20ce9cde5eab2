"""The doors of accounts over HTTP: what somebody asks who is not signed in yet, or not wholly."""

from functools import partial

from fastapi import APIRouter, Request, Response

from api.access.client import Client
from api.access.cookies import device_cookie, refresh_cookie
from api.access.csrf import check_csrf, check_same_site
from api.access.errors import UnauthenticatedError
from api.access.guards import Anyone, PreTwoFactor
from api.access.rates import rate_limited
from api.access.transaction import Transaction
from api.auth.account import lock_account
from api.auth.answers import accepted, done, second_factor_wanted, signed_in
from api.auth.login import SecondFactorWanted, log_in
from api.auth.password import forget_password, reset_password
from api.auth.refresh import refresh
from api.auth.registration import register, verify_email
from api.auth.schemas import (
    AcceptedData,
    DoneData,
    ForgotBody,
    LoginBody,
    RefreshBody,
    RegisterBody,
    ResetBody,
    SecondFactorBody,
    SecondFactorData,
    SignedInData,
    TokenBody,
)
from api.auth.second_factor import verify_second_factor
from api.auth.turns import TURN
from api.envelope import Success
from api.services import Services
from storage.identity.sessions import Session

router = APIRouter(dependencies=[rate_limited("auth")])


@router.post(
    "/register",
    status_code=202,
    response_model=Success[AcceptedData],
    responses={201: {"model": Success[SignedInData]}},
    dependencies=[TURN],
)
async def register_account(
    request: Request, body: RegisterBody, _: Anyone, client: Client, services: Services
) -> Response:
    """Ask for an account: 202 for every address, and a letter to it says how it goes on.

    Where the operator has turned verification off, a new account is made and signed in at once (201).
    """
    check_same_site(request)
    signed = await register(services, body, client)
    if signed is None:
        return accepted(request)
    return signed_in(request, services, signed, status=201)


@router.post("/verify-email", response_model=Success[DoneData])
async def verify_address(
    request: Request,
    body: TokenBody,
    _: Anyone,
    client: Client,
    services: Services,
    transaction: Transaction,
) -> Response:
    """Answer the letter of a registration: the account is there, and can log in."""
    await verify_email(services, transaction, body.token, client)
    return done(request)


@router.post("/login", dependencies=[TURN], response_model=Success[SignedInData | SecondFactorData])
async def login(
    request: Request, body: LoginBody, _: Anyone, client: Client, services: Services
) -> Response:
    """Sign in with a password. Where the account has a second factor, `verify-2fa` is next.

    Five attempts in 15 minutes an account and a client; a device that has signed in before has five of
    its own, if it shows its `device_token` (a browser does by its cookie).
    """
    check_same_site(request)
    device_token = body.device_token or device_cookie(request)
    outcome = await log_in(services, body, client, device_token)
    if isinstance(outcome, SecondFactorWanted):
        return second_factor_wanted(request, services, outcome)
    return signed_in(request, services, outcome)


@router.post("/verify-2fa", dependencies=[TURN], response_model=Success[SignedInData])
async def verify_2fa(
    request: Request,
    body: SecondFactorBody,
    caller: PreTwoFactor,
    client: Client,
    services: Services,
) -> Response:
    """Give the code that the second factor shows, or a backup code; each is good once."""
    return signed_in(request, services, await verify_second_factor(services, caller, body, client))


@router.post("/refresh-token", response_model=Success[SignedInData])
async def refresh_tokens(
    request: Request,
    body: RefreshBody,
    _: Anyone,
    client: Client,
    services: Services,
    transaction: Transaction,
) -> Response:
    """Change a refresh token for its successor and a new access token.

    Asked again within ten seconds, the successor is the same; any other use of a used token ends the
    session. Without one in the body it is the cookie's, and the request must prove to be of our pages.
    """
    token = body.refresh_token or refresh_cookie(request)
    if token is None:
        raise UnauthenticatedError("no refresh token", presented=False)
    admit = _admit_any if body.refresh_token else partial(_admit_page, request)
    return signed_in(request, services, await refresh(services, transaction, token, client, admit))


@router.post("/password/forgot", status_code=202, response_model=Success[AcceptedData])
async def forgot(
    request: Request, body: ForgotBody, _: Anyone, client: Client, services: Services
) -> Response:
    """Have a link sent by which the password can be reset: 202 for every address."""
    await forget_password(services, body.email, client)
    return accepted(request)


@router.post("/password/reset", dependencies=[TURN], response_model=Success[DoneData])
async def reset(
    request: Request, body: ResetBody, _: Anyone, client: Client, services: Services
) -> Response:
    """Set a password by the link of a letter. Every session ends; a second factor stays."""
    await reset_password(services, body, client)
    return done(request)


@router.post("/account/lock", response_model=Success[DoneData])
async def lock(
    request: Request,
    body: TokenBody,
    _: Anyone,
    client: Client,
    services: Services,
    transaction: Transaction,
) -> Response:
    """Say "it was not me" to a notice: the account is locked until its password is reset."""
    await lock_account(services, transaction, body.token, client)
    return done(request)


def _admit_any(_: Session) -> None:
    """Who has the token itself needs no more."""


def _admit_page(request: Request, session: Session) -> None:
    check_csrf(request, session.id)
