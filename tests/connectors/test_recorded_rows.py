"""Rows of a file: where they end, and the times that they begin with."""

import numpy as np

from connectors.recorded_rows import LoadedRows, leading_integers, row_ends


def test_the_last_row_may_lack_its_newline() -> None:
    assert row_ends(b"a\nbc\n").tolist() == [2, 5]
    assert row_ends(b"a\nbc").tolist() == [2, 4]
    assert row_ends(b"").tolist() == []


def test_leading_integers_never_go_back() -> None:
    data = b"5,x\n3,x\nx\n123456\n"
    assert leading_integers(data, row_ends(data), 3).tolist() == [5, 5, 5, 123]


def test_a_slice_holds_whole_rows() -> None:
    data = b"1\n22\n333"
    rows = LoadedRows(data, row_ends(data), np.array([1, 22, 333]))
    assert rows.rows == 3
    assert rows.slice(0, 1) == b"1\n"
    assert rows.slice(1, 3) == b"22\n333"
