"""The parts of a layout end where they end, and nowhere when they are others."""

import numpy as np
import pytest

from connectors import scanning
from connectors.numerals import Bytes
from connectors.symbols import symbol_table


def data(text: str) -> Bytes:
    return np.frombuffer(text.encode(), np.uint8)


def test_a_literal() -> None:
    expected = scanning.literal("abc")
    assert scanning.skip(data("xabcd"), 1, 5, expected) == 4
    assert scanning.skip(data("xabcd"), 0, 5, expected) == -1
    assert scanning.skip(data("xabcd"), 1, 3, expected) == -1
    assert scanning.skip(data("xabcd"), -1, 5, expected) == -1


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("1723161254087896568 {", (1_723_161_254_087_896, 19)),
        ("1723161254087896568", (0, -1)),
        ("723161254087896568 {}", (0, -1)),
        ("172316125408789656x {", (0, -1)),
        ("1723161x54087896568 {", (0, -1)),
    ],
)
def test_a_receive_time(line: str, expected: tuple[int, int]) -> None:
    assert scanning.receive_us(data(line), 0, len(line)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("105944.20,", (1_059_442, 1, 9)), ("740.0}", (740, 0, 5)), ("0.5,", (5, 1, 3))],
)
def test_a_number(text: str, expected: tuple[int, int, int]) -> None:
    assert scanning.number(data(text), 0, len(text)) == expected
    assert scanning.decimal(data(text), 0, len(text)) == expected


@pytest.mark.parametrize("text", ["0,", "0.00,", "-1,", "x", "1.,"])
def test_what_is_no_price(text: str) -> None:
    assert scanning.number(data(text), 0, len(text))[2] == -1
    assert scanning.decimal(data(text), 0, len(text))[2] == -1


def test_only_a_string_may_have_a_zero_in_front() -> None:
    assert scanning.number(data("01.5,"), 0, 5)[2] == -1
    assert scanning.decimal(data('01.5"'), 0, 5) == (15, 1, 4)


@pytest.mark.parametrize(
    ("text", "end"),
    [("-0.17,", 5), ("0,", 1), ("12.50}", 5), ("007,", -1), (".5,", -1), ("1.,", -1), ("-,", -1)],
)
def test_the_end_of_any_number(text: str, end: int) -> None:
    assert scanning.number_end(data(text), 0, len(text)) == end


def test_an_integer() -> None:
    assert scanning.integer(data("10218208,"), 0, 9) == (10_218_208, 8)
    assert scanning.integer(data("-1,"), 0, 3)[1] == -1
    assert scanning.integer(data("1"), -1, 1) == (-1, -1)


@pytest.mark.parametrize(
    ("text", "end"), [('27fff-f20b"', 10), ('"', 0), ("open", -1), ('a\\"', -1), ('é"', -1)]
)
def test_the_end_of_a_string(text: str, end: int) -> None:
    assert scanning.text_end(data(text), 0, len(data(text))) == end


def test_a_name() -> None:
    table = symbol_table([("BTC/USD", 7), ("A" * 16, 8)])
    assert scanning.named(data('BTC/USD"'), 0, 8, table) == (7, 7)
    assert scanning.named(data("A" * 16 + '"'), 0, 17, table) == (8, 16)
    for text in ('BTC/EUR"', '"', "BTC/USD", "A" * 17 + '"'):
        assert scanning.named(data(text), 0, len(text), table)[1] == -1


def test_the_end_of_a_line() -> None:
    assert scanning.line_end(data("ab\ncd"), 0, 5) == 2
    assert scanning.line_end(data("ab\ncd"), 3, 5) == 5
