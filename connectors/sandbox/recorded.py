"""Recorded streams: files of lines `<receive_ns> <frame>`, plain or gz, whose frames say whose they are."""

import gzip
import heapq
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from connectors.errors import RecordingError
from connectors.recording import WRAPPED

MAX_LINE_BYTES = 16 * 2**20
_GZIP_MAGIC = b"\x1f\x8b"
_LINE = re.compile(rb"([0-9]{1,19}) (.*\S)\s*", re.DOTALL)
_DAMAGE = (OSError, EOFError, zlib.error)

Line = tuple[int, str, str]
"""When it was received (ns since 1970), the provider, the frame's own text."""


def recordings_of(arguments: Iterable[str]) -> dict[str, list[Path]]:
    """Provider → files, of arguments `FILE` or `PROVIDER=FILE`.

    RecordingError names a file that can't be read, or whose first frame is nobody's.
    """
    found: dict[str, list[Path]] = {}
    for argument in arguments:
        named, equals, rest = argument.partition("=")
        given = bool(equals) and named in _MARKS
        path = Path(rest if given else argument)
        recognised = recognise(path)
        provider = named if given else recognised
        if provider is None:
            names = ", ".join(_MARKS)
            raise RecordingError(path, f"its first frame is nobody's; say PROVIDER=FILE ({names})")
        found.setdefault(provider, []).append(path)
    return found


def recognise(path: Path) -> str | None:
    """The provider of a file's first frame, None where it is not known. RecordingError."""
    for _, text in lines(path):
        try:
            frame = json.loads(text)
        except ValueError:
            raise RecordingError(path, "its first frame is no JSON") from None
        if not isinstance(frame, dict):
            return None
        return next((name for name, mark in _MARKS.items() if mark(frame)), None)
    raise RecordingError(path, "holds no frame of a stream")


def merged(recordings: Mapping[str, Iterable[Path]]) -> Iterator[Line]:
    """The lines of all files in the order of their receipt. RecordingError where one is damaged."""
    return heapq.merge(
        *(_of(provider, path) for provider, paths in recordings.items() for path in paths),
        key=lambda line: line[0],
    )


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """When each frame of a stream was received, and its text; polled answers are left out.

    RecordingError, with the line's number.
    """
    try:
        with _open(path) as file:
            number = 0
            while line := file.readline(MAX_LINE_BYTES):
                number += 1
                match = _LINE.fullmatch(line)
                if match is None:
                    raise RecordingError(path, f"line {number} is not <receive_ns> <frame>")
                if not match[2].startswith(WRAPPED):
                    yield int(match[1]), match[2].decode()
    except _DAMAGE as error:
        why = getattr(error, "strerror", None) or error
        raise RecordingError(path, f"cannot be read: {why}") from error
    except UnicodeDecodeError as error:
        raise RecordingError(path, f"line {number} is not UTF-8") from error


def _of(provider: str, path: Path) -> Iterator[Line]:
    for received_ns, text in lines(path):
        yield received_ns, provider, text


def _open(path: Path) -> BinaryIO | gzip.GzipFile:
    with path.open("rb") as file:
        packed = file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
    return gzip.open(path) if packed else path.open("rb")


_MARKS: Mapping[str, Callable[[dict[str, Any]], bool]] = {
    "binance": lambda frame: bool({"stream", "lastUpdateId", "e"} & frame.keys()),
    "kraken": lambda frame: bool({"channel", "method"} & frame.keys()),
    "coinbase": lambda frame: "product_id" in frame or frame.get("type") == "subscriptions",
    "coingecko": lambda frame: bool({"c", "code", "sid"} & frame.keys()),
}
"""By what a frame of each provider is known."""
