"""`tradewind api`: the HTTP server over the settings' database, cache and feed class."""

import resource
import threading

import uvicorn

from api.app import create_app
from api.config import MAX_STREAMS, ApiConfig
from api.server import server_of
from market.instruments import instruments_of
from tradewind.identity import identity_config
from tradewind.lifetime import stop_requested
from tradewind.settings import Settings

FILES_FOR_THE_REST = 250
"""What beside streams needs an open file: requests, connections to servers, logs."""


def run_api(settings: Settings) -> int:
    """Serve until told to stop; the exit status."""
    app = create_app(api_config(settings))
    server = server_of(app, host=settings.host, port=settings.port)
    stop = stop_requested()
    threading.Thread(target=_stop_when, args=(stop, server), name="stop", daemon=True).start()
    server.run()
    return 0


def api_config(settings: Settings) -> ApiConfig:
    """What the settings say to the API."""
    dashboard = settings.dashboard if settings.dashboard.is_dir() else None
    return ApiConfig(
        database_url=settings.database(),
        redis_url=settings.redis(),
        feed=settings.feed_class,
        dashboard_dir=dashboard,
        quant_url=settings.quant_database(),
        instruments=instruments_of(settings.feed_class),
        identity=identity_config(settings),
        max_streams=min(MAX_STREAMS, _files(MAX_STREAMS + FILES_FOR_THE_REST) - FILES_FOR_THE_REST),
    )


def _files(wanted: int) -> int:
    """How many files this process may open, after asking for as many as wanted."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return soft


def _stop_when(stop: threading.Event, server: uvicorn.Server) -> None:
    stop.wait()
    server.should_exit = True
