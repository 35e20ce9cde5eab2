"""The guide for quants is true: its blocks run in order on a served application and print what it shows."""

import asyncio
import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from api.config import ApiConfig
from market.instruments import instruments_of
from market.sources import Feed
from tests.api.harness import serve
from tests.conftest import REPOSITORY
from tests.tradewind.test_replay import closing_line, replay

GUIDE = REPOSITORY / "docs" / "quant.md"
ADDRESS = "http://127.0.0.1:8000"
STORED = "1,007,028 stored, 0 duplicate, 1 quarantined"

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Step:
    """A block of Python, the line of the guide on which it begins, and what it is shown to print."""

    line: int
    code: str
    shown: str | None


def steps(guide: str) -> Iterator[Step]:
    blocks = list(_BLOCK.finditer(guide))
    for number, block in enumerate(blocks):
        if block[1] == "python":
            following = blocks[number + 1] if number + 1 < len(blocks) else None
            shown = following[2] if following is not None and following[1] == "text" else None
            yield Step(guide[: block.start()].count("\n") + 2, block[2], shown)


def replayed(guide: str, test_data: Path) -> list[Path]:
    """The files that the guide replays, of the recorded data that the tests have."""
    console = next(block[2] for block in _BLOCK.finditer(guide) if block[1] == "console")
    command = next(line for line in console.splitlines() if line.startswith("tradewind replay"))
    return [test_data / word.removeprefix("data/") for word in shlex.split(command)[2:]]


def run_all(guide: str, address: str, directory: Path) -> None:
    """Run the blocks in one namespace, in a directory of their own."""
    names: dict[str, object] = {}
    with contextlib.chdir(directory), pl.Config(restore_defaults=True):
        for step in steps(guide):
            printed = io.StringIO()
            code = compile(
                "\n" * step.line + step.code.replace(ADDRESS, address), str(GUIDE), "exec"
            )
            with contextlib.redirect_stdout(printed):
                exec(code, names)
            if step.shown is not None:
                assert printed.getvalue() == step.shown, f"{GUIDE.name}:{step.line}"


@pytest.mark.timeout(300)
async def test_every_block_of_the_guide_runs_and_prints_what_it_shows(
    database_url: str, redis_url: str, test_data: Path, tmp_path: Path
) -> None:
    guide = GUIDE.read_text()
    command = replay(database_url, tmp_path / "data", *replayed(guide, test_data))
    assert await asyncio.to_thread(closing_line, command) == STORED
    quant_url = database_url.replace("//tradewind@", "//tradewind_quant_recorded@")
    feed = Feed.RECORDED
    config = ApiConfig(
        *(database_url, redis_url, feed), instruments=instruments_of(feed), quant_url=quant_url
    )
    async with serve(config) as api:
        await asyncio.to_thread(run_all, guide, f"http://127.0.0.1:{api.port}", tmp_path)


def test_the_guide_shows_what_its_blocks_print() -> None:
    found = list(steps(GUIDE.read_text()))
    assert len(found) >= 12
    assert [step.line for step in found if "print" in step.code and step.shown is None] == []
