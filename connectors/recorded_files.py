"""One recorded file: what it is by its first bytes and names, and its rows once it is loaded.

Zips of ticks and gz of frames hold one log each; everything else is a table (`recorded_tables`).
"""

import re
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

from connectors import oanda
from connectors.errors import NoRecordingError, RecordingError
from connectors.recorded_frames import DAMAGE, FramesGzip
from connectors.recorded_rows import MAX_FILE_BYTES, LoadedRows, Part, leading_integers, row_ends
from connectors.recorded_tables import MAX_TABLE_BYTES, RecordedTable, kind_of
from market.sources import Feed, Source, source_of

_ZIP_MAGIC = b"PK\x03\x04"
_GZIP_MAGIC = b"\x1f\x8b"
_HEAD_BYTES = 4_096
_CSV_NAME = re.compile(r"(?:.*/)?(\d{8})_([a-z]{3})([a-z]{3})_tick_quote\.csv", re.ASCII)
_CSV_ROW = re.compile(rb"([0-9]{1,8}),[0-9.]+,[0-9.]+\r?(?:\n|$)")
_DAMAGE = (*DAMAGE, zipfile.BadZipFile, NotImplementedError, RuntimeError)
"""What the libraries raise for a file that is cut short, changed, encrypted or packed otherwise."""


class RecordedFile(Protocol):
    """A file that was recognised; `first_us` is the event time of its first row."""

    path: Path
    source: Source
    first_us: int

    def part(self, start: int, stop: int) -> Part:
        """What begins with a row and ends before `stop`, or sooner where what follows is another kind."""

    def load(self) -> LoadedRows:
        """The rows, read from the file if they are not in memory. RecordingError if damaged."""

    def unload(self) -> None:
        """Forget the rows."""


def open_recording(
    path: Path, provider: str | None = None, symbol: str | None = None
) -> RecordedFile:
    """The file, recognised by its first bytes and names, of a provider that they show where none is given.

    `symbol` is whose bars a table holds that does not say it. NoRecordingError: nothing that can be
    replayed; RecordingError: it is missing, damaged, or another provider's.
    """
    try:
        with path.open("rb") as file:
            magic = file.read(len(_ZIP_MAGIC))
        if magic[:2] == _GZIP_MAGIC:
            return FramesGzip(path, provider)
        found = _zipped(path, symbol) if magic == _ZIP_MAGIC else _plain(path, symbol)
    except _DAMAGE as error:
        raise RecordingError(path, f"cannot be read: {error}") from error
    if provider not in (None, found.source.provider):
        raise NoRecordingError(path, f"holds {found.source.provider}'s data, not {provider}'s")
    return found


def _zipped(path: Path, symbol: str | None) -> RecordedFile:
    with zipfile.ZipFile(path) as archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        if len(members) != 1:
            raise NoRecordingError(path)
        name, size = members[0].filename, members[0].file_size
        with archive.open(members[0]) as file:
            head = file.read(_HEAD_BYTES)
    if _CSV_NAME.fullmatch(name):
        return _QuoteZip(path)
    if size > MAX_TABLE_BYTES:
        raise RecordingError(path, f"unpacks to more than {MAX_TABLE_BYTES} bytes")
    return RecordedTable(path, kind_of(path, name, head, symbol), lambda: _member(path, name))


def _plain(path: Path, symbol: str | None) -> RecordedFile:
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    kind = kind_of(path, path.name, head, symbol)
    if path.stat().st_size > MAX_TABLE_BYTES:
        raise RecordingError(path, f"has more than {MAX_TABLE_BYTES} bytes")
    return RecordedTable(path, kind, path.read_bytes)


def _member(path: Path, name: str) -> bytes:
    """A member of a zip. RecordingError: it is damaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.read(name)
    except _DAMAGE as error:
        raise RecordingError(path, f"is damaged: {error}") from error


class _QuoteZip:
    """A zip of one headerless CSV `<YYYYMMDD>_<pair>_tick_quote.csv`."""

    def __init__(self, path: Path) -> None:
        self.source = source_of(oanda.PROVIDER, Feed.RECORDED)
        self.path = path
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

    def part(self, start: int, stop: int) -> Part:
        rows = self.load()
        context = oanda.context_of(self._symbol, self._day, start)
        received_us = int(rows.times_us[stop - 1])
        return Part("ticks", context, received_us, rows.slice(start, stop), stop)

    def load(self) -> LoadedRows:
        if self._loaded is None:
            data = _member(self.path, self._member)
            ends = row_ends(data)
            times_us = oanda.midnight_us(self._day) + leading_integers(data, ends, 8) * 1_000
            self._loaded = LoadedRows(data, ends, times_us)
        return self._loaded

    def unload(self) -> None:
        self._loaded = None


def _day(path: Path, text: str) -> date:
    try:
        return datetime.strptime(text, "%Y%m%d").date()
    except ValueError as error:
        raise RecordingError(path, f"{text} is no date") from error
