"""Candles of an hour or a day the plain way: Decimals, one minute after another."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, localcontext

EXACT_DIGITS = 80

EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@dataclass(frozen=True)
class Rollup:
    """What the minutes of one bucket come to. `volume` is None where none of them has one."""

    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal | None
    ticks: int
    minutes: int
    tick_minutes: int


@dataclass(frozen=True)
class Minute:
    """One candle of a minute."""

    time: datetime
    instrument_id: int
    source_id: int
    side: str
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal | None
    ticks: int


Key = tuple[datetime, int, int, str]
"""Beginning of the bucket, instrument, source, side."""


def rollups(minutes: Iterable[Minute], width: timedelta) -> dict[Key, Rollup]:
    """The rollups of minutes, whatever their order."""
    groups: dict[Key, list[Minute]] = defaultdict(list)
    for minute in sorted(minutes, key=lambda minute: minute.time):
        start = minute.time - (minute.time - EPOCH) % width
        groups[start, minute.instrument_id, minute.source_id, minute.side].append(minute)
    with localcontext(prec=EXACT_DIGITS):
        return {key: _rollup(group) for key, group in groups.items()}


def _rollup(minutes: list[Minute]) -> Rollup:
    volumes = [minute.volume for minute in minutes if minute.volume is not None]
    return Rollup(
        minutes[0].open,
        max(minute.high for minute in minutes),
        min(minute.low for minute in minutes),
        minutes[-1].close,
        sum(volumes, Decimal()) if volumes else None,
        sum(minute.ticks for minute in minutes),
        len(minutes),
        sum(minute.ticks > 0 for minute in minutes),
    )
