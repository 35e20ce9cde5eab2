"""Packed frames: lines `<receive_ns> <frame>`, read by a kernel into columns, or one by one.

A kernel reads lines in the venue's own layout, exact to the byte. Whatever differs is not judged there
but handed on as doubtful, with its place among the ticks; the slow way reads it with the same result.
"""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import msgspec
import numpy as np

from connectors.numerals import Bytes
from connectors.refusals import refused
from connectors.scanning import NEWLINE
from market.log import Refused
from market.ticks import Int8s, Int32s, Int64s, Tick, TickBatch

MAX_SEQ = 2**63 - 1
"""What a sequence, a trade id or a receive time in nanoseconds may be."""

NS_PER_US = 1_000

_LINE = re.compile(rb"([0-9]{1,19}) (.+)", re.DOTALL)
_Shape = TypeVar("_Shape")

Slow = Callable[[bytes], tuple[Sequence[Tick], Sequence[Refused]]]
"""Reads one line: its ticks, and the parts of it that are none. ValueError: it is no frame at all."""


class Columns(NamedTuple):
    """What a kernel read: `wide` (6, n) time, seq, bid, ask, price, size; `narrow` (3, n) kind,
    exponent, size exponent; `doubtful` (m, 3) row before which a line belongs, its start and end.
    """

    wide: Int64s
    narrow: Int8s
    instrument: Int32s
    doubtful: Int64s

    @classmethod
    def room(cls, ticks: int, lines: int) -> "Columns":
        """Columns of zeros, for a kernel to fill; what it leaves alone costs no memory."""
        return cls(
            np.zeros((6, ticks), np.int64),
            np.zeros((3, ticks), np.int8),
            np.zeros(ticks, np.int32),
            np.zeros((lines, 3), np.int64),
        )

    def filled(self, ticks: int, doubts: int) -> "Columns":
        """The part that a kernel has filled."""
        return Columns(
            self.wide[:, :ticks],
            self.narrow[:, :ticks],
            self.instrument[:ticks],
            self.doubtful[:doubts],
        )

    def ticks(self, source: int) -> TickBatch:
        """The rows as a batch; its arrays are the kernel's own."""
        length = len(self.instrument)
        time, seq, bid, ask, price, size = self.wide
        kind, exponent, size_exponent = self.narrow
        return TickBatch(
            time=time,
            seq=seq,
            bid=bid,
            ask=ask,
            price=price,
            size=size,
            instrument=self.instrument,
            source=np.full(length, source, np.int16),
            kind=kind,
            exponent=exponent,
            size_exponent=size_exponent,
            late=np.zeros(length, np.bool_),
        )


def most_lines(data: Bytes) -> int:
    """How many lines there are at most: one more than newlines."""
    return int(np.count_nonzero(data == NEWLINE)) + 1


def settle(
    columns: Columns, payload: bytes, source: int, slow: Slow
) -> tuple[TickBatch, tuple[Refused, ...]]:
    """The ticks of the columns and of the doubtful lines, in their order, and what was refused."""
    batch = columns.ticks(source)
    parts: list[TickBatch] = []
    refusals: list[Refused] = []
    done = 0
    for row, start, end in columns.doubtful.tolist():
        line = payload[start:end]
        try:
            ticks, refused_parts = slow(line)
        except ValueError as error:
            refusals.append(refused(error, line))
            continue
        refusals += refused_parts
        if ticks:
            parts += [batch.take(slice(done, row)), TickBatch.of(ticks)]
            done = row
    if not parts:
        return batch, tuple(refusals)
    return TickBatch.concat([*parts, batch.take(slice(done, len(batch)))]), tuple(refusals)


def split_line(line: bytes) -> tuple[int, bytes]:
    """Receive time in nanoseconds and frame. ValueError: it is no such line."""
    found = _LINE.fullmatch(line)
    receive_ns = int(found[1]) if found else 0
    if found is None or not NS_PER_US <= receive_ns <= MAX_SEQ:
        raise ValueError("not a line of receive time and frame")
    return receive_ns, found[2]


def decoded(decoder: msgspec.json.Decoder[_Shape], frame: bytes | msgspec.Raw) -> _Shape:
    """A frame, or a part of it, in its shape. ValueError: it has another."""
    try:
        return decoder.decode(frame)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(f"not a frame: {error}") from error
