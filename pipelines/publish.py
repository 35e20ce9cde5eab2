"""The sink of flow `live`: a record's news go to its live stream and to the newest prices."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition

from market.clock import Clock, system_clock
from market.elected import ElectedPrices, Items
from market.election import Switch
from market.instruments import InstrumentTable
from market.sources import Feed, Source
from market.ticks import TickBatch
from storage.books import ReadRegister
from storage.live import LivePublisher, Newest

CATCHING_UP_US = 3_000_000
"""So far behind, partitions are read at unlike times: one may seem silent that is only unread."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class News:
    """The ticks of a log record that belong on a screen, and when they were received (µs)."""

    partition: str
    offset: int
    source: Source
    received_us: int
    ticks: TickBatch


class PublishSink(FixedPartitionedSink[News, bytes]):
    """Publishes news; its state are the newest prices, from which a lost cache is refilled."""

    def __init__(
        self,
        open_publisher: Callable[[], LivePublisher],
        open_register: Callable[[], ReadRegister],
        instruments: InstrumentTable,
        clock: Clock = system_clock,
    ) -> None:
        self._clock = clock
        self._open_publisher = open_publisher
        self._open_register = open_register
        self._instruments = instruments

    def list_parts(self) -> list[str]:
        return ["redis"]

    def build_part(
        self, step_id: str, for_part: str, resume_state: bytes | None
    ) -> "PublishPartition":
        latest = ElectedPrices(self._instruments)
        if resume_state:
            latest.resume(resume_state)
        return PublishPartition(
            self._open_publisher(), self._open_register(), latest, self._instruments, self._clock
        )


class PublishPartition(StatefulSinkPartition[News, bytes]):
    """Publishes one record at a time, before the flow goes on to the next."""

    def __init__(
        self,
        publisher: LivePublisher,
        register: ReadRegister,
        latest: ElectedPrices,
        instruments: InstrumentTable,
        clock: Clock,
    ) -> None:
        self._clock = clock
        self._publisher = publisher
        self._register = register
        self._latest = latest
        self._symbols = {item.id: item.symbol for item in instruments}
        self._ids = {item.symbol: item.id for item in instruments}
        self._elected: set[int] = set()
        self._read: dict[str, int] = {}
        # The cache may be ahead of a snapshot, and must not go back.
        latest.restore(publisher.newest())
        self._refill()

    def write_batch(self, values: list[News]) -> None:
        for news in values:
            if len(news.ticks):
                self._publish(news)
            self._read[news.partition] = news.offset

    def snapshot(self) -> bytes:
        if self._read:
            self._register.register(self._read)
            self._read = {}
        return self._latest.state()

    def close(self) -> None:
        self._publisher.close()
        self._register.close()

    def _publish(self, news: News) -> None:
        moved = self._latest.apply(
            news.source, news.ticks, news.received_us, settled=self._is_settled(news)
        )
        for switch in moved.switches:
            self._switch(switch)
        newest = Newest(
            news.source.provider,
            [self._symbols[id_] for id_ in moved.ids.tolist()],
            moved.items.tobytes(),
            moved.elected.tolist(),
        )
        known = self._publisher.publish(news.partition, news.offset, news.ticks.to_bytes(), newest)
        self._elected.update(moved.ids[moved.elected].tolist())
        if known is not None and known < len(self._elected):
            self._refill()

    def _is_settled(self, news: News) -> bool:
        """Whether the flow has caught up, so that whoever has not been heard has been silent."""
        if news.source.feed is Feed.RECORDED:
            return True  # its time is that of the recording, and files are read in its order
        return self._clock() - news.received_us < CATCHING_UP_US

    def _switch(self, switch: Switch) -> None:
        """Tell of it, and keep the price of the source that is elected no longer among its own."""
        symbol = self._symbols[switch.instrument]
        item = self._latest.item(switch.before, switch.instrument)
        self._publisher.set_latest({symbol: item}, switch.before.provider)
        log.info(
            "another source elected",
            instrument=symbol,
            before=switch.before.provider,
            now=switch.now.provider,
            why=switch.why.value,
        )

    def _refill(self) -> None:
        elected = self._by_symbol(self._latest.elected_items())
        self._elected = {self._ids[symbol] for symbol in elected}
        self._publisher.set_latest(elected)
        for source, items in self._latest.items_by_source().items():
            self._publisher.set_latest(self._by_symbol(items), source.provider)

    def _by_symbol(self, items: Items) -> dict[str, bytes]:
        return {self._symbols[int(item["instrument"])]: item.tobytes() for item in items}
