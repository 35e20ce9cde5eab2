"""The poller: most wanted first, durable first, nothing twice, and the provider's word wins."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import httpx2
import pytest

from connectors.answers import Answer, Request
from connectors.backoff import Backoff
from connectors.breaker import Breaker
from connectors.connector import Endpoint, Poll
from connectors.errors import (
    AppendError,
    BadKeyError,
    BurstError,
    ConnectorError,
    NotYetError,
    PremiumError,
    QuotaExceededError,
    TransientError,
    UnknownAtProviderError,
)
from connectors.fetching import QUOTA_REST_S, Fetcher
from connectors.polling import REST_S, Poller
from market.log import LogEntry
from market.quotas import Budget, Limit, Period
from storage.quotas import QuotaLedger
from tests.connectors.ledgers import BUDGET, ToldLedger
from tests.connectors.support import NOW_US, Asked, Hands, MemoryWriter, http_server, us

Step = bytes | ConnectorError | Answer
A, B = (
    Poll(Request("latest", name, "http://x"), frozenset({id_}), 20.0)
    for id_, name in enumerate("ab")
)


@dataclass
class Wanted:
    """What is wanted, as told."""

    now: Mapping[int, float] = field(default_factory=dict)

    async def wanted(self) -> Mapping[int, float]:
        return self.now


class Script:
    """Answers in order; stops the poller when they are used up."""

    def __init__(self, *steps: Step, takes_s: float = 0.0) -> None:
        self.hands = Hands()
        self.asked: list[tuple[str, float]] = []
        self.stepped_us = 0
        self.wants = Wanted()
        self.ledger = ToldLedger()
        self.breaker = Breaker(threshold=1_000)
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
        return step if isinstance(step, Answer) else Answer(200, step, self.hands.clock())

    async def run(self, *polls: Poll) -> MemoryWriter:
        writer = MemoryWriter()
        poller = Poller(
            self.fetch,
            polls,
            writer,
            wants=self.wants,
            ledger=self.ledger,
            budget=BUDGET,
            backoff=Backoff(first_s=1.0, longest_s=4.0, uniform=lambda _, high: high),
            breaker=self.breaker,
            clock=self.hands.clock,
            monotonic=self.hands.monotonic,
            sleep=self.hands.sleep,
        )
        assert not poller.ready.is_set()
        with pytest.raises(asyncio.CancelledError):
            await poller.run()
        assert poller.ready.is_set()
        return writer


async def test_each_poll_is_asked_as_often_as_it_is_worth_it() -> None:
    script = Script(b"1", b"2", b"3", b"4", b"5")
    writer = await script.run(A, replace(B, every_s=30.0))
    assert script.asked == [("a", 0), ("b", 0), ("a", 20), ("b", 30), ("a", 40)]
    assert [(each.context, each.payload) for each in writer.log.records[:3]] == [
        ("a", b"1"),
        ("b", b"2"),
        ("a", b"3"),
    ]
    assert writer.log.records[2].received_us == NOW_US + 20_000_000


async def test_what_is_wanted_is_asked_first() -> None:
    script = Script(b"1", b"2")
    script.wants.now = {1: 1.0}
    await script.run(A, B)
    assert [name for name, _ in script.asked] == ["b", "a"]


async def test_a_slow_answer_does_not_stretch_the_interval() -> None:
    script = Script(b"1", b"2", b"3", takes_s=4.0)
    await script.run(A)
    assert [at_s for _, at_s in script.asked] == [0, 20, 40]


async def test_the_ledger_hears_when_the_next_is_due() -> None:
    script = Script(b"1", BadKeyError("fixer"))
    await script.run(A)
    assert script.ledger.noted[0] == ("ok", NOW_US + 20_000_000)
    said, next_us = script.ledger.noted[1]
    assert (said, next_us) == (
        str(BadKeyError("fixer")),
        NOW_US + 20_000_000 + round(REST_S * 1e6),
    )


@pytest.mark.parametrize("step_us", [-3_600_000_000, 3_600_000_000])
async def test_a_clock_that_is_set_changes_no_interval_and_no_rest(step_us: int) -> None:
    script = Script(PremiumError("fixer", "a"), b"1", TransientError("fixer", "lost", 30.0), b"2")
    script.stepped_us = step_us
    writer = await script.run(A, B)
    assert script.asked == [("a", 0), ("b", 0), ("b", 20), ("b", 50)]
    assert writer.log.records[0].received_us == NOW_US + step_us


async def test_an_unchanged_answer_is_appended_once() -> None:
    script = Script(b"1", b"1", Answer(304, b"", NOW_US), b"1", b"2", b"2", b"1")
    writer = await script.run(A)
    assert [each.payload for each in writer.log.records] == [b"1", b"2", b"1"]


async def test_a_poll_may_know_better_what_is_unchanged() -> None:
    script = Script(b"1 noon", b"1 later", b"2 later")
    writer = await script.run(replace(A, same=lambda before, now: before[:1] == now[:1]))
    assert [each.payload for each in writer.log.records] == [b"1 noon", b"2 later"]


async def test_equal_answers_of_different_polls_are_both_appended() -> None:
    writer = await Script(b"1", b"1").run(A, B)
    assert [each.context for each in writer.log.records] == ["a", "b"]


async def test_failures_in_a_row_back_off_and_success_forgets_them() -> None:
    lost = TransientError("fixer", "no answer in time")
    script = Script(lost, lost, lost, lost, b"1", lost, b"2")
    await script.run(replace(A, every_s=0.0))
    assert [at_s for _, at_s in script.asked] == [0, 1, 3, 7, 11, 11, 12]


async def test_what_fails_again_and_again_is_left_alone_and_probed() -> None:
    lost = TransientError("fixer", "no answer in time")
    script = Script(lost, lost, lost, b"1", lost)
    script.breaker = Breaker(threshold=2, rest_s=60.0, uniform=lambda low, _: low)
    await script.run(replace(A, every_s=5.0))
    assert [at_s for _, at_s in script.asked] == [0, 1, 61, 121, 126]


@pytest.mark.parametrize(
    ("error", "pause_s"),
    [
        (BurstError("fixer", 53.0), 53.0),
        (BurstError("fixer", 0.0), 1.0),
        (TransientError("fixer", "HTTP 503", 20.0), 20.0),
        (QuotaExceededError("fixer", NOW_US + 3_600_000_000), 3_600.0),
        (QuotaExceededError("fixer", None), QUOTA_REST_S),
        (QuotaExceededError("fixer", NOW_US), QUOTA_REST_S),
        (BadKeyError("fixer"), REST_S),
    ],
)
async def test_the_providers_word_wins(error: ConnectorError, pause_s: float) -> None:
    script = Script(error, b"1")
    await script.run(A, B)
    assert script.asked == [("a", 0), ("b", pause_s)]


async def test_until_a_call_is_granted_nothing_has_failed_and_then_the_wants_decide(
    caplog: pytest.LogCaptureFixture,
) -> None:
    script = Script(NotYetError("fixer", NOW_US + 60_000_000), b"1")

    async def sleep(seconds: float) -> None:
        script.wants.now = {1: 1.0}
        script.hands.now_us += round(seconds * 1e6)

    script.hands.sleep = sleep  # type: ignore[method-assign]  # somebody looks while it waits
    await script.run(A, B)
    assert script.asked == [("a", 0), ("b", 60)]
    assert (caplog.text, script.ledger.noted[0][0]) == ("", "ok")


@pytest.mark.parametrize("kind", [PremiumError, UnknownAtProviderError])
async def test_a_refused_request_rests_and_the_others_go_on(
    kind: Callable[[str, str], ConnectorError],
) -> None:
    script = Script(kind("fixer", "a"), b"1", b"2", b"3")
    await script.run(A, B)
    assert script.asked == [("a", 0), ("b", 0), ("b", 20), ("b", 40)]


async def test_when_every_request_rests_the_poller_sleeps_until_the_first_wakes() -> None:
    script = Script(PremiumError("fixer", "a"), b"1")
    await script.run(A)
    assert script.asked == [("a", 0), ("a", REST_S)]


async def test_a_log_that_does_not_take_the_answer_ends_the_poller() -> None:
    class Broken:
        async def append(self, entries: Sequence[LogEntry]) -> None:
            raise AppendError("fixer-0")

    script = Script(b"1")
    with pytest.raises(AppendError):
        await Poller(
            script.fetch, [A], Broken(), wants=Wanted(), ledger=script.ledger, budget=BUDGET
        ).run()


async def test_nothing_to_ask_is_nothing_to_do() -> None:
    await Poller(
        Script().fetch, [], MemoryWriter(), wants=Wanted(), ledger=ToldLedger(), budget=BUDGET
    ).run()


async def test_a_day_of_25_calls_over_http_asks_most_for_what_is_wanted(
    database_url: str, redis_url: str
) -> None:
    hands, asked = Hands(us("2026-11-24T00:00:00")), Counter[str]()
    end_us = us("2026-11-25T00:00:00")
    budget = Budget("alphavantage", "ab", (Limit(25, Period.DAY), Limit(1, Period.SECOND)))

    def respond(each: Asked) -> tuple[int, dict[str, str], bytes]:
        asked[each.query["symbol"]] += 1
        return 200, {}, str(hands.now_us).encode()

    async def sleep(seconds: float) -> None:
        if hands.now_us + seconds * 1e6 >= end_us:
            raise asyncio.CancelledError
        hands.sleep_now(seconds)

    ledger = QuotaLedger(database_url, redis_url, clock=hands.clock)
    endpoint = Endpoint(lambda _answer, _request: None)
    async with http_server(respond) as url, httpx2.AsyncClient(trust_env=False) as http:
        polls = [
            Poll(Request("QUOTE", "", url, {"symbol": str(id_)}), frozenset({id_}), 60.0)
            for id_ in range(15)
        ]
        fetcher = Fetcher(
            "alphavantage", endpoint, http, ledger=ledger, budget=budget, clock=hands.clock
        )
        poller = Poller(
            fetcher.fetch,
            polls,
            MemoryWriter(),
            wants=Wanted({3: 2.0, 7: 1.0}),
            ledger=ledger,
            budget=budget,
            clock=hands.clock,
            monotonic=hands.monotonic,
            sleep=sleep,
        )
        with pytest.raises(asyncio.CancelledError):
            await poller.run()
    await ledger.close()
    assert 23 <= asked.total() <= 25
    assert asked.most_common(1)[0][0] == "3"
    assert len(asked) == 15
