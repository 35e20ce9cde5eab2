"""Commits what came of log records: ticks, candles, quarantine and books in one transaction."""

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import psycopg

from market.bars import BAR_US, MINUTE_S, BarBatch
from market.gaps import Gap
from market.shards import WHOLE, Shard
from market.sources import Feed, Source
from market.ticks import Int64s, TickBatch
from storage import books
from storage.bars import upsert_bars
from storage.candles import (
    Bucket,
    buckets_holding,
    insert_candles,
    recompute_candles,
    upsert_candles,
    upsert_provider_bars,
)
from storage.connecting import connect
from storage.errors import DatabaseUnavailableError, SecondWriterError
from storage.gaps import insert_gaps, settle
from storage.partitions import TickPartitions
from storage.rollup_marks import Touches
from storage.ticks import insert_ticks

SETTLE_EVERY_S = 1.0
SETTLE_PAUSE = 20
"""A look at the gaps that takes long is not repeated before so many times as long."""
LOCK_WAIT_S = 1
"""How long the server may take to notice that the writer before has gone."""

_NO_PARTITION = (psycopg.errors.UndefinedTable, psycopg.errors.CheckViolation)
"""What is said of a partition that is not there: by its own name, and by that of the whole table."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one log record.

    `ticks` are the accepted ones; `all_new` says that none is likely to be stored already; `duplicates`
    counts repeats that were seen before this. `candles` hold the partition's ticks from the offset
    `candles_since` up to this record, `stale_buckets` are minutes whose candles must be made anew from
    the ticks. `released` are ticks that were set aside as the items `released_from` (offset, item) of
    earlier records: they count as accepted now, before `ticks`, and stay in the books of those records.
    """

    partition: str
    offset: int
    source: Source
    ticks: TickBatch
    all_new: bool
    duplicates: int
    quarantined: Sequence[books.Quarantined]
    candles: BarBatch
    stale_buckets: frozenset[Bucket]
    provider_bars: BarBatch
    candles_since: int = 0
    released: TickBatch = field(default_factory=TickBatch.empty)
    released_from: Sequence[tuple[int, int]] = ()
    gaps: Sequence[Gap] = ()

    @property
    def weight(self) -> int:
        """About how many rows it writes."""
        rows = len(self.ticks) + len(self.released) + len(self.candles) + len(self.provider_bars)
        return 1 + rows + len(self.quarantined) + len(self.stale_buckets)


class OutcomeWriter:
    """The one writer of a consumer's outcomes in a shard, over a connection that holds the shard's locks.

    SecondWriterError where a writer of a shard that overlaps is at work. A record that was committed
    before is skipped: after a crash the log is read again from a little before its end.
    """

    def __init__(self, database_url: str, consumer: str, shard: Shard = WHOLE) -> None:
        self._consumer = consumer
        self._connection = connect(database_url)
        self._connection.prepare_threshold = 1
        self._lock(shard)
        self._partitions = TickPartitions(self._connection)
        self._ids: dict[str, int] = {}
        self._newest_candle_us: dict[int, int] = {}
        self.done = books.done_offsets(self._connection, consumer)
        self._open_gaps = True
        self._settle_at = 0.0

    def commit(self, outcomes: Sequence[Outcome]) -> None:
        """Commit these, in one transaction; they are durable when it returns.

        DatabaseUnavailableError where the database went away: what was committed is not known here.
        """
        try:
            try:
                self._commit(outcomes)
            except _NO_PARTITION:  # the upkeep has dropped one meanwhile: nothing was committed
                self._partitions.forget()
                self._commit(outcomes)
        except psycopg.OperationalError as error:
            raise DatabaseUnavailableError(str(error).strip()) from error

    def _commit(self, outcomes: Sequence[Outcome]) -> None:
        new = [item for item in outcomes if item.offset > self.done.get(item.partition, -1)]
        if not new:
            return
        groups: dict[str, list[Outcome]] = defaultdict(list)
        for item in new:
            groups[item.partition].append(item)
        for feed in {item.source.feed for item in new}:
            self._partitions.ensure(
                feed, *_times([item for item in new if item.source.feed is feed])
            )
        for items in groups.values():
            self._id(items[0])  # made outside of the transaction: a rollback must not take it away
        touches = Touches()
        with self._connection.transaction():
            for partition, items in groups.items():
                self._commit_partition(partition, items, touches)
            books.register_read(
                self._connection,
                self._consumer,
                {self._id(items[-1]): items[-1].offset for items in groups.values()},
            )
            touches.record(self._connection)  # last: from here on no mark can move
        self.done.update({partition: items[-1].offset for partition, items in groups.items()})
        self._settle(any(item.gaps for item in new))

    def read_again(self, partitions: Sequence[str]) -> None:
        """Open the books of these partitions anew: they are going to be read from their start."""
        books.reopen(self._connection, self._consumer, partitions)
        for partition in partitions:
            self.done.pop(partition, None)

    def close(self) -> None:
        """Give the connection, and with it the shard's locks, back."""
        self._connection.close()

    def _settle(self, more: bool) -> None:
        """Look every second whether a gap has been filled, as long as one is open."""
        self._open_gaps |= more
        began = time.monotonic()
        if self._open_gaps and began >= self._settle_at:
            self._open_gaps = settle(self._connection) > 0
            took_s = time.monotonic() - began
            self._settle_at = began + max(SETTLE_EVERY_S, SETTLE_PAUSE * took_s)

    def _commit_partition(self, partition: str, items: list[Outcome], touches: Touches) -> None:
        identity = self._id(items[0])
        source = items[0].source
        stored, released = self._insert(items)
        bars, stale = self._write_candles(identity, items, stored, released)
        touches.bars(source.feed, bars)
        touches.buckets(source.feed, stale)
        done = []
        for item, count in zip(items, stored, strict=True):
            written = self._write_bars(source.feed, item.provider_bars, touches)
            insert_gaps(self._connection, identity, item.offset, item.gaps)
            books.quarantine(self._connection, identity, item.offset, source, item.quarantined)
            known = len(item.ticks) - count + len(item.provider_bars) - written
            repeats = item.duplicates + known
            done.append(books.Done(item.offset, count, len(item.quarantined), repeats, written))
        books.register_done(self._connection, identity, done)
        for moved in released:
            books.release(self._connection, identity, moved)

    def _write_bars(self, feed: Feed, bars: BarBatch, touches: Touches) -> int:
        """Keep a provider's own bars; how many were written."""
        if not len(bars):
            return 0
        minutes = bars.interval_s == MINUTE_S
        longer = bars.take(~minutes)
        written = upsert_bars(self._connection, feed, longer) if len(longer) else 0
        if minutes.any():
            count = upsert_provider_bars(self._connection, feed, bars.take(minutes))
            if count:
                touches.bars(feed, bars.take(minutes))
            written += count
        return written

    def _insert(self, items: list[Outcome]) -> tuple[list[int], list[list[books.Released]]]:
        """Insert the items' ticks, at one go where they look new: how many of each were, and what became
        of the released ones of each."""
        feed = items[0].source.feed
        if len(items) > 1 and all(item.all_new and not item.released for item in items):
            together = TickBatch.concat([item.ticks for item in items])
            try:
                with self._connection.transaction():
                    count = insert_ticks(self._connection, feed, together, all_new=True)
                    if count < len(together):
                        raise _SomeAreKnownError
                return [len(item.ticks) for item in items], [[] for _ in items]
            except _SomeAreKnownError:
                pass
        stored, released = [], []
        for item in items:
            released.append(self._insert_released(feed, item))
            stored.append(insert_ticks(self._connection, feed, item.ticks, item.all_new))
        return stored, released

    def _insert_released(self, feed: Feed, item: Outcome) -> list[books.Released]:
        return [
            books.Released(
                offset,
                place,
                insert_ticks(
                    self._connection, feed, item.released.take(slice(row, row + 1)), all_new=False
                )
                == 1,
            )
            for row, (offset, place) in enumerate(item.released_from)
        ]

    def _write_candles(
        self,
        identity: int,
        items: list[Outcome],
        stored: list[int],
        released: list[list[books.Released]],
    ) -> tuple[BarBatch, set[Bucket]]:
        """Write the candles that are folded, and make those of stale minutes anew; which they are."""
        feed = items[0].source.feed
        stale: set[Bucket] = set()
        for item, count, moved in zip(items, stored, released, strict=True):
            stale |= item.stale_buckets
            if count < len(item.ticks) or not all(tick.is_new for tick in moved):
                touched = _buckets(TickBatch.concat([item.released, item.ticks]))
                stale |= touched - buckets_holding(
                    self._connection, feed, touched, identity, item.offset
                )
        bars = newest_of_each([item.candles for item in items])
        if len(bars):
            span = items[-1].candles_since, items[-1].offset
            stale |= self._put_candles(identity, feed, bars, span)
        recompute_candles(self._connection, feed, stale)
        return bars, stale

    def _put_candles(
        self, identity: int, feed: Feed, bars: BarBatch, span: tuple[int, int]
    ) -> set[Bucket]:
        """Write the partition's candles; the buckets that are to be made anew instead.

        Those beyond all that this writer has written of the partition are taken for new.
        """
        beyond = bars.time > self._newest_candle_us.get(identity, 0)
        new, others = bars.take(beyond), bars.take(~beyond)
        if len(new):
            self._newest_candle_us[identity] = int(new.time.max())
            if not insert_candles(self._connection, feed, new, identity, span[1]):
                others = bars
        if not len(others):
            return set()
        return upsert_candles(self._connection, feed, others, identity, span)

    def _id(self, item: Outcome) -> int:
        if item.partition not in self._ids:
            self._ids[item.partition] = books.partition_id(
                self._connection, item.partition, item.source
            )
        return self._ids[item.partition]

    def _lock(self, shard: Shard) -> None:
        """Take the lock of each slot. In ascending order: two who overlap wait in no circle."""
        try:
            with self._connection.transaction():
                self._connection.execute(f"SET LOCAL lock_timeout = '{LOCK_WAIT_S}s'")
                self._connection.execute(
                    "SELECT pg_advisory_lock(hashtext('consumer ' || %s), slot)"
                    " FROM unnest(%s::int[]) AS slot",
                    (self._consumer, list(shard.slots)),
                )
        except psycopg.errors.LockNotAvailable:
            self._connection.close()
            part = "" if shard == WHOLE else f"shard {shard} of "
            raise SecondWriterError(f"{part}consumer {self._consumer}") from None


class _SomeAreKnownError(Exception):
    """Rolls back a group of which some ticks were stored already."""


def newest_of_each(batches: Sequence[BarBatch]) -> BarBatch:
    """Of bars that grew from batch to batch the last state of each."""
    bars = BarBatch.concat(batches)
    keys = np.stack([bars.time, bars.instrument, bars.source, bars.side])
    _, last = np.unique(keys[:, ::-1], axis=1, return_index=True)
    return bars.take(np.sort(len(bars) - 1 - last))


def _times(items: Sequence[Outcome]) -> tuple[Int64s, Int64s]:
    """The times of the items' ticks, and those of their bars that are candles."""
    batches = [batch for item in items for batch in (item.ticks, item.released)]
    ticks = np.concatenate([batch.time for batch in batches])
    return ticks, np.concatenate(
        [item.provider_bars.time[item.provider_bars.interval_s == MINUTE_S] for item in items]
    )


def _buckets(ticks: TickBatch) -> set[Bucket]:
    keys = np.stack([ticks.time - ticks.time % BAR_US, ticks.instrument, ticks.source])
    return {Bucket(int(a), int(b), int(c)) for a, b, c in np.unique(keys, axis=1).T}
