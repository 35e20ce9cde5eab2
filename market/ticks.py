"""Tick batches: what moves through a flow, one contiguous array a column.

A tick is a quote (bid and ask), a trade (price and size) or a rate (a price that somebody computed).
Absent numbers are 0, which no price can be. Prices of one row share one exponent: the exact price is
`bid[i] / 10**exponent[i]`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from market.prices import MAX_DIGITS, decimal_of, exact

Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]
Int16s = npt.NDArray[np.int16]
Int8s = npt.NDArray[np.int8]
Bools = npt.NDArray[np.bool_]
Float64s = npt.NDArray[np.float64]

QUOTE = ord("q")
TRADE = ord("t")
RATE = ord("r")

_COLUMNS: dict[str, type[np.generic]] = {
    "time": np.int64,
    "seq": np.int64,
    "bid": np.int64,
    "ask": np.int64,
    "price": np.int64,
    "size": np.int64,
    "instrument": np.int32,
    "source": np.int16,
    "kind": np.int8,
    "exponent": np.int8,
    "size_exponent": np.int8,
    "late": np.bool_,
}


@dataclass(frozen=True, slots=True)
class Tick:
    """One tick, for the edges where ticks are few: what a polled answer holds, what a test writes.

    `time_us` is the event time in microseconds since 1970 UTC; `seq` orders ticks of one instant.
    """

    time_us: int
    instrument: int
    source: int
    kind: int
    seq: int = 0
    bid: Decimal | str | float | None = None
    ask: Decimal | str | float | None = None
    price: Decimal | str | float | None = None
    size: Decimal | str | float | None = None


@dataclass(frozen=True, slots=True)
class TickBatch:
    """Ticks in log order. Every column has the same length; see the module for the units."""

    time: Int64s
    seq: Int64s
    bid: Int64s
    ask: Int64s
    price: Int64s
    size: Int64s
    instrument: Int32s
    source: Int16s
    kind: Int8s
    exponent: Int8s
    size_exponent: Int8s
    late: Bools

    def __len__(self) -> int:
        return len(self.time)

    @classmethod
    def empty(cls, length: int = 0) -> "TickBatch":
        """A batch of `length` rows of zeros, to be filled in place."""
        return cls(**{name: np.zeros(length, dtype) for name, dtype in _COLUMNS.items()})

    @classmethod
    def of(cls, ticks: Iterable[Tick]) -> "TickBatch":
        """A batch of these ticks. NotAPriceError where a number is no price."""
        rows = list(ticks)
        batch = cls.empty(len(rows))
        for row, tick in enumerate(rows):
            batch.time[row] = tick.time_us
            batch.seq[row] = tick.seq
            batch.instrument[row] = tick.instrument
            batch.source[row] = tick.source
            batch.kind[row] = tick.kind
            mantissas, exponent = _aligned((tick.bid, tick.ask, tick.price))
            batch.bid[row], batch.ask[row], batch.price[row] = mantissas
            batch.exponent[row] = exponent
            if tick.size is not None:
                batch.size[row], batch.size_exponent[row] = exact(tick.size)
        return batch

    @classmethod
    def concat(cls, batches: Sequence["TickBatch"]) -> "TickBatch":
        """The rows of these batches, in that order."""
        if len(batches) == 1:
            return batches[0]
        if not batches:
            return cls.empty()
        return cls(
            **{
                name: np.concatenate([getattr(batch, name) for batch in batches])
                for name in _COLUMNS
            }
        )

    def take(self, rows: npt.NDArray[Any] | slice) -> "TickBatch":
        """The rows of an index array, a mask or a slice (a slice copies nothing)."""
        return TickBatch(**{name: getattr(self, name)[rows] for name in _COLUMNS})

    def to_bytes(self) -> bytes:
        """The columns one after another, for a stream entry; `from_bytes` reads it back."""
        length = np.int64(len(self)).tobytes()
        return b"".join([length, *(getattr(self, name).tobytes() for name in _COLUMNS)])

    @classmethod
    def from_bytes(cls, data: bytes) -> "TickBatch":
        """What `to_bytes` wrote, as read-only views of `data`."""
        length = int(np.frombuffer(data, np.int64, 1)[0])
        columns: dict[str, Any] = {}
        offset = 8
        for name, dtype in _COLUMNS.items():
            columns[name] = np.frombuffer(data, dtype, length, offset)
            offset += columns[name].nbytes
        return cls(**columns)

    def to_arrow(self) -> pa.RecordBatch:
        """The same columns as Arrow arrays; integer columns share their memory."""
        return pa.RecordBatch.from_arrays(
            [pa.array(getattr(self, name)) for name in _COLUMNS], names=list(_COLUMNS)
        )

    @classmethod
    def from_arrow(cls, batch: pa.RecordBatch) -> "TickBatch":
        """The columns of an Arrow batch in this schema; integer columns share their memory."""
        columns = {name: batch.column(name) for name in _COLUMNS}
        return cls(
            **{
                name: column.to_numpy(zero_copy_only=_COLUMNS[name] is not np.bool_)
                for name, column in columns.items()
            }
        )

    def marks(self) -> Float64s:
        """The price of each row as a float: a trade's or rate's own, of a quote the mid."""
        scale = 10.0 ** self.exponent.astype(np.float64)
        mid = (self.bid.astype(np.float64) + self.ask) / 2
        marks: Float64s = np.where(self.price > 0, self.price, mid) / scale
        return marks

    def row(self, index: int) -> Tick:
        """One row, its numbers as Decimals."""
        exponent = int(self.exponent[index])
        return Tick(
            time_us=int(self.time[index]),
            instrument=int(self.instrument[index]),
            source=int(self.source[index]),
            kind=int(self.kind[index]),
            seq=int(self.seq[index]),
            bid=_decimal_or_none(self.bid[index], exponent),
            ask=_decimal_or_none(self.ask[index], exponent),
            price=_decimal_or_none(self.price[index], exponent),
            size=_decimal_or_none(self.size[index], int(self.size_exponent[index])),
        )

    def rows(self) -> list[Tick]:
        """All rows; for tests and messages, not for the hot path."""
        return [self.row(index) for index in range(len(self))]


assert tuple(_COLUMNS) == tuple(field.name for field in fields(TickBatch))


def _aligned(values: Sequence[Decimal | str | float | None]) -> tuple[list[int], int]:
    """The values as mantissas under their one common exponent; None becomes 0.

    Where a common exponent would need more than 18 digits, the finer price is rounded half-even, but
    never to 0, which would make it absent.
    """
    pairs = [(0, 0) if value is None else exact(value) for value in values]
    exponent = max(pair[1] for pair in pairs)
    widest = (
        max(len(str(mantissa)) + exponent - own for mantissa, own in pairs if mantissa)
        if any(mantissa for mantissa, _ in pairs)
        else 0
    )
    exponent -= max(0, widest - MAX_DIGITS)
    return [_rescaled(mantissa, own, exponent) for mantissa, own in pairs], exponent


def _rescaled(mantissa: int, own: int, exponent: int) -> int:
    if own <= exponent:
        return mantissa * int(10 ** (exponent - own))
    return max(1, round(Decimal(mantissa).scaleb(exponent - own)))


def _decimal_or_none(mantissa: np.int64, exponent: int) -> Decimal | None:
    return decimal_of(int(mantissa), exponent) if mantissa else None
