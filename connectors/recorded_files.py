"""One recorded file: what it is by its first bytes and names, and its rows once it is loaded."""

import gzip
import re
import zipfile
import zlib
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

import numpy as np

from connectors import oanda
from connectors.errors import RecordingError
from connectors.kernels import kernel
from connectors.numerals import Bytes
from market.sources import Feed, Source, source_of
from market.ticks import Int64s

MAX_FILE_BYTES = 4 * 2**30
"""What a recording may unpack to."""

_ZIP_MAGIC = b"PK\x03\x04"
_GZIP_MAGIC = b"\x1f\x8b"
_HEAD_BYTES = 4_096
_CSV_NAME = re.compile(r"(?:.*/)?(\d{8})_([a-z]{3})([a-z]{3})_tick_quote\.csv", re.ASCII)
_CSV_ROW = re.compile(rb"([0-9]{1,8}),[0-9.]+,[0-9.]+\r?(?:\n|$)")
_FRAME_LINE = re.compile(rb'([0-9]{19}) \{"')
_DAMAGE = (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError)
"""What the libraries raise for a file that is cut short, changed, encrypted or packed otherwise."""


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


class RecordedFile(Protocol):
    """A file that was recognised; `first_us` is the event time of its first row."""

    source: Source
    kind: str
    first_us: int

    def context(self, row: int) -> str:
        """The context of a record that begins with this row."""

    def load(self) -> LoadedRows:
        """The rows, read from the file if they are not in memory. RecordingError if damaged."""

    def unload(self) -> None:
        """Forget the rows."""


def open_recording(path: Path) -> RecordedFile:
    """The file, recognised by its first bytes. RecordingError: it is missing, or no recording."""
    try:
        with path.open("rb") as file:
            magic = file.read(len(_ZIP_MAGIC))
        if magic == _ZIP_MAGIC:
            return _QuoteZip(path)
        if magic[:2] == _GZIP_MAGIC:
            return _FramesGzip(path)
    except _DAMAGE as error:
        raise RecordingError(path, f"cannot be read: {error}") from error
    raise RecordingError(path, "neither a zip of FX ticks nor a gz of Binance frames")


class _QuoteZip:
    """A zip of one headerless CSV `<YYYYMMDD>_<pair>_tick_quote.csv`."""

    kind = "ticks"

    def __init__(self, path: Path) -> None:
        self.source = source_of(oanda.PROVIDER, Feed.RECORDED)
        self._path = path
        self._loaded: LoadedRows | None = None
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            found = _CSV_NAME.fullmatch(members[0].filename) if len(members) == 1 else None
            if found is None or members[0].file_size > MAX_FILE_BYTES:
                raise RecordingError(path, "holds no single <date>_<pair>_tick_quote.csv")
            self._member = members[0].filename
            with archive.open(members[0]) as file:
                row = _CSV_ROW.match(file.read(_HEAD_BYTES))
        if row is None:
            raise RecordingError(path, "its rows are not ms,bid,ask")
        self._day = _day(path, found[1])
        self._symbol = f"{found[2]}-{found[3]}".upper()
        self.first_us = oanda.midnight_us(self._day) + int(row[1]) * 1_000

    def context(self, row: int) -> str:
        return oanda.context_of(self._symbol, self._day, row)

    def load(self) -> LoadedRows:
        if self._loaded is None:
            try:
                with zipfile.ZipFile(self._path) as archive:
                    data = archive.read(self._member)
            except _DAMAGE as error:
                raise RecordingError(self._path, f"is damaged: {error}") from error
            ends = _row_ends(data)
            times_us = oanda.midnight_us(self._day) + _leading_integers(data, ends, 8) * 1_000
            self._loaded = LoadedRows(data, ends, times_us)
        return self._loaded

    def unload(self) -> None:
        self._loaded = None


class _FramesGzip:
    """A gz of lines `<receive_ns> <frame>`."""

    kind = "frames"

    def __init__(self, path: Path) -> None:
        self.source = source_of("binance", Feed.RECORDED)
        self._path = path
        self._loaded: LoadedRows | None = None
        with gzip.open(path) as file:
            line = _FRAME_LINE.match(file.read(_HEAD_BYTES))
        if line is None:
            raise RecordingError(path, "its lines are not <receive_ns> <frame>")
        self.first_us = int(line[1]) // 1_000

    def context(self, row: int) -> str:
        return ""

    def load(self) -> LoadedRows:
        if self._loaded is None:
            try:
                with gzip.open(self._path) as file:
                    data = file.read(MAX_FILE_BYTES + 1)
            except _DAMAGE as error:
                raise RecordingError(self._path, f"is damaged: {error}") from error
            if len(data) > MAX_FILE_BYTES:
                raise RecordingError(self._path, f"unpacks to more than {MAX_FILE_BYTES} bytes")
            ends = _row_ends(data)
            self._loaded = LoadedRows(data, ends, _leading_integers(data, ends, 18) // 100)
        return self._loaded

    def unload(self) -> None:
        self._loaded = None


def _day(path: Path, text: str) -> date:
    try:
        return datetime.strptime(text, "%Y%m%d").date()
    except ValueError as error:
        raise RecordingError(path, f"{text} is no date") from error


def _row_ends(data: bytes) -> Int64s:
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n")) + 1
    if data and not data.endswith(b"\n"):
        ends = np.append(ends, len(data))
    return ends.astype(np.int64, copy=False)


def _leading_integers(data: bytes, ends: Int64s, max_digits: int) -> Int64s:
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
