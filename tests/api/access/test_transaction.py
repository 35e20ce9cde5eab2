"""One request, one transaction: what a refusal takes back, and what it leaves."""

from types import SimpleNamespace
from uuid import uuid4

import pytest
from fastapi import Request

from api.access.errors import ConflictError, InvalidCodeError
from api.access.transaction import open_transaction
from api.services import ServiceSet
from market.clock import datetime_of
from storage.identity import revocations
from storage.pools import Connection


async def run(services: ServiceSet, refusal: Exception | None) -> None:
    app = SimpleNamespace(state=SimpleNamespace(services=services))
    opened = open_transaction(Request({"type": "http", "app": app, "headers": []}))
    connection: Connection = await anext(opened)
    now = datetime_of(services.config.clock())
    await revocations.add(connection, kind="session", subject=uuid4(), reason="test", now=now)
    if refusal is not None:
        await opened.athrow(refusal)
    else:
        with pytest.raises(StopAsyncIteration):
            await anext(opened)


async def written(services: ServiceSet) -> int:
    rows = await services.database.read(revocations.since, datetime_of(0))
    return len(rows)


async def test_it_is_committed_at_the_end(services: ServiceSet) -> None:
    await run(services, None)
    assert await written(services) == 1


async def test_an_error_takes_everything_back(services: ServiceSet) -> None:
    with pytest.raises(ConflictError):
        await run(services, ConflictError("no"))
    assert await written(services) == 0


async def test_a_kept_refusal_is_raised_after_the_commit(services: ServiceSet) -> None:
    with pytest.raises(InvalidCodeError):
        await run(services, InvalidCodeError())
    assert await written(services) == 1
