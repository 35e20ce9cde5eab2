"""Production wiring of the flows: which log, which sinks, which recovery directory."""

import os
import shutil
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from bytewax.dataflow import Dataflow

from connectors.recordings import RecordingReader
from market.instruments import instruments_of
from market.log import LogReader, LogRecord
from market.shards import WHOLE, NoShardError, Shard
from pipelines import live, store
from pipelines.commit import CommitSink
from pipelines.publish import PublishSink
from pipelines.running import run
from pipelines.source import LogSource
from storage.books import ReadRegister, consumer_offsets, log_ends
from storage.connecting import wait_for_database
from storage.gap_seeds import seed_from
from storage.inbox_reader import InboxReaderFactory
from storage.live import LivePublisher
from storage.outcomes import OutcomeWriter
from tradewind.ending import old_ended
from tradewind.errors import OneProcessError, UnknownPipelineError
from tradewind.lifetime import stop_requested
from tradewind.quality_rules import quality_rules
from tradewind.rollups import rollups_kept
from tradewind.settings import FeedChoice, Settings

FLOWS = ("store", "live")
DATABASE_WITHIN_S = 30.0
"""A database that was killed gets so long to recover."""
REPLAY_SPEED = 1.0
"""Event seconds a second of a replay that is watched on the screen."""


def run_pipeline(name: str, settings: Settings, shard: Shard = WHOLE) -> int:
    """Run a flow, or a shard of it, until it is told to stop; the exit status.

    UnknownPipelineError names the known; OneProcessError where the flow has no shards.
    """
    if name not in FLOWS:
        raise UnknownPipelineError(name, FLOWS)
    if shard != WHOLE:
        _require_shards(name, settings)
    recovery, stop = _recovery(name, settings, shard), stop_requested()
    # Waited for here: each end of a process would make its supervisor wait longer before the next start.
    wait_for_database(settings.database(), stop, DATABASE_WITHIN_S)
    if name == "live":
        run(live_flow(settings, stop, not recovery.exists()), recovery)
    else:
        build = store_flow(settings, stop, shard)
        database_url = settings.database()
        with rollups_kept(database_url), old_ended(database_url, settings.keeping):
            run(build, recovery)
    return 0


def _require_shards(name: str, settings: Settings) -> None:
    if name == "live":
        raise OneProcessError(name, "one source of an instrument is elected among all of them")
    if settings.feed is FeedChoice.REPLAY:
        raise OneProcessError(name, "recorded files have one reader")


def store_flow(
    settings: Settings, stop: threading.Event, shard: Shard = WHOLE
) -> Callable[[], Dataflow]:
    """Flow `store`: everything is kept in PostgreSQL, by the one writer that a shard may have."""
    writer = OutcomeWriter(settings.database(), f"store-{settings.feed_class.value}", shard)
    _forget_overlapping("store", settings, shard)
    done = dict(writer.done)
    rules, seed = quality_rules(settings), seed_from(settings.database())

    def build() -> Dataflow:
        source = LogSource(_open_reader("store", settings, done, shard), stop, lambda: done)
        instruments = instruments_of(settings.feed_class)
        return store.build_flow(
            source, CommitSink(lambda: writer), instruments, rules=rules, seed=seed
        )

    return build


def live_flow(settings: Settings, stop: threading.Event, first: bool) -> Callable[[], Dataflow]:
    """Flow `live`: the live stream and the newest prices in Redis.

    What Redis has of another log is forgotten. `first`: nothing of a replay was shown before.
    """
    feed, consumer = settings.feed_class, f"live-{settings.feed_class.value}"
    replayed = settings.feed is FeedChoice.REPLAY

    def publisher() -> LivePublisher:
        publisher = LivePublisher(settings.redis(), feed)
        if not replayed:
            publisher.forget_beyond(log_ends(settings.database(), feed))
        elif first:
            publisher.forget_beyond({})
        return publisher

    instruments = instruments_of(feed)
    sink = PublishSink(publisher, lambda: ReadRegister(settings.database(), consumer), instruments)
    done = None if replayed else lambda: consumer_offsets(settings.database(), consumer)
    source = LogSource(_open_reader("live", settings, {}), stop, done)
    rules = quality_rules(settings)
    return lambda: live.build_flow(source, sink, instruments, rules=rules)


class Endless:
    """A reader of recordings that waits at their end: the screens stay as they are."""

    def __init__(self, reader: RecordingReader) -> None:
        self._reader = reader

    def read(self, after: Mapping[str, int]) -> list[LogRecord]:
        """See `RecordingReader.read`."""
        return self._reader.read(after)

    def finished(self) -> bool:
        """Never."""
        return False

    def close(self) -> None:
        """See `RecordingReader.close`."""
        self._reader.close()


def _open_reader(
    name: str, settings: Settings, done: Mapping[str, int], shard: Shard = WHOLE
) -> Callable[[], LogReader]:
    if settings.feed is FeedChoice.REPLAY:
        return lambda: Endless(
            RecordingReader(settings.replay_paths, speed=REPLAY_SPEED, cut_at=done)
        )
    return InboxReaderFactory(
        settings.database(), settings.feed_class, settings.run_directory(), name, shard
    )


def _recovery(name: str, settings: Settings, shard: Shard = WHOLE) -> Path:
    """The flow's directory of snapshots. What a replay shows on the screen begins anew with each `up`."""
    recovery = settings.recovery / f"{name}-{settings.feed_class.value}{shard.label}"
    if settings.feed is not FeedChoice.REPLAY or name != "live":
        return recovery
    own = recovery.with_name(f"{recovery.name}-{settings.supervisor or os.getpid()}")
    for older in settings.recovery.glob(f"{recovery.name}*"):
        if older != own:
            shutil.rmtree(older, ignore_errors=True)
    return own


def _forget_overlapping(name: str, settings: Settings, shard: Shard) -> None:
    """Throw away the snapshots of other shards that overlap: their sources are this one's from now on.

    To be called by who holds the shard's locks, so that none of those runs. What is committed is where
    this one begins, and where one of those begins should it ever come back.
    """
    whole = _recovery(name, settings).name
    for found in settings.recovery.glob(f"{whole}*"):
        other = _shard_of_label(found.name.removeprefix(whole))
        if other is not None and other != shard and other.overlaps(shard):
            shutil.rmtree(found, ignore_errors=True)


def _shard_of_label(label: str) -> Shard | None:
    """The shard with this label, if one has it."""
    if not label:
        return WHOLE
    try:
        shard = Shard.of(label.removeprefix("-").replace("of", "/"))
    except NoShardError:
        return None
    return shard if shard.label == label else None
