"""A recorded file of frames: whose they are, and its lines once it is loaded."""

import gzip
import re
import zlib
from pathlib import Path

import numpy as np

from connectors.errors import MalformedError, NoRecordingError, RecordingError
from connectors.gathering import KIND
from connectors.recorded_rows import MAX_FILE_BYTES, LoadedRows, Part, leading_integers, row_ends
from connectors.recording import WRAPPED, unwrapped
from market.sources import Feed, source_of
from market.ticks import Int64s

DAMAGE = (OSError, EOFError, zlib.error)
"""What the libraries raise for a file that is cut short or changed."""

_HEAD_BYTES = 65_536
_TIME_CHARS = 19
_LINE = re.compile(rb"([0-9]{19}) ")
_SIGNS = (
    (re.compile(rb'\{"kind":"[^"]*","context":"(?:[^"\\]|\\.)*","source":"([a-z]+)"'), None),
    (re.compile(rb'\{"(?:stream|result|e|u)":'), "binance"),
    (re.compile(rb'\{"(?:channel|method)":"'), "kraken"),
    (
        re.compile(rb'\{"code":[23]000,|\{"type":"(?:welcome|confirm_sub)|.*"c":"[CG][0-9]"'),
        "coingecko",
    ),
    (re.compile(rb'\{"type":"(?:subscriptions|ticker|last_match|match|heartbeat)"'), "coinbase"),
)
"""How a frame of each provider begins; an answer that was polled names its provider itself."""


def provider_of(head: bytes) -> str | None:
    """Whose frames these lines are; None where no line tells."""
    for line in head.splitlines():
        for sign, provider in _SIGNS:
            if found := sign.match(line, _TIME_CHARS + 1):
                return provider or found[1].decode()
    return None


class FramesGzip:
    """A gz of lines `<receive_ns> <frame>`, of the given provider or of the one its frames show."""

    def __init__(self, path: Path, provider: str | None) -> None:
        self.path = path
        self._loaded: LoadedRows | None = None
        self._wrapped = np.empty(0, np.int64)
        with gzip.open(path) as file:
            head = file.read(_HEAD_BYTES)
        line = _LINE.match(head)
        if line is None:
            raise NoRecordingError(path, "its lines are not <receive_ns> <frame>")
        provider = provider or provider_of(head)
        if provider is None:
            raise NoRecordingError(path, "no frame shows its provider: say it with --source")
        self.source = source_of(provider, Feed.RECORDED)
        self.first_us = int(line[1]) // 1_000

    def load(self) -> LoadedRows:
        """See `RecordedFile.load`."""
        if self._loaded is None:
            try:
                with gzip.open(self.path) as file:
                    data = file.read(MAX_FILE_BYTES + 1)
            except DAMAGE as error:
                raise RecordingError(self.path, f"is damaged: {error}") from error
            if len(data) > MAX_FILE_BYTES:
                raise RecordingError(self.path, f"unpacks to more than {MAX_FILE_BYTES} bytes")
            ends = row_ends(data)
            self._wrapped = _wrapped_rows(data, ends)
            self._loaded = LoadedRows(data, ends, leading_integers(data, ends, 18) // 100)
        return self._loaded

    def part(self, start: int, stop: int) -> Part:
        """See `RecordedFile.part`: frames up to the next polled answer, which is a part by itself."""
        rows = self.load()
        following = int(np.searchsorted(self._wrapped, start))
        first = self._wrapped[following] if following < len(self._wrapped) else stop
        if first != start:
            stop = min(stop, int(first))
            received_us = int(rows.times_us[stop - 1])
            return Part(KIND, "", received_us, rows.slice(start, stop), stop)
        return _answer(rows.slice(start, start + 1), int(rows.times_us[start]), start + 1)

    def unload(self) -> None:
        """See `RecordedFile.unload`."""
        self._loaded = None


def _answer(line: bytes, time_us: int, stop: int) -> Part:
    """A polled answer, received when its own line says; one that is none stays a frame, for quarantine."""
    try:
        answer = unwrapped(line[_TIME_CHARS + 1 :])
        received_us = int(line[:_TIME_CHARS]) // 1_000
        return Part(answer.kind, answer.context, received_us, answer.payload(), stop)
    except (MalformedError, ValueError):
        return Part(KIND, "", time_us, line, stop)


def _wrapped_rows(data: bytes, ends: Int64s) -> Int64s:
    """The rows that hold polled answers, ascending."""
    if WRAPPED not in data:
        return np.empty(0, np.int64)
    starts = np.concatenate([np.zeros(1, np.int64), ends[:-1]]) + _TIME_CHARS + 1
    rows = [row for row, start in enumerate(starts.tolist()) if data.startswith(WRAPPED, start)]
    return np.array(rows, np.int64)
