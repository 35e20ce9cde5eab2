"""One GET: when it is granted, what is sent, what is bounded, and what every failure becomes."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest

from connectors.answers import Answer, Request
from connectors.connector import Check, Endpoint
from connectors.errors import (
    BadKeyError,
    BurstError,
    ConnectorError,
    MalformedError,
    NotYetError,
    QuotaExceededError,
    TransientError,
    UnknownAtProviderError,
)
from connectors.fetching import MOST_VALIDATORS, QUOTA_REST_S, Fetcher
from market.quotas import Grant
from tests.connectors.ledgers import BUDGET, ToldLedger
from tests.connectors.support import NOW_US, Asked, Hands, http_server

CANARY = "sEcReTkEy"
Reply = tuple[int, dict[str, str], bytes]


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(trust_env=False) as client:
        yield client


def accept(answer: Answer, request: str) -> None:
    """No answer is an error."""


def refuse(error: ConnectorError) -> Check:
    """Every answer means this."""

    def check(answer: Answer, request: str) -> None:
        raise error

    return check


@dataclass
class Desk:
    """A fetcher with its ledger and a clock that stands still."""

    http: httpx2.AsyncClient
    check: Check = accept
    hands: Hands = field(default_factory=Hands)
    ledger: ToldLedger = field(default_factory=ToldLedger)

    def fetcher(self, **options: Any) -> Fetcher:
        return Fetcher(
            "fixer",
            Endpoint(self.check, secrets={"access_key": CANARY}, headers={"x-other": "1"}),
            self.http,
            ledger=self.ledger,
            budget=BUDGET,
            clock=self.hands.clock,
            monotonic=self.hands.monotonic,
            sleep=self.hands.sleep,
            **options,
        )


def request(url: str, base: str = "EUR") -> Request:
    return Request("latest", "", f"{url}/api/latest", {"base": base})


async def test_an_answer_comes_whole(http: httpx2.AsyncClient) -> None:
    asked: list[Asked] = []

    def respond(each: Asked) -> Reply:
        asked.append(each)
        return 200, {"Retry-After": "7"}, b'{"a":1}'

    desk = Desk(http)
    async with http_server(respond) as url:
        answer = await desk.fetcher().fetch(request(url))
    assert answer == Answer(200, b'{"a":1}', NOW_US, 7.0)
    assert asked[0].path == "/api/latest"
    assert asked[0].query == {"base": "EUR", "access_key": CANARY}
    assert asked[0].headers["accept"] == "application/json"
    assert asked[0].headers["x-other"] == "1"
    assert (desk.ledger.noted, desk.ledger.blocked) == ([("ok", None)], [])


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", None),
        ("-1", None),
        ("Wed, 21 Oct", None),
        ("9" * 9, 86_400.0),
        ("Tue, 24 Nov 2026 12:00:53 GMT", 53.0),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0.0),
        ("Wed, 24 Nov 9999 12:00:00 GMT", 86_400.0),
    ],
)
async def test_retry_after_is_read_with_care(
    http: httpx2.AsyncClient, text: str, seconds: float | None
) -> None:
    async with http_server(lambda _: (200, {"Retry-After": text}, b"{}")) as url:
        assert (await Desk(http).fetcher().fetch(request(url))).retry_after_s == seconds


class TestGrant:
    async def test_a_short_wait_is_waited_for(self, http: httpx2.AsyncClient) -> None:
        desk = Desk(http)
        desk.ledger.answers = [Grant(False, NOW_US + 2_000_000), Grant(False, NOW_US + 2_000_000)]
        async with http_server(lambda _: (200, {}, b"{}")) as url:
            answer = await desk.fetcher(spread=False).fetch(request(url))
        assert answer.received_us == NOW_US + 2_001_000
        assert desk.ledger.taken == [False] * 3

    async def test_for_a_long_one_nothing_is_asked(self, http: httpx2.AsyncClient) -> None:
        asked: list[Asked] = []

        def respond(each: Asked) -> Reply:
            asked.append(each)
            return 200, {}, b"{}"

        desk = Desk(http)
        desk.ledger.answers = [Grant(False, NOW_US + 5_000_001)]
        async with http_server(respond) as url:
            with pytest.raises(NotYetError) as caught:
                await desk.fetcher().fetch(request(url))
        assert caught.value.until_us == NOW_US + 5_000_001
        assert str(caught.value).startswith("fixer: no call is granted before 2026-11-24T12:00:05")
        assert (asked, desk.ledger.noted, desk.ledger.blocked) == ([], [], [])


class TestOutcome:
    @pytest.mark.parametrize(
        ("error", "rest_s"),
        [
            (BurstError("fixer", 53.0), 53.0),
            (TransientError("fixer", "HTTP 503", 20.0), 20.0),
            (QuotaExceededError("fixer", NOW_US + 9_000_000), 9.0),
            (QuotaExceededError("fixer", None), QUOTA_REST_S),
        ],
    )
    async def test_what_the_provider_says_holds_for_all(
        self, http: httpx2.AsyncClient, error: ConnectorError, rest_s: float
    ) -> None:
        desk = Desk(http, refuse(error))
        async with http_server(lambda _: (200, {}, b"{}")) as url:
            with pytest.raises(type(error)):
                await desk.fetcher().fetch(request(url))
        assert desk.ledger.blocked == [NOW_US + round(rest_s * 1e6)]
        assert desk.ledger.noted == [(str(error), None)]

    async def test_a_retry_after_holds_whatever_the_answer_means(
        self, http: httpx2.AsyncClient
    ) -> None:
        desk = Desk(http, refuse(MalformedError("fixer", "no JSON")))
        async with http_server(lambda _: (429, {"Retry-After": "30"}, b"<html>")) as url:
            with pytest.raises(MalformedError):
                await desk.fetcher().fetch(request(url))
        assert desk.ledger.blocked == [NOW_US + 30_000_000]

    async def test_other_failures_hold_nobody_back(self, http: httpx2.AsyncClient) -> None:
        desk = Desk(http, refuse(UnknownAtProviderError("fixer", "latest")))
        async with http_server(lambda _: (200, {}, b"{}")) as url:
            with pytest.raises(UnknownAtProviderError):
                await desk.fetcher().fetch(request(url))
        assert desk.ledger.blocked == []


class Origin:
    """A server whose answer has validators, and that says so when nothing has changed."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.tag = '"a"'

    def respond(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        if asked.headers.get("if-none-match") == self.tag:
            return 304, {}, b""
        return 200, {"ETag": self.tag, "Last-Modified": "yesterday"}, self.tag.encode()

    @property
    def conditions(self) -> list[tuple[str | None, str | None]]:
        headers = [each.headers for each in self.asked]
        return [(each.get("if-none-match"), each.get("if-modified-since")) for each in headers]


class TestConditions:
    async def test_only_what_has_changed_is_asked_for(self, http: httpx2.AsyncClient) -> None:
        origin, desk = Origin(), Desk(http)
        fetcher = desk.fetcher()
        async with http_server(origin.respond) as url:
            first = await fetcher.fetch(request(url))
            desk.check = refuse(MalformedError("fixer", "a 304 is not checked"))
            second = await fetcher.fetch(request(url))
            origin.tag = '"b"'
            third = await fetcher.fetch(request(url))
            await fetcher.fetch(request(url, base="USD"))
        assert (first.body, third.body) == (b'"a"', b'"b"')
        assert second == Answer(304, b"", NOW_US)
        condition = ('"a"', "yesterday")
        assert origin.conditions == [(None, None), condition, condition, (None, None)]

    async def test_an_answer_that_meant_a_failure_is_asked_for_anew(
        self, http: httpx2.AsyncClient
    ) -> None:
        origin = Origin()
        fetcher = Desk(http, refuse(BadKeyError("fixer"))).fetcher()
        async with http_server(origin.respond) as url:
            for _ in range(2):
                with pytest.raises(BadKeyError):
                    await fetcher.fetch(request(url))
        assert origin.conditions == [(None, None)] * 2

    async def test_history_is_asked_for_whole(self, http: httpx2.AsyncClient) -> None:
        origin = Origin()
        fetcher = Desk(http).fetcher(spread=False)
        async with http_server(origin.respond) as url:
            answers = [await fetcher.fetch(request(url)) for _ in range(2)]
        assert [each.status for each in answers] == [200, 200]

    async def test_so_many_requests_are_remembered(self, http: httpx2.AsyncClient) -> None:
        origin = Origin()
        fetcher = Desk(http).fetcher()
        async with http_server(origin.respond) as url:
            for number in range(MOST_VALIDATORS + 1):
                await fetcher.fetch(request(url, base=str(number)))
            answers = [await fetcher.fetch(request(url, base=base)) for base in ("0", "2")]
        assert [each.status for each in answers] == [200, 304]


async def test_a_body_beyond_the_bound_is_malformed(http: httpx2.AsyncClient) -> None:
    async with http_server(lambda _: (200, {}, b"x" * 101)) as url:
        with pytest.raises(MalformedError, match="more than 100 bytes"):
            await Desk(http).fetcher(max_body_bytes=100).fetch(request(url))


@pytest.mark.parametrize("status", [302, 304])
async def test_a_redirection_is_not_followed(http: httpx2.AsyncClient, status: int) -> None:
    async with http_server(lambda _: (status, {"location": "http://127.0.0.1:1/"}, b"")) as url:
        with pytest.raises(MalformedError, match=f"HTTP {status}"):
            await Desk(http).fetcher().fetch(request(url))


async def test_no_answer_in_time_is_transient(http: httpx2.AsyncClient) -> None:
    hang = asyncio.Event()

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await hang.wait()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    desk = Desk(http)
    with pytest.raises(TransientError, match="no answer in time"):
        await desk.fetcher(timeout_s=0.05).fetch(request(f"http://127.0.0.1:{port}"))
    assert desk.ledger.noted == [("fixer: no answer in time", None)]
    hang.set()
    server.close()
    await server.wait_closed()


async def test_no_failure_shows_the_key(
    http: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    desk = Desk(http)
    for url in ("http://127.0.0.1:1", "nonsense://x", "http://", "http://[x"):
        with pytest.raises(TransientError) as caught:
            await desk.fetcher().fetch(request(url))
        failure = caught.value
        assert CANARY not in f"{failure!s} {failure!r} {failure.__cause__!r}"
    assert CANARY not in f"{caplog.text} {desk.ledger.noted}"
    assert len(desk.ledger.noted) == 4
