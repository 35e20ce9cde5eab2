"""What was heard of a source before a record, for a flow that has lost its memory of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from market.clock import microseconds
from market.log import LogRecord
from storage.connecting import connect


@dataclass(frozen=True, slots=True)
class Heard:
    """When a partition's last record was received, None where it is not known; by instrument the id and
    the time (µs) of the newest stored trade."""

    received_us: int | None = None
    newest: Mapping[int, tuple[int, int]] = field(default_factory=dict)


def seed_from(database_url: str) -> Callable[[LogRecord], Heard]:
    """A function that asks the database, over a connection for each question: they are few."""

    def heard(record: LogRecord) -> Heard:
        with connect(database_url) as connection:
            key = {"source": record.source.id, "feed": record.source.feed.code}
            rows = connection.execute(_NEWEST, key).fetchall()
            before = connection.execute(_BEFORE, (record.partition, record.offset)).fetchone()
        newest = {instrument: (trade_id, microseconds(time)) for instrument, trade_id, time in rows}
        return Heard(None if before is None else microseconds(before[0]), newest)

    return heard


# By way of the candles, whose index knows each instrument's newest minute; ticks lie by time alone.
_NEWEST = """
    SELECT known.id, newest.seq, newest.time
    FROM market.instruments AS known
    CROSS JOIN LATERAL (
        SELECT time AS minute FROM market.candles
        WHERE instrument_id = known.id AND side = 't' AND feed = %(feed)s AND source_id = %(source)s
            AND ticks > 0
        ORDER BY time DESC LIMIT 1
    ) AS candle
    CROSS JOIN LATERAL (
        SELECT seq, time FROM market.ticks
        WHERE time >= candle.minute AND time < candle.minute + interval '1 minute'
            AND instrument_id = known.id AND source_id = %(source)s AND kind = 't' AND feed = %(feed)s
        ORDER BY seq DESC LIMIT 1
    ) AS newest
"""

_BEFORE = """
    SELECT received_at FROM market.inbox
    WHERE partition_id = (SELECT id FROM market.inbox_partitions WHERE name = %s) AND log_offset < %s
    ORDER BY log_offset DESC LIMIT 1
"""
