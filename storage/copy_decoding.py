"""Binary COPY read into columns: the rows that PostgreSQL sends become Arrow arrays, decoded by numba.

The counterpart of `storage/copy_rows.py`, with the same formats.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit

from storage import numerics
from storage.errors import UnfitValueError
from storage.numerics import DECIMALS, Buffer, Int32s, decimal_of

DECIMAL = pa.decimal128(38, DECIMALS)
TIME = pa.timestamp("us", "UTC")

_PADDING = 16
"""Between the columns of fields: at distances of powers of two they would fall into few cache lines."""
_POSTGRES_EPOCH_US = 946_684_800_000_000
_POSTGRES_EPOCH_DAYS = 10_957
_TYPES: dict[str, pa.DataType] = {
    "timestamptz": TIME,
    "date": pa.date32(),
    "int2": pa.int16(),
    "int4": pa.int32(),
    "int8": pa.int64(),
    "bool": pa.bool_(),
    "float8": pa.float64(),
    "numeric": pa.float64(),
    '"char"': pa.string(),
    "text": pa.string(),
}
_YEARS = {
    # From the year 1 to the end of 9999, as PostgreSQL counts: Arrow holds more, who reads it does not.
    "timestamptz": (-63_082_281_600_000_000, 252_455_615_999_999_999),
    "date": (-730_119, 2_921_939),
}
_WIDTHS = {"timestamptz": 8, "date": 4, "int2": 2, "int4": 4, "int8": 8, "float8": 8, "bool": 1}
_UNFIT = {
    numerics.NO_NUMBER: "is no decimal number: ask for numbers=float64",
    numerics.TOO_FINE: f"has more than {DECIMALS} decimals: ask for numbers=float64, or round it",
    numerics.TOO_LARGE: f"has more than {38 - DECIMALS} digits before the point: ask for"
    " numbers=float64",
}


class Numbers(StrEnum):
    """What a `numeric` becomes: the nearest float64, or an equal decimal128(38, 18)."""

    FLOAT64 = "float64"
    DECIMAL = "decimal"


class _Fields(NamedTuple):
    """A column's fields: where each begins in the bytes, and how long it is (-1: null)."""

    name: str
    data: Buffer
    starts: Int32s
    lengths: Int32s


def arrow_type(postgres_type: str, numbers: Numbers) -> pa.DataType:
    """What a column of this type becomes; KeyError for a type that is not read."""
    if postgres_type == "numeric" and numbers is Numbers.DECIMAL:
        return DECIMAL
    return _TYPES[postgres_type]


class RowDecoder:
    """Makes columns of one schema out of COPY rows; not for two threads at once.

    `types` are the PostgreSQL types of the columns.
    """

    def __init__(self, schema: pa.Schema, types: Sequence[str]) -> None:
        self._schema = schema
        self._types = types
        # Kept, because fresh memory takes longer than what is written to it.
        self._starts = self._lengths = np.empty((len(types), 0), np.int32)

    def decode(self, data: bytearray, rows: int) -> pa.RecordBatch:
        """So many rows, without header and trailer, as columns.

        UnfitValueError for a value that Arrow's type does not hold, ValueError where the rows are not
        what they were said to be.
        """
        buffer = np.frombuffer(data, np.uint8)
        if self._starts.shape[1] < rows:
            self._starts = np.empty((len(self._types), rows + _PADDING), np.int32)
            self._lengths = np.empty_like(self._starts)
        if _fields(buffer, rows, self._starts, self._lengths) != len(buffer):
            raise ValueError("the rows have other columns than were asked for")
        columns = zip(self._starts[:, :rows], self._lengths[:, :rows], strict=True)
        arrays = [
            _array(_Fields(field.name, buffer, *next(columns)), type_, field.type)
            for field, type_ in zip(self._schema, self._types, strict=True)
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=self._schema)


def _array(fields: _Fields, type_: str, arrow: pa.DataType) -> "pa.Array[Any]":
    nulls = fields.lengths < 0
    null_count = int(np.count_nonzero(nulls))
    validity = _bitmap(~nulls) if null_count else None
    if arrow == pa.string():
        buffers = _texts(fields)
    elif arrow == DECIMAL:
        buffers = [_decimals(fields)]
    elif type_ == "numeric":
        buffers = [_floats(fields)]
    else:
        buffers = [_integers(fields, type_, arrow)]
    return pa.Array.from_buffers(arrow, len(nulls), [validity, *buffers], null_count)


def _room(values: int, dtype: str) -> tuple[pa.Buffer, npt.NDArray[Any]]:
    """Arrow's own memory for so many values, and the same as an array to write them to."""
    buffer = pa.allocate_buffer(values * np.dtype(dtype).itemsize)
    return buffer, np.frombuffer(memoryview(buffer), dtype)


def _bitmap(values: npt.NDArray[np.bool_]) -> pa.Buffer:
    return pa.py_buffer(np.packbits(values, bitorder="little").data)


def _integers(fields: _Fields, type_: str, arrow: pa.DataType) -> pa.Buffer:
    """Everything that is sent as an integer of a fixed width."""
    width = _WIDTHS[type_]
    if np.any((fields.lengths != width) & (fields.lengths >= 0)):
        raise ValueError(f"column {fields.name} is no {type_}")
    buffer, values = _room(len(fields.lengths), f"i{width}")
    _read_integers(fields.data, fields.starts, fields.lengths, width, values)
    if arrow == pa.bool_():
        return _bitmap(values != 0)
    if type_ in ("timestamptz", "date"):
        _require_years(fields.name, type_, values)
        values += _POSTGRES_EPOCH_US if type_ == "timestamptz" else _POSTGRES_EPOCH_DAYS
    return buffer


def _require_years(name: str, type_: str, values: npt.NDArray[Any]) -> None:
    """UnfitValueError for a time that no reader's calendar has; nulls are 0."""
    first, last = _YEARS[type_]
    if not len(values) or (values.min() >= first and values.max() <= last):
        return
    unfit = values[np.argmax((values < first) | (values > last))]
    if unfit in (np.iinfo(values.dtype).min, np.iinfo(values.dtype).max):
        raise UnfitValueError(name, "infinity", "is no time: leave it out")
    side = "before the year 1" if unfit < first else "after the year 9999"
    raise UnfitValueError(
        name, f"a time {side}", "these forms do not hold: leave it out, or ask for it as text"
    )


def _floats(fields: _Fields) -> pa.Buffer:
    buffer, values = _room(len(fields.lengths), "f8")
    left_open = np.empty(len(values), np.int32)
    count = numerics.read_floats(fields.data, fields.starts, fields.lengths, values, left_open)
    if count < 0:
        raise ValueError(f"column {fields.name} is no numeric")
    for row in left_open[:count].tolist():
        values[row] = float(_number(fields, row))
    return buffer


def _decimals(fields: _Fields) -> pa.Buffer:
    buffer, values = _room(2 * len(fields.lengths), "u8")
    halves = values.reshape(-1, 2)
    fault = numerics.read_decimals(fields.data, fields.starts, fields.lengths, halves)
    if fault >= 0:
        row, reason = divmod(fault, 4)
        if reason == numerics.MISREAD:
            raise ValueError(f"column {fields.name} is no numeric")
        raise UnfitValueError(fields.name, str(_number(fields, row)), _UNFIT[reason])
    return buffer


def _number(fields: _Fields, row: int) -> Any:
    start = int(fields.starts[row])
    return decimal_of(fields.data[start : start + int(fields.lengths[row])].tobytes())


def _texts(fields: _Fields) -> list[pa.Buffer]:
    ends, offsets = _room(len(fields.lengths) + 1, "i4")
    offsets[0] = 0
    np.cumsum(np.maximum(fields.lengths, 0), out=offsets[1:])
    buffer, values = _room(int(offsets[-1]), "u1")
    _read_texts(fields.data, fields.starts, offsets, values)
    return [ends, buffer]


@njit(cache=True, nogil=True)
def _fields(data: Buffer, rows: int, starts: Int32s, lengths: Int32s) -> int:
    """Fill both (columns x at least `rows`) with where each field begins and how long it is, or -1: null.

    Where the last one ends, or -1 where a row has another number of fields or is cut. Positions are
    unsigned, as one that may be negative is looked at twice. O(fields).
    """
    columns = starts.shape[0]
    size, two, four = np.uint64(len(data)), np.uint64(2), np.uint64(4)
    at = np.uint64(0)
    for row in range(rows):
        if at + two > size or _word(data, at) != columns:
            return -1
        at += two
        for column in range(columns):
            if at + four > size:
                return -1
            length = np.int32(_double_word(data, at))
            at += four
            starts[column, row] = at
            lengths[column, row] = length
            if length > 0:
                at += np.uint64(length)
    return int(np.int64(at))


@njit(cache=True, nogil=True)
def _word(data: Buffer, at: np.uint64) -> int:
    return int(np.int64(data[at]) << 8 | np.int64(data[at + np.uint64(1)]))


@njit(cache=True, nogil=True)
def _double_word(data: Buffer, at: np.uint64) -> int:
    return int(_word(data, at) << 16 | _word(data, at + np.uint64(2)))


@njit(cache=True, nogil=True)
def _read_integers(
    data: Buffer, starts: Int32s, lengths: Int32s, width: int, out: npt.NDArray[np.int64]
) -> None:
    """Fill `out` (integers of `width` bytes) with the fields, 0 for a null. O(n)."""
    for row in range(len(out)):
        value = 0
        if lengths[row] > 0:
            at = np.uint64(starts[row])
            if width == 8:
                value = _double_word(data, at) << 32 | _double_word(data, at + np.uint64(4))
            elif width == 4:
                value = _double_word(data, at)
            elif width == 2:
                value = _word(data, at)
            else:
                value = int(np.int64(data[at]))
        out[row] = value


@njit(cache=True, nogil=True)
def _read_texts(data: Buffer, starts: Int32s, offsets: Int32s, out: Buffer) -> None:
    """Copy each field to where its offset says. O(bytes)."""
    for row in range(len(starts)):
        start = starts[row]
        for index in range(offsets[row], offsets[row + 1]):
            out[index] = data[start + index - offsets[row]]
