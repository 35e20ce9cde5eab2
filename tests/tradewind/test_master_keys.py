"""The master keys: a setting, or a file that is made once, whoever comes first, and never again."""

import base64
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tradewind.errors import BadSettingError, MasterKeysError
from tradewind.master_keys import key_ring, master_key_file, master_keys
from tradewind.settings import load_settings


def test_a_setting_goes_before_the_file(tmp_path: Path) -> None:
    settings = load_settings(data=tmp_path, master_keys="2:bbb,1:aaa")
    assert master_keys(settings) == "2:bbb,1:aaa"
    assert list(tmp_path.iterdir()) == []


def test_the_first_start_makes_a_file_for_this_user_alone(tmp_path: Path) -> None:
    settings = load_settings(data=tmp_path / "d")
    made = master_keys(settings)
    path = master_key_file(settings)
    assert path.read_text() == f"{made}\n"
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert len(base64.b64decode(made.partition(":")[2])) == 32
    assert list(path.parent.iterdir()) == [path]
    assert master_keys(settings) == made


def test_all_that_start_at_once_have_the_same_keys(tmp_path: Path) -> None:
    settings = load_settings(data=tmp_path)
    with ThreadPoolExecutor(8) as threads:
        made = set(threads.map(lambda _: master_keys(settings), range(32)))
    assert len(made) == 1
    assert list((tmp_path / "secrets").iterdir()) == [master_key_file(settings)]


def test_several_lines_are_several_keys_the_newest_first(tmp_path: Path) -> None:
    settings = load_settings(data=tmp_path)
    old = master_keys(settings)
    path = master_key_file(settings)
    path.write_text(f"# since November\nnew:AAAA\n\n  {old}\n")
    assert master_keys(settings) == f"new:AAAA,{old}"


@pytest.mark.parametrize(
    ("content", "mode", "why"),
    [
        (b"", 0o600, "it is empty"),
        (b"# none\n", 0o600, "it is empty"),
        (b"\xff\xfe", 0o600, "it is no text"),
        (b"1:AAAA\n", 0o644, "others may read it"),
    ],
)
def test_a_file_that_is_of_no_use_stays_as_it_is(
    tmp_path: Path, content: bytes, mode: int, why: str
) -> None:
    settings = load_settings(data=tmp_path)
    master_keys(settings)
    path = master_key_file(settings)
    path.write_bytes(content)
    path.chmod(mode)
    with pytest.raises(MasterKeysError, match=why):
        master_keys(settings)
    assert path.read_bytes() == content


def test_what_can_not_be_read_is_said(tmp_path: Path) -> None:
    settings = load_settings(data=tmp_path)
    path = master_key_file(settings)
    path.mkdir(parents=True, mode=0o700)
    with pytest.raises(MasterKeysError, match="Is a directory"):
        master_keys(settings)


def test_what_one_start_sealed_the_next_opens(tmp_path: Path) -> None:
    settings = load_settings(data=tmp_path)
    sealed = key_ring(settings).seal(b"secret", of="here")
    path = master_key_file(settings)
    new = base64.b64encode(bytes(32)).decode()
    path.write_text(f"new:{new}\n{path.read_text()}")
    ring = key_ring(settings)
    assert ring.current_id == "new"
    assert ring.open(sealed, of="here") == b"secret"


def test_malformed_keys_are_refused_and_not_shown(tmp_path: Path) -> None:
    settings = load_settings(data=tmp_path)
    master_keys(settings)
    path = master_key_file(settings)
    path.write_text("hidden\n")
    with pytest.raises(MasterKeysError) as of_file:
        key_ring(settings)
    with pytest.raises(BadSettingError, match=r"^TRADEWIND_MASTER_KEYS: ") as of_setting:
        key_ring(load_settings(data=tmp_path, master_keys="1:hidden"))
    assert str(path) in str(of_file.value)
    assert "hidden" not in str(of_file.value) + str(of_setting.value)
    assert path.read_text() == "hidden\n"
