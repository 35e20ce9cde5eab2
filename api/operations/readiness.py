"""What must answer before the service can serve."""

import asyncio
from functools import lru_cache

from api.services import ServiceSet
from storage.errors import StorageError
from storage.migrate import head
from storage.revision import revision

OK = "ok"


async def checks(services: ServiceSet) -> dict[str, str]:
    """By part `ok`, or in a word what is wrong with it; answers within 2 s."""
    (database, migrations), cache = await asyncio.gather(_database(services), _cache(services))
    return {"database": database, "migrations": migrations, "redis": cache}


async def _database(services: ServiceSet) -> tuple[str, str]:
    try:
        found = await services.database.read(revision)
    except StorageError:
        return "unavailable", "unknown"
    expected = await asyncio.to_thread(_head)
    return OK, OK if found == expected else "pending"


async def _cache(services: ServiceSet) -> str:
    try:
        await services.cache.ping()
    except StorageError:
        return "unavailable"
    return OK


@lru_cache(maxsize=1)
def _head() -> str:
    return head()
