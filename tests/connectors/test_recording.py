"""A recording holds what came as it came, and is whole up to its last flush."""

import asyncio
import contextlib
import gzip
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.errors import MalformedError, RecordingError
from connectors.recording import FLUSH_BYTES, Recording, unwrapped, wrapped
from connectors.recordings import RecordingReader
from market.log import LogEntry
from market.sources import Feed, source_of
from tests.connectors.support import NOW_US
from tests.connectors.test_recordings import drain

FRAMES = b'1723161254087896568 {"stream":"x"}\n1723161254087896569 {"stream":"y"}\n'


async def record(path: Path, *entries: LogEntry, provider: str = "binance") -> Recording:
    recording = Recording(path)
    writer = await recording.writer(f"{provider}-live-0", source_of(provider, Feed.LIVE))
    for entry in entries:
        await writer.append([entry])
    return recording


@pytest.mark.parametrize(
    "body", [b'{"rates":{}}', b"a\nb\r\n\0", "€".encode(), b"\xff\xfe", b"", b'{"kind":"x"}']
)
def test_an_answer_is_wrapped_byte_by_byte(body: bytes) -> None:
    frame = wrapped("fixer", LogEntry("latest", 'sym"bols', NOW_US, body))
    assert frame.startswith(b'{"kind":"latest","context":"sym\\"bols","source":"fixer",')
    assert b"\n" not in frame
    answer = unwrapped(frame)
    assert (answer.kind, answer.context, answer.payload()) == ("latest", 'sym"bols', body)


def test_what_is_no_answer_is_malformed() -> None:
    with pytest.raises(MalformedError):
        unwrapped(b'{"kind":')


async def test_frames_are_written_as_they_came(tmp_path: Path) -> None:
    path = tmp_path / "out.gz"
    recording = await record(path, LogEntry("frames", "", NOW_US, FRAMES))
    recording.close()
    assert recording.lines == 2
    assert gzip.decompress(path.read_bytes()) == FRAMES


async def test_what_was_recorded_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "out.gz"
    answer = LogEntry("latest", "EUR", NOW_US, b'{"rates": {}}\n')
    recording = await record(path, answer, answer, provider="fixer")
    recording.close()
    records = drain(RecordingReader([path]))
    assert [(each.source.provider, each.kind, each.context) for each in records] == [
        ("fixer", "latest", "EUR")
    ] * 2
    assert {each.payload for each in records} == {answer.payload}
    assert {each.received_us for each in records} == {NOW_US}


async def test_what_was_flushed_survives_any_end(tmp_path: Path) -> None:
    path = tmp_path / "out.gz"
    recording = await record(path, LogEntry("frames", "", NOW_US, FRAMES))
    recording.flush()
    recording.add("binance", LogEntry("frames", "", NOW_US, FRAMES))
    assert gzip.decompress(path.read_bytes()) == FRAMES
    recording.close()
    assert gzip.decompress(path.read_bytes()) == 2 * FRAMES


@contextlib.contextmanager
def files_of_at_most(size_bytes: int) -> Iterator[None]:
    """What is written beyond fails, after as much as fits: as on a disk that fills up."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_full_disk_tears_nothing_that_was_flushed(tmp_path: Path) -> None:
    path = tmp_path / "out.gz"
    recording = await record(path, LogEntry("frames", "", NOW_US, FRAMES))
    recording.flush()
    size_bytes = path.stat().st_size
    recording.add("binance", LogEntry("frames", "", NOW_US, FRAMES))
    with files_of_at_most(size_bytes + 10), pytest.raises(OSError, match="too large"):
        recording.flush()
    assert path.stat().st_size == size_bytes
    recording.add("binance", LogEntry("frames", "", NOW_US, FRAMES))
    recording.close()
    assert gzip.decompress(path.read_bytes()) == 2 * FRAMES


async def test_much_is_flushed_at_once(tmp_path: Path) -> None:
    path = tmp_path / "out.gz"
    line = b"1723161254087896568 " + b"x" * FLUSH_BYTES + b"\n"
    recording = await record(path, LogEntry("frames", "", NOW_US, line))
    assert gzip.decompress(path.read_bytes()) == line
    recording.close()


async def test_little_is_flushed_after_a_while(tmp_path: Path) -> None:
    path = tmp_path / "out.gz"
    recording = await record(path, LogEntry("frames", "", NOW_US, FRAMES))
    flushing = asyncio.create_task(recording.keep_flushing(0.001))
    async with asyncio.timeout(10):
        while not path.stat().st_size:  # noqa: ASYNC110 - a file tells nobody
            await asyncio.sleep(0.001)
    flushing.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await flushing
    recording.close()
    assert gzip.decompress(path.read_bytes()) == FRAMES


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "out.gz"
    path.write_bytes(b"dear")
    with pytest.raises(RecordingError, match="cannot be made: File exists"):
        Recording(path)
    assert path.read_bytes() == b"dear"
