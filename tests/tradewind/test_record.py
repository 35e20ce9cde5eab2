"""`tradewind record` as a user runs it: what a provider says is in the file, however the command ends."""

import contextlib
import gzip
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.errors import RecordingError
from tests.chaos.harness import Command, run_to_end
from tests.support import free_port
from tests.tradewind.support import wait_until
from tradewind.errors import BadSettingError, MissingKeyError, UnknownProviderError
from tradewind.record import run_record
from tradewind.settings import Settings, load_settings


@pytest.fixture(scope="module")
def sandbox_port() -> Iterator[int]:
    """The port of a sandbox in a process of its own."""
    port = free_port()
    process = Command(["sandbox"], {"TRADEWIND_SANDBOX_PORT": str(port)}).start()

    def listens() -> bool:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        return False

    try:
        wait_until(listens, 60, "the sandbox listens")
        yield port
    finally:
        process.kill()
        process.communicate()


def recording(port: int, path: Path, *arguments: str) -> Command:
    return Command(
        ["record", "--source", "kraken", "--data", str(path.parent / "d"), *arguments, str(path)],
        {"TRADEWIND_SANDBOX_PORT": str(port), "TRADEWIND_FEED": "sandbox"},
    )


def lines_of(path: Path) -> list[bytes]:
    return gzip.decompress(path.read_bytes()).splitlines() if path.exists() else []


def killed(process: "subprocess.Popen[str]", path: Path, number: signal.Signals) -> str:
    """Record until something is in the file, then send the signal; what was printed."""
    try:
        wait_until(lambda: bool(lines_of(path)), 60, "something is recorded")
        process.send_signal(number)
        output, _ = process.communicate(timeout=10)
        return output
    finally:
        process.kill()
        process.communicate()


def test_what_was_recorded_can_be_replayed(
    sandbox_port: int, database_url: str, tmp_path: Path
) -> None:
    path = tmp_path / "kraken.gz"
    began_s = time.monotonic()
    said = run_to_end(recording(sandbox_port, path, "--seconds", "2", "--symbols", "BTC-USD"))
    assert time.monotonic() - began_s >= 2
    lines = lines_of(path)
    assert said.strip() == f"{len(lines):,} lines in {path.stat().st_size:,} bytes: {path}"
    assert all(b"BTC/USD" in line for line in lines if b'"channel":"trade"' in line)
    replay = Command(
        ["replay", "--source", "kraken", str(path), "--data", str(tmp_path / "d")],
        {"TRADEWIND_DATABASE_URL": database_url},
    )
    stored = run_to_end(replay).strip().splitlines()[-1]
    assert not stored.startswith("0 stored")
    assert stored.endswith("0 quarantined")


def test_a_stop_ends_the_file(sandbox_port: int, tmp_path: Path) -> None:
    path = tmp_path / "kraken.gz"
    process = recording(sandbox_port, path).start()
    said = killed(process, path, signal.SIGINT)
    assert process.returncode == 0, said
    assert said.strip().startswith(f"{len(lines_of(path)):,} lines in ")


def test_a_kill_leaves_what_was_flushed(sandbox_port: int, tmp_path: Path) -> None:
    path = tmp_path / "kraken.gz"
    process = recording(sandbox_port, path).start()
    killed(process, path, signal.SIGKILL)
    lines = lines_of(path)
    assert lines
    assert all(line[:19].isdigit() and line.endswith(b"}") for line in lines)


class TestRefusals:
    @pytest.fixture
    def settings(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
        monkeypatch.chdir(tmp_path)  # away from the developer's own `.env`
        monkeypatch.delenv("TRADEWIND_FIXER_KEY", raising=False)
        return load_settings(data=tmp_path / "d", feed="live")

    def test_an_unknown_provider_is_named(self, settings: Settings, tmp_path: Path) -> None:
        with pytest.raises(UnknownProviderError, match="unknown provider 'nope'; there are: alph"):
            run_record(tmp_path / "x.gz", settings, "nope")

    def test_a_missing_key_is_named(self, settings: Settings, tmp_path: Path) -> None:
        with pytest.raises(MissingKeyError, match="set TRADEWIND_FIXER_KEY"):
            run_record(tmp_path / "x.gz", settings, "fixer")

    @pytest.mark.parametrize(
        ("symbol", "said"),
        [("NOPE", "there is no instrument NOPE"), ("AAPL", "kraken quotes none of them")],
    )
    def test_a_symbol_that_is_none_of_its(
        self, settings: Settings, tmp_path: Path, symbol: str, said: str
    ) -> None:
        with pytest.raises(BadSettingError, match=said):
            run_record(tmp_path / "x.gz", settings, "kraken", symbols=[symbol])
        assert not (tmp_path / "x.gz").exists()

    def test_a_file_that_is_there_is_left_alone(self, settings: Settings, tmp_path: Path) -> None:
        path = tmp_path / "x.gz"
        path.write_bytes(b"dear")
        with pytest.raises(RecordingError, match="File exists"):
            run_record(path, settings, "kraken")
        assert path.read_bytes() == b"dear"
