"""What the requests share: started together, ended together, none dies of an error."""

import asyncio
import logging

import pytest

from api.config import ApiConfig
from api.services import ServiceSet
from market.sources import Feed
from tests.api.harness import NO_REDIS, NOWHERE


async def test_they_end_with_their_context_and_end_the_streams() -> None:
    services = ServiceSet.of(ApiConfig(NOWHERE, NO_REDIS, Feed.LIVE))
    before = asyncio.all_tasks()
    async with services.running():
        client = services.hub.subscribe(frozenset({1}))
        assert len(asyncio.all_tasks() - before) == 6
    assert await client.next() is None
    assert asyncio.all_tasks() == before


async def test_an_error_that_nobody_expected_ends_no_background_task(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("api.services._RESTART_AFTER_S", 0.0)
    services = ServiceSet.of(ApiConfig(NOWHERE, NO_REDIS, Feed.LIVE))
    calls = asyncio.Semaphore(0)

    async def fail(_: object) -> None:
        calls.release()
        raise RuntimeError("unexpected")

    monkeypatch.setattr(type(services.hub), "run", fail)
    with caplog.at_level(logging.ERROR, "api.services"):
        async with services.running():
            for _ in range(3):
                await calls.acquire()
    assert "hub failed and starts again" in caplog.text
