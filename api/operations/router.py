"""For operators: is it alive, is it ready, what does it count, what does it offer."""

from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from api.access.guards import ANYONE
from api.dashboard import SECURITY_HEADERS
from api.envelope import Failure, Success, success
from api.errors import NotReadyError
from api.metrics import CONTENT_TYPE
from api.operations.documentation import page
from api.operations.readiness import OK, checks
from api.services import Services
from storage.errors import StorageError
from storage.lags import lags

router = APIRouter(tags=["operations"], dependencies=[ANYONE])

_NO_STORE = {"Cache-Control": "no-store"}


class Health(BaseModel):
    status: Literal["ok"]


class Readiness(BaseModel):
    status: Literal["ready"]
    checks: dict[str, str]


@router.get("/health", response_model=Success[Health])
async def health(request: Request) -> Response:
    """Whether the process answers; it asks nobody else."""
    return success(request, {"status": "ok"}, headers=_NO_STORE)


@router.get("/ready", response_model=Success[Readiness], responses={503: {"model": Failure}})
async def ready(request: Request, services: Services) -> Response:
    """Whether database and Redis answer and the schema is the current one."""
    found = await checks(services)
    if any(state != OK for state in found.values()):
        raise NotReadyError(found)
    return success(request, {"status": "ready", "checks": found}, headers=_NO_STORE)


@router.get("/metrics", response_class=Response)
async def metrics(services: Services) -> Response:
    """Counters, and how far the flows are behind, in Prometheus's text format.

    While the database does not answer the lags are left out.
    """
    try:
        services.metrics.lagging(await services.database.read(lags, services.config.feed))
    except StorageError:
        services.metrics.lagging([])
    return Response(services.metrics.exposition(), media_type=CONTENT_TYPE, headers=_NO_STORE)


@router.get("/docs", include_in_schema=False)
async def documentation(request: Request) -> Response:
    """The OpenAPI document for people."""
    return Response(page(request.app.openapi()), media_type="text/html", headers=SECURITY_HEADERS)
