"""Connecting: in autocommit mode, or a sentence that says why not."""

import threading
from pathlib import Path

import pytest

from storage.connecting import Connection, connect, wait_for_database
from storage.errors import DatabaseUnavailableError


def test_a_statement_is_committed_by_itself(database_url: str) -> None:
    with connect(database_url) as one, connect(database_url) as other:
        one.execute("CREATE TABLE things (id int)")
        assert other.execute("SELECT count(*) FROM things").fetchone() == (0,)


def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailableError, match="the database is unavailable"):
        connect(f"host={tmp_path} dbname=tradewind")


class TestWaitForDatabase:
    def test_returns_once_it_answers(self, database_url: str) -> None:
        wait_for_database(database_url, threading.Event(), 0.0)

    def test_one_that_does_not_answer_in_time_is_unavailable(self, tmp_path: Path) -> None:
        with pytest.raises(DatabaseUnavailableError):
            wait_for_database(f"host={tmp_path} dbname=tradewind", threading.Event(), 0.3)

    def test_tries_again_until_it_is_there(
        self, database_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answers = iter([False, False, True])

        def sometimes(url: str) -> Connection:
            if not next(answers):
                raise DatabaseUnavailableError("starting up")
            return connect(url)

        monkeypatch.setattr("storage.connecting.connect", sometimes)
        wait_for_database(database_url, threading.Event(), 10.0)
        assert list(answers) == []

    def test_waits_no_longer_where_it_is_to_stop(self, tmp_path: Path) -> None:
        stop = threading.Event()
        stop.set()
        wait_for_database(f"host={tmp_path} dbname=tradewind", stop, 60.0)
