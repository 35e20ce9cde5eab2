"""The log: what a connector received, durable before anything is derived from it.

A partition has one writer; offsets count up from 0 without a hole. The PostgreSQL inbox, a recorded
file and, later, a Kafka topic are logs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from market.bars import BarBatch
from market.sources import Source
from market.ticks import TickBatch

HISTORY_SUFFIX = "-backfill"
"""Ends the name of a partition that holds history, which is stored but is no news."""


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One batch as it came: a raw answer, or frames packed as `<receive_ns> <frame>` lines.

    `kind` names the wire format within the provider (`latest`, `frames`, …), `context` is what the
    payload itself does not say (a symbol asked for, a file's date), `received_us` the receive time in
    microseconds since 1970 UTC.
    """

    partition: str
    offset: int
    source: Source
    kind: str
    context: str
    received_us: int
    payload: bytes

    @property
    def is_history(self) -> bool:
        """Whether this was fetched to fill the past."""
        return self.partition.endswith(HISTORY_SUFFIX)


@dataclass(frozen=True, slots=True)
class LogEntry:
    """What a connector appends; the log adds partition and offset. See `LogRecord`."""

    kind: str
    context: str
    received_us: int
    payload: bytes


class LogWriter(Protocol):
    """Appends to one partition, whose only writer it is."""

    async def append(self, entries: Sequence[LogEntry]) -> None:
        """Write these in order, in one commit; they are durable when it returns."""


class Log(Protocol):
    """Where connectors find their partitions."""

    async def writer(self, partition: str, source: Source) -> LogWriter:
        """The writer of a partition, made when it is new."""


class LogReader(Protocol):
    """Reads many partitions from given offsets on."""

    def read(self, after: Mapping[str, int]) -> list[LogRecord]:
        """Records beyond these offsets (a partition not named: from its start), each partition's in
        order and without a hole, a bounded number; blocks a few milliseconds where there are none."""

    def finished(self) -> bool:
        """Whether no record will ever follow: true of a file that was read to its end."""

    def close(self) -> None:
        """Give back connections and files."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """What came of one record's payload: ticks, bars, what was refused with its reason, heartbeats."""

    ticks: TickBatch
    bars: BarBatch
    refused: tuple["Refused", ...] = ()
    heartbeats: tuple["Heartbeat", ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """A part of a payload that is no tick: why, and an excerpt of it. It goes to quarantine."""

    reason: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A venue's word that this trade was an instrument's newest at that time."""

    time_us: int
    instrument: int
    last_trade_id: int
