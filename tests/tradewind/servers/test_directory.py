"""The data directory: private, held by one process, of one format."""

import os
import stat
from pathlib import Path

import pytest

from tests.tradewind.servers.support import isolated, line_of, script
from tests.tradewind.support import wait_until
from tradewind.errors import DataFormatError, DataInUseError
from tradewind.servers.directory import FORMAT, held_directory, holder_of

HOLD = """
import subprocess, sys
from pathlib import Path
from tradewind.servers.directory import held_directory
from tests.tradewind.servers.support import isolated
with held_directory(isolated(Path(sys.argv[1]))) as directory:
    child = subprocess.Popen(["sleep", "60"], pass_fds=(directory.lock_fd,))
    print(child.pid, flush=True)
    sys.stdin.read()
"""
"""Holds a directory, and so does a child of it, until killed."""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


class TestHolding:
    def test_what_is_made_is_for_this_user_alone(self, data: Path) -> None:
        before = mode(data.parent)
        with held_directory(isolated(data)) as directory:
            made = [data, directory.sockets, data / "recovery", data / "logs"]
            assert [mode(path) for path in made] == [0o700] * 4
        assert mode(data.parent) == before
        assert (data / "format").read_text() == f"{FORMAT}\n"

    def test_a_second_holder_is_refused_by_the_process_id_of_the_first(self, data: Path) -> None:
        with held_directory(isolated(data)):
            assert holder_of(data) == os.getpid()
            with pytest.raises(DataInUseError) as refused, held_directory(isolated(data)):
                pass
        assert str(refused.value) == (
            f"{data} is in use by process {os.getpid()}; "
            f"stop it with `tradewind down --data {data}` or take another --data"
        )
        assert holder_of(data) is None

    def test_nobody_holds_what_is_not_there(self, data: Path) -> None:
        assert holder_of(data) is None

    def test_a_killed_holder_is_followed_once_its_children_have_ended(self, data: Path) -> None:
        with script(HOLD, data) as holder:
            child = int(line_of(holder))
            assert holder_of(data) == holder.pid
            holder.kill()
            holder.wait()
            assert holder_of(data) == 0
            os.kill(child, 9)
            wait_until(lambda: holder_of(data) is None, 5, "the end of the child")
        with held_directory(isolated(data)):
            assert holder_of(data) == os.getpid()

    def test_a_process_id_that_was_used_again_is_no_holder(self, data: Path) -> None:
        with script(HOLD, data) as holder:
            child = int(line_of(holder))
            (data / "lock").write_text(f"{os.getpid()} 1\n")
            assert holder_of(data) == 0
            os.kill(child, 9)


class TestFormat:
    @pytest.mark.parametrize(
        ("found", "sentence"),
        [
            (f"{FORMAT + 1}\n", "made by a newer Tradewind .*; update Tradewind"),
            (f"{FORMAT - 1}\n", "which this Tradewind no longer reads .*; choose another --data"),
            ("nonsense", "has a damaged `format` file"),
        ],
    )
    def test_another_format_is_refused_with_the_way_out(
        self, data: Path, found: str, sentence: str
    ) -> None:
        with held_directory(isolated(data)):
            pass
        (data / "format").write_text(found)
        with pytest.raises(DataFormatError, match=sentence), held_directory(isolated(data)):
            pass
        assert (data / "format").read_text() == found

    def test_a_directory_with_other_files_is_left_alone(self, tmp_path: Path) -> None:
        (tmp_path / "thesis.txt").write_text("mine")
        tmp_path.chmod(0o755)
        refused = pytest.raises(DataFormatError, match="not a data directory of Tradewind")
        with refused, held_directory(isolated(tmp_path)):
            pass
        assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
        assert mode(tmp_path) == 0o755

    def test_a_file_in_its_place_is_refused(self, tmp_path: Path) -> None:
        file = tmp_path / "data"
        file.write_text("")
        refused = pytest.raises(DataFormatError, match="can't be used \\(Not a directory\\)")
        with refused, held_directory(isolated(file)):
            pass

    def test_what_a_replay_into_a_database_of_the_user_left_is_no_obstacle(
        self, data: Path
    ) -> None:
        (data / "recovery" / "store-recorded").mkdir(parents=True)
        with held_directory(isolated(data)):
            assert holder_of(data) == os.getpid()
