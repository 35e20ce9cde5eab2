"""The TimescaleDB of the tests: several sessions, COPY both ways, and a fresh database each time."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg.pq import TransactionStatus

Connection = psycopg.Connection[Any]


def connected(url: str, **settings: Any) -> Connection:
    return psycopg.connect(url, autocommit=True, **settings)


@pytest.fixture
def pair(timescale_url: str) -> Iterator[tuple[Connection, Connection]]:
    with connected(timescale_url) as one, connected(timescale_url) as other:
        one.execute("CREATE TABLE public.facts (number int PRIMARY KEY, exact numeric)")
        yield one, other


def facts(connection: Connection) -> list[tuple[Any, ...]]:
    return connection.execute("SELECT * FROM public.facts ORDER BY 1").fetchall()


def test_is_timescaledb(timescale_url: str) -> None:
    with connected(timescale_url) as connection:
        found = connection.execute("SELECT extname FROM pg_extension WHERE extname = 'timescaledb'")
        assert found.fetchone() == ("timescaledb",)
        assert connection.execute("SELECT current_schema").fetchone() == ("public",)


@pytest.mark.parametrize("_again", range(2))
def test_is_as_it_was_for_every_test(timescale_url: str, _again: int) -> None:
    with connected(timescale_url) as connection:
        found = connection.execute(
            "SELECT to_regclass('public.left_over'), to_regclass('market.gaps')::text"
        )
        assert found.fetchone() == (None, "market.gaps")
        connection.execute("CREATE TABLE public.left_over AS SELECT generate_series(1, 1000)")
        connection.execute("DROP TABLE market.gaps CASCADE")


def test_settings_stay_with_their_session(pair: tuple[Connection, Connection]) -> None:
    one, other = pair
    one.execute("SET work_mem = '1234kB'")
    other.execute("SELECT set_config('work_mem', '4321kB', false)")
    assert one.execute("SHOW work_mem").fetchone() == ("1234kB",)
    assert other.execute("SHOW work_mem").fetchone() == ("4321kB",)


def test_options_of_the_address_are_heard(timescale_url: str) -> None:
    with connected(timescale_url, options="-c work_mem=999kB") as connection:
        assert connection.execute("SHOW work_mem").fetchone() == ("999kB",)


def test_prepared_statements_stay_with_their_session(pair: tuple[Connection, Connection]) -> None:
    for round_number in range(3):
        for added, connection in enumerate(pair):
            query = "SELECT %s::int + 1" if added else "SELECT %s::int"
            found = connection.execute(query, (round_number,), prepare=True).fetchone()
            assert found == (round_number + added,)


def test_a_session_waits_for_anothers_transaction(pair: tuple[Connection, Connection]) -> None:
    one, other = pair
    with one.transaction():
        one.execute("INSERT INTO public.facts VALUES (1, 2.50)")
    assert facts(other) == [(1, Decimal("2.50"))]


def test_the_end_of_a_session_undoes_its_transaction(
    timescale_url: str, pair: tuple[Connection, Connection]
) -> None:
    leaving = psycopg.connect(timescale_url)
    leaving.execute("INSERT INTO public.facts VALUES (1, 1)")
    leaving.close()
    assert facts(pair[0]) == []


def test_copies_in_and_out(pair: tuple[Connection, Connection]) -> None:
    one, other = pair
    rows = [(number, Decimal(number).scaleb(-18)) for number in range(500)]
    types = ["int4", "numeric"]
    with one.cursor().copy("COPY public.facts FROM STDIN (FORMAT binary)") as copy:
        copy.set_types(types)
        for row in rows:
            copy.write_row(row)
    statement = "COPY (SELECT * FROM public.facts ORDER BY 1) TO STDOUT (FORMAT binary)"
    with other.cursor().copy(statement) as copy:
        copy.set_types(types)
        assert list(copy.rows()) == rows


def test_a_copy_that_breaks_off_writes_nothing(pair: tuple[Connection, Connection]) -> None:
    one, _ = pair
    with (
        pytest.raises(ZeroDivisionError),
        one.transaction(),
        one.cursor().copy("COPY public.facts FROM STDIN (FORMAT binary)") as copy,
    ):
        copy.set_types(["int4", "numeric"])
        copy.write_row((1, Decimal(1)))
        raise ZeroDivisionError
    assert one.info.transaction_status is TransactionStatus.IDLE
    assert facts(one) == []


def test_an_error_within_a_pipeline_undoes_it(pair: tuple[Connection, Connection]) -> None:
    one, _ = pair
    with pytest.raises(psycopg.errors.UniqueViolation), one.pipeline(), one.transaction():
        one.execute("INSERT INTO public.facts VALUES (1, 1)")
        one.execute("INSERT INTO public.facts VALUES (1, 1)")
    assert facts(one) == []


def test_a_notification_reaches_who_listens(pair: tuple[Connection, Connection]) -> None:
    one, other = pair
    one.execute("LISTEN news")
    other.execute("NOTIFY news, 'hot'")
    assert [said.payload for said in one.notifies(timeout=5, stop_after=1)] == ["hot"]


def test_a_session_that_has_run_a_pipeline_holds_nothing(
    pair: tuple[Connection, Connection],
) -> None:
    one, other = pair
    with one.cursor() as cursor:
        cursor.executemany("INSERT INTO public.facts VALUES (%s, 1)", [(1,), (2,)])
    assert len(facts(other)) == 2
