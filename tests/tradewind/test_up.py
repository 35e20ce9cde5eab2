"""What `up` decides before it starts anything, and `down` without anything to stop."""

import io
import re
import signal
import socket
from pathlib import Path

import pytest
from rich.console import Console

from tradewind.console import UpConsole
from tradewind.errors import NotRunningError, PortTakenError, StillRunningError
from tradewind.ports import free_port
from tradewind.servers.directory import held_directory
from tradewind.servers.program import Program
from tradewind.servers.state import read_state
from tradewind.settings import load_settings
from tradewind.up import Recorder, run_down, run_up, with_free_sandbox_port


def test_down_says_that_nothing_runs(tmp_path: Path) -> None:
    with pytest.raises(NotRunningError, match=f"nothing runs on {tmp_path}"):
        run_down(load_settings(data=tmp_path))


def test_down_gives_up_on_what_does_not_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tradewind.up.DOWN_PATIENCE_S", 0.1)
    settings = load_settings(data=tmp_path / "data", run=tmp_path.parent / "r")
    asked: list[int] = []
    monkeypatch.setattr("os.kill", lambda pid, _number: asked.append(pid))
    with held_directory(settings) as _, pytest.raises(StillRunningError) as raised:
        run_down(settings)
    assert asked == [raised.value.pid]


def test_up_names_a_taken_port_and_makes_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTakenError, match=f"127.0.0.1:{port} .*--port"):
            run_up(load_settings(data=tmp_path / "data", port=port))
    assert not (tmp_path / "data").exists()


def test_the_sandbox_moves_aside_unless_its_port_was_chosen(tmp_path: Path) -> None:
    free = free_port("127.0.0.1")
    assert with_free_sandbox_port(load_settings(data=tmp_path, sandbox_port=free)).sandbox_port == (
        free
    )
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        chosen = load_settings(data=tmp_path, sandbox_port=port)
        with pytest.raises(PortTakenError, match="TRADEWIND_SANDBOX_PORT"):
            with_free_sandbox_port(chosen)
        unchosen = load_settings(data=tmp_path)
        object.__setattr__(unchosen, "sandbox_port", port)
        unchosen.model_fields_set.discard("sandbox_port")
        assert with_free_sandbox_port(unchosen).sandbox_port != port
        live = load_settings(data=tmp_path, feed="live", sandbox_port=port)
        assert with_free_sandbox_port(live).sandbox_port == port


def test_a_full_disk_keeps_the_state_from_being_written_and_nothing_else(tmp_path: Path) -> None:
    settings = load_settings(data=tmp_path / "data", run=tmp_path / "r")
    text = io.StringIO()
    program = Program("api", ("x",), lambda _: True, ((signal.SIGTERM, 1.0),), where="http://here")
    with held_directory(settings):
        recorder = Recorder(settings, UpConsole(settings, Console(file=text, width=300)))
        full = settings.data / "up.json.new"
        full.symlink_to("/dev/full")
        recorder.ready(program, 1, 0.1)
        recorder.ended(program, "was ended by SIGKILL", 0.2, "")
        recorder.ready(program, 2, 0.1)
        assert read_state(settings.data) is None
        full.unlink()
        recorder.ready(program, 3, 0.1)
        state = read_state(settings.data)
    assert state is not None
    assert state.processes == {"api": 3}
    unwritten = f"can't write what runs to {settings.data} (No space left on device)"
    said = re.sub(r"\d\.\d s", "# s", text.getvalue()).splitlines()
    assert [line.rstrip() for line in said] == [
        f"! state      {unwritten}: `tradewind down` still works",
        "✓ api          # s  http://here",
        "✗ api        was ended by SIGKILL; starts again in # s",
        "✓ api          # s  runs again",
        "✓ api          # s  http://here",
    ]
