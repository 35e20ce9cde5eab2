"""What is missing is fetched a few at a time, and given up where there is no hope."""

import asyncio
from collections.abc import Sequence

import pytest

from connectors.answers import Answer, Request
from connectors.backfilling import backfill
from connectors.errors import (
    AppendError,
    BadKeyError,
    BurstError,
    ConnectorError,
    MalformedError,
    NotYetError,
    PremiumError,
    QuotaExceededError,
    TransientError,
    UnknownAtProviderError,
)
from market.log import LogEntry, LogWriter
from tests.connectors.support import NOW_US, Hands, MemoryWriter

REQUESTS = [Request("klines", str(number), "http://x") for number in range(10)]


class Provider:
    """Fails as told for each request's context, then answers; counts calls and how many at once."""

    def __init__(self, failures: dict[str, list[ConnectorError]] | None = None) -> None:
        self.failures = failures or {}
        self.asked: list[str] = []
        self.at_once = 0
        self.most_at_once = 0

    async def fetch(self, request: Request) -> Answer:
        self.asked.append(request.context)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        failures = self.failures.get(request.context)
        if failures:
            raise failures.pop(0)
        return Answer(200, request.context.encode(), NOW_US)


async def fill(
    provider: Provider, requests: Sequence[Request], writer: LogWriter, concurrency: int = 4
) -> int:
    """Backfill without real waits."""
    hands = Hands()
    return await backfill(
        provider.fetch,
        requests,
        writer,
        concurrency=concurrency,
        clock=hands.clock,
        sleep=hands.sleep,
    )


class TestBackfill:
    async def test_every_answer_is_appended_and_few_are_asked_at_once(self) -> None:
        provider, writer = Provider(), MemoryWriter()
        assert await fill(provider, REQUESTS, writer, concurrency=3) == 10
        assert sorted(each.context for each in writer.log.records) == [str(n) for n in range(10)]
        assert {each.received_us for each in writer.log.records} == {NOW_US}
        assert provider.most_at_once == 3

    @pytest.mark.parametrize(
        "error",
        [
            PremiumError("x", "y"),
            BadKeyError("x"),
            QuotaExceededError("x", None),
            QuotaExceededError("x", 2**60),
        ],
    )
    async def test_the_first_refusal_of_the_plan_ends_it(self, error: ConnectorError) -> None:
        provider = Provider({"0": [error]})
        assert await fill(provider, REQUESTS, MemoryWriter()) == 0
        assert provider.asked == ["0"]

    async def test_a_quota_that_ends_on_the_way_ends_the_rest(self) -> None:
        provider = Provider({"3": [QuotaExceededError("x", None)]})
        came = await fill(provider, REQUESTS, MemoryWriter(), concurrency=1)
        assert came == 3
        assert provider.asked == ["0", "1", "2", "3"]

    async def test_what_is_transient_is_tried_again(self) -> None:
        failures: list[ConnectorError] = [TransientError("x", "HTTP 503"), BurstError("x", 0.0)]
        provider = Provider({"0": failures})
        assert await fill(provider, REQUESTS[:1], MemoryWriter()) == 1
        assert provider.asked == ["0", "0", "0"]

    @pytest.mark.parametrize(
        "error",
        [
            TransientError("x", "HTTP 503"),
            MalformedError("x", "HTTP 302"),
            NotYetError("x", NOW_US + 3_600_000_000),
            QuotaExceededError("x", NOW_US + 60_000_000),
        ],
    )
    async def test_what_a_provider_owes_is_asked_for_until_it_comes(
        self, error: ConnectorError
    ) -> None:
        provider, writer = Provider({"1": [error] * 100}), MemoryWriter()
        assert await fill(provider, REQUESTS[:3], writer) == 3
        assert sorted(each.context for each in writer.log.records) == ["0", "1", "2"]

    async def test_that_it_waits_is_told_once(self, caplog: pytest.LogCaptureFixture) -> None:
        failures: list[ConnectorError] = [TransientError("x", "HTTP 503")] * 9
        assert await fill(Provider({"0": failures}), REQUESTS[:1], MemoryWriter()) == 1
        assert [each.getMessage() for each in caplog.records] == ["a history waits: x: HTTP 503"]

    async def test_what_is_unknown_is_left_out(self) -> None:
        provider = Provider({"1": [UnknownAtProviderError("x", "1")]})
        writer = MemoryWriter()
        assert await fill(provider, REQUESTS[:4], writer) == 3
        assert sorted(each.context for each in writer.log.records) == ["0", "2", "3"]

    async def test_a_log_that_fails_ends_it(self) -> None:
        class Broken:
            async def append(self, entries: Sequence[LogEntry]) -> None:
                raise AppendError("binance-backfill")

        with pytest.raises(AppendError):
            await backfill(Provider().fetch, REQUESTS, Broken())

    async def test_nothing_missing_is_nothing_to_do(self) -> None:
        assert await backfill(Provider().fetch, [], MemoryWriter()) == 0
