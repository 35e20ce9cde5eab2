"""`tradewind api`: the HTTP server over the settings' database, cache and feed class."""

import threading

import uvicorn

from api.app import create_app
from api.config import ApiConfig
from api.server import server_of
from tradewind.lifetime import stop_requested
from tradewind.settings import Settings


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
    )


def _stop_when(stop: threading.Event, server: uvicorn.Server) -> None:
    stop.wait()
    server.should_exit = True
