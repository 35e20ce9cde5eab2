"""Production wiring of the flows: which log, which sinks, which recovery directory."""

import threading

from bytewax.dataflow import Dataflow

from market.instruments import CATALOGUE
from pipelines import live, store
from pipelines.commit import CommitSink
from pipelines.publish import PublishSink
from pipelines.running import run
from pipelines.source import LogSource
from storage.books import ReadRegister, consumer_offsets
from storage.inbox_reader import InboxReaderFactory
from storage.live import LivePublisher
from storage.outcomes import OutcomeWriter
from tradewind.errors import UnknownPipelineError
from tradewind.lifetime import stop_requested
from tradewind.settings import Settings


def run_pipeline(name: str, settings: Settings) -> int:
    """Run a flow until it is told to stop; the exit status. UnknownPipelineError names the known."""
    try:
        build = _BUILDERS[name]
    except KeyError:
        raise UnknownPipelineError(name, tuple(_BUILDERS)) from None
    recovery = settings.recovery / f"{name}-{settings.feed_class.value}"
    run(lambda: build(settings, stop_requested()), recovery)
    return 0


def store_flow(settings: Settings, stop: threading.Event) -> Dataflow:
    """Flow `store` over the inbox: everything is kept in PostgreSQL."""
    consumer = f"store-{settings.feed_class.value}"
    source = LogSource(
        _reader("store", settings), stop, lambda: consumer_offsets(settings.database(), consumer)
    )
    sink = CommitSink(lambda: OutcomeWriter(settings.database(), consumer))
    return store.build_flow(source, sink, CATALOGUE)


def live_flow(settings: Settings, stop: threading.Event) -> Dataflow:
    """Flow `live` over the inbox: the live stream and the newest prices in Redis."""
    feed = settings.feed_class
    sink = PublishSink(
        lambda: LivePublisher(settings.redis(), feed),
        lambda: ReadRegister(settings.database(), f"live-{feed.value}"),
        CATALOGUE,
    )
    return live.build_flow(LogSource(_reader("live", settings), stop), sink, CATALOGUE)


def _reader(name: str, settings: Settings) -> InboxReaderFactory:
    return InboxReaderFactory(
        settings.database(), settings.feed_class, settings.run_directory(), name
    )


_BUILDERS = {"store": store_flow, "live": live_flow}
