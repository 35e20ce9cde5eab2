"""The resource `/api/auth`: its doors, and what lies behind them."""

from typing import Any

from fastapi import APIRouter

from api.auth.doors_router import router as doors_router
from api.auth.factors.assertion_router import router as assertion_router
from api.auth.factors.router import router as factors_router
from api.auth.own_router import router as own_router
from api.envelope import Failure

_REFUSALS: dict[int | str, dict[str, Any]] = {
    401: {"model": Failure, "description": "Not signed in, or a password or code that is wrong"},
    403: {"model": Failure, "description": "Not allowed, or a step-up or a CSRF token is needed"},
    422: {"model": Failure, "description": "A field is unknown or not acceptable"},
    429: {"model": Failure, "description": "Too many attempts or requests; Retry-After says when"},
    503: {"model": Failure, "description": "A part that this needs does not answer; retry"},
}

router = APIRouter(prefix="/api/auth", tags=["accounts"], responses=_REFUSALS)
router.include_router(doors_router)
router.include_router(own_router)
router.include_router(factors_router)
router.include_router(assertion_router)
