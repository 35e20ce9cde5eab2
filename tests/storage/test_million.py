"""A million recorded ticks with duplicates and latecomers: the candles are those of the sorted ticks."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest

from benchmarks.recordings import binance_files, fx_files, records_of
from connectors.parsing import parse
from market.clock import datetime_of
from market.instruments import CATALOGUE
from market.log import LogRecord
from market.sources import source_by_id
from market.ticks import TickBatch
from storage.books import totals
from tests.reference.candles import candles
from tests.storage.driving import Driver
from tests.storage.making import candle_texts, numbers, text

Connection = psycopg.Connection[Any]
TICKS = 1_000_000
DUPLICATES = 300_000
LATE_SHARE = 0.2
LATE_BY_US = 60_000_000
"""So late a tick may be, and so much later it may come again."""
TICKS_PER_RECORD = 2_000
RECORDS_PER_COMMIT = 10


def recorded(data: Path) -> TickBatch:
    """So many unequal ticks of every recording, in the order of event time."""
    parts = [parse(item, CATALOGUE).ticks for item in records_of(binance_files(data))]
    wanted = TICKS - DUPLICATES - sum(map(len, parts))
    quotes = TickBatch.concat([parse(item, CATALOGUE).ticks for item in records_of(fx_files(data))])
    parts.append(quotes.take(np.linspace(0, len(quotes) - 1, wanted).astype(np.int64)))
    batch = TickBatch.concat(parts)
    return batch.take(np.lexsort((batch.seq, batch.time)))


def disordered(batch: TickBatch, random: np.random.Generator) -> TickBatch:
    """The ticks as they may come: some of them late, some of them again."""
    again = random.integers(0, len(batch), DUPLICATES)
    rows = np.concatenate([np.arange(len(batch)), again])
    arrival = batch.time[rows].copy()
    late = random.random(len(rows)) < LATE_SHARE
    arrival[late] += random.integers(0, LATE_BY_US, int(late.sum()))
    arrival[len(batch) :] += random.integers(0, LATE_BY_US, DUPLICATES)
    return batch.take(rows[np.argsort(arrival, kind="stable")])


def log_of(batch: TickBatch) -> Iterator[LogRecord]:
    """A partition a source, in turns as the ticks come."""
    ends: Counter[str] = Counter()
    for start in range(0, len(batch), TICKS_PER_RECORD):
        part = batch.take(slice(start, start + TICKS_PER_RECORD))
        for source_id in np.unique(part.source).tolist():
            own, source = part.take(part.source == source_id), source_by_id(source_id)
            name = f"{source.provider}-0"
            received_us = int(own.time.max()) + 2 * LATE_BY_US
            yield LogRecord(name, ends[name], source, "", "", received_us, own.to_bytes())
            ends[name] += 1


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_million_ticks_with_duplicates_and_latecomers(
    database_url: str, connection: Connection, test_data: Path
) -> None:
    sorted_ticks = recorded(test_data)
    came = disordered(sorted_ticks, np.random.default_rng(5))
    assert len(came) == TICKS
    log = list(log_of(came))
    with Driver(database_url, log) as driver:
        for group in batched_sizes(len(log), RECORDS_PER_COMMIT):
            driver.step(group)
    entered = totals(database_url, ["oanda-0", "binance-0"])
    assert (entered.ticks, entered.duplicates) == (TICKS - DUPLICATES, DUPLICATES)
    assert numbers(connection, "SELECT count(*) FROM market.quarantine") == [(0,)]
    wanted = candles(sorted_ticks.rows())
    assert candle_texts(connection) == {
        (datetime_of(time_us), instrument, chr(side)): (
            *(text(each) for each in (made.open, made.high, made.low, made.close)),
            *(text(made.volume), made.ticks),
        )
        for (time_us, instrument, _, side), made in wanted.items()
    }
    assert len(wanted) > 10_000


def batched_sizes(total: int, size: int) -> list[int]:
    """The sizes of groups of at most `size`."""
    return [min(size, total - start) for start in range(0, total, size)]
