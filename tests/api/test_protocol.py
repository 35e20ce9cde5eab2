"""What a connection may send, over real sockets: heads and bodies have an end."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from typing import Any

import pytest

from api.protocol import MAX_BODY_BYTES, MAX_HEAD_BYTES, BoundedProtocol
from tests.api.harness import Api

PIECE = 65_536
FAR_TOO_LARGE = 100 * 1024 * 1024
FILLER = b"x" * PIECE
HEAD = b"GET /health HTTP/1.1\r\nHost: here\r\n"
POST = b"POST /health HTTP/1.1\r\nHost: here\r\n"


class Raw:
    """A bare connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, pieces: Iterable[bytes]) -> int:
        """Send until all is sent or the server has hung up; how many bytes."""
        sent = 0
        for piece in pieces:
            self._writer.write(piece)
            try:
                await self._writer.drain()
            except ConnectionError:
                break
            sent += len(piece)
            if self._reader.at_eof():
                break
        return sent

    async def answer(self) -> tuple[int, dict[str, str], Any]:
        """Status, headers and body of the next answer."""
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        body = await self._reader.readexactly(int(headers["content-length"]))
        return int(head[0].split()[1]), headers, json.loads(body)

    async def ended(self) -> bool:
        """Whether the server hangs up, having said no more."""
        try:
            return await self._reader.read() == b""
        except ConnectionError:
            return True

    def close(self) -> None:
        self._writer.close()


@pytest.fixture
async def raw(alone: Api) -> AsyncIterator[Raw]:
    connection = Raw(*await asyncio.open_connection("127.0.0.1", alone.port))
    yield connection
    connection.close()


def filled(start: bytes, size: int, end: bytes) -> bytes:
    """A head of exactly that size."""
    return start + b"x" * (size - len(start) - len(end)) + end


async def refused(raw: Raw) -> tuple[int, str]:
    """Status and code of a refusal in the envelope, after which the connection is closed."""
    status, headers, body = await raw.answer()
    assert headers["connection"] == "close"
    assert headers["content-type"] == "application/json"
    assert headers["x-request-id"] == body["meta"]["request_id"]
    assert body["success"] is False
    assert await raw.ended()
    return status, body["error"]["code"]


async def test_a_head_up_to_the_bound_is_read(raw: Raw) -> None:
    for _ in range(2):
        await raw.send([filled(HEAD + b"X-Pad: ", MAX_HEAD_BYTES, b"\r\n\r\n")])
        status, _, body = await raw.answer()
        assert (status, body["success"]) == (200, True)


@pytest.mark.parametrize(
    "start", [HEAD + b"X-Pad: ", b"GET /health?pad="], ids=["header", "address"]
)
async def test_a_larger_head_is_refused(raw: Raw, start: bytes) -> None:
    end = b"\r\n\r\n" if start.startswith(HEAD) else b" HTTP/1.1\r\nHost: here\r\n\r\n"
    await raw.send([filled(start, MAX_HEAD_BYTES + 1, end)])
    assert await refused(raw) == (431, "HEADERS_TOO_LARGE")


async def test_a_head_without_an_end_is_refused_long_before_it_is_large(raw: Raw) -> None:
    pieces = [HEAD + b"X-Pad: ", *[FILLER] * (FAR_TOO_LARGE // PIECE)]
    assert await raw.send(pieces) < FAR_TOO_LARGE / 4


async def test_the_bound_holds_for_each_head_of_a_connection(raw: Raw) -> None:
    await raw.send([HEAD + b"\r\n"])
    assert (await raw.answer())[0] == 200
    await raw.send([filled(HEAD + b"X-Pad: ", MAX_HEAD_BYTES + 1, b"\r\n\r\n")])
    assert await refused(raw) == (431, "HEADERS_TOO_LARGE")


async def test_a_body_is_refused_by_what_its_head_says(raw: Raw) -> None:
    await raw.send([POST + b"Content-Length: %d\r\n\r\n" % (MAX_BODY_BYTES + 1)])
    assert await refused(raw) == (413, "PAYLOAD_TOO_LARGE")


async def test_a_body_up_to_the_bound_is_read_past_and_the_connection_goes_on(raw: Raw) -> None:
    for _ in range(2):
        body = b"x" * MAX_BODY_BYTES
        await raw.send([POST + b"Content-Length: %d\r\n\r\n" % len(body), body])
        status, _, answer = await raw.answer()
        assert (status, answer["error"]["code"]) == (405, "METHOD_NOT_ALLOWED")


@pytest.mark.parametrize("path", [b"/health", b"/api/stream/prices"], ids=["answer", "stream"])
async def test_a_body_in_chunks_without_an_end_is_cut_off(raw: Raw, path: bytes) -> None:
    chunk = b"%x\r\n%b\r\n" % (PIECE, FILLER)
    head = b"GET %b HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n" % path
    assert await raw.send([head, *[chunk] * (FAR_TOO_LARGE // PIECE)]) < FAR_TOO_LARGE / 4


async def test_trailers_without_an_end_are_cut_off(raw: Raw) -> None:
    head = POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX-Pad: "
    assert await raw.send([head, *[FILLER] * (FAR_TOO_LARGE // PIECE)]) < FAR_TOO_LARGE / 4


async def test_what_is_no_request_is_refused_in_the_envelope(raw: Raw) -> None:
    await raw.send([b"HELO there\r\n\r\n"])
    assert await refused(raw) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (HEAD, 408, "REQUEST_TIMEOUT"),
        (b"GET /hea", 408, "REQUEST_TIMEOUT"),
        (b"POST /api/market/query HTTP/1.1\r\nContent-Length: 9\r\n\r\n{", 408, "REQUEST_TIMEOUT"),
    ],
    ids=["headers", "line", "body"],
)
async def test_a_request_that_does_not_end_in_time_is_refused(
    raw: Raw, monkeypatch: pytest.MonkeyPatch, sent: bytes, status: int, code: str
) -> None:
    monkeypatch.setattr(BoundedProtocol, "head_within_s", 0.05)
    monkeypatch.setattr(BoundedProtocol, "body_within_s", 0.05)
    await raw.send([sent])
    assert await refused(raw) == (status, code)


async def test_a_connection_that_says_nothing_is_closed(
    alone: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BoundedProtocol, "head_within_s", 0.05)
    silent = Raw(*await asyncio.open_connection("127.0.0.1", alone.port))
    assert await silent.ended()
    silent.close()


async def test_what_arrives_in_time_is_answered_though_its_answer_takes_long(
    raw: Raw, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BoundedProtocol, "head_within_s", 0.05)
    await raw.send([HEAD[:20], HEAD[20:], b"\r\n"])
    assert (await raw.answer())[0] == 200
    await raw.send([HEAD, b"\r\n"])
    assert (await raw.answer())[0] == 200
