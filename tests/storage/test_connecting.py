"""Connecting: in autocommit mode, or a sentence that says why not."""

from pathlib import Path

import pytest

from storage.connecting import connect
from storage.errors import DatabaseUnavailableError


def test_a_statement_is_committed_by_itself(database_url: str) -> None:
    with connect(database_url) as one, connect(database_url) as other:
        one.execute("CREATE TABLE things (id int)")
        assert other.execute("SELECT count(*) FROM things").fetchone() == (0,)


def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailableError, match="the database is unavailable"):
        connect(f"host={tmp_path} dbname=tradewind")
