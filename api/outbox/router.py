"""The DEVELOPMENT outbox: there only for a browser on this machine, and only where no mail is sent."""

from fastapi import APIRouter, Request, Response
from starlette.exceptions import HTTPException

from api.access.guards import Anyone
from api.envelope import Failure, Success, success
from api.outbox.page import HEADERS, page_of
from api.outbox.schemas import Message, MessageSchema
from api.outbox.service import recent_messages
from api.outbox.visibility import is_at_home
from api.services import Services, ServiceSet
from market.clock import datetime_of

router = APIRouter(tags=["development"], responses={404: {"model": Failure}})


@router.get("/development/outbox", response_class=Response)
async def outbox_page(_: Anyone, request: Request, services: Services) -> Response:
    """The mail of the last day as a page that renews itself, newest first.

    404 wherever mail is sent, or where anybody but this machine could ask.
    """
    messages = await _messages(request, services)
    return Response(page_of(messages), media_type="text/html; charset=utf-8", headers=HEADERS)


@router.get("/api/outbox", response_model=Success[list[MessageSchema]])
async def outbox(_: Anyone, request: Request, services: Services) -> Response:
    """The mail of the last day, newest first; 404 wherever the page is not."""
    messages = await _messages(request, services)
    return success(request, messages, headers={"Cache-Control": "no-store"})


async def _messages(request: Request, services: ServiceSet) -> list[Message]:
    identity = services.config.identity
    if not identity.mail_shown or not is_at_home(request.headers):
        raise HTTPException(404)
    now = datetime_of(services.config.clock())
    return await services.database.read(recent_messages, identity.ring, now=now)
