"""`tradewind doctor`: what runs, which servers it runs on, and how much they keep."""

import os
import platform
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from storage.backends import Backend
from storage.census import (
    CacheCensus,
    Compression,
    DatabaseCensus,
    cache_census,
    database_census,
)
from storage.errors import StorageError
from storage.lags import Lag, lag_census
from storage.revision import HEAD
from tradewind.account_report import account_lines, setting_lines
from tradewind.errors import ProcessError
from tradewind.servers import postgres, reach_database
from tradewind.servers.bundle import with_running
from tradewind.servers.directory import holder_of
from tradewind.servers.state import State, read_state
from tradewind.settings import FeedChoice, Settings, feed_class_of

_UNITS = ("B", "kB", "MB", "GB", "TB")


def run_doctor(settings: Settings, console: Console | None = None) -> int:
    """Print the state of an installation; 1 where something of it does not answer.

    The bundled PostgreSQL is started for the question where the data directory has one and nothing
    runs. Nothing is made that was not there.
    """
    state = read_state(settings.data)
    console = console or Console()
    healthy = True
    table = Table.grid(padding=(0, 2))
    table.add_row("[bold]Tradewind", f"Python {platform.python_version()} in {escape(sys.prefix)}")
    table.add_row("[bold]Data", _data(settings))
    table.add_row("[bold]Running", "\n".join(_running(settings, state)))
    accounts = setting_lines(settings, None if state is None else state.url)
    table.add_row("[bold]Accounts", "\n".join(map(escape, accounts)))
    for title, lines in (("Database", _database), ("Cache", _cache)):
        try:
            text = "\n".join(escape(line) for line in lines(settings, state))
        except (ProcessError, StorageError) as error:
            healthy = False
            text = f"[red]{escape(str(error))}"
        table.add_row(f"[bold]{title}", text)
    console.print(table)
    return 0 if healthy else 1


def size_text(size_bytes: float) -> str:
    """A size as a person reads it, such as 12.3 MB."""
    unit = 0
    while size_bytes >= 1000 and unit < len(_UNITS) - 1:
        size_bytes /= 1000
        unit += 1
    return f"{size_bytes:.0f} B" if unit == 0 else f"{size_bytes:.1f} {_UNITS[unit]}"


def _data(settings: Settings) -> str:
    if not settings.data.is_dir():
        return f"{escape(str(settings.data))} (not there yet)"
    return f"{escape(str(settings.data))}, {size_text(_tree_size(settings.data))}"


def _tree_size(root: Path) -> int:
    """The bytes of all files below; what vanishes while we look counts for nothing."""
    total = 0
    for folder, _, files in os.walk(root):
        for name in files:
            try:
                total += (Path(folder) / name).lstat().st_size
            except FileNotFoundError:
                continue
    return total


def _running(settings: Settings, state: State | None) -> list[str]:
    if state is None:
        holder = holder_of(settings.data)
        return [f"process {holder} holds the data directory" if holder else "nothing"]
    children = [f"{name} (process {pid})" for name, pid in state.processes.items()]
    return [f"up (process {state.pid}), feed {state.feed}, {state.url}", *children]


def _database(settings: Settings, state: State | None) -> list[str]:
    own = settings.database_url is not None
    if not own and state is None and not (settings.data / "postgres").exists():
        return [f"none yet; PostgreSQL {postgres.version()} is bundled"]
    with reach_database(settings) as url:
        census = database_census(url)
        feed = settings.feed_class if state is None else feed_class_of(FeedChoice(state.feed))
        current = census.revision == HEAD
        lags = lag_census(url, feed) if current else []
        accounts = account_lines(url) if current else []
    said = _database_lines(census, "the user's" if own else "bundled")
    return [*said, *_lag_lines(lags), *accounts]


def _lag_lines(lags: Iterable[Lag]) -> list[str]:
    """How far each flow is behind the inbox, the partition of its oldest record by name."""
    worst: dict[str, Lag] = {}
    records: Counter[str] = Counter()
    for lag in lags:
        records[lag.flow] += lag.records
        worst[lag.flow] = max(lag, worst.get(lag.flow, lag), key=lambda each: each.seconds)
    return [
        f"flow {flow}: {records[flow]:,} records behind,"
        f" the oldest for {lag.seconds:.1f} s ({lag.partition})"
        if records[flow]
        else f"flow {flow}: has read all of the inbox"
        for flow, lag in worst.items()
    ]


def _database_lines(census: DatabaseCensus, whose: str) -> list[str]:
    revision = census.revision or "none"
    migrated = "current" if census.revision == HEAD else f"{HEAD} is current: migrate"
    return [
        f"PostgreSQL {census.version}, {whose}, {size_text(census.size_bytes)}",
        f"schema revision {revision} ({migrated})",
        *_backend_lines(census),
        *(
            f"{table.name}: about {table.rows:,} rows, {size_text(table.size_bytes)}"
            for table in census.tables
        ),
    ]


def _backend_lines(census: DatabaseCensus) -> list[str]:
    """What keeps ticks and candles, how far it has compressed them, and since when there are any."""
    if census.backend is None:
        return []
    oldest = census.oldest_tick
    return [
        f"kept by TimescaleDB {census.timescaledb}"
        if census.backend is Backend.TIMESCALEDB
        else "kept in plain partitions",
        f"compression: {_compression_text(census.compression)}",
        f"oldest tick: {'none' if oldest is None else f'{oldest:%Y-%m-%d %H:%M:%S}Z'}",
    ]


def _compression_text(found: Compression | None) -> str:
    if found is None:
        return "none on plain PostgreSQL"
    text = f"{found.compressed:,} of {found.chunks:,} chunks"
    if not found.after_bytes:
        return text
    sizes = f"{size_text(found.before_bytes)} became {size_text(found.after_bytes)}"
    return f"{text}, {sizes} (1/{found.before_bytes / found.after_bytes:.1f})"


def _cache(settings: Settings, _state: State | None) -> list[str]:
    url = with_running(settings).redis_url
    if url is None:
        return ["not running; a bundled Valkey comes with `up`"]
    return _cache_lines(
        cache_census(url), "bundled" if settings.redis_url is None else "the user's"
    )


def _cache_lines(census: CacheCensus, whose: str) -> list[str]:
    product = census.product.capitalize()
    return [
        f"{product} {census.version}, {whose}, {size_text(census.memory_bytes)},"
        f" {census.keys:,} keys"
    ]
