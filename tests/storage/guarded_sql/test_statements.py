"""Statements: one alone, that answers with rows; described, and wrapped as nothing but a query."""

from decimal import Decimal

import psycopg
import pytest

from storage.guarded_sql.errors import SqlInvalidError
from storage.guarded_sql.statements import describe, without_end, wrapped
from storage.patience import Connection
from tests.storage.guarded_sql.conftest import patience


def rows(session: Connection, statement: str, most: int = 10) -> list[tuple[object, ...]]:
    """The answer to a wrapped statement."""
    described = describe(session, statement, patience())
    query = wrapped(without_end(session, statement, patience()), described, most)
    return session.execute(query.statement.as_bytes(session)).fetchall()


class TestDescribe:
    def test_names_and_types(self, session: Connection) -> None:
        found = describe(
            session, "SELECT 1 AS one, now() AS then, 1.5 AS \"Half\", 'x' AS word", patience()
        )
        assert found.names == ("one", "then", "Half", "word")
        query = wrapped("SELECT 1", found, 1)
        assert query.types == ("int4", "timestamptz", "numeric", "text")

    def test_it_is_not_run(self, session: Connection) -> None:
        assert describe(session, "SELECT 1 / 0 AS never", patience()).names == ("never",)

    @pytest.mark.parametrize(
        ("statement", "said"),
        [
            ("SELECT 1 AS a, 2 AS a", '2 columns are called "a"'),
            ("SELECT avg(1), avg(2)", '2 columns are called "avg"'),
            ("SELECT $1::int AS a", "takes no parameters"),
            ("SELECT", "answers with no columns"),
            ("", "answers with no columns"),
            (";", "answers with no columns"),
            ("-- nothing", "answers with no columns"),
            ("LISTEN inbox", "answers with no columns"),
            ("SELECT 1 AS a INTO b", "answers with no columns"),
            ("BEGIN", "answers with no columns"),
            ("COMMIT", "answers with no columns"),
        ],
    )
    def test_what_is_no_question_is_refused(
        self, session: Connection, statement: str, said: str
    ) -> None:
        with pytest.raises(SqlInvalidError, match=said):
            describe(session, statement, patience())

    @pytest.mark.parametrize(
        "statement",
        [
            "SELECT 1; SELECT 2",
            "SELECT 1; COMMIT",
            "SELECT 1) AS answer (c1) LIMIT 1; DROP SCHEMA quant_live; --",
            "SELECT 1) AS answer (c1); (SELECT 1",
            "SELECT 1 /*",
            "SELECT 'open",
            "SELECT $$open",
        ],
    )
    def test_more_or_less_than_one_statement_is_refused(
        self, session: Connection, statement: str
    ) -> None:
        with pytest.raises(psycopg.errors.SyntaxError):
            describe(session, statement, patience())

    def test_the_place_of_a_fault_is_the_statement_s_own(self, session: Connection) -> None:
        with pytest.raises(psycopg.errors.UndefinedColumn) as caught:
            describe(session, "SELECT nope FROM ticks", patience())
        assert caught.value.diag.statement_position == "8"


class TestWrapped:
    @pytest.mark.parametrize(
        "statement",
        [
            "SELECT 1 AS a",
            "VALUES (1)",
            "WITH a AS (SELECT 1) TABLE a",
            "SELECT 1;",
            "SELECT 1 -- x",
            "SELECT 1; -- done",
            "SELECT 1; /* done; /* really; */ */ ;; -- ;",
            "SELECT 1 -- one; two\n;\n-- done\n",
            "SELECT 1 WHERE ';' <> '; --' AND $$;$$ <> '' /* ; */;  ",
        ],
    )
    def test_every_kind_of_query(self, session: Connection, statement: str) -> None:
        assert rows(session, statement) == [(1,)]

    def test_the_order_stays_and_the_rows_are_bounded(self, session: Connection) -> None:
        statement = "SELECT n FROM generate_series(1, 9) AS n ORDER BY n DESC"
        assert rows(session, statement, 3) == [(9,), (8,), (7,)]

    def test_other_types_are_read_as_text_or_the_next_wider(self, session: Connection) -> None:
        statement = (
            "SELECT interval '90 s' AS a, ARRAY[1, 2] AS b, '{}'::jsonb AS c, 1.5::real AS d,"
            " 'x'::varchar AS e, 1::oid AS f, timestamp '2026-01-01' AS g, true AS h, 1.50 AS i"
        )
        assert rows(session, statement) == [
            ("PT1M30S", "{1,2}", "{}", 1.5, "x", 1, "2026-01-01 00:00:00", True, Decimal("1.50"))
        ]

    @pytest.mark.parametrize(
        "statement",
        [
            "SHOW search_path",
            "EXPLAIN SELECT 1",
            "EXPLAIN ANALYZE SELECT 1;",
            "SHOW search_path; -- after",
            "; SELECT 1",
        ],
    )
    def test_what_only_stands_alone_is_refused(self, session: Connection, statement: str) -> None:
        with pytest.raises(psycopg.errors.SyntaxError):
            rows(session, statement)

    def test_a_write_inside_has_no_place(self, session: Connection) -> None:
        statement = "WITH a AS (SELECT set_config('x.y', '1', false)) SELECT * FROM a"
        assert rows(session, statement) == [("1",)]
        query = wrapped(
            "INSERT INTO ticks DEFAULT VALUES RETURNING 1",
            describe(session, "SELECT 1", patience()),
            1,
        )
        with pytest.raises(psycopg.errors.SyntaxError):
            session.execute(query.statement.as_bytes(session))
