"""Bounded connections to Redis, and answers within a bound."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from storage.errors import CacheUnavailableError

ANSWER_WITHIN_S = 1.8
MOST_CONNECTIONS = 16


def cache_connections(redis_url: str) -> redis.asyncio.BlockingConnectionPool:
    """At most MOST_CONNECTIONS, opened when they are needed; whoever finds none waits."""
    pool: redis.asyncio.BlockingConnectionPool = redis.asyncio.BlockingConnectionPool.from_url(
        redis_url,
        max_connections=MOST_CONNECTIONS,
        timeout=ANSWER_WITHIN_S,
        # Its own bound takes a cancellation for an answer at times (`asyncio.wait_for` of 3.11).
        socket_timeout=None,
        socket_connect_timeout=ANSWER_WITHIN_S,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )
    return pool


@asynccontextmanager
async def cache_answer() -> AsyncIterator[None]:
    """CacheUnavailableError where what is asked in this block fails, or is not answered in time."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            yield
    except TimeoutError as error:
        raise CacheUnavailableError(f"no answer in {ANSWER_WITHIN_S} s") from error
    except (RedisError, OSError) as error:
        raise CacheUnavailableError(str(error) or type(error).__name__) from error
