"""What it costs to say who asks: the same request with a bearer token and without.

Both are `GET /api/market/prices` of two instruments from one API process, over 8 connections that stay
open and each send the next request when their answer is there. Ours carries one access token: its expiry,
revocation and scopes are checked every time, its signature at first, before the clock runs. Run: `pytest
benchmarks/bench_identity.py`.
"""

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from multiprocessing.connection import Connection

import pytest
import uvloop

from api.app import create_app
from api.config import ApiConfig, IdentityConfig
from api.server import server_of
from benchmarks.conftest import Compare, NewDatabase
from benchmarks.processes import child, wait_until
from market.clock import system_clock
from market.sources import Feed, source_of
from tests.api.harness import Wire, quote, trade
from tradewind.ports import free_port
from tradewind.servers import Servers

HOST = "127.0.0.1"
FEED = Feed.SIMULATED
PATH = "/api/market/prices?symbols=EUR-USD,BTC-USDT"
CONNECTIONS = 8
TURNS = 150
ROUNDS = 9
READ_BYTES = 1 << 16


def serve_api(pipe: "Connection[None, None]", port: int, database_url: str, redis_url: str) -> None:
    """The application, which counts nobody's requests, until the pipe ends."""
    identity = IdentityConfig.for_tests(rates=False, require_verification=False)
    app = create_app(ApiConfig(database_url, redis_url, FEED, identity=identity))
    uvloop.run(server_of(app, host=HOST, port=port).serve())


class Clients:
    """Connections that stay open, all sending the same request."""

    def __init__(self, port: int, headers: dict[str, str]) -> None:
        lines = [f"GET {PATH} HTTP/1.1", f"Host: {HOST}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self._request = "\r\n".join([*lines, "", ""]).encode()
        self._sockets = [socket.create_connection((HOST, port), 5.0) for _ in range(CONNECTIONS)]

    def ask(self) -> list[bytes]:
        """The bodies of the last turn's answers, after `TURNS` of every connection."""
        for _ in range(TURNS):
            for each in self._sockets:
                each.sendall(self._request)
            bodies = [_body(each) for each in self._sockets]
        return bodies

    def close(self) -> None:
        for each in self._sockets:
            each.close()


def _body(connection: socket.socket) -> bytes:
    """The body of one answer, which must be a success and say its length."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(READ_BYTES)
    head, _, body = received.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), received
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(READ_BYTES)
    return body


def ask(
    port: int, method: str, path: str, body: str | None = None, token: str | None = None
) -> tuple[int, bytes]:
    """Status and body of one request over a connection of its own."""
    connection = http.client.HTTPConnection(HOST, port, timeout=10.0)
    try:
        headers = {"Content-Type": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        connection.request(method, path, body, headers)
        response = connection.getresponse()
        return response.status, response.read()
    except OSError:
        return 0, b""
    finally:
        connection.close()


def sign_up(port: int) -> str:
    """The access token of a new account; AssertionError where there is none in time."""
    account = {"email": "caller@example.com", "password": "a benchmark's password", "name": "C"}
    answers: list[tuple[int, bytes]] = []

    def answered() -> bool:
        answers.append(ask(port, "POST", "/api/auth/register", json.dumps(account)))
        return answers[-1][0] not in (0, http.client.SERVICE_UNAVAILABLE)

    wait_until(answered, "an account")
    status, body = answers[-1]
    assert status == http.client.CREATED, body
    return str(json.loads(body)["data"]["access_token"])


@pytest.fixture
def port(servers: Servers, new_database: NewDatabase) -> Iterator[int]:
    """Of an API that knows the prices of both instruments."""
    with ExitStack() as stack:
        database_url = stack.enter_context(new_database())
        chosen = free_port(HOST)
        stack.enter_context(child(serve_api, chosen, database_url, servers.redis_url))
        wait_until(lambda: ask(chosen, "GET", "/ready")[0] == http.client.OK, "the API")
        wire = Wire(servers.redis_url, FEED)
        now_us = system_clock()
        oanda, binance = (source_of(name, FEED).id for name in ("oanda", "binance"))
        wire.send([quote(now_us, oanda, "1.1", "1.2"), trade(now_us, binance, "60000.5")])
        wire.close()
        wait_until(lambda: b'"price":null' not in ask(chosen, "GET", PATH)[1], "the prices")
        yield chosen


def test_a_request_with_a_bearer_token(compare: Compare, port: int) -> None:
    token = sign_up(port)
    assert (
        ask(port, "GET", PATH, token=token[:-8] + token[-8:][::-1])[0] == http.client.UNAUTHORIZED
    )
    authenticated = Clients(port, {"Authorization": f"Bearer {token}"})
    anonymous = Clients(port, {})
    assert _prices(authenticated.ask()) == _prices(anonymous.ask())
    compare(
        "GET prices with a bearer token",
        authenticated.ask,
        anonymous.ask,
        baseline_name="the same without",
        work=CONNECTIONS * TURNS,
        unit="requests/s",
        target=">= 0.80",
        rounds=ROUNDS,
    )
    authenticated.close()
    anonymous.close()


def _prices(bodies: list[bytes]) -> list[tuple[str, str]]:
    """Symbol and bid of each price, the same in every answer."""
    found = {
        tuple((price["symbol"], str(price["bid"])) for price in json.loads(body)["data"])
        for body in bodies
    }
    (prices,) = found
    assert len(prices) == 2
    return list(prices)
