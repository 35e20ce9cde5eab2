"""One's own account over HTTP: the profile, the password, the sessions, and the end of them all."""

from fastapi import APIRouter, Request, Response

from api.access.client import Client
from api.access.cookies import clear_cookies
from api.access.guards import Account, SteppedUp
from api.access.owners import SessionId
from api.access.rates import rate_limited
from api.access.transaction import Transaction
from api.auth.account import delete_account
from api.auth.answers import done
from api.auth.own_sessions import end_session, list_sessions, log_out
from api.auth.password import change_password
from api.auth.profile import change_profile, find_profile
from api.auth.schemas import (
    DoneData,
    EndedData,
    LogoutBody,
    PasswordBody,
    ProfileBody,
    ProfileData,
    SessionData,
    SteppedUpData,
    StepUpBody,
)
from api.auth.step_up import step_up
from api.auth.turns import TURN
from api.envelope import Success, success
from api.services import Services

router = APIRouter()


@router.post("/logout", response_model=Success[EndedData])
async def logout(
    request: Request,
    body: LogoutBody,
    caller: Account,
    client: Client,
    services: Services,
    transaction: Transaction,
) -> Response:
    """End this session, or every one of the account."""
    ended = await log_out(services, transaction, caller, client, everywhere=body.everywhere)
    return _without_cookies(success(request, {"ended": ended}), services)


@router.get("/me", response_model=Success[ProfileData])
async def me(request: Request, caller: Account, services: Services) -> Response:
    """Who one is here. `csrf_token` is what a page's writes have to repeat."""
    return success(request, await find_profile(services, caller))


@router.patch("/me", response_model=Success[ProfileData])
async def change_me(
    request: Request,
    body: ProfileBody,
    caller: Account,
    client: Client,
    services: Services,
    transaction: Transaction,
) -> Response:
    """Change the name or the phone. A phone is not verified: there is no SMS yet."""
    return success(request, await change_profile(services, transaction, caller, body, client))


@router.post(
    "/step-up", dependencies=[rate_limited("auth"), TURN], response_model=Success[SteppedUpData]
)
async def authenticate_again(
    request: Request, body: StepUpBody, caller: Account, client: Client, services: Services
) -> Response:
    """Prove again who one is, with the second factor where there is one: sensitive acts are open then."""
    await step_up(services, caller, body, client)
    return success(request, {"valid_for": services.config.identity.step_up_s})


@router.patch(
    "/password", dependencies=[rate_limited("auth"), TURN], response_model=Success[EndedData]
)
async def password(
    request: Request, body: PasswordBody, caller: SteppedUp, client: Client, services: Services
) -> Response:
    """Change the password. Every other session ends; this one goes on with its refresh token."""
    return success(request, {"ended": await change_password(services, caller, body, client)})


@router.delete("/account", response_model=Success[DoneData])
async def delete(
    request: Request,
    caller: SteppedUp,
    client: Client,
    services: Services,
    transaction: Transaction,
) -> Response:
    """Delete the account: its sessions end, its address is free, and after 30 days it is erased."""
    await delete_account(services, transaction, caller, client)
    return _without_cookies(done(request), services)


@router.get("/sessions", response_model=Success[list[SessionData]])
async def sessions(request: Request, caller: Account, services: Services) -> Response:
    """The sessions that are open, with device, address and last use."""
    return success(request, await list_sessions(services, caller))


@router.delete("/sessions/{session_id}", response_model=Success[DoneData])
async def end(
    request: Request,
    session_id: SessionId,
    caller: Account,
    client: Client,
    services: Services,
    transaction: Transaction,
) -> Response:
    """End a session of one's own: its tokens are refused everywhere within seconds."""
    await end_session(services, transaction, caller, session_id, client)
    return done(request)


def _without_cookies(response: Response, services: Services) -> Response:
    clear_cookies(response, services.config.identity)
    return response
