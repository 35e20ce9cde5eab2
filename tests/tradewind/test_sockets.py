"""Sockets live in a private directory with a short path."""

import os
import stat
import tempfile
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from psycopg.conninfo import conninfo_to_dict

from tradewind.errors import SocketPathError
from tradewind.sockets import (
    LONGEST_SOCKET_NAME,
    SOCKET_PATH_MAX_BYTES,
    bundled_database,
    bundled_redis,
    private_directory,
    socket_directory,
)

SHORT = Path("/srv/data")
LONG = Path("/srv") / ("d" * 100)


def test_they_live_in_the_data_directory_where_its_path_is_short() -> None:
    assert socket_directory(SHORT) == SHORT / "run"


def test_a_long_path_has_a_short_stand_in_of_its_own() -> None:
    found = socket_directory(LONG)
    assert found.parent == Path(tempfile.gettempdir())
    assert len(os.fsencode(found / LONGEST_SOCKET_NAME)) <= SOCKET_PATH_MAX_BYTES
    assert socket_directory(LONG) == found
    assert socket_directory(LONG / "other") != found


def test_the_length_is_counted_in_bytes() -> None:
    assert socket_directory(Path("/") / ("é" * 45)).parent == Path(tempfile.gettempdir())
    assert socket_directory(Path("/") / ("e" * 45)).name == "run"


def test_the_users_choice_goes_before_all_and_is_refused_where_too_long() -> None:
    assert socket_directory(LONG, Path("/run/tw")) == Path("/run/tw")
    with pytest.raises(SocketPathError, match=r"at most 107 bytes; set TRADEWIND_RUN"):
        socket_directory(SHORT, LONG)


def test_it_is_made_for_this_user_alone(tmp_path: Path) -> None:
    made = private_directory(tmp_path / "a" / "run")
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert private_directory(made) == made


def test_one_that_others_may_enter_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with pytest.raises(SocketPathError, match="others may enter it"):
        private_directory(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_a_link_that_somebody_else_could_have_made_is_refused(tmp_path: Path) -> None:
    target = private_directory(tmp_path / "target")
    link = tmp_path / "link"
    link.symlink_to(target)
    with pytest.raises(SocketPathError, match="belongs to somebody else"):
        private_directory(link)


@pytest.mark.parametrize("sockets", [Path("/srv/run"), Path("/srv/with space & 50%/é?")])
def test_addresses_are_read_as_they_were_meant(sockets: Path) -> None:
    parts = conninfo_to_dict(bundled_database(sockets))
    assert parts == {"user": "tradewind", "dbname": "tradewind", "host": str(sockets)}
    assert unquote(urlsplit(bundled_redis(sockets)).path) == str(sockets / "valkey.sock")
