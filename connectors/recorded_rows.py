"""The rows of a recorded file, once they are in memory."""

from dataclasses import dataclass

import numpy as np

from connectors.kernels import kernel
from connectors.numerals import Bytes
from market.ticks import Int64s

MAX_FILE_BYTES = 4 * 2**30
"""What a recording may unpack to."""


@dataclass(frozen=True, slots=True)
class LoadedRows:
    """The unpacked bytes of a file, where each row ends (beyond its newline), and its event time."""

    data: bytes
    ends: Int64s
    times_us: Int64s

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.ends)

    def slice(self, start: int, stop: int) -> bytes:
        """The bytes of these rows."""
        first = int(self.ends[start - 1]) if start else 0
        return self.data[first : int(self.ends[stop - 1])]


@dataclass(frozen=True, slots=True)
class Part:
    """Rows that make one record, up to `stop`; the other fields are those of a `LogRecord`."""

    kind: str
    context: str
    received_us: int
    payload: bytes
    stop: int


def row_ends(data: bytes) -> Int64s:
    """Where each row ends, beyond its newline; the last may have none."""
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n")) + 1
    if data and not data.endswith(b"\n"):
        ends = np.append(ends, len(data))
    return ends.astype(np.int64, copy=False)


def leading_integers(data: bytes, ends: Int64s, max_digits: int) -> Int64s:
    """The first digits of each row; never below the row before, so that pacing cannot go back."""
    values = np.zeros(len(ends), np.int64)
    _integers_kernel(np.frombuffer(data, np.uint8), ends, max_digits, values)
    return values


@kernel
def _integers_kernel(data: Bytes, ends: Int64s, max_digits: int, values: Int64s) -> None:
    start = 0
    newest = 0
    for row in range(len(ends)):
        value = 0
        for at in range(start, min(int(ends[row]), start + max_digits)):
            digit = int(np.int64(data[np.uint64(at)])) - 48
            if digit < 0 or digit > 9:
                break
            value = value * 10 + digit
        newest = max(newest, value)
        values[row] = newest
        start = int(ends[row])
