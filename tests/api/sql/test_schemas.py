"""The body of a statement: what may be left out, and what it is then."""

import pytest
from pydantic import ValidationError

from api.limits import MAX_SQL_ROWS
from api.sql.schemas import MAX_STATEMENT_CHARACTERS, SqlBody
from storage.columns import Numbers


def test_a_statement_alone_is_enough() -> None:
    body = SqlBody(sql="SELECT 1")
    assert (body.format, body.limit, body.numbers) == (None, MAX_SQL_ROWS, Numbers.FLOAT64)


def test_a_statement_is_bounded() -> None:
    assert SqlBody(sql="x" * MAX_STATEMENT_CHARACTERS)
    with pytest.raises(ValidationError):
        SqlBody(sql="x" * (MAX_STATEMENT_CHARACTERS + 1))


def test_lines_and_any_letter_are_well() -> None:
    assert SqlBody(sql="SELECT 'ü€𝄞'\n-- and\tmore\r\n")
