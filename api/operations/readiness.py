"""What must answer before the service can serve."""

import asyncio

from api.services import ServiceSet
from storage.errors import StorageError
from storage.revision import HEAD, revision

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
    return OK, OK if found == HEAD else "pending"


async def _cache(services: ServiceSet) -> str:
    try:
        await services.cache.ping()
    except StorageError:
        return "unavailable"
    return OK
