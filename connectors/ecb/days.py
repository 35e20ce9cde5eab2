"""The days of an ECB document: XML, CSV or a zip of one CSV, told apart by their first bytes.

The European Central Bank publishes its reference rates in all three, the newest day first. In a CSV a
currency that has no rate on a day stands as `N/A`: a hole, not a refusal.
"""

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from io import BytesIO

from connectors.ecb.envelope import PROVIDER, read_envelope
from connectors.errors import MalformedError
from connectors.rates import FIRST_DAY, day_of

MAX_CSV_BYTES = 32 * 2**20
"""Unpacked; the whole history since 1999 has two million."""

_ZIP = b"PK"
_HOLE = "N/A"
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_MONTHS = (
    "January February March April May June July August September October November December"
).split()


@dataclass(frozen=True, slots=True)
class Day:
    """One day as it was written, and the units of each currency per euro; None for no such day."""

    text: str
    day: date | None
    rates: dict[str, str]


def days_of(payload: bytes) -> list[Day]:
    """The days of a document, oldest first.

    MalformedError where it is none, holds none, or is XML with declarations of its own.
    """
    text = _unpacked(payload) if payload.startswith(_ZIP) else payload
    if text.lstrip()[:1] == b"<":
        days = [Day(day, day_of(day), rates) for day, rates in read_envelope(text)]
    else:
        days = list(_rows(text))
    if not days:
        raise MalformedError(PROVIDER, "a document without a day")
    return sorted(days, key=lambda each: each.day or FIRST_DAY)


def _unpacked(payload: bytes) -> bytes:
    """The one file of an archive, as far as it is not larger than is bearable."""
    try:
        with zipfile.ZipFile(BytesIO(payload)) as archive:
            members = archive.infolist()
            if len(members) != 1 or not _is_plain(members[0]):
                raise MalformedError(PROVIDER, "an archive of something else than one file")
            with archive.open(members[0]) as file:
                text = file.read(MAX_CSV_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, NotImplementedError) as error:
        raise MalformedError(PROVIDER, "an archive that does not open") from error
    if len(text) > MAX_CSV_BYTES:
        raise MalformedError(PROVIDER, f"more than {MAX_CSV_BYTES} bytes unpacked")
    return text


def _is_plain(member: zipfile.ZipInfo) -> bool:
    return member.compress_type in _METHODS and not member.flag_bits & _ENCRYPTED


def _rows(data: bytes) -> Iterator[Day]:
    """The rows of a CSV; one of another length than the first has no rates."""
    lines = data.decode("utf-8-sig", "replace").splitlines()
    header = [cell.strip() for cell in lines[0].split(",")] if lines else []
    if header[:1] != ["Date"]:
        raise MalformedError(PROVIDER, "neither XML nor CSV of reference rates")
    for line in lines[1:]:
        if not line.strip():
            continue
        cells = [cell.strip() for cell in line.split(",")]
        rates = dict(zip(header[1:], cells[1:], strict=False)) if len(cells) == len(header) else {}
        present = {code: rate for code, rate in rates.items() if code and rate != _HOLE}
        yield Day(cells[0], day_of(cells[0]) or _written_out(cells[0]), present)


def _written_out(text: str) -> date | None:
    """The day of `13 April 2026`, as the file of one day writes it."""
    number, _, rest = text.partition(" ")
    month, _, year = rest.partition(" ")
    if month not in _MONTHS or len(number) > 2:
        return None
    return day_of(f"{year}-{_MONTHS.index(month) + 1:02}-{number:0>2}")
