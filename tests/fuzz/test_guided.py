"""Coverage-guided fuzzing, a short one at every run; what it finds is shown, and kept in a file."""

import importlib.util
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.fuzz.entry import Entry

ROOT = Path(__file__).resolve().parents[2]
SHORT_RUNS, SHORT_S = 10_000, 20
LEAST_RUNS = 1_000
LONG_RUNS, LONG_S = 100_000, 1_700
STARTING_S = 60
MAX_INPUT_BYTES = 8_192
SHOWN_CHARS = 6_000

_FUZZ = ("-m", "tests.fuzz.guided")
_PLANTED = (
    "-c",
    "import sys; from tests.fuzz import guided\n"
    "def judge(entry, payload): raise KeyError('planted')\n"
    "guided.judge = judge; guided.main(['planted', *sys.argv[1:]])",
)


@pytest.fixture(scope="module")
def seeds(entries: tuple[Entry, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole corpus as libFuzzer's, one file an entry."""
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("atheris is not installed: it is made for Linux on x86-64 alone")
    folder = tmp_path_factory.mktemp("seeds")
    outcome = python([*_FUZZ, "--seeds", str(folder)], STARTING_S)
    assert outcome.returncode == 0, shown(outcome)
    assert len(list(folder.iterdir())) == len(entries)
    return folder


def test_a_short_search_finds_nothing(seeds: Path, tmp_path: Path) -> None:
    limits = [f"-runs={SHORT_RUNS}", f"-max_total_time={SHORT_S}"]
    assert fuzz(_FUZZ, seeds, tmp_path, limits, SHORT_S + STARTING_S) >= LEAST_RUNS


@pytest.mark.slow
@pytest.mark.timeout(LONG_S + 2 * STARTING_S)
def test_a_long_search_finds_nothing(seeds: Path, tmp_path: Path) -> None:
    assert fuzz(_FUZZ, seeds, tmp_path, [f"-runs={LONG_RUNS}"], LONG_S) >= LONG_RUNS


def test_what_is_found_is_shown_and_kept(seeds: Path, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"KeyError: 'planted'(?s:.)*the input is in .*crash-"):
        fuzz(_PLANTED, seeds, tmp_path, ["-runs=100"], 2 * STARTING_S)
    (found,) = tmp_path.glob("crash-*")
    assert found.read_bytes() in {seed.read_bytes() for seed in seeds.iterdir()} | {b"", b"\n"}


def fuzz(
    program: Sequence[str], seeds: Path, folder: Path, limits: Sequence[str], within_s: float
) -> int:
    """How many inputs were judged; AssertionError where one was a finding."""
    arguments = [
        *program,
        *limits,
        "-seed=1",
        f"-max_len={MAX_INPUT_BYTES}",
        "-verbosity=0",
        "-print_final_stats=1",
        f"-artifact_prefix={folder}/",
        str(seeds),
    ]
    outcome = python(arguments, within_s)
    found = [f"the input is in {path}: {path.read_bytes()!r}" for path in folder.glob("*-*")]
    assert (outcome.returncode, found) == (0, []), "\n".join([shown(outcome), *found])
    judged = re.search(r"number_of_executed_units: ([0-9]+)", outcome.stderr)
    assert judged is not None, shown(outcome)
    return int(judged[1])


def python(arguments: Sequence[str], within_s: float) -> subprocess.CompletedProcess[str]:
    """A run of this Python at the root; its output is kept, not printed."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=within_s,
        check=False,
    )


def shown(outcome: subprocess.CompletedProcess[str]) -> str:
    """The end of what a run said, without what it always says."""
    said = outcome.stdout + outcome.stderr
    lines = [line for line in said.splitlines() if not line.startswith("INFO: Instrumenting")]
    return "\n".join(lines)[-SHOWN_CHARS:]
