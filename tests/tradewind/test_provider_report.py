"""`doctor --providers` reads what the ledger of quotas knows, whether or not anything runs."""

import io
import tempfile
from pathlib import Path

import pytest
from rich.console import Console

from market.quotas import Budget, Limit, Period
from storage.migrate import migrate
from storage.quotas import QuotaLedger
from tests.api.harness import NO_REDIS, NOWHERE
from tests.connectors.support import NOW_US
from tests.tradewind.test_doctor import settings_of
from tradewind.provider_report import distance_text, run_provider_report
from tradewind.servers import reach_database
from tradewind.settings import Settings

FREE = Budget("alphavantage", "ab", (Limit(25, Period.DAY), Limit(1, Period.SECOND)))


def said(settings: Settings) -> tuple[int, str]:
    console = Console(file=io.StringIO(), width=80)
    status = run_provider_report(settings, console, clock=lambda: NOW_US + 1_000_000)
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    return status, "".join(f"{line.rstrip()}\n" for line in lines)


async def use(database_url: str, redis_url: str) -> None:
    """One call that went well, and one that was refused."""
    ledger = QuotaLedger(database_url, redis_url, clock=lambda: NOW_US)
    await ledger.take(FREE)
    await ledger.note(FREE, "ok")
    await ledger.note(FREE, "alphavantage: [slow] down")
    await ledger.block(FREE, NOW_US + 7_200_000_000)
    await ledger.close()


async def test_a_few_lines_say_it_all(tmp_path: Path, database_url: str, redis_url: str) -> None:
    settings = settings_of(tmp_path, database_url=database_url, redis_url=redis_url)
    assert said(settings) == (0, "No provider has been asked yet.\n")
    await use(database_url, redis_url)
    assert said(settings) == (
        0,
        """\
alphavantage, key ab
  1 of 25 today, at most 1 a second
  last success 1 s ago
  last failure 1 s ago: alphavantage: [slow] down
  blocked until 2026-11-24 14:00:00Z, in 2 h
  next call 2026-11-24 14:00:00Z, in 2 h
""",
    )


def test_nothing_is_made_where_nothing_is(tmp_path: Path) -> None:
    data = tmp_path / "none"
    assert said(settings_of(data)) == (0, "No provider has been asked yet.\n")
    assert not data.exists()


def test_a_database_that_does_not_answer_is_told_with_status_1(tmp_path: Path) -> None:
    status, text = said(settings_of(tmp_path, database_url=NOWHERE))
    assert (status, "the database is unavailable" in text) == (1, True)


async def test_a_data_directory_that_nothing_runs_on_is_read() -> None:
    with tempfile.TemporaryDirectory(prefix="tw-") as directory:  # short enough for a socket
        settings = settings_of(Path(directory) / "data")
        with reach_database(settings) as url:
            migrate(url)
            await use(url, NO_REDIS)
        status, text = said(settings)
    assert (status, "1 of 25 today" in text) == (0, True)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s ago"), (-59, "59 s ago"), (90, "in 2 min"), (7_200, "in 2 h"), (-200_000, "2 d ago")],
)
def test_a_distance_is_read_by_people(seconds: int, text: str) -> None:
    assert distance_text(NOW_US + seconds * 1_000_000, NOW_US) == text
    assert distance_text(None, NOW_US) == ""
