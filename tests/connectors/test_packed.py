"""Lines that a kernel left over find their place among its ticks; what is no frame says why."""

import msgspec
import numpy as np
import pytest

from connectors.packed import Columns, decoded, most_lines, settle, split_line
from market.log import Refused
from market.ticks import TRADE, Tick


def columns(seqs: list[int], doubtful: list[tuple[int, int, int]]) -> Columns:
    room = Columns.room(len(seqs) + 3, len(doubtful) + 3)
    room.wide[1, : len(seqs)] = seqs
    room.doubtful[: len(doubtful)] = np.array(doubtful, np.int64).reshape(-1, 3)
    return room.filled(len(seqs), len(doubtful))


def slow(line: bytes) -> tuple[list[Tick], list[Refused]]:
    if line == b"bad":
        raise ValueError("not a line")
    ticks = [Tick(1, 101, 11, TRADE, seq, price="2", size="1") for seq in line if seq < 100]
    return ticks, [Refused("a part", "?")] if b"?" in line else []


def test_without_doubt_the_columns_are_the_batch() -> None:
    ticks, refusals = settle(columns([1, 2], []), b"", 11, slow)
    assert ticks.seq.tolist() == [1, 2]
    assert ticks.source.tolist() == [11, 11]
    assert refusals == ()


def test_doubtful_lines_take_their_place() -> None:
    payload = b"\x07\x08bad\x09?"
    doubtful = [(0, 0, 2), (1, 2, 5), (2, 5, 6)]
    ticks, refusals = settle(columns([1, 2], doubtful), payload, 11, slow)
    assert ticks.seq.tolist() == [7, 8, 1, 2, 9]
    assert refusals == (Refused("not a line", "bad"),)


def test_a_part_of_a_line_is_refused_alone() -> None:
    ticks, refusals = settle(columns([1], [(1, 0, 2)]), b"\x05?", 11, slow)
    assert ticks.seq.tolist() == [1, 5, ord("?")]
    assert refusals == (Refused("a part", "?"),)


def test_a_line_is_receive_time_and_frame() -> None:
    assert split_line(b'1723161254087896568 {"a":1}') == (1_723_161_254_087_896_568, b'{"a":1}')
    for line in (b"", b"{}", b"17 ", b"9" * 19 + b" {}", b"9" * 20 + b" {}", b"0 {}", b"999 {}"):
        with pytest.raises(ValueError, match="not a line of receive time and frame"):
            split_line(line)


@pytest.mark.parametrize("frame", [b"{", b'"x"', b"[" * 10_000, b'{"a":"\xff"}'])
def test_what_is_no_frame_says_so(frame: bytes) -> None:
    with pytest.raises(ValueError, match="not a frame"):
        decoded(msgspec.json.Decoder(dict[str, str]), frame)


def test_room_is_zeros() -> None:
    assert not any(np.any(part) for part in Columns.room(3, 2))


def test_lines_are_counted_by_their_newlines() -> None:
    for text, lines in ((b"", 1), (b"a", 1), (b"a\n", 2), (b"a\n\nb", 3)):
        assert most_lines(np.frombuffer(text, np.uint8)) == lines
