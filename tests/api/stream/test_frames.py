"""Frames of server-sent events."""

from api.stream.frames import encode, frame, one_or_list


def test_a_frame_is_three_lines_and_a_blank_one() -> None:
    framed = frame("price_update", "a-1", b'{"price":1}')
    assert framed == b'event: price_update\nid: a-1\ndata: {"price":1}\n\n'


def test_encoded_data_is_one_line() -> None:
    assert b"\n" not in encode({"text": "two\nlines"})


def test_one_value_stands_alone_and_several_make_a_list() -> None:
    assert one_or_list([b"1"]) == b"1"
    assert one_or_list([b"1", b"2"]) == b"[1,2]"
