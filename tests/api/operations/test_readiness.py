"""What must answer before the service can serve."""

from api.config import ApiConfig
from api.operations.readiness import checks
from api.services import ServiceSet
from tests.api.harness import NO_REDIS


async def test_each_part_is_judged_by_itself(config: ApiConfig) -> None:
    services = ServiceSet.of(ApiConfig(config.database_url, NO_REDIS, config.feed))
    assert await checks(services) == {
        "database": "ok",
        "migrations": "ok",
        "redis": "unavailable",
    }
    await services.database.close()
