"""OANDA's recorded rows the plain way: split lines and Decimals."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal


def quotes(payload: bytes, day: str) -> Iterator[tuple[datetime, int, Decimal, Decimal]]:
    """Time, row number, bid and ask of every row."""
    midnight = datetime.fromisoformat(day).replace(tzinfo=UTC)
    for row, line in enumerate(payload.decode().split()):
        milliseconds, bid, ask = line.split(",")
        time = midnight + timedelta(milliseconds=int(milliseconds))
        yield time, row, Decimal(bid), Decimal(ask)
