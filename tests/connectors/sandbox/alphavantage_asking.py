"""Asking the sandbox's Alpha Vantage, and the shape of what it says."""

from decimal import Decimal
from typing import Any

from connectors.sandbox import alphavantage
from connectors.sandbox.wire import World
from tests.connectors.sandbox.conftest import NOW_US, body, get

SECOND_US = 1_000_000
HOUR_US = 3_600 * SECOND_US


def ask(world: World, function: str, now_us: int = NOW_US, /, key: str = "k", **query: str) -> Any:
    """The JSON of an answer."""
    request = get("query", now_us, function=function, apikey=key, **query)
    return body(alphavantage.respond(world, request))


def lines(world: World, function: str, now_us: int = NOW_US, /, **query: str) -> list[str]:
    """The lines of an answer as CSV."""
    request = get("query", now_us, function=function, apikey="k", datatype="csv", **query)
    answer = alphavantage.respond(world, request)
    assert answer.headers["content-type"] == "application/x-download"
    assert answer.body.endswith(b"\r\n")
    return answer.body.decode().split("\r\n")[:-1]


def shape(value: Any) -> Any:
    """Keys in order and types, without the values."""
    if isinstance(value, dict):
        return [(key, shape(inner)) for key, inner in value.items()]
    return type(value).__name__


def assert_rows(rows: dict[str, dict[str, str]], places: int, keys: list[str]) -> None:
    assert list(rows) == sorted(rows, reverse=True)
    for row in rows.values():
        assert list(row) == keys
        opened, high, low, close = (Decimal(text) for text in row.values())
        assert 0 < low <= min(opened, close)
        assert max(opened, close) <= high
        assert {len(text.split(".")[1]) for text in row.values()} == {places}
