"""The application: every resource, and what stands around them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import PackageNotFoundError, version

from fastapi import FastAPI

from api.config import ApiConfig
from api.dashboard import Dashboard
from api.errors import install_error_handlers
from api.market.router import router as market_router
from api.middleware import RequestMiddleware
from api.operations.router import router as operations_router
from api.query.router import router as query_router
from api.services import ServiceSet
from api.sql.router import router as sql_router
from api.stream.router import router as stream_router

DESCRIPTION = "Real-time market data: latest prices, live streams, ticks and candles."


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
    install_error_handlers(app)
    app.add_middleware(RequestMiddleware, config=config, metrics=services.metrics)
    for router in (operations_router, market_router, query_router, sql_router, stream_router):
        app.include_router(router)
    app.router.default = Dashboard(config.dashboard_dir, otherwise=app.router.default)
    return app


def _version() -> str:
    try:
        return version("tradewind")
    except PackageNotFoundError:  # run from a tree that was not installed
        return "0"
