"""Flow `store`: log → parse → judge → fold → commit (ticks, candles, quarantine, books)."""

from collections.abc import Callable
from dataclasses import dataclass, field

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.inputs import Source
from bytewax.outputs import Sink

from connectors.parsing import parse
from market.bars import BarBatch
from market.gaps import Gap
from market.instruments import InstrumentTable
from market.log import LogRecord, Parsed, Refused
from market.quality import QualityRules
from market.ticks import TickBatch
from pipelines.candles import CandleState, Folded
from pipelines.gaps import GapFinder, Seed, heard_nothing
from pipelines.quality import Judge, Judged, QualityState
from pipelines.verdicts import REASONS
from storage.books import Quarantined
from storage.candles import Bucket
from storage.outcomes import Outcome


@dataclass(slots=True)
class Known:
    """What a partition's next record is judged by."""

    gaps: GapFinder
    quality: QualityState = field(default_factory=QualityState)


@dataclass(frozen=True, slots=True)
class JudgedRecord:
    """A record without its payload, its ticks judged. `count` is how many ticks it gave."""

    record: LogRecord
    judged: Judged
    count: int
    provider_bars: BarBatch
    refused: tuple[Refused, ...]
    gaps: tuple[Gap, ...] = ()


def build_flow(
    source: Source[LogRecord],
    sink: Sink[tuple[str, Outcome]],
    instruments: InstrumentTable,
    parse_record: Callable[[LogRecord, InstrumentTable], Parsed] = parse,
    rules: QualityRules | None = None,
    seed: Seed = heard_nothing,
) -> Dataflow:
    """The flow over any source of log records and any sink of outcomes keyed by partition.

    `seed` is asked what was heard before the first record of a partition that has no state.
    """
    flow = Dataflow("store")
    judging = Judge(instruments, rules)
    records = op.input("log", flow, source)
    keyed = op.key_on("partition", records, lambda record: record.partition)
    judged = op.stateful_map(
        "judge",
        keyed,
        lambda state, record: judge(
            judging,
            state or Known(GapFinder.after(seed(record))),
            record,
            parse_record(record, instruments),
        ),
    )
    outcomes = op.stateful_map("fold", judged, fold)
    op.output("commit", outcomes, sink)
    return flow


def judge(
    judging: Judge, state: Known, record: LogRecord, parsed: Parsed
) -> tuple[Known, JudgedRecord]:
    """Judge a record's ticks after those that came before it in its partition, and find its gaps."""
    gaps = tuple(state.gaps.update(record, parsed))
    judged = judging(state.quality, record, parsed.ticks)
    count = len(parsed.ticks)
    return state, JudgedRecord(record, judged, count, parsed.bars, parsed.refused, gaps)


def fold(state: CandleState | None, item: JudgedRecord) -> tuple[CandleState, Outcome]:
    """Fold the accepted ticks into the partition's candles; all that came of the record."""
    state = state or CandleState(since=item.record.offset)
    return state, outcome(item, state.update(item.judged.news), state.since)


def outcome(item: JudgedRecord, folded: Folded, since: int) -> Outcome:
    """What is to be committed of a record, by a state that has seen the log since an offset."""
    return Outcome(
        partition=item.record.partition,
        offset=item.record.offset,
        source=item.record.source,
        ticks=item.judged.accepted,
        all_new=not item.judged.disordered,
        duplicates=item.judged.repeated,
        quarantined=[*_set_aside(item.judged), *_unreadable(item.refused, item.count)],
        released=item.judged.released,
        released_from=item.judged.released_from,
        candles=folded.bars,
        candles_since=since,
        stale_buckets=frozenset(Bucket(int(a), int(b), int(c)) for a, b, c in folded.stale),
        provider_bars=item.provider_bars,
        gaps=item.gaps,
    )


def _set_aside(judged: Judged) -> list[Quarantined]:
    return [
        Quarantined(
            item=int(item),
            reason=REASONS[int(verdict)],
            excerpt=_excerpt(judged.refused, row),
            time_us=int(judged.refused.time[row]),
            instrument=int(judged.refused.instrument[row]),
        )
        for row, (item, verdict) in enumerate(zip(judged.items, judged.verdicts, strict=True))
    ]


def _unreadable(refused: tuple[Refused, ...], first_item: int) -> list[Quarantined]:
    return [
        Quarantined(item=item, reason=part.reason, excerpt=part.excerpt)
        for item, part in enumerate(refused, first_item)
    ]


def _excerpt(ticks: TickBatch, row: int) -> str:
    tick = ticks.row(row)
    return f"bid {tick.bid} ask {tick.ask} price {tick.price} size {tick.size} seq {tick.seq}"
