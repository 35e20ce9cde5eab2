"""Whether the servers of the user's own answer, asked before anything is started."""

import asyncio

from storage.live_reader import LiveReader
from storage.pools import ReadPool
from storage.revision import revision
from tradewind.settings import Settings


def require_servers(settings: Settings) -> None:
    """Raise a StorageError where a server that is not ours to start does not answer, within seconds."""
    asyncio.run(_require(settings))


async def _require(settings: Settings) -> None:
    if settings.database_url is not None:
        database = ReadPool(settings.database_url)
        try:
            await database.read(revision)
        finally:
            await database.close()
    if settings.redis_url is not None:
        cache = LiveReader(settings.redis_url, settings.feed_class)
        try:
            await cache.ping()
        finally:
            await cache.close()
