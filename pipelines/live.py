"""Flow `live`: log → parse → judge → publish (live stream and newest prices in Redis)."""

from collections.abc import Callable

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.inputs import Source
from bytewax.outputs import Sink

from connectors.parsing import parse
from market.bars import BarBatch
from market.instruments import InstrumentTable
from market.log import LogRecord, Parsed
from market.quality import QualityRules
from market.ticks import TickBatch
from pipelines.publish import News
from pipelines.quality import Judge, QualityState

NOTHING = Parsed(TickBatch.empty(), BarBatch.empty())


def build_flow(
    source: Source[LogRecord],
    sink: Sink[tuple[str, News]],
    instruments: InstrumentTable,
    parse_record: Callable[[LogRecord, InstrumentTable], Parsed] = parse,
    rules: QualityRules | None = None,
) -> Dataflow:
    """The flow over any source of log records and any sink of news keyed by partition."""
    flow = Dataflow("live")
    judging = Judge(instruments, rules)
    records = op.input("log", flow, source)
    keyed = op.key_on("partition", records, lambda record: record.partition)
    news = op.stateful_map(
        "judge",
        keyed,
        lambda state, record: judge(
            judging,
            state,
            record,
            # What fills the past is no news: days of it must not keep the first prices waiting.
            NOTHING if record.is_history else parse_record(record, instruments),
        ),
    )
    op.output("publish", news, sink)
    return flow


def judge(
    judging: Judge, state: QualityState | None, record: LogRecord, parsed: Parsed
) -> tuple[QualityState, News]:
    """The record's news: accepted ticks that are not late."""
    state = state or QualityState()
    accepted = judging(state, record, parsed.ticks).news
    if accepted.late.any():
        accepted = accepted.take(~accepted.late)
    return state, News(record.partition, record.offset, record.source, record.received_us, accepted)
