"""History: how near its ways in and out come to bare binary COPY, and what a long answer costs.

In: batches of 10,000 ticks by the product's writer. Baseline: finished bytes of the same rows by COPY into
the same table. Workload: five days of recorded EUR-USD quotes. Out: 1,000,000 ticks of one symbol, and a
year of one-minute candles of 50 symbols (252 days of 390 minutes), as Arrow streams over HTTP from the API
process. Baseline: libpq reads the same rows by `COPY … TO STDOUT (FORMAT binary)` and drops them. Memory:
how far the API process grows while it streams 10,000,000 ticks. Baseline: that answer held whole.
Run: `pytest benchmarks/bench_history.py`.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

import psutil
import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.asking import ApiClient, BareCopy
from benchmarks.conftest import Compare, NewDatabase, execute, measured
from benchmarks.long_history import (
    END_DAY,
    FEED,
    FIRST_MINUTE_DAY,
    SYMBOLS,
    TICKS_OF,
    LongHistory,
    side_of,
)
from benchmarks.raw_copy import ROWS_PER_COMMIT, copy_all
from benchmarks.recordings import fx_files, records_of, ticks_of
from benchmarks.report import Row
from market.clock import rfc3339
from market.ticks import TickBatch
from storage.copy_rows import HEADER, TRAILER, tick_rows
from storage.partitions import TickPartitions
from storage.ticks import insert_ticks

DAYS_IN = 5
MANY = 1_000_000
VERY_MANY = 9_990_000
"""Ten million, which an answer may hold at most, but for those of a minute that the end may cut."""
MEGABYTE = 1e6
COUNT_AND_SUMS = "SELECT count(*), sum(seq), sum(bid), sum(ask) FROM market.ticks"


class Ingest:
    """Both ways in, each into a fresh database a call."""

    def __init__(self, ticks: TickBatch, new_database: NewDatabase) -> None:
        self._new_database = new_database
        self._stack = ExitStack()
        starts = range(0, len(ticks), ROWS_PER_COMMIT)
        self._batches = [ticks.take(slice(start, start + ROWS_PER_COMMIT)) for start in starts]
        self._streams = [HEADER + tick_rows(batch, FEED.code) + TRAILER for batch in self._batches]
        self.database_url = ""

    def prepare(self) -> None:
        self.close()
        self.database_url = self._stack.enter_context(self._new_database())
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            times = TickBatch.concat(self._batches).time
            TickPartitions(connection).ensure(FEED, times, times[:0])
        execute(self.database_url, "CHECKPOINT")

    def ours(self) -> None:
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            for batch in self._batches:
                with connection.transaction():
                    insert_ticks(connection, FEED, batch, all_new=True)

    def bare(self) -> None:
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            copy_all(connection, f"market.ticks_{FEED.value}", self._streams)

    def close(self) -> None:
        self._stack.close()


def test_ticks_in(compare: Compare, new_database: NewDatabase, test_data: Path) -> None:
    ticks = ticks_of(records_of(fx_files(test_data, "eurusd")[:DAYS_IN]))
    with closing(Ingest(ticks, new_database)) as ingest:
        answers = []
        for way in (ingest.ours, ingest.bare):
            ingest.prepare()
            way()
            answers.append(execute(ingest.database_url, COUNT_AND_SUMS))
        assert answers[0] == answers[1]
        compare(
            "history, ticks in",
            ingest.ours,
            ingest.bare,
            baseline_name="bare COPY of finished bytes",
            work=len(ticks),
            target=">= 0.85",
            rounds=3,
            prepare=ingest.prepare,
            prepare_baseline=ingest.prepare,
        )


@pytest.fixture
def client(long_history: LongHistory) -> ApiClient:
    return ApiClient(long_history.settings)


@pytest.fixture
def bare_copy(long_history: LongHistory) -> Iterator[BareCopy]:
    with closing(BareCopy(long_history.settings.database())) as found:
        yield found


def test_ticks_out(
    compare: Compare, long_history: LongHistory, client: ApiClient, bare_copy: BareCopy
) -> None:
    asked = first_ticks(long_history, MANY)
    rows = bare_ticks(asked)
    found = client.get("/api/market/ticks", **asked)
    assert_same_sums(long_history, found, rows, ("bid", "ask", "seq"))
    assert bare_copy.rows(rows) == len(found)
    compare(
        "history, 1,000,000 ticks out",
        lambda: client.get("/api/market/ticks", **asked),
        lambda: bare_copy.rows(rows),
        baseline_name="bare COPY of the same rows",
        work=len(found),
        target=">= 0.5",
    )


def test_candles_out(
    compare: Compare, long_history: LongHistory, client: ApiClient, bare_copy: BareCopy
) -> None:
    statements = [
        "SELECT time, open, high, low, close, volume, ticks FROM market.candles"
        f" WHERE feed = '{FEED.code}' AND instrument_id = {instrument.id}"
        f" AND side = '{side_of(instrument)}'"
        f" AND time >= '{FIRST_MINUTE_DAY}Z' AND time < '{END_DAY}Z' ORDER BY time"
        for instrument in SYMBOLS
    ]

    def ours() -> list[pa.Table]:
        return [client.get("/api/market/candles", **year_of(each.symbol)) for each in SYMBOLS]

    def bare() -> int:
        return sum(map(bare_copy.rows, statements))

    found = ours()
    for table, statement in zip(found, statements, strict=True):
        assert_same_sums(long_history, table, statement, ("open", "high", "low", "close", "volume"))
    rows = sum(map(len, found))
    assert bare() == rows
    compare(
        f"history, a year of minutes of {len(SYMBOLS)} symbols out",
        ours,
        bare,
        baseline_name="bare COPY of the same rows",
        work=rows,
        target=">= 0.5",
        unit="candles/s",
        rounds=3,
    )


def test_memory_of_a_long_answer(
    benchmark: BenchmarkFixture,
    report: Callable[[Row], None],
    long_history: LongHistory,
    client: ApiClient,
) -> None:
    asked = first_ticks(long_history, VERY_MANY)
    client.get("/api/market/ticks", **first_ticks(long_history, MANY))
    process = psutil.Process(long_history.api_pid)
    before = process.memory_info().rss
    peak, answer, rows = before, 0, 0

    def read() -> None:
        nonlocal peak, answer, rows
        with client.stream("/api/market/ticks", **asked) as batches:
            for batch in batches:
                peak = max(peak, process.memory_info().rss)
                answer += batch.nbytes
                rows += len(batch)

    measured(benchmark, read, rounds=1)
    assert rows == tick_count(long_history, asked)
    report(
        Row(
            "history, 10,000,000 ticks out, growth of the API process",
            (peak - before) / MEGABYTE,
            "MB",
            answer / MEGABYTE,
            "the answer held whole",
            (peak - before) / answer,
            "<= 0.2",
        )
    )


def first_ticks(history: LongHistory, count: int) -> dict[str, str]:
    """The range of the first so many ticks, or a few less where its end would part those of an instant."""
    times = pq.read_table(history.ticks, columns=["time"])["time"]
    start, end = (int(times[row].cast(pa.int64()).as_py()) for row in (0, count))
    return {"symbol": TICKS_OF.symbol, "start": rfc3339(start), "end": rfc3339(end)}


def bare_ticks(asked: dict[str, str]) -> str:
    """The statement for the rows of that range, as they are stored and in their order."""
    return (
        "SELECT time, bid, ask, price, size, source_id, kind, seq FROM market.ticks"
        f" WHERE feed = '{FEED.code}' AND instrument_id = {TICKS_OF.id}"
        f" AND time >= '{asked['start']}' AND time < '{asked['end']}'"
        " ORDER BY time, source_id, kind, seq"
    )


def tick_count(history: LongHistory, asked: dict[str, str]) -> int:
    """How many there are, as the database counts them."""
    statement = f"SELECT count(*) FROM ({bare_ticks(asked)}) AS asked"
    ((count,),) = execute(history.settings.database(), statement)
    return int(count)


def year_of(symbol: str) -> dict[str, str]:
    """The range of one-minute candles of a symbol."""
    start, end = (f"{day}T00:00:00Z" for day in (FIRST_MINUTE_DAY, END_DAY))
    return {"symbol": symbol, "interval": "1m", "start": start, "end": end}


def assert_same_sums(
    history: LongHistory, found: pa.Table, statement: str, columns: Sequence[str]
) -> None:
    """The answer has as many rows as the statement, first and last at the same time, with equal sums."""
    sums = "".join(f", sum({name})::float8" for name in columns)
    ((count, first, last, *expected),) = execute(
        history.settings.database(),
        f"SELECT count(*), min(time), max(time){sums} FROM ({statement}) AS rows",
    )
    times = found["time"]
    assert (len(found), times[0].as_py(), times[-1].as_py()) == (count, first, last)
    assert [pc.sum(found[name]).as_py() for name in columns] == pytest.approx(expected, rel=1e-12)
