"""Recorded streams: recognised by their first frame, merged by the time of receipt."""

import gzip
import os
from pathlib import Path

import pytest

from connectors.errors import RecordingError
from connectors.sandbox.recorded import lines, merged, recognise, recordings_of

DATA = Path(os.environ.get("TRADEWIND_TEST_DATA", Path(__file__).parents[4] / "shared" / "data"))
BINANCE = DATA / "crypto_ws" / "binance_spot_2024"


def write(path: Path, *rows: str) -> Path:
    path.write_text("".join(f"{row}\n" for row in rows))
    return path


@pytest.mark.parametrize(
    ("frame", "provider"),
    [
        ('{"stream":"btcusdt@trade","data":{}}', "binance"),
        ('{"lastUpdateId":1,"bids":[]}', "binance"),
        ('{"channel":"status","type":"update"}', "kraken"),
        ('{"method":"subscribe","success":true}', "kraken"),
        ('{"type":"subscriptions","channels":[]}', "coinbase"),
        ('{"type":"match","product_id":"BTC-USD"}', "coinbase"),
        ('{"code":3000,"message":"Connection established"}', "coingecko"),
        ('{"c":"C1","i":"bitcoin","p":1.5}', "coingecko"),
        ('{"something":"else"}', None),
        ("[1]", None),
    ],
)
def test_a_file_is_the_providers_of_its_first_frame(
    tmp_path: Path, frame: str, provider: str | None
) -> None:
    assert recognise(write(tmp_path / "file", f"17 {frame}")) == provider


def test_the_recorded_files_are_binances_in_order() -> None:
    paths = sorted(BINANCE.glob("*.gz"))
    found = recordings_of(map(str, paths))
    assert found == {"binance": paths}
    rows = list(merged(found))
    assert len(rows) == 41_249 + 58_325 + 33_618
    times = [row[0] for row in rows]
    assert times == sorted(times)


def test_a_provider_that_is_said_is_believed(tmp_path: Path) -> None:
    nobodys = write(tmp_path / "a=b", '5 {"x":1}')
    assert recordings_of([f"kraken={nobodys}"]) == {"kraken": [nobodys]}
    with pytest.raises(RecordingError, match="PROVIDER=FILE"):
        recordings_of([str(nobodys)])


def test_plain_and_packed_files_keep_the_text_of_their_frames(tmp_path: Path) -> None:
    text = '17 {"c":"C1",  "p":1.50, "x":"\\u00e9"}\n'
    plain, packed = tmp_path / "plain", tmp_path / "packed.gz"
    plain.write_text(text)
    packed.write_bytes(gzip.compress(text.encode()))
    expected = [(17, '{"c":"C1",  "p":1.50, "x":"\\u00e9"}')]
    assert list(lines(plain)) == list(lines(packed)) == expected


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "holds no frame of a stream"),
        (b'17 {"kind":"latest","context":"","body":"{}"}\n', "holds no frame of a stream"),
        (b"no number\n", "line 1 is not"),
        (b"17 {\n", "no JSON"),
        (b"17 \xff\n", "line 1 is not UTF-8"),
        (gzip.compress(b'17 {"c":1}\n' * 10_000)[:15], "cannot be read"),
    ],
)
def test_what_is_no_recording_is_said(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(RecordingError, match=said):
        recordings_of([str(path)])


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="cannot be read"):
        recordings_of([str(tmp_path / "nothing")])
