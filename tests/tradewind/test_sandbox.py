"""`tradewind sandbox` in a process of its own."""

import contextlib
import json
import math
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

from tests.tradewind.support import environment, run_cli
from tradewind.errors import BadSettingError
from tradewind.ports import free_port
from tradewind.sandbox import SandboxOptions, run_sandbox, shifted
from tradewind.settings import load_settings


@contextlib.contextmanager
def sandbox(*arguments: str) -> Iterator[tuple[str, str]]:
    """A running sandbox: its address, and what it printed."""
    port = free_port("127.0.0.1")
    command = [sys.executable, "-m", "tradewind", "sandbox", "--port", str(port), *arguments]
    process = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        printed = ""
        while "openexchangerates" not in printed:
            line = process.stdout.readline()
            assert line, f"it ended after {printed!r}"
            printed += line
        yield f"http://127.0.0.1:{port}", printed
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def ask(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def test_it_says_where_every_provider_is_and_serves_the_profile() -> None:
    with sandbox("--profile", "free", "--seed", "5", "--ticks-per-s", "20") as (url, printed):
        rows = {line.split()[0]: line.split()[1:] for line in printed.splitlines()[2:]}
        assert rows["binance"] == [f"{url}/binance", f"ws{url[4:]}/binance", "simulated"]
        assert rows["fixer"] == [f"{url}/fixer", "simulated"]
        first, second = (
            ask(f"{url}/alphavantage/query?function=GLOBAL_QUOTE&symbol=KO&apikey=k")
            for _ in range(2)
        )
        assert ("Global Quote" in first, "Information" in second) == (True, True)


def test_its_clock_can_be_ahead() -> None:
    with sandbox("--clock-offset-s", "100", "--ticks-per-s", "500") as (url, _):
        with connect(f"ws{url[4:]}/binance/ws/btcusdt@trade") as client:
            event_s = json.loads(client.recv(10))["E"] / 1_000
        assert 90 < event_s - time.time() < 110


def test_it_plays_a_recording(tmp_path: Path) -> None:
    path = tmp_path / "recorded"
    path.write_text('1000000000 {"stream":"a","data": 1}\n1000000001 {"stream":"a","data": 2}\n')
    with sandbox("--play", f"binance={path}", "--speed", "2") as (url, printed):
        assert "recorded" in printed
        with connect(f"ws{url[4:]}/binance/stream?streams=a") as client:
            assert client.recv(10) == '{"stream":"a","data": 1}'
            assert client.recv(10) == '{"stream":"a","data": 2}'


def test_a_file_that_is_no_recording_is_one_line(tmp_path: Path) -> None:
    said = run_cli("sandbox", "--play", str(tmp_path / "nothing"))
    assert said.returncode == 1
    assert "nothing: cannot be read: No such file" in said.stderr
    assert said.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (SandboxOptions(speed=-1.0), "--speed"),
        (SandboxOptions(speed=math.inf), "--speed"),
        (SandboxOptions(clock_offset_s=math.nan), "--clock-offset-s"),
        (SandboxOptions(clock_offset_s=1e9), "--clock-offset-s"),
    ],
)
def test_what_can_not_be_meant_is_said(options: SandboxOptions, name: str) -> None:
    with pytest.raises(BadSettingError, match=name):
        run_sandbox(load_settings(), options)


@pytest.mark.parametrize("ticks_per_s", [0.0, math.nan, 1e9])
def test_a_rate_that_can_not_be_served_is_said(ticks_per_s: float) -> None:
    with pytest.raises(BadSettingError, match="--ticks-per-s"):
        run_sandbox(load_settings(sandbox_ticks_per_s=ticks_per_s), SandboxOptions())


def test_an_unknown_profile_is_said() -> None:
    with pytest.raises(BadSettingError, match="--profile"):
        run_sandbox(load_settings(sandbox_profile="gold"), SandboxOptions())


def test_a_shifted_clock() -> None:
    assert shifted(lambda: 5_000_000, -1.25)() == 3_750_000
