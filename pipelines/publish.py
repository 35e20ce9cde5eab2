"""The sink of flow `live`: a record's news go to its live stream and to the newest prices."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from bytewax.outputs import FixedPartitionedSink, StatefulSinkPartition

from market.instruments import InstrumentTable
from market.latest import LatestPrices
from market.ticks import Int64s, TickBatch
from storage.books import ReadRegister
from storage.live import LivePublisher


@dataclass(frozen=True, slots=True)
class News:
    """The ticks of a log record that belong on a screen."""

    partition: str
    offset: int
    ticks: TickBatch


class PublishSink(FixedPartitionedSink[News, bytes]):
    """Publishes news; its state is the table of newest prices, from which a lost cache is refilled."""

    def __init__(
        self,
        open_publisher: Callable[[], LivePublisher],
        open_register: Callable[[], ReadRegister],
        instruments: InstrumentTable,
    ) -> None:
        self._open_publisher = open_publisher
        self._open_register = open_register
        self._instruments = instruments

    def list_parts(self) -> list[str]:
        return ["redis"]

    def build_part(
        self, step_id: str, for_part: str, resume_state: bytes | None
    ) -> "PublishPartition":
        latest = LatestPrices(self._instruments)
        if resume_state:
            latest.restore([resume_state])
        return PublishPartition(
            self._open_publisher(), self._open_register(), latest, self._instruments
        )


class PublishPartition(StatefulSinkPartition[News, bytes]):
    """Publishes one record at a time, before the flow goes on to the next."""

    def __init__(
        self,
        publisher: LivePublisher,
        register: ReadRegister,
        latest: LatestPrices,
        instruments: InstrumentTable,
    ) -> None:
        self._publisher = publisher
        self._register = register
        self._latest = latest
        self._symbols = {item.id: item.symbol for item in instruments}
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
        return self._latest.table.tobytes()

    def close(self) -> None:
        self._publisher.close()
        self._register.close()

    def _publish(self, news: News) -> None:
        moved = self._latest.apply(news.ticks)
        known = self._publisher.publish(
            news.partition, news.offset, news.ticks.to_bytes(), self._items(moved)
        )
        if known is not None and known < np.count_nonzero(self._priced()):
            self._refill()

    def _refill(self) -> None:
        self._publisher.set_latest(self._items(np.flatnonzero(self._priced())))

    def _priced(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        table = self._latest.table
        priced: np.ndarray[tuple[int], np.dtype[np.bool_]] = (table["quote_time"] > 0) | (
            table["price_time"] > 0
        )
        return priced

    def _items(self, ids: Int64s) -> list[tuple[str, bytes]]:
        names = [self._symbols[int(identity)] for identity in ids]
        return list(zip(names, self._latest.items_bytes(ids), strict=True))
