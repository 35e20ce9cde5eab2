"""How often one caller may ask: counted in Redis, for all processes together."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

from fastapi import Depends, Request
from starlette.requests import HTTPConnection

from api.access.client import client_address, limited_network
from api.access.errors import RateLimitedError
from storage.errors import CacheUnavailableError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Allowance:
    """`most` requests in `per_s` seconds. `strict`: none at all while nobody can count them."""

    most: int
    per_s: int
    strict: bool


ALLOWANCES = {
    "auth": Allowance(most=60, per_s=60, strict=True),
    "heavy": Allowance(most=1_200, per_s=60, strict=False),
}


def caller(request: HTTPConnection) -> str:
    """Who is counted: the principal where a guard found one, else the client's address or /64."""
    principal = request.scope["state"].get("principal")
    if principal is not None:
        return f"user:{principal.user_id}"
    return limited_network(client_address(request))


def rate_limited(kind: Literal["auth", "heavy"]) -> Any:
    """What a route depends on whose requests are counted: `dependencies=[rate_limited("auth")]`.

    RateLimitedError beyond the allowance of that kind; CacheUnavailableError where a strict one cannot
    be counted. Every answer says in RateLimit headers what is left.
    """
    return Depends(_counter(kind))


def _counter(kind: str) -> Callable[[Request], Awaitable[None]]:
    async def count(request: Request) -> None:
        allowance = ALLOWANCES[kind]
        services = request.app.state.services
        if not services.config.identity.rates:
            return
        try:
            rate = await services.rates.hit(
                kind, caller(request), most=allowance.most, per_s=allowance.per_s
            )
        except CacheUnavailableError as error:
            if allowance.strict:
                raise
            _log.warning("requests are not counted: %s", error)
            return
        request.scope["state"]["answer_headers"] = [
            (b"ratelimit-limit", str(rate.limit).encode()),
            (b"ratelimit-remaining", str(rate.remaining).encode()),
            (b"ratelimit-reset", str(rate.reset_s).encode()),
        ]
        if not rate.allowed:
            raise RateLimitedError(max(1, rate.reset_s))

    return count
