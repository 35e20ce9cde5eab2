"""The recorded data as benchmarks use it: files, their log records, repeated where they are few."""

import gzip
import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from connectors.parsing import parse
from connectors.recordings import MAX_ROWS_PER_RECORD, RecordingReader
from market.instruments import CATALOGUE
from market.log import LogRecord
from market.ticks import TickBatch

SHIFT_NS = 720 * 10**9
"""The Binance recording touches twelve minutes: what repeats it touches none of them."""
SHIFT_IDS = 10**9

_RECEIVED = re.compile(rb"^[0-9]{19}", re.MULTILINE)
_MILLISECONDS = re.compile(rb'(?<="[ET]":)[0-9]{13}')
_IDENTITY = re.compile(rb'(?<="[tu]":)[0-9]+')


def fx_files(data: Path, pair: str = "*") -> list[Path]:
    """The recorded FX quotes: a zip a day."""
    return sorted((data / "fx_ticks").glob(f"oanda_{pair}/*.zip"))


def binance_files(data: Path) -> list[Path]:
    """The recorded Binance frames."""
    return sorted((data / "crypto_ws").glob("binance_spot_2024/*.gz"))


def repeated_frames(paths: Sequence[Path], times: int, directory: Path) -> list[Path]:
    """The frame files made longer: each repeats itself, later and with higher ids every time."""
    written = []
    for path in paths:
        frames = gzip.decompress(path.read_bytes())
        longer = b"".join(_shifted(frames, copy) for copy in range(times))
        written.append(directory / path.name)
        written[-1].write_bytes(gzip.compress(longer))
    return written


def records_of(
    paths: Sequence[Path], rows_per_record: int = MAX_ROWS_PER_RECORD
) -> list[LogRecord]:
    """Every record of the files, of at most so many rows each, in the reader's order."""
    reader = RecordingReader(paths, max_rows=lambda: rows_per_record)
    after: dict[str, int] = {}
    found = []
    while not reader.finished():
        for record in reader.read(after):
            after[record.partition] = record.offset
            found.append(record)
    return found


def ticks_of(records: Sequence[LogRecord]) -> TickBatch:
    """The ticks of these records."""
    return TickBatch.concat([parse(record, CATALOGUE).ticks for record in records])


def _shifted(frames: bytes, copy: int) -> bytes:
    shifts = (
        (_RECEIVED, copy * SHIFT_NS),
        (_MILLISECONDS, copy * SHIFT_NS // 10**6),
        (_IDENTITY, copy * SHIFT_IDS),
    )
    for pattern, shift in shifts:
        frames = pattern.sub(partial(_plus, shift), frames)
    return frames


def _plus(shift: int, found: re.Match[bytes]) -> bytes:
    return b"%d" % (int(found[0]) + shift)
