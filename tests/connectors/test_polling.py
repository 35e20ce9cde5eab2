"""The poller: in turns, durable first, nothing twice, and the provider's word wins."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from connectors.answers import Answer, Request
from connectors.backoff import Backoff
from connectors.errors import (
    AppendError,
    BadKeyError,
    BurstError,
    ConnectorError,
    PremiumError,
    QuotaExceededError,
    TransientError,
    UnknownAtProviderError,
)
from connectors.polling import QUOTA_REST_S, REST_S, Poller
from market.log import LogEntry
from tests.connectors.support import NOW_US, Hands, MemoryWriter

A, B = Request("latest", "a", "http://x"), Request("latest", "b", "http://x")
Step = bytes | ConnectorError


class Script:
    """Answers in order; stops the poller when they are used up."""

    def __init__(self, *steps: Step, takes_s: float = 0.0) -> None:
        self.hands = Hands()
        self.asked: list[tuple[str, float]] = []
        self.stepped_us = 0
        self._steps = list(steps)
        self._takes_s = takes_s

    async def fetch(self, request: Request) -> Answer:
        if not self._steps:
            raise asyncio.CancelledError
        self.asked.append((request.context, (self.hands.now_us - NOW_US) / 1e6))
        self.hands.now_us += round(self._takes_s * 1e6)
        self.hands.stepped_us = self.stepped_us
        step = self._steps.pop(0)
        if isinstance(step, ConnectorError):
            raise step
        return Answer(200, step, self.hands.clock())

    async def run(self, requests: Sequence[Request], spacing_s: float = 10.0) -> MemoryWriter:
        writer = MemoryWriter()
        poller = Poller(
            self.fetch,
            requests,
            writer,
            spacing_s=spacing_s,
            backoff=Backoff(first_s=1.0, longest_s=4.0, uniform=lambda _, high: high),
            clock=self.hands.clock,
            monotonic=self.hands.monotonic,
            sleep=self.hands.sleep,
        )
        assert not poller.ready.is_set()
        with pytest.raises(asyncio.CancelledError):
            await poller.run()
        assert poller.ready.is_set()
        return writer


async def test_requests_are_asked_for_in_turns() -> None:
    script = Script(b"1", b"2", b"3", b"4")
    writer = await script.run([A, B])
    assert script.asked == [("a", 0), ("b", 10), ("a", 20), ("b", 30)]
    assert [(each.context, each.payload) for each in writer.log.records] == [
        ("a", b"1"),
        ("b", b"2"),
        ("a", b"3"),
        ("b", b"4"),
    ]
    assert writer.log.records[1].received_us == NOW_US + 10_000_000


async def test_a_slow_answer_does_not_stretch_the_spacing() -> None:
    script = Script(b"1", b"2", b"3", takes_s=4.0)
    await script.run([A])
    assert [at_s for _, at_s in script.asked] == [0, 10, 20]


@pytest.mark.parametrize("step_us", [-3_600_000_000, 3_600_000_000])
async def test_a_clock_that_is_set_changes_no_spacing_and_no_rest(step_us: int) -> None:
    script = Script(PremiumError("fixer", "a"), b"1", TransientError("fixer", "lost", 20.0), b"2")
    script.stepped_us = step_us
    writer = await script.run([A, B])
    assert script.asked == [("a", 0), ("b", 10), ("b", 20), ("b", 40)]
    assert writer.log.records[0].received_us == NOW_US + 10_000_000 + step_us


async def test_every_request_rests_alike_when_the_clock_is_set_back() -> None:
    script = Script(PremiumError("fixer", "a"), b"1")
    script.stepped_us = -3_600_000_000
    await script.run([A])
    assert script.asked == [("a", 0), ("a", REST_S)]


async def test_an_unchanged_body_is_appended_once() -> None:
    script = Script(b"1", b"1", b"1", b"2", b"2", b"1")
    writer = await script.run([A])
    assert [each.payload for each in writer.log.records] == [b"1", b"2", b"1"]


async def test_equal_bodies_of_different_requests_are_both_appended() -> None:
    writer = await Script(b"1", b"1").run([A, B])
    assert [each.context for each in writer.log.records] == ["a", "b"]


async def test_failures_in_a_row_back_off_and_success_forgets_them() -> None:
    lost = TransientError("fixer", "no answer in time")
    script = Script(lost, lost, lost, lost, b"1", lost, b"2")
    await script.run([A], spacing_s=0.0)
    assert [at_s for _, at_s in script.asked] == [0, 1, 3, 7, 11, 11, 12]


@pytest.mark.parametrize(
    ("error", "pause_s"),
    [
        (BurstError("fixer", 53.0), 53.0),
        (TransientError("fixer", "HTTP 503", 20.0), 20.0),
        (QuotaExceededError("fixer", NOW_US + 3_600_000_000), 3_600.0),
        (QuotaExceededError("fixer", None), QUOTA_REST_S),
        (BadKeyError("fixer"), REST_S),
    ],
)
async def test_the_providers_word_wins(error: ConnectorError, pause_s: float) -> None:
    script = Script(error, b"1")
    await script.run([A, B])
    assert script.asked == [("a", 0), ("b", pause_s)]


async def test_a_retry_after_shorter_than_the_spacing_changes_nothing() -> None:
    script = Script(BurstError("fixer", 1.0), b"1")
    await script.run([A])
    assert [at_s for _, at_s in script.asked] == [0, 10]


@pytest.mark.parametrize("kind", [PremiumError, UnknownAtProviderError])
async def test_a_refused_request_rests_and_the_others_go_on(
    kind: Callable[[str, str], ConnectorError],
) -> None:
    script = Script(kind("fixer", "a"), b"1", b"2", b"3")
    await script.run([A, B])
    assert script.asked == [("a", 0), ("b", 10), ("b", 20), ("b", 30)]


async def test_when_every_request_rests_the_poller_sleeps_until_the_first_wakes() -> None:
    script = Script(PremiumError("fixer", "a"), b"1")
    await script.run([A])
    assert script.asked == [("a", 0), ("a", REST_S)]


async def test_a_log_that_does_not_take_the_answer_ends_the_poller() -> None:
    class Broken:
        async def append(self, entries: Sequence[LogEntry]) -> None:
            raise AppendError("fixer-0")

    script = Script(b"1")
    with pytest.raises(AppendError):
        await Poller(script.fetch, [A], Broken(), spacing_s=1.0, sleep=script.hands.sleep).run()


async def test_nothing_to_ask_is_nothing_to_do() -> None:
    await Poller(Script().fetch, [], MemoryWriter(), spacing_s=1.0).run()
