"""Servers of the user's own: asked for before anything starts."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from storage.errors import CacheUnavailableError, DatabaseUnavailableError
from tradewind.reaching import require_servers
from tradewind.settings import load_settings

NOBODY = "127.0.0.1:1"


def test_those_that_answer_are_enough(tmp_path: Path, database_url: str, redis_url: str) -> None:
    require_servers(load_settings(data=tmp_path, database_url=database_url, redis_url=redis_url))


def test_a_database_without_our_schema_answers_too(tmp_path: Path, database_url: str) -> None:
    ours = urlsplit(database_url)
    require_servers(
        load_settings(data=tmp_path, database_url=ours._replace(path="/postgres").geturl())
    )


def test_a_dead_database_is_told(tmp_path: Path, redis_url: str) -> None:
    dead = f"postgresql://a@{NOBODY}/a"
    settings = load_settings(data=tmp_path, database_url=dead, redis_url=redis_url)
    with pytest.raises(DatabaseUnavailableError, match="Connection refused"):
        require_servers(settings)


def test_a_dead_cache_is_told(tmp_path: Path, database_url: str) -> None:
    settings = load_settings(
        data=tmp_path, database_url=database_url, redis_url=f"redis://{NOBODY}"
    )
    with pytest.raises(CacheUnavailableError):
        require_servers(settings)


def test_the_bundled_ones_are_not_asked_for(tmp_path: Path) -> None:
    require_servers(load_settings(data=tmp_path))
