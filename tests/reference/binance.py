"""Binance frames the plain way: the standard library's JSON and Decimals, one line after another."""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any


def ticks(payload: bytes) -> Iterator[tuple[Any, ...]]:
    """Of each trade (T in µs, id, price, size), of each bookTicker (receive µs, u, bid, ask)."""
    for line in payload.splitlines():
        receive_ns, _, text = line.partition(b" ")
        frame = json.loads(text)
        stream = frame.get("stream", "")
        data = frame.get("data", {})
        if stream.endswith("@trade"):
            yield data["T"] * 1_000, data["t"], Decimal(data["p"]), Decimal(data["q"])
        elif stream.endswith("@bookTicker"):
            yield int(receive_ns) // 1_000, data["u"], Decimal(data["b"]), Decimal(data["a"])
