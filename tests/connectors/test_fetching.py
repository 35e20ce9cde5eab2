"""One GET: what is sent, what is bounded, and what every failure becomes."""

import asyncio
import logging
from collections.abc import AsyncIterator

import httpx2
import pytest

from connectors.answers import Answer, Request
from connectors.errors import (
    BadKeyError,
    ConnectorError,
    MalformedError,
    TransientError,
    UnknownAtProviderError,
)
from connectors.fetching import Fetcher
from connectors.fixer import check
from tests.connectors.support import NOW_US, Asked, http_server

CANARY = "sEcReTkEy"
Reply = tuple[int, dict[str, str], bytes]


@pytest.fixture
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(trust_env=False) as client:
        yield client


def accept(answer: Answer, request: str) -> None:
    """No answer is an error."""


def fetcher(http: httpx2.AsyncClient, **options: object) -> Fetcher:
    return Fetcher(
        "fixer",
        http,
        accept,
        secrets={"access_key": CANARY},
        headers={"x-other": "1"},
        clock=lambda: NOW_US,
        **options,  # type: ignore[arg-type]  # each test names one option
    )


def request(url: str) -> Request:
    return Request("latest", "", f"{url}/api/latest", {"base": "EUR"})


async def test_an_answer_comes_whole(http: httpx2.AsyncClient) -> None:
    asked: list[Asked] = []

    def respond(each: Asked) -> Reply:
        asked.append(each)
        return 200, {"Retry-After": "7"}, b'{"a":1}'

    async with http_server(respond) as url:
        answer = await fetcher(http).fetch(request(url))
    assert answer == Answer(200, b'{"a":1}', NOW_US, 7.0)
    assert asked[0].path == "/api/latest"
    assert asked[0].query == {"base": "EUR", "access_key": CANARY}
    assert asked[0].headers["accept"] == "application/json"
    assert asked[0].headers["x-other"] == "1"


@pytest.mark.parametrize(
    ("text", "seconds"), [("", None), ("-1", None), ("Wed, 21 Oct", None), ("9" * 9, 86_400.0)]
)
async def test_retry_after_is_read_with_care(
    http: httpx2.AsyncClient, text: str, seconds: float | None
) -> None:
    async with http_server(lambda _: (200, {"Retry-After": text}, b"{}")) as url:
        assert (await fetcher(http).fetch(request(url))).retry_after_s == seconds


async def test_the_check_decides_what_an_answer_means(http: httpx2.AsyncClient) -> None:
    body = b'{"success":false,"error":{"code":101}}'
    async with http_server(lambda _: (200, {}, body)) as url:
        with pytest.raises(BadKeyError):
            await Fetcher("fixer", http, check).fetch(request(url))


async def test_a_body_beyond_the_bound_is_malformed(http: httpx2.AsyncClient) -> None:
    async with http_server(lambda _: (200, {}, b"x" * 101)) as url:
        with pytest.raises(MalformedError, match="more than 100 bytes"):
            await fetcher(http, max_body_bytes=100).fetch(request(url))


async def test_a_redirection_is_not_followed(http: httpx2.AsyncClient) -> None:
    async with http_server(lambda _: (302, {"location": "http://127.0.0.1:1/"}, b"")) as url:
        with pytest.raises(MalformedError, match="HTTP 302"):
            await fetcher(http).fetch(request(url))


async def test_no_answer_in_time_is_transient(http: httpx2.AsyncClient) -> None:
    hang = asyncio.Event()

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await hang.wait()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(TransientError, match="no answer in time"):
        await fetcher(http, timeout_s=0.05).fetch(request(f"http://127.0.0.1:{port}"))
    hang.set()
    server.close()
    await server.wait_closed()


async def test_no_failure_shows_the_key(
    http: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    failures: list[ConnectorError] = []
    for url in ("http://127.0.0.1:1", "nonsense://x", "http://"):
        with pytest.raises(TransientError) as caught:
            await fetcher(http).fetch(request(url))
        failures.append(caught.value)
    async with http_server(lambda _: (404, {}, b"{}")) as url:
        with pytest.raises(UnknownAtProviderError) as unknown:
            await Fetcher("fixer", http, check, secrets={"k": CANARY}).fetch(request(url))
        failures.append(unknown.value)
    for failure in failures:
        assert CANARY not in f"{failure!s} {failure!r} {failure.__cause__!r}"
    assert CANARY not in caplog.text
