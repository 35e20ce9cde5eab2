"""Compiles the kernels that the flows run, so that no first tick waits for a compiler.

Compiled code is kept on disk beside its source; a second run finds it and returns at once.
"""

from connectors.oanda import context_of
from connectors.parsing import parse
from market.clock import datetime_of
from market.instruments import CATALOGUE
from market.log import LogRecord
from market.sources import Feed, source_of
from pipelines.candles import CandleState
from pipelines.quality import Judge, QualityState
from storage.copy_rows import bar_rows, candle_rows, tick_rows

_START_US = 1_700_000_040_000_000


def compile_kernels() -> None:
    """Send two minutes of frames and of recorded quotes the whole way from bytes to COPY rows."""
    judge = Judge(CATALOGUE)
    for record in (_frames(), _quotes()):
        ticks = judge(QualityState(), record, parse(record, CATALOGUE).ticks).accepted
        state = CandleState()
        bars = state.update(ticks).bars
        tick_rows(ticks, Feed.RECORDED.code)
        candle_rows(bars, Feed.RECORDED.code, 0, 0)
        bar_rows(bars, Feed.RECORDED.code)


def _frames() -> LogRecord:
    lines = []
    for minute in range(3):
        at_us = _START_US + minute * 60_000_000
        lines.append(
            f'{at_us}000 {{"stream":"btcusdt@trade","data":{{"e":"trade","E":{at_us // 1000},'
            f'"s":"BTCUSDT","t":{minute},"p":"61837.63000000","q":"0.02000000",'
            f'"T":{at_us // 1000},"m":true,"M":true}}}}\n'
        )
        lines.append(
            f'{at_us}000 {{"stream":"btcusdt@bookTicker","data":{{"u":{minute},"s":"BTCUSDT",'
            f'"b":"61837.63000000","B":"3.78826000","a":"61837.64000000","A":"1.54698000"}}}}\n'
        )
    return _record("binance", "frames", "", "".join(lines))


def _quotes() -> LogRecord:
    rows = "".join(f"{minute * 60_000},1.38676,1.38686\n" for minute in range(3))
    context = context_of("EUR-USD", datetime_of(_START_US).date(), 0)
    return _record("oanda", "ticks", context, rows)


def _record(provider: str, kind: str, context: str, payload: str) -> LogRecord:
    source = source_of(provider, Feed.RECORDED)
    received_us = _START_US + 86_400_000_000
    return LogRecord("warm", 0, source, kind, context, received_us, payload.encode())
