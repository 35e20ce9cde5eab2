"""Principals and connections as these tests need them."""

from types import SimpleNamespace
from typing import Any
from uuid import uuid4

from starlette.requests import HTTPConnection, Request

from api.access.principal import Principal
from api.config import ApiConfig, IdentityConfig
from market.sources import Feed
from tests.api.conftest import NOW_US
from tests.api.harness import NO_REDIS, NOWHERE, Hands

NOW_S = NOW_US / 1_000_000


def principal(**others: Any) -> Principal:
    """A principal of a session that lasts for another 15 minutes."""
    said: dict[str, Any] = {
        "user_id": uuid4(),
        "session_id": uuid4(),
        "api_key_id": None,
        "email": "ann@example.com",
        "role": "user",
        "scopes": frozenset({"market:read"}),
        "issued_at_s": NOW_S,
        "expires_at_s": NOW_S + 900,
        "by": "bearer",
    }
    return Principal(**(said | others))


def connection(
    identity: IdentityConfig | None = None, *, method: str = "GET", **headers: str
) -> HTTPConnection:
    """A request with these headers; underscores are hyphens."""
    config = ApiConfig(
        NOWHERE,
        NO_REDIS,
        Feed.SIMULATED,
        clock=Hands(NOW_US),
        identity=identity or IdentityConfig.for_tests(),
    )
    state = SimpleNamespace(config=config, trusted_proxies=())
    return Request(
        {
            "type": "http",
            "method": method,
            "app": SimpleNamespace(state=state),
            "client": ("203.0.113.9", 50_000),
            "state": {"request_id": "req_1"},
            "headers": [
                (name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()
            ],
        }
    )
