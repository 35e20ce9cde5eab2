"""The inbox's reading side: in order and without a hole, whatever was pushed and whatever was lost."""

import asyncio
import contextlib
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.log import LogRecord
from market.shards import Shard
from market.sources import Feed, Source, source_of
from storage.inbox import Inbox
from storage.inbox_reader import (
    BYTES_PER_PARTITION,
    RECORDS_PER_PARTITION,
    InboxReader,
    InboxReaderFactory,
)
from storage.push import MAX_DATAGRAM_BYTES, PushListener, PushSender
from tests.storage.making import DAY_US, SOURCE, START_US, entry

Connection = psycopg.Connection[Any]

LIVE = source_of("binance", Feed.LIVE)
KRAKEN = source_of("kraken", Feed.SIMULATED)
"""Of another shard than Binance where there are two."""
DEADLINE_S = 10.0


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory whose path is short enough for a socket."""
    with tempfile.TemporaryDirectory(prefix="tw-") as path:
        yield Path(path)


def append(
    database_url: str,
    partition: str,
    payloads: Sequence[bytes],
    source: Source = SOURCE,
    directory: Path | None = None,
    apart_us: int = 0,
) -> None:
    """Commit these to the log, pushed if a directory is given, received so far apart."""

    async def run() -> None:
        inbox = Inbox(database_url, directory)
        writer = await inbox.writer(partition, source)
        await writer.append(
            [entry(payload, START_US + n * apart_us) for n, payload in enumerate(payloads)]
        )
        await inbox.close()

    asyncio.run(run())


def numbered(count: int) -> list[bytes]:
    return [str(number).encode() for number in range(count)]


class Reading:
    """Reads on and on as a flow does, and holds what came."""

    def __init__(self, reader: InboxReader) -> None:
        self.reader = reader
        self.offsets: dict[str, int] = {}
        self.came: dict[str, list[LogRecord]] = defaultdict(list)

    def once(self) -> list[LogRecord]:
        records = self.reader.read(self.offsets)
        for record in records:
            assert record.offset == self.offsets.get(record.partition, -1) + 1
            self.offsets[record.partition] = record.offset
            self.came[record.partition].append(record)
        return records

    def until(self, count: int) -> None:
        """Read until so many records have come."""
        deadline = time.monotonic() + DEADLINE_S
        while sum(map(len, self.came.values())) < count:
            assert time.monotonic() < deadline, f"{self.offsets} of {count}"
            self.once()

    def payloads(self, partition: str) -> list[bytes]:
        return [record.payload for record in self.came[partition]]


@pytest.fixture
def reading(database_url: str) -> Iterator[Reading]:
    """A reader of simulated data that nobody pushes to."""
    reader = InboxReader(database_url, Feed.SIMULATED, None)
    yield Reading(reader)
    reader.close()


@pytest.fixture
def listening(database_url: str, directory: Path) -> Iterator[Reading]:
    """A reader of simulated data with a listener in `directory`."""
    reader = InboxReaderFactory(database_url, Feed.SIMULATED, directory, "store")()
    yield Reading(reader)
    reader.close()


class TestFromTheTable:
    def test_every_partition_in_order_and_as_it_was_received(
        self, database_url: str, reading: Reading
    ) -> None:
        for partition in ("binance-0", "binance-1"):
            append(database_url, partition, [b"\x00\xff", b"1"], apart_us=1)
        reading.until(4)
        for partition in ("binance-0", "binance-1"):
            assert reading.came[partition] == [
                LogRecord(partition, 0, SOURCE, "frames", "{}", START_US, b"\x00\xff"),
                LogRecord(partition, 1, SOURCE, "frames", "{}", START_US + 1, b"1"),
            ]

    def test_a_late_comer_catches_up_in_order_a_bounded_number_at_a_time(
        self, database_url: str, reading: Reading
    ) -> None:
        count = 2 * RECORDS_PER_PARTITION + 10
        append(database_url, "binance-0", numbered(count))
        started = time.monotonic()
        sizes: list[int] = []
        while sum(sizes) < count:
            sizes.append(len(reading.once()))
        assert sizes == [RECORDS_PER_PARTITION, RECORDS_PER_PARTITION, 10]
        assert reading.payloads("binance-0") == numbered(count)
        assert time.monotonic() - started < DEADLINE_S

    def test_large_records_come_a_few_at_a_time_and_at_least_one(
        self, database_url: str, reading: Reading
    ) -> None:
        eighth = b"x" * (BYTES_PER_PARTITION // 8)
        payloads = [eighth * size for size in (3, 4, 2, 9, 1)]
        append(database_url, "binance-0", payloads)
        sizes: list[int] = []
        while sum(sizes) < len(payloads):
            sizes.append(len(reading.once()))
        assert sizes == [3, 1, 1]
        assert reading.payloads("binance-0") == payloads

    def test_goes_on_behind_the_offsets_that_it_is_given(
        self, database_url: str, reading: Reading
    ) -> None:
        append(database_url, "binance-0", numbered(5))
        append(database_url, "binance-1", numbered(2))
        reading.offsets = {"binance-0": 3, "gone-0": 7}
        reading.until(3)
        assert reading.payloads("binance-0") == [b"4"]
        assert reading.payloads("binance-1") == numbered(2)

    def test_crosses_days(self, database_url: str, reading: Reading) -> None:
        append(database_url, "binance-0", numbered(4), apart_us=DAY_US)
        reading.until(4)
        assert reading.payloads("binance-0") == numbered(4)

    def test_the_feeds_never_mix(self, database_url: str, reading: Reading) -> None:
        append(database_url, "live-0", numbered(2), LIVE)
        append(database_url, "binance-0", numbered(1))
        reading.until(1)
        assert dict(reading.offsets) == {"binance-0": 0}

    def test_nothing_there_comes_back_soon_and_never_ends(self, reading: Reading) -> None:
        assert reading.once() == []
        assert reading.once() == []
        assert not reading.reader.finished()


class TestFromThePush:
    def test_is_read_without_the_table(
        self, database_url: str, directory: Path, listening: Reading, connection: Connection
    ) -> None:
        listening.once()
        append(database_url, "binance-0", numbered(3), directory=directory)
        connection.execute("ALTER TABLE market.inbox RENAME TO hidden")
        assert len(listening.once()) == 3
        assert listening.payloads("binance-0") == numbered(3)

    def test_of_another_feed_is_passed_over(
        self, database_url: str, directory: Path, listening: Reading
    ) -> None:
        listening.once()
        append(database_url, "live-0", numbered(2), LIVE, directory)
        append(database_url, "binance-0", numbered(2), directory=directory)
        listening.until(2)
        assert set(listening.offsets) == {"binance-0"}

    def test_a_record_too_large_to_push_comes_from_the_table_in_its_place(
        self, database_url: str, directory: Path, listening: Reading
    ) -> None:
        listening.once()
        payloads = [b"0", b"x" * MAX_DATAGRAM_BYTES, b"2"]
        append(database_url, "binance-0", payloads, directory=directory)
        listening.until(3)
        assert listening.payloads("binance-0") == payloads

    def test_a_hole_is_filled_at_once_and_not_at_the_next_poll(
        self,
        database_url: str,
        directory: Path,
        listening: Reading,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr("storage.inbox_reader.POLL_BESIDE_PUSH_S", 3_600.0)
        listening.once()
        append(database_url, "binance-0", numbered(3))
        self.push(directory, [("binance-0", 2)])
        listening.until(3)
        assert listening.payloads("binance-0") == numbered(3)

    @settings(max_examples=15)
    @given(
        st.lists(st.tuples(st.sampled_from(["a-0", "a-1"]), st.integers(1, 5)), max_size=5),
        st.data(),
    )
    def test_whatever_is_lost_repeated_or_out_of_order_the_records_are_not(
        self,
        database_url: str,
        directory: Path,
        connection: Connection,
        appends: list[tuple[str, int]],
        data: st.DataObject,
    ) -> None:
        connection.execute("TRUNCATE market.inbox")
        lengths: dict[str, int] = defaultdict(int)
        factory = InboxReaderFactory(database_url, Feed.SIMULATED, directory, "store")
        with contextlib.closing(factory()) as reader:
            reading = Reading(reader)
            for partition, count in appends:
                append(database_url, partition, numbered(count))
                new = range(lengths[partition], lengths[partition] + count)
                lengths[partition] += count
                heard = data.draw(st.lists(st.sampled_from(new), max_size=6))
                self.push(directory, [(partition, offset) for offset in heard])
                reading.once()
            reading.until(sum(lengths.values()))
        assert {name: offset + 1 for name, offset in reading.offsets.items()} == lengths

    def push(self, directory: Path, which: list[tuple[str, int]]) -> None:
        """Send the datagrams of these records alone."""
        sender = PushSender(directory)
        for partition, offset in which:
            sender.send(
                LogRecord(partition, offset, SOURCE, "frames", "{}", START_US, str(offset).encode())
            )
        sender.close()


class TestShard:
    def test_reads_all_partitions_of_its_own_sources_and_no_other(self, database_url: str) -> None:
        append(database_url, "binance-0", numbered(1))
        append(database_url, "binance-backfill", numbered(2))
        append(database_url, "kraken-0", numbered(1), KRAKEN)
        for shard, expected in (
            ("1/2", {"kraken-0": 0}),
            ("2/2", {"binance-0": 0, "binance-backfill": 1}),
        ):
            reader = InboxReader(database_url, Feed.SIMULATED, None, Shard.of(shard))
            reading = Reading(reader)
            reading.once()
            assert reading.offsets == expected
            reader.close()

    def test_a_push_for_another_shard_is_neither_read_nor_a_hole(
        self, database_url: str, directory: Path, connection: Connection
    ) -> None:
        factory = InboxReaderFactory(
            database_url, Feed.SIMULATED, directory, "store", Shard.of("1/2")
        )
        reading = Reading(factory())
        reading.once()
        append(database_url, "binance-0", numbered(3), directory=directory)
        append(database_url, "kraken-0", numbered(2), KRAKEN, directory)
        connection.execute("ALTER TABLE market.inbox RENAME TO hidden")
        reading.once()
        assert reading.offsets == {"kraken-0": 1}
        reading.reader.close()

    def test_processes_of_two_shards_listen_side_by_side(
        self, database_url: str, directory: Path
    ) -> None:
        readers = [
            InboxReaderFactory(database_url, Feed.LIVE, directory, "store", Shard.of(shard))()
            for shard in ("1/2", "2/2")
        ]
        names = sorted(path.name for path in directory.iterdir())
        assert names == ["store-1of2.inbox", "store-2of2.inbox"]
        for reader in readers:
            reader.close()


class TestFactory:
    def test_opens_a_listener_of_its_name_where_there_is_a_directory(
        self, database_url: str, directory: Path
    ) -> None:
        reader = InboxReaderFactory(database_url, Feed.LIVE, directory, "live")()
        assert [path.name for path in directory.iterdir()] == ["live.inbox"]
        reader.close()
        assert list(directory.iterdir()) == []

    def test_opens_none_without(self, database_url: str) -> None:
        InboxReaderFactory(database_url, Feed.LIVE, None, "live")().close()


def test_closing_gives_back_connection_and_listener(
    database_url: str, directory: Path, connection: Connection
) -> None:
    reader = InboxReader(database_url, Feed.LIVE, PushListener(directory, "live"))
    reader.close()
    assert list(directory.iterdir()) == []
    with pytest.raises(psycopg.OperationalError):
        reader.read({})
