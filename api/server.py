"""The HTTP server: uvicorn, told to end the open streams before it waits for them."""

import socket

import uvicorn
from fastapi import FastAPI

from api.protocol import BoundedProtocol

GRACE_S = 2
"""How long a request may still run once the server was told to stop."""


class Server(uvicorn.Server):
    """uvicorn for our application: a stream that never ends would hold up its shutdown."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then as uvicorn does."""
        app = self.config.app
        assert isinstance(app, FastAPI)
        app.state.services.hub.stop()
        await super().shutdown(sockets)


def server_of(app: FastAPI, *, host: str, port: int) -> Server:
    """A server of the application; `run()` blocks, `serve(sockets=…)` is its coroutine."""
    return Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            http=BoundedProtocol,
            loop="uvloop",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=GRACE_S,
        )
    )
