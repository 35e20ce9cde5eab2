"""Flow `store`: records in, outcomes out."""

import threading

from bytewax.testing import TestingSink, run_main

from market.bars import BAR_US
from market.instruments import CATALOGUE
from market.log import LogRecord, Parsed, Refused
from market.ticks import QUOTE, TRADE, Tick
from pipelines.source import LogSource
from pipelines.store import build_flow
from storage.outcomes import Outcome
from tests.pipelines.logs import NOW, SOURCE, ListReader, parse_ticks, record


def trade(time_us: int, seq: int, price: str = "10") -> Tick:
    return Tick(NOW + time_us, 101, SOURCE.id, TRADE, seq, price=price, size="1")


def run(records: list[LogRecord]) -> list[Outcome]:
    out: list[tuple[str, Outcome]] = []
    flow = build_flow(
        LogSource(lambda: ListReader(records), threading.Event()),
        TestingSink(out),
        CATALOGUE,
        parse_ticks,
    )
    run_main(flow)
    assert all(key == outcome.partition for key, outcome in out)
    return [outcome for _, outcome in out]


def test_an_outcome_a_record_in_order() -> None:
    outcomes = run([record(n, [trade(n, n)]) for n in range(5)])
    assert [(item.offset, len(item.ticks), item.all_new) for item in outcomes] == [
        (n, 1, True) for n in range(5)
    ]


def test_state_goes_from_record_to_record_of_a_partition() -> None:
    first, second = run([record(0, [trade(0, 1)]), record(1, [trade(0, 1), trade(BAR_US, 2)])])
    assert (second.duplicates, len(second.ticks)) == (1, 1)
    assert first.candles.time.tolist() == [NOW]
    assert second.candles.time.tolist() == [NOW + BAR_US]
    assert second.candles_since == 0


def test_partitions_do_not_share_state() -> None:
    outcomes = run([record(0, [trade(0, 1)], partition) for partition in ("a", "b")])
    assert [item.duplicates for item in outcomes] == [0, 0]


def test_what_is_set_aside_says_why_and_what() -> None:
    crossed = Tick(NOW, 101, SOURCE.id, QUOTE, 5, bid="2", ask="1")
    future = trade(0, 9)
    item = record(0, [crossed, future])
    early = LogRecord(item.partition, 0, SOURCE, "", "", NOW - 5_000_001, item.payload)
    (outcome,) = run([early])
    assert [(row.reason, row.instrument) for row in outcome.quarantined] == [
        ("crossed", 101),
        ("from the future", 101),
    ]
    assert outcome.quarantined[0].excerpt == "bid 2 ask 1 price None size None seq 5"
    assert len(outcome.ticks) == 0


def test_what_could_not_be_read_is_set_aside_too() -> None:
    def parse(item: LogRecord, _: object) -> Parsed:
        whole = parse_ticks(item, CATALOGUE)
        return Parsed(whole.ticks, whole.bars, (Refused("no price", "NaN"),))

    out: list[tuple[str, Outcome]] = []
    reader = ListReader([record(0, [])])
    run_main(
        build_flow(LogSource(lambda: reader, threading.Event()), TestingSink(out), CATALOGUE, parse)
    )
    assert [(row.reason, row.excerpt) for row in out[0][1].quarantined] == [("no price", "NaN")]
    assert reader.closed
