"""A file of frames: whose they are, and the polled answers among them."""

import gzip
from pathlib import Path

import pytest

from connectors.errors import RecordingError
from connectors.gathering import KIND
from connectors.recorded_frames import FramesGzip, provider_of
from connectors.recording import wrapped
from market.log import LogEntry

AT_NS = 1_723_161_254_087_896_568
TICKER = b'{"channel":"ticker","type":"update","data":[]}'


def file_of(tmp_path: Path, *frames: bytes) -> Path:
    lines = b"".join(b"%d %b\n" % (AT_NS + number, frame) for number, frame in enumerate(frames))
    path = tmp_path / "frames.gz"
    path.write_bytes(gzip.compress(lines))
    return path


@pytest.mark.parametrize(
    ("frame", "provider"),
    [
        (b'{"stream":"btcusdt@trade","data":{}}', "binance"),
        (b'{"result":null,"id":1}', "binance"),
        (b'{"e":"trade","E":1}', "binance"),
        (b'{"u":400900217,"s":"BNBUSDT"}', "binance"),
        (TICKER, "kraken"),
        (b'{"method":"subscribe","success":true}', "kraken"),
        (b'{"type":"last_match","trade_id":1}', "coinbase"),
        (b'{"type":"subscriptions","channels":[]}', "coinbase"),
        (b'{"code":3000,"message":"Connection established"}', "coingecko"),
        (b'{"type":"welcome","sid":"x"}', "coingecko"),
        (b'{"p":1.5,"i":"bitcoin","c":"C1"}', "coingecko"),
        (b'{"kind":"latest","context":"a \\" b","source":"fixer","body":"{}"}', "fixer"),
        (b'{"kind":"latest","context":"","body":"{}"}', None),
        (b'{"hello":1}', None),
    ],
)
def test_a_frame_shows_its_provider(frame: bytes, provider: str | None) -> None:
    assert provider_of(b"%d %b\n" % (AT_NS, frame)) == provider


def test_the_first_frame_that_shows_it_counts(tmp_path: Path) -> None:
    path = file_of(tmp_path, b"garbage", b'{"event":1}', TICKER, b'{"stream":""}')
    assert FramesGzip(path, None).source.provider == "kraken"
    assert FramesGzip(path, "binance").source.provider == "binance"


def test_frames_of_nobody_need_a_source(tmp_path: Path) -> None:
    path = file_of(tmp_path, b'{"hello":1}')
    with pytest.raises(RecordingError, match="say it with --source"):
        FramesGzip(path, None)
    assert FramesGzip(path, "kraken").source.provider == "kraken"


def test_a_polled_answer_is_a_part_by_itself(tmp_path: Path) -> None:
    body = b'{"bitcoin": {\n"usd": 1}}'
    answer = wrapped("coingecko", LogEntry("simple/price", "usd", 0, body))
    path = file_of(tmp_path, b"1", b"2", answer, answer, b"5")
    file = FramesGzip(path, None)
    parts = []
    row = 0
    while row < file.load().rows:
        parts.append(file.part(row, 5))
        row = parts[-1].stop
    assert [part.kind for part in parts] == [KIND, "simple/price", "simple/price", KIND]
    assert [part.stop for part in parts] == [2, 3, 4, 5]
    assert parts[1].payload == body
    assert parts[1].context == "usd"
    assert parts[0].payload == b"%d 1\n%d 2\n" % (AT_NS, AT_NS + 1)


def test_an_answer_keeps_its_own_time(tmp_path: Path) -> None:
    """Frames and answers are written in the order of their appends, which is not quite that of time."""
    answer = wrapped("kraken", LogEntry("OHLC", "", 0, b"{}"))
    late, early = 1_723_161_254_087_896_000, 1_723_161_254_000_000_000
    path = tmp_path / "frames.gz"
    path.write_bytes(gzip.compress(b"%d %b\n%d %b\n" % (late, TICKER, early, answer)))
    assert FramesGzip(path, None).part(1, 2).received_us == early // 1_000


def test_a_part_ends_where_it_is_told(tmp_path: Path) -> None:
    file = FramesGzip(file_of(tmp_path, TICKER, TICKER, TICKER), None)
    assert file.part(0, 2).stop == 2


def test_an_answer_that_is_none_stays_a_frame(tmp_path: Path) -> None:
    file = FramesGzip(file_of(tmp_path, b'{"kind":7}', TICKER), None)
    part = file.part(0, 2)
    assert (part.kind, part.stop) == (KIND, 1)
    assert part.payload == b'%d {"kind":7}\n' % AT_NS
