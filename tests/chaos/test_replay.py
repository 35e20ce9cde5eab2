"""`kill -9` of a replay at seeded counts of committed rows: nothing lost, nothing twice."""

from pathlib import Path

import psycopg
import pytest

from tests.chaos.harness import Command, rampage, run_to_end, seeded_counts
from tests.chaos.invariants import (
    assert_books_balance,
    assert_candles_are_those_of_the_ticks,
    committed_ticks,
)

EURUSD_TICKS = 532_903
KILLS = 10


@pytest.mark.timeout(300)
def test_ten_kills_during_a_replay_lose_nothing(
    database_url: str, test_data: Path, tmp_path: Path
) -> None:
    files = sorted((test_data / "fx_ticks" / "oanda_eurusd").glob("*.zip"))
    command = Command(
        ["replay", *map(str, files), "--speed", "max"],
        {"TRADEWIND_DATABASE_URL": database_url, "TRADEWIND_DATA": str(tmp_path)},
    )
    with psycopg.connect(database_url, autocommit=True) as connection:
        kills = rampage(
            command,
            lambda: committed_ticks(connection),
            seeded_counts(seed=2014, kills=KILLS, total=EURUSD_TICKS),
            lambda: assert_books_balance(connection),
        )
        assert kills == KILLS
        assert committed_ticks(connection) == EURUSD_TICKS
        assert_candles_are_those_of_the_ticks(connection)
        last_line = run_to_end(command).strip().splitlines()[-1]
    assert last_line == "532,903 stored, 0 duplicate, 0 quarantined"
