"""What the tests of CoinGecko share: the examples of its OpenAPI, records, edits of payloads."""

import json
from typing import Any

from hypothesis import strategies as st

from connectors.coingecko.parsers import PARSERS
from market.instruments import CATALOGUE
from market.log import Parsed
from tests.connectors.support import DATA, NOW_US, record, response

SOURCE = 31
HOSTS = ("demo", "pro")
ONE = '{"id":"bitcoin","vs":"usd"}'
MANY = '{"ids":["bitcoin"],"vs":"usd"}'
HALF_HOURS = '{"id":"bitcoin","vs":"usd","interval_s":1800}'
FOUR_HOURS = '{"id":"ethereum","vs":"usd","interval_s":14400}'
_PIECES = [
    b"", b"null", b"true", b"-1", b"0", b"NaN", b"1e999", b"1e-999", b'"', b"{", b"[]", b"\xff",
    b"\x00", b"9" * 30, b'"\\ud800"', b"\n", b"Infinity", b"-0.0", b"1e400", b'"1"',
]  # fmt: skip

CONTEXTS = {
    "coins/markets": MANY,
    "history": '{"id":"bitcoin","vs":"usd","date":"2024-01-01"}',
    "market_chart": '{"id":"ethereum","vs":"usd"}',
    "ohlc": FOUR_HOURS,
}
BODIES = {
    "coins/markets": response("coingecko_jkorf/GetMarkets.txt"),
    "frames": b'1780839768500000000 {"c":"C1","i":"bitcoin","p":61696.5,"t":1780839768.5}\n',
    "history": b'{"id":"bitcoin","market_data":{"current_price":{"usd":42074.7071561885}}}',
    "market_chart": response("coingecko_jkorf/GetMarketChart.txt"),
    "ohlc": response("coingecko_jkorf/GetOhlc.txt"),
    "simple/price": b'{"bitcoin":{"usd":1.5,"last_updated_at":1779092258}}',
}
"""A sample of every kind of log entry, with what its context says."""

Edit = tuple[float, int, bytes]
EDITS: st.SearchStrategy[list[Edit]] = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 12), st.sampled_from(_PIECES)),
    min_size=1,
    max_size=3,
)


def instrument(symbol: str) -> int:
    return CATALOGUE.by_symbol(symbol).id


def example(host: str, path: str) -> bytes:
    """The documented answer of an endpoint (May 2026)."""
    spec = json.loads((DATA / "rest" / "coingecko_oas" / f"{host}-api.json").read_bytes())
    answer: Any = spec["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    return json.dumps(answer["example"]).encode()


def parsed(kind: str, payload: bytes | str, context: str = "", received_us: int = NOW_US) -> Parsed:
    return PARSERS[kind](record("coingecko", kind, payload, context, received_us), CATALOGUE)


def edited(payload: bytes, edits: list[Edit]) -> bytes:
    for place, length, piece in edits:
        at = int(place * len(payload))
        payload = payload[:at] + piece + payload[at + length :]
    return payload
