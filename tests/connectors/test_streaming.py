"""The stream's client against stand-in venues: frames into the log, through every kind of end."""

import asyncio
import logging
from http import HTTPStatus

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from connectors.backoff import Backoff
from connectors.breaker import Breaker
from connectors.connector import SKIP, Heard
from connectors.errors import BadKeyError, UnknownAtProviderError
from connectors.health import REST_S
from tests.connectors.support import MemoryLog
from tests.connectors.venues import (
    FRAME,
    START_NS,
    Plain,
    Waits,
    exchange,
    frames,
    sends,
    streaming,
)


class TestTalking:
    async def test_frames_are_packed_as_they_came(self) -> None:
        log = MemoryLog()
        async with (
            exchange(sends(1)) as server,
            streaming(Plain(server.url), log) as stream,
        ):
            await log.until(lambda records: len(records) == 1)
            assert stream.ready.is_set()
            assert stream.health.connected_us is not None
            assert stream.health.heard_us == START_NS // 1_000
        (record,) = log.records
        assert (record.kind, record.context, record.partition) == ("frames", "", "binance-0")
        assert record.payload.endswith(f" {FRAME % 1}\n".encode())
        assert record.received_us == START_NS // 1_000

    async def test_what_the_dialect_sends_first_and_replies_reaches_the_venue(self) -> None:
        came: list[str | bytes] = []
        done = asyncio.Event()

        async def act(connection: ServerConnection) -> None:
            came.append(await connection.recv())
            assert connection.request is not None
            came.append(connection.request.headers["x-key"])
            await connection.send("hello")
            came.append(await connection.recv())
            done.set()
            await connection.wait_closed()

        async with exchange(act) as server:
            dialect = Plain(
                server.url,
                {b"hello": Heard(replies=("welcome",))},
                headers={"x-key": "CANARY"},
                opens_with=["subscribe"],
            )
            log = MemoryLog()
            async with streaming(dialect, log) as stream, asyncio.timeout(10):
                await done.wait()
                assert not stream.ready.is_set()
        assert came == ["subscribe", "CANARY", "welcome"]
        assert log.records == []

    async def test_the_venues_own_pings_are_sent(self) -> None:
        pinged = asyncio.Event()

        async def act(connection: ServerConnection) -> None:
            assert [await connection.recv(), await connection.recv()] == ["ping", "ping"]
            pinged.set()
            await connection.wait_closed()

        async with (
            exchange(act) as server,
            streaming(Plain(server.url, ping_s=0.001), MemoryLog()),
            asyncio.timeout(10),
        ):
            await pinged.wait()

    async def test_protocol_pings_are_answered(self) -> None:
        answered = asyncio.Event()

        async def act(connection: ServerConnection) -> None:
            await connection.send(FRAME % 1)
            await (await connection.ping(b"1723161254"))
            answered.set()
            await connection.wait_closed()

        async with (
            exchange(act) as server,
            streaming(Plain(server.url), MemoryLog()),
            asyncio.timeout(10),
        ):
            await answered.wait()
        assert len(server.connections) == 1

    async def test_what_is_skipped_is_not_kept(self) -> None:
        log = MemoryLog()
        async with exchange(sends(1, 2)) as server:
            dialect = Plain(server.url, {(FRAME % 1).encode(): SKIP})
            async with streaming(dialect, log):
                await log.until(lambda _: len(frames(log)) > 0)
        assert frames(log) == [2]


class TestEnds:
    @pytest.mark.parametrize("end", ["close", "vanish", "shut down"])
    async def test_after_every_kind_of_end_it_connects_anew(self, end: str) -> None:
        log = MemoryLog()
        async with (
            exchange(sends(1, 2, then=end), sends(3)) as server,
            streaming(Plain(server.url), log) as stream,
        ):
            await log.until(lambda _: 3 in frames(log))
            assert stream.health.reconnects == 1
        assert frames(log)[-1] == 3
        assert set(frames(log)) <= {1, 2, 3}

    async def test_silence_ends_a_connection(self) -> None:
        log = MemoryLog()
        async with (
            exchange(sends(1), sends(2)) as server,
            streaming(Plain(server.url, silence_s=0.1), log),
        ):
            await log.until(lambda _: len(frames(log)) >= 2)
        assert frames(log)[:2] == [1, 2]
        assert len(server.connections) >= 2

    async def test_a_socket_that_never_says_anything_is_left(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        waits = Waits()
        async with (
            exchange(sends()) as server,
            streaming(Plain(server.url, silence_s=0.02), MemoryLog(), sleep=waits.sleep),
        ):
            await waits.until(3)
        assert [record.getMessage() for record in caplog.records] == [
            "binance: the stream was silent for 0.02 s; connecting anew"
        ]

    async def test_an_old_connection_is_left_for_a_new_one(self) -> None:
        log = MemoryLog()
        async with (
            exchange(sends(1), sends(2)) as server,
            streaming(Plain(server.url, max_age_s=0.0), log),
        ):
            await log.until(lambda _: len(frames(log)) >= 2)
        assert frames(log)[:2] == [1, 2]
        assert len(server.connections) >= 2

    async def test_garbage_is_kept_and_does_not_end_it(self) -> None:
        async def act(connection: ServerConnection) -> None:
            for frame in ("", "{", "\n", b"\xff\x00", FRAME % 1):
                await connection.send(frame)
            await connection.wait_closed()

        log = MemoryLog()
        async with exchange(act) as server, streaming(Plain(server.url), log):
            await log.until(lambda records: any(b'"t":1' in each.payload for each in records))
        assert sum(record.payload.count(b"\n") for record in log.records) == 5
        assert len(server.connections) == 1

    async def test_a_frame_that_is_too_large_ends_a_connection(self) -> None:
        async def act(connection: ServerConnection) -> None:
            await connection.send("x" * (2**20 + 1))
            await connection.wait_closed()

        log = MemoryLog()
        async with exchange(act, sends(2)) as server, streaming(Plain(server.url), log):
            await log.until(lambda _: len(frames(log)) > 0)
        assert frames(log) == [2]
        assert len(server.connections) == 2


class TestRefusals:
    async def test_a_venue_that_is_not_there_is_tried_again_and_told_once(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        waits = Waits()
        dialect = Plain("ws://127.0.0.1:1/?key=CANARY")
        async with streaming(dialect, MemoryLog(), sleep=waits.sleep):
            await waits.until(5)
        assert max(waits.waits_s) <= 0.01
        assert [record.getMessage() for record in caplog.records] == [
            "binance: the stream cannot be reached: ConnectionRefusedError; connecting anew"
        ]

    @pytest.mark.parametrize(
        ("status", "headers", "least_s"),
        [
            (HTTPStatus.SERVICE_UNAVAILABLE, {}, 0.0),
            (HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": "77"}, 77.0),
            (HTTPStatus.UNAUTHORIZED, {}, REST_S),
        ],
    )
    async def test_a_refused_handshake(
        self,
        status: HTTPStatus,
        headers: dict[str, str],
        least_s: float,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        def refuse(connection: ServerConnection, _request: Request) -> Response:
            response = connection.respond(status, "no")
            response.headers.update(headers)
            return response

        waits = Waits()
        async with serve(lambda _: asyncio.sleep(0), "127.0.0.1", 0, process_request=refuse) as at:
            url = f"ws://127.0.0.1:{at.sockets[0].getsockname()[1]}"
            async with streaming(Plain(url), MemoryLog(), sleep=waits.sleep):
                await waits.until(1)
        assert least_s <= waits.waits_s[0] <= least_s + 0.01
        assert len([each for each in caplog.records if each.levelno == logging.WARNING]) >= 1

    async def test_a_key_that_the_venue_does_not_take_rests_long(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        waits = Waits()
        async with exchange(sends(1)) as server:
            refusal = Heard(error=BadKeyError("coingecko"))
            dialect = Plain(server.url, {(FRAME % 1).encode(): refusal})
            async with streaming(dialect, MemoryLog(), sleep=waits.sleep):
                await waits.until(1)
        assert waits.waits_s[0] == REST_S
        assert "key is missing or was not accepted; tried again in 6 h" in caplog.text

    async def test_a_symbol_that_the_venue_does_not_know_leaves_the_others(self) -> None:
        log = MemoryLog()
        async with exchange(sends(1, 2)) as server:
            refusal = Heard(error=UnknownAtProviderError("kraken", "FOO/BAR"))
            dialect = Plain(server.url, {(FRAME % 1).encode(): refusal})
            async with streaming(dialect, log):
                await log.until(lambda _: frames(log) == [2])
        assert len(server.connections) == 1

    async def test_short_connections_do_not_make_the_waits_short(self) -> None:
        waits = Waits()
        backoff = Backoff(first_s=0.001, longest_s=1.0, uniform=lambda low, high: high)
        async with (
            exchange(sends(1, then="close")) as server,
            streaming(Plain(server.url), MemoryLog(), sleep=waits.sleep, backoff=backoff),
        ):
            await waits.until(4)
        assert waits.waits_s[:4] == [0.001, 0.002, 0.004, 0.008]

    async def test_a_connection_that_stood_makes_them_short(self) -> None:
        waits = Waits()
        backoff = Backoff(first_s=0.001, longest_s=1.0, uniform=lambda low, high: high)
        async with (
            exchange(sends(1, then="close")) as server,
            streaming(
                Plain(server.url), MemoryLog(), sleep=waits.sleep, backoff=backoff, steady_s=0.0
            ),
        ):
            await waits.until(4)
        assert set(waits.waits_s) == {0.001}

    async def test_after_many_failures_it_rests_and_probes(self) -> None:
        waits = Waits()
        breaker = Breaker(threshold=3, rest_s=60.0)
        async with streaming(
            Plain("ws://127.0.0.1:1"), MemoryLog(), sleep=waits.sleep, breaker=breaker
        ):
            await waits.until(5)
        assert max(waits.waits_s[:2]) < 1.0
        assert min(waits.waits_s[2:5]) >= 60.0
