"""`tradewind replay`: recorded files through flow `store`, with a progress bar and a closing count."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bytewax.dataflow import Dataflow
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from connectors.errors import NoRecordingError
from connectors.oanda import PROVIDER as OANDA
from connectors.providers import PROVIDERS
from connectors.recordings import MAX_ROWS_PER_RECORD, RecordingReader
from market.instruments import ALL_INSTRUMENTS
from market.log import LogRecord
from market.quality import QualityRules
from market.sources import ONLY_RECORDED, Feed
from pipelines.commit import CommitSink
from pipelines.running import run
from pipelines.source import LogSource
from pipelines.store import build_flow
from storage import books
from storage.errors import SecondWriterError
from storage.migrate import migrate
from storage.outcomes import OutcomeWriter
from storage.upkeep import end_old
from tradewind.errors import ReplayBusyError, UnknownProviderError
from tradewind.lifetime import stop_requested
from tradewind.pacing import PacedWriter
from tradewind.quality_rules import quality_rules
from tradewind.rollups import catch_up, rollups_kept
from tradewind.servers import reach_database
from tradewind.settings import Settings

CONSUMER = "store-recorded"
"""Who reads recorded files; one at a time on a database."""
KNOWN = (*PROVIDERS, OANDA, *sorted(ONLY_RECORDED))
"""Whose recordings can be replayed."""
SHOWN = 5
"""So many names of what was passed over are shown."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How files are replayed.

    `provider` is whose frames they hold, None where they show it; `symbol` whose bars, where a table does
    not say it. `speed` is event seconds a second, None for as fast as it goes. `from_start` reads all of
    it again. `full_speed`: connectors at work on the same database are not spared.
    """

    provider: str | None = None
    speed: float | None = None
    from_start: bool = False
    full_speed: bool = False
    symbol: str | None = None


def run_replay(paths: Sequence[Path], settings: Settings, manner: Manner) -> int:
    """Store the files' ticks and bars, going on where an earlier run ended; the exit status.

    A directory stands for the recordings below it; what else lies there is said to be passed over.

    Runs beside a running `up` on the same data directory, or brings the bundled server up for itself.
    UnknownProviderError where nobody is called like the given provider.
    """
    if manner.provider is not None and manner.provider not in KNOWN:
        raise UnknownProviderError(manner.provider, KNOWN)
    console = Console()
    rules = quality_rules(settings)
    reader = RecordingReader(paths, provider=manner.provider, symbol=manner.symbol)
    partitions, rows = list(reader.sources), reader.rows()
    if reader.passed_over:
        console.print(_passed_over(reader.passed_over), highlight=False)
    recovery = settings.recovery / CONSUMER
    with reach_database(settings) as database_url:
        migrate(database_url)
        writer = _writer(database_url, full_speed=manner.full_speed)
        if manner.from_start:
            writer.read_again(partitions)
        stop = stop_requested()
        kept = rollups_kept(database_url, [Feed.RECORDED], join_s=None)
        with _progress(console, rows) as bar, kept:
            run(
                lambda: _flow(paths, manner, rules, writer, bar, stop),
                recovery,
                start_over=manner.from_start,
            )
        catch_up(database_url, Feed.RECORDED, stop)
        end_old(database_url, settings.keeping)
        console.print(_closing_line(database_url, partitions), highlight=False)
    return 0


def _writer(database_url: str, *, full_speed: bool) -> OutcomeWriter:
    writer = OutcomeWriter if full_speed else PacedWriter
    try:
        return writer(database_url, CONSUMER)
    except SecondWriterError as error:
        raise ReplayBusyError from error


def _flow(
    paths: Sequence[Path],
    manner: Manner,
    rules: QualityRules,
    writer: OutcomeWriter,
    bar: "_Bar",
    stop: threading.Event,
) -> Dataflow:
    done = dict(writer.done)

    def reader() -> RecordingReader:
        return RecordingReader(
            paths,
            provider=manner.provider,
            symbol=manner.symbol,
            speed=manner.speed,
            cut_at=done,
            max_rows=writer.max_rows if isinstance(writer, PacedWriter) else _most_rows,
        )

    source = LogSource(lambda: _Watched(reader(), bar), stop, lambda: done)
    return build_flow(source, CommitSink(lambda: writer), ALL_INSTRUMENTS, rules=rules)


def _most_rows() -> int:
    return MAX_ROWS_PER_RECORD


class _Bar:
    """How many rows have been read, on a progress bar."""

    def __init__(self, progress: Progress, rows: int) -> None:
        self._progress = progress
        self._task = progress.add_task("replay", total=rows)

    def show(self, rows: int) -> None:
        self._progress.update(self._task, completed=rows)


class _Watched:
    """A reader whose progress is shown: the rows of a record are its offset less the one before."""

    def __init__(self, reader: RecordingReader, bar: _Bar) -> None:
        self._reader = reader
        self._bar = bar

    def read(self, after: Mapping[str, int]) -> list[LogRecord]:
        known = {
            partition: after[partition] for partition in self._reader.sources if partition in after
        }
        self._bar.show(sum(offset + 1 for offset in known.values()))
        return self._reader.read(after)

    def finished(self) -> bool:
        return self._reader.finished()

    def close(self) -> None:
        self._reader.close()


class _Rate(ProgressColumn):
    """Rows a second, as soon as that is known."""

    def render(self, task: Task) -> Text:
        return Text("" if task.speed is None else f"{task.speed:,.0f} rows/s")


@contextmanager
def _progress(console: Console, rows: int) -> Iterator[_Bar]:
    columns = (
        BarColumn(),
        TextColumn("{task.completed:>11,.0f} of {task.total:,.0f} rows"),
        _Rate(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        bar = _Bar(progress, rows)
        yield bar


def _passed_over(others: Sequence[NoRecordingError]) -> str:
    names = ", ".join(error.path.name for error in others[:SHOWN])
    more = f" and {len(others) - SHOWN:,} more" if len(others) > SHOWN else ""
    return f"passed over, for they are no recordings: {names}{more}"


def _closing_line(database_url: str, partitions: Sequence[str]) -> str:
    total = books.totals(database_url, partitions)
    stored = total.ticks + total.bars
    return f"{stored:,} stored, {total.duplicates:,} duplicate, {total.quarantined:,} quarantined"
