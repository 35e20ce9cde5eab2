"""The command line, as a person types it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.tradewind.support import environment, run_cli

COMMANDS = (
    "api",
    "deliver",
    "doctor",
    "down",
    "feeds",
    "keys",
    "migrate",
    "pipeline",
    "record",
    "replay",
    "sandbox",
    "up",
    "users",
)


def test_help_names_every_command() -> None:
    said = run_cli("--help")
    assert said.returncode == 0
    assert all(f" {command} " in said.stdout for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    assert f"Usage: tradewind {command}" in run_cli(command, "--help").stdout


def test_help_loads_no_library_of_the_commands() -> None:
    code = (
        "import contextlib, io, sys\n"
        "from tradewind.cli import app\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        "    app(['--help'], result_action='return_value')\n"
        "heavy = {'pydantic', 'numpy', 'numba', 'psycopg', 'fastapi', 'bytewax'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


@pytest.mark.parametrize("speed", ["0", "-1", "nan", "inf", "fast"])
def test_a_speed_that_is_none_is_refused(tmp_path: Path, speed: str) -> None:
    said = run_cli("replay", "x.zip", "--data", str(tmp_path / "d"), "--speed", speed)
    assert said.returncode == 1
    assert said.stderr == f"tradewind: --speed is a positive number or `max`, not '{speed}'\n"


def test_replay_without_a_file_is_refused(tmp_path: Path) -> None:
    said = run_cli("replay", "--data", str(tmp_path / "d"))
    assert (said.returncode, said.stderr) == (1, "tradewind: which files?\n")


def test_a_source_that_nobody_is_called_is_named(tmp_path: Path) -> None:
    said = run_cli("replay", "x.gz", "--source", "nope", "--data", str(tmp_path / "d"))
    assert said.returncode == 1
    assert said.stderr.startswith("tradewind: unknown provider 'nope'; there are: ")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    said = run_cli("replay", str(tmp_path / "x.zip"), "--data", str(tmp_path / "d"))
    assert said.returncode == 1
    assert said.stderr.startswith(f"tradewind: {tmp_path / 'x.zip'}")
    assert said.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [("--feed", "replay"), ("x.zip",)])
def test_files_and_the_feed_of_files_go_together(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    said = run_cli("up", "--data", str(tmp_path / "d"), *arguments)
    assert said.returncode == 1
    assert said.stderr == "tradewind: `--feed replay` and the files to replay go together\n"


def test_an_unknown_pipeline_is_named(tmp_path: Path) -> None:
    said = run_cli("pipeline", "nope", "--data", str(tmp_path / "d"))
    assert said.returncode == 1
    assert said.stderr.startswith("tradewind: unknown pipeline 'nope'; there are: store, live")


@pytest.mark.parametrize("shard", ["2", "0/2", "3/2"])
def test_a_shard_that_is_none_is_refused(tmp_path: Path, shard: str) -> None:
    said = run_cli("pipeline", "store", "--shard", shard, "--data", str(tmp_path / "d"))
    assert said.returncode == 1
    assert said.stderr.startswith(f"tradewind: --shard: not a shard: '{shard}'")


def test_a_bad_setting_is_named_without_its_value(tmp_path: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "tradewind", "down", "--data", str(tmp_path)],
        env={**environment(), "TRADEWIND_PORT": "s3cret"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 1
    assert said.stderr.startswith("tradewind: TRADEWIND_PORT: ")
    assert "s3cret" not in said.stderr
