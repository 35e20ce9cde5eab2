"""Bar batches: candles, the flow's own of one minute and those of any interval that a provider sends.

Each of a bar's four prices has its own exponent, so that it stays exact whatever its neighbours are.
Volume is split in whole units and 10**-18ths: sums never lose a digit.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from decimal import ROUND_DOWN, Context, Decimal, InvalidOperation
from typing import Any

import numpy as np
import numpy.typing as npt

from market.errors import NotAPriceError
from market.prices import decimal_of, exact
from market.ticks import Int8s, Int16s, Int32s, Int64s

MID = ord("m")
BID = ord("b")
ASK = ord("a")
LAST = ord("t")
"""The side of a bar: of quotes the mid, bid and ask; of trades and rates the traded price."""

BAR_US = 60_000_000
MINUTE_S = 60
DAY_S = 86_400
VOLUME_FRACTION = 10**18
VOLUME_LIMIT = 10**18
"""Whole units that a volume may not reach: eight of them still fit an int64 when they are summed."""

_WIDE = Context(prec=60, rounding=ROUND_DOWN)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, for the edges where bars are few. `time_us` is the bar's opening."""

    time_us: int
    instrument: int
    source: int
    side: int
    open: Decimal | str | float
    high: Decimal | str | float
    low: Decimal | str | float
    close: Decimal | str | float
    volume: Decimal | str | float | None = None
    ticks: int = 0
    interval_s: int = MINUTE_S


@dataclass(frozen=True, slots=True)
class BarBatch:
    """Bars: `prices` and `exponents` are (n, 4), open, high, low, close; the others (n,)."""

    time: Int64s
    prices: Int64s
    volume_units: Int64s
    volume_fraction: Int64s
    instrument: Int32s
    ticks: Int32s
    source: Int16s
    side: Int8s
    exponents: Int8s
    interval_s: Int32s

    def __len__(self) -> int:
        return len(self.time)

    @classmethod
    def empty(cls, length: int = 0) -> "BarBatch":
        """A batch of `length` rows of zeros, to be filled in place."""
        return cls(
            time=np.zeros(length, np.int64),
            prices=np.zeros((length, 4), np.int64),
            volume_units=np.zeros(length, np.int64),
            volume_fraction=np.zeros(length, np.int64),
            instrument=np.zeros(length, np.int32),
            ticks=np.zeros(length, np.int32),
            source=np.zeros(length, np.int16),
            side=np.zeros(length, np.int8),
            exponents=np.zeros((length, 4), np.int8),
            interval_s=np.full(length, MINUTE_S, np.int32),
        )

    @classmethod
    def of(cls, bars: Iterable[Bar]) -> "BarBatch":
        """A batch of these bars. NotAPriceError where a number is no price."""
        rows = list(bars)
        batch = cls.empty(len(rows))
        for row, bar in enumerate(rows):
            batch.time[row] = bar.time_us
            batch.instrument[row] = bar.instrument
            batch.source[row] = bar.source
            batch.side[row] = bar.side
            batch.ticks[row] = bar.ticks
            batch.interval_s[row] = bar.interval_s
            for column, value in enumerate((bar.open, bar.high, bar.low, bar.close)):
                batch.prices[row, column], batch.exponents[row, column] = exact(value)
            if bar.volume is not None:
                units, fraction = split_volume(bar.volume)
                batch.volume_units[row], batch.volume_fraction[row] = units, fraction
        return batch

    @classmethod
    def concat(cls, batches: Sequence["BarBatch"]) -> "BarBatch":
        """The rows of these batches, in that order."""
        if not batches:
            return cls.empty()
        names = [field.name for field in fields(cls)]
        return cls(
            **{name: np.concatenate([getattr(batch, name) for batch in batches]) for name in names}
        )

    def take(self, rows: npt.NDArray[Any] | slice) -> "BarBatch":
        """The rows of an index array, a mask or a slice."""
        return BarBatch(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    def row(self, index: int) -> Bar:
        """One row, its numbers as Decimals."""
        opening, high, low, close = (
            decimal_of(int(mantissa), int(exponent))
            for mantissa, exponent in zip(self.prices[index], self.exponents[index], strict=True)
        )
        return Bar(
            time_us=int(self.time[index]),
            instrument=int(self.instrument[index]),
            source=int(self.source[index]),
            side=int(self.side[index]),
            open=opening,
            high=high,
            low=low,
            close=close,
            volume=_volume(int(self.volume_units[index]), int(self.volume_fraction[index])),
            ticks=int(self.ticks[index]),
            interval_s=int(self.interval_s[index]),
        )

    def rows(self) -> list[Bar]:
        """All rows; for tests and messages, not for the hot path."""
        return [self.row(index) for index in range(len(self))]


def split_volume(volume: Decimal | str | float) -> tuple[int, int]:
    """Whole units and 10**-18ths of a volume; what is finer is dropped.

    NotAPriceError where it is negative, not finite, no number or too large to count.
    """
    try:
        number = Decimal(str(volume))
    except InvalidOperation as error:
        raise NotAPriceError(volume) from error
    if not number.is_finite() or not 0 <= number < VOLUME_LIMIT:
        raise NotAPriceError(volume)
    return divmod(int(number.scaleb(18, _WIDE)), VOLUME_FRACTION)


def _volume(units: int, fraction: int) -> Decimal | None:
    return Decimal(f"{units}.{fraction:018d}") if units or fraction else None
