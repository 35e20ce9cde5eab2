"""The application: every resource, and what stands around them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from api.access.client import networks
from api.access.openapi import describe_access
from api.admin.router import router as admin_router
from api.auth.router import router as auth_router
from api.config import ApiConfig
from api.dashboard import Dashboard
from api.errors import install_error_handlers
from api.market.router import router as market_router
from api.middleware import RequestMiddleware
from api.operations.router import router as operations_router
from api.outbox.router import router as outbox_router
from api.query.router import router as query_router
from api.services import ServiceSet
from api.sql.router import router as sql_router
from api.stream.router import router as stream_router
from api.wellknown.router import router as wellknown_router

DESCRIPTION = "Real-time market data: latest prices, live streams, ticks and candles."

ROUTERS = (
    operations_router,
    market_router,
    query_router,
    sql_router,
    stream_router,
    auth_router,
    admin_router,
    outbox_router,
    wellknown_router,
)
CORS_REQUEST_HEADERS = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "Last-Event-ID",
    "X-Request-Id",
)
CORS_ANSWER_HEADERS = (
    "Idempotency-Replayed",
    "RateLimit-Limit",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "X-Next-Cursor",
    "X-Next-Start",
    "X-Request-Id",
)


def create_app(config: ApiConfig) -> FastAPI:
    """The ASGI application. It starts, and answers, while database and Redis are down."""
    services = ServiceSet.of(config)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with services.running():
            yield

    app = FastAPI(
        title="Tradewind",
        description=DESCRIPTION,
        version=_version(),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # an address has one form
    )
    app.state.config = config
    app.state.services = services
    app.state.trusted_proxies = networks(config.identity.trusted_proxies)
    install_error_handlers(app)
    if config.identity.cors_origins:
        # Inside of ours, so that a stream's body passes it by.
        app.add_middleware(
            CORSMiddleware,
            allow_origins=config.identity.cors_origins,
            allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=CORS_REQUEST_HEADERS,
            expose_headers=CORS_ANSWER_HEADERS,
            allow_credentials=False,  # another origin signs in with a token of its own
        )
    app.add_middleware(RequestMiddleware, config=config, metrics=services.metrics)
    for router in ROUTERS:
        app.include_router(router)
    describe_access(app)
    app.router.default = Dashboard(config.dashboard_dir, otherwise=app.router.default)
    return app


def _version() -> str:
    try:
        return version("tradewind")
    except PackageNotFoundError:  # run from a tree that was not installed
        return "0"
