"""A recorded file is recognised by its content, and a damaged one is named."""

import gzip
import zipfile
from pathlib import Path

import pytest

from connectors.errors import RecordingError
from connectors.recorded_files import open_recording
from tests.connectors.support import DATA, us

FX = DATA / "fx_ticks/oanda_eurusd/20140501_quote.zip"
CRYPTO = DATA / "crypto_ws/binance_spot_2024/ethusdt_20240808.gz"
LINE = b'1723161254087896568 {"result":null,"id":1}\n'


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def gzipped(path: Path, data: bytes) -> Path:
    path.write_bytes(gzip.compress(data))
    return path


def test_a_zip_of_fx_ticks() -> None:
    file = open_recording(FX)
    assert (file.source.provider, file.source.feed.code) == ("oanda", "r")
    assert file.first_us == us("2014-05-01T00:00:00.292")
    rows = file.load()
    part = file.part(7, 9)
    assert (part.kind, part.stop, part.payload) == ("ticks", 9, rows.slice(7, 9))
    assert part.context == '{"symbol":"EUR-USD","date":"2014-05-01","row":7}'
    assert part.received_us == int(rows.times_us[8])
    assert rows.slice(0, 2) == b"292,1.38676,1.38686\r\n920,1.38676,1.38687\r\n"
    assert rows.slice(rows.rows - 1, rows.rows) == b"86371310,1.38693,1.38706"
    assert int(rows.times_us[-1]) == us("2014-05-01T23:59:31.310")


def test_a_gz_of_binance_frames() -> None:
    file = open_recording(CRYPTO)
    assert file.source.provider == "binance"
    rows = file.load()
    assert rows.rows == 33_618
    assert file.first_us == int(rows.times_us[0]) == 1_723_161_254_024_619


def test_a_zip_is_nobody_elses() -> None:
    assert open_recording(FX, "oanda").source.provider == "oanda"
    with pytest.raises(RecordingError, match="holds oanda's data, not kraken's"):
        open_recording(FX, "kraken")


def test_rows_are_in_memory_until_they_are_unloaded() -> None:
    file = open_recording(FX)
    first = file.load()
    assert file.load() is first
    file.unload()
    assert file.load() is not first
    assert file.load().data == first.data


def test_times_never_go_back(tmp_path: Path) -> None:
    csv = b"5,1.1,1.2\n3,1.1,1.2\nx\n9,1.1,1.2\n"
    path = zipped(tmp_path / "a.zip", {"20140501_eurusd_tick_quote.csv": csv})
    rows = open_recording(path).load()
    midnight = us("2014-05-01")
    assert ((rows.times_us - midnight) // 1_000).tolist() == [5, 5, 5, 9]


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"other.csv": b"1,1.1,1.2\n"},
        {"20140501_eurusd_tick_quote.csv": b"date,bid,ask\n"},
        {"20140501_eurusd_tick_quote.csv": b""},
        {"20149901_eurusd_tick_quote.csv": b"1,1.1,1.2\n"},
        {"20140501_eurusd_tick_quote.csv": b"1,1.1,1.2\n", "more.csv": b""},
    ],
)
def test_another_zip_is_no_recording(tmp_path: Path, members: dict[str, bytes]) -> None:
    path = zipped(tmp_path / "wrong.zip", members)
    with pytest.raises(RecordingError, match=r"wrong\.zip: ") as caught:
        open_recording(path)
    assert caught.value.path == path


@pytest.mark.parametrize("data", [b"", b"hello", b"PK\x03\x04rubbish", b"\x1f\x8brubbish"])
def test_another_file_is_no_recording(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    with pytest.raises(RecordingError, match="file: "):
        open_recording(path)


def test_a_gz_of_something_else_is_no_recording(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="its lines are not"):
        open_recording(gzipped(tmp_path / "other.gz", b"{}\n"))


def test_a_missing_file_and_a_directory_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.zip", tmp_path):
        with pytest.raises(RecordingError, match="cannot be read"):
            open_recording(path)


def test_a_file_cut_short_is_named_when_it_is_read(tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(b"%d%b" % (n, LINE[1:]) for n in range(1, 9)) * 9_000)
    path = tmp_path / "cut.gz"
    path.write_bytes(whole[: len(whole) // 2])
    file = open_recording(path)
    with pytest.raises(RecordingError, match=r"cut\.gz: is damaged"):
        file.load()


def test_a_changed_byte_in_a_zip_is_named(tmp_path: Path) -> None:
    data = bytearray(FX.read_bytes())
    data[70_000] ^= 0xFF
    path = tmp_path / "changed.zip"
    path.write_bytes(data)
    file = open_recording(path)
    with pytest.raises(RecordingError, match=r"changed\.zip: is damaged"):
        file.load()
