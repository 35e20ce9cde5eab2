"""Logs are private and bounded, and their last words can be told."""

import stat
from pathlib import Path

from tradewind.logfiles import TAIL_BYTES, bound, open_log, tail_of


def test_a_log_is_private_and_goes_on_where_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "api.log"
    for line in (b"one\n", b"two\n"):
        with open_log(path) as log:
            log.write(line)
    assert path.read_bytes() == b"one\ntwo\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_log_that_is_too_long_moves_aside_under_its_writer(tmp_path: Path) -> None:
    path = tmp_path / "api.log"
    with open_log(path) as log:
        log.write(b"0123456789")
        bound(path, max_bytes=9)
        log.write(b"new")
    assert path.read_bytes() == b"new"
    assert (tmp_path / "api.log.1").read_bytes() == b"0123456789"


def test_what_is_short_or_not_there_is_left(tmp_path: Path) -> None:
    path = tmp_path / "api.log"
    bound(path)
    path.write_bytes(b"0123456789")
    bound(path, max_bytes=10)
    assert [each.name for each in tmp_path.iterdir()] == ["api.log"]


def test_a_log_that_moved_aside_is_as_private_as_before(tmp_path: Path) -> None:
    path = tmp_path / "api.log"
    with open_log(path) as log:
        log.write(b"0123456789")
    bound(path, max_bytes=1)
    assert stat.S_IMODE((tmp_path / "api.log.1").stat().st_mode) == 0o600


def test_the_tail_is_the_last_lines(tmp_path: Path) -> None:
    path = tmp_path / "api.log"
    path.write_text("".join(f"line {number}\n" for number in range(10_000)))
    assert tail_of(path, lines=2) == "line 9998\nline 9999"
    assert tail_of(tmp_path / "none") == ""


def test_the_tail_of_one_endless_line_is_short(tmp_path: Path) -> None:
    path = tmp_path / "api.log"
    path.write_bytes("é".encode() * 100_000)
    assert 0 < len(tail_of(path).encode()) <= TAIL_BYTES + 10
