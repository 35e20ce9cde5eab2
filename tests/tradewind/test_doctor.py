"""`doctor` says what an installation is, and makes nothing of it."""

import asyncio
import io
import re
import time
from pathlib import Path

import psycopg
import pytest
from rich.console import Console

from market.log import LogEntry
from market.sources import Feed, source_of
from market.ticks import TickBatch
from storage.books import partition_id, register_read
from storage.inbox import Inbox
from storage.ticks import insert_ticks
from tests.storage.making import trade
from tradewind.doctor import run_doctor, size_text
from tradewind.settings import Settings, load_settings


def settings_of(data: Path, **given: str) -> Settings:
    none = {"database_url": None, "redis_url": None, "run": None}
    return load_settings(data=data).model_copy(update={**none, **given})


def said(settings: Settings, width: int = 200) -> tuple[int, str]:
    console = Console(file=io.StringIO(), width=width)
    status = run_doctor(settings, console)
    assert isinstance(console.file, io.StringIO)
    return status, console.file.getvalue()


def test_nothing_is_made_where_nothing_is(tmp_path: Path) -> None:
    data = tmp_path / "none"
    status, text = said(settings_of(data))
    assert status == 0
    assert "not there yet" in text
    assert "PostgreSQL 18" in text
    assert not data.exists()


def test_servers_of_the_user_are_described(
    tmp_path: Path, database_url: str, redis_url: str
) -> None:
    status, text = said(settings_of(tmp_path, database_url=database_url, redis_url=redis_url))
    assert status == 0
    assert "PostgreSQL 18" in text
    assert "kept in plain partitions" in text
    assert "compression: none on plain PostgreSQL" in text
    assert "oldest tick: none" in text
    assert "(current)" in text
    assert "market.instruments: about" in text
    assert "Valkey 9" in text


def test_timescaledb_and_what_it_saves_are_told_within_80_columns(
    tmp_path: Path, timescale_url: str, redis_url: str
) -> None:
    with psycopg.connect(timescale_url, autocommit=True) as connection:
        batch = TickBatch.of([trade(each * 1_000) for each in range(1_000)])
        with connection.transaction():
            insert_ticks(connection, Feed.LIVE, batch, True)
        connection.execute("SELECT compress_chunk(show_chunks('market.ticks_live'))")
    settings = settings_of(tmp_path, database_url=timescale_url, redis_url=redis_url)
    status, text = said(settings, width=80)
    assert status == 0
    assert "kept by TimescaleDB 2.23" in text
    assert re.search(r"compression: 1 of 1 chunks, .* kB became .* kB \(1/\d+\.\d\)", text)
    assert "oldest tick: 2023-11-14 22:14:00Z" in text


def test_how_far_the_flows_are_behind_is_told(
    tmp_path: Path, database_url: str, redis_url: str
) -> None:
    source = source_of("binance", Feed.SIMULATED)

    async def append() -> None:
        inbox = Inbox(database_url, None)
        for partition in ("binance-0", "binance-backfill"):
            writer = await inbox.writer(partition, source)
            await writer.append([LogEntry("frames", "", time.time_ns() // 1_000, b"")])
        await inbox.close()

    asyncio.run(append())
    with psycopg.connect(database_url, autocommit=True) as connection:
        read = {
            partition_id(connection, name, source): 0 for name in ("binance-0", "binance-backfill")
        }
        register_read(connection, "store-simulated", read)
    _, text = said(settings_of(tmp_path, database_url=database_url, redis_url=redis_url))
    assert "flow live: 2 records behind, the oldest for " in text
    assert "flow store: has read all of the inbox" in text


def test_a_server_that_does_not_answer_is_told_with_status_1(tmp_path: Path) -> None:
    dead = "postgresql://nobody@127.0.0.1:1/none"
    status, text = said(settings_of(tmp_path, database_url=dead))
    assert status == 1
    assert "the database is unavailable" in text


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (12_345_678, "12.3 MB"), (2e15, "2000.0 TB")],
)
def test_sizes_are_read_by_people(size_bytes: float, text: str) -> None:
    assert size_text(size_bytes) == text
