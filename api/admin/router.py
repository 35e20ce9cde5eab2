"""Accounts as support and administrators see them: search, lock, roles, sessions, audit."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from api.access.client import Client
from api.access.guards import Admin, Support, UserGuard
from api.access.principal import Principal
from api.access.transaction import Transaction
from api.admin.accounts import Administration
from api.admin.schemas import (
    AuditData,
    AuditParameters,
    LockBody,
    RoleBody,
    SessionData,
    UserData,
    UserDetails,
    UserParameters,
)
from api.admin.views import find_audit, find_users, live_sessions, user_data, user_details
from api.auth.answers import done
from api.auth.schemas import DoneData
from api.envelope import Page, Success, page_pagination, success
from api.errors import RESPONSES
from api.services import Services
from market.clock import datetime_of

router = APIRouter(prefix="/api/admin", tags=["admin"], responses=RESPONSES)


async def _administration(
    admin: Admin, services: Services, connection: Transaction, client: Client
) -> Administration:
    return Administration(services, connection, admin, client)


Auditor = Annotated[
    Principal,
    Depends(
        UserGuard(
            "support",
            frozenset({"audit:read"}),
            frozenset({"audit:read"}),
            sessions_only=True,
            roles=frozenset({"support", "admin"}),
        )
    ),
]
"""Support or an administrator, to read who did what."""
Acting = Annotated[Administration, Depends(_administration)]


@router.get("/users", response_model=Page[UserData])
async def search_users(
    request: Request, _: Support, parameters: Annotated[UserParameters, Query()], services: Services
) -> Response:
    """Accounts, the newest first: by the beginning of address or name, by status, by role."""
    found, total = await services.database.read(find_users, parameters)
    pagination = page_pagination(parameters.page, parameters.limit, total)
    return success(request, found, pagination=pagination)


@router.get("/users/{user_id}", response_model=Success[UserDetails])
async def get_user(request: Request, _: Support, user_id: UUID, services: Services) -> Response:
    """One account, deleted ones too."""
    return success(request, await services.database.read(user_details, user_id))


@router.post("/users/{user_id}/lock", response_model=Success[UserData])
async def lock_user(request: Request, user_id: UUID, body: LockBody, acting: Acting) -> Response:
    """Lock an account: nobody enters it until it is unlocked, and its keys are void for good."""
    return success(request, user_data(await acting.lock(user_id, body.reason)))


@router.post("/users/{user_id}/unlock", response_model=Success[UserData])
async def unlock_user(request: Request, user_id: UUID, acting: Acting) -> Response:
    """Open a locked account again."""
    return success(request, user_data(await acting.unlock(user_id)))


@router.put("/users/{user_id}/role", response_model=Success[UserData])
async def change_role(request: Request, user_id: UUID, body: RoleBody, acting: Acting) -> Response:
    """Give an account another role; all its sessions end."""
    return success(request, user_data(await acting.change_role(user_id, body.role)))


@router.get("/users/{user_id}/sessions", response_model=Success[list[SessionData]])
async def sessions_of_user(
    request: Request, _: Support, user_id: UUID, services: Services
) -> Response:
    """Where an account is signed in, the last used first."""
    now = datetime_of(services.config.clock())
    return success(request, await services.database.read(live_sessions, user_id, now))


@router.delete("/users/{user_id}/sessions/{session_id}", response_model=Success[DoneData])
async def end_session(
    request: Request, user_id: UUID, session_id: UUID, acting: Acting
) -> Response:
    """End one session of an account."""
    await acting.end_session(user_id, session_id)
    return done(request)


@router.get("/audit", response_model=Page[AuditData])
async def search_audit(
    request: Request,
    _: Auditor,
    parameters: Annotated[AuditParameters, Query()],
    services: Services,
) -> Response:
    """What was done, the newest first: of a user, by somebody, of a kind, within a time."""
    found, total = await services.database.read(find_audit, parameters)
    pagination = page_pagination(parameters.page, parameters.limit, total)
    return success(request, found, pagination=pagination)
