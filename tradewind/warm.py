"""Compiles the kernels that flows and readers run, so that no first tick waits for a compiler.

Compiled code is kept on disk beside its source; a second run finds it and returns at once.
"""

import pyarrow as pa

from connectors.oanda import context_of
from connectors.parsing import parse
from connectors.recorded_rows import leading_integers, row_ends
from market.clock import datetime_of, rfc3339
from market.instruments import CATALOGUE
from market.log import LogRecord
from market.sources import Feed, source_of
from pipelines.candles import CandleState
from pipelines.gaps import TIME_DIGITS
from pipelines.quality import Judge, QualityState
from pricing_engine.quant import warm as quant
from storage.copy_decoding import Numbers, RowDecoder, arrow_type
from storage.copy_rows import bar_rows, candle_rows, tick_rows

_START_US = 1_700_000_040_000_000


def compile_kernels() -> None:
    """Send minutes of all frames and of recorded quotes the whole way from bytes to COPY rows.

    And compute every operation of the quant vocabulary.
    """
    judge = Judge(CATALOGUE)
    for record in (_binance(), _kraken(), _coinbase(), _quotes()):
        leading_integers(record.payload, row_ends(record.payload), TIME_DIGITS)
        ticks = judge(QualityState(), record, parse(record, CATALOGUE).ticks).accepted
        state = CandleState()
        bars = state.update(ticks).bars
        _decode(bytearray(tick_rows(ticks, Feed.RECORDED.code)), len(ticks))
        candle_rows(bars, Feed.RECORDED.code, 0, 0)
        bar_rows(bars, Feed.RECORDED.code)
    quant.compile_kernels()


def _decode(rows: bytearray, count: int) -> None:
    """Read rows of ticks back as columns, in both forms of numbers."""
    types = ("timestamptz", "int4", "int2", '"char"', '"char"', "int8", *("numeric",) * 4, "bool")
    for numbers in Numbers:
        fields = [(str(n), arrow_type(type_, numbers)) for n, type_ in enumerate(types)]
        RowDecoder(pa.schema(fields), types).decode(rows, count)


def _binance() -> LogRecord:
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


def _kraken() -> LogRecord:
    lines = []
    for minute in range(3):
        at_us = _START_US + minute * 60_000_000
        lines.append(
            f'{at_us}000 {{"channel":"ticker","type":"update","data":[{{"symbol":"BTC/USD",'
            f'"bid":61837.6,"bid_qty":2.5,"ask":61837.7,"ask_qty":3.2,"last":61837.6,'
            f'"volume":163.28908096,"vwap":61804.39279,"low":61711.0,"high":61913.1,"change":-2.5,'
            f'"change_pct":-0.24,"timestamp":"{rfc3339(at_us)}"}}]}}\n'
        )
        lines.append(
            f'{at_us}000 {{"channel":"trade","type":"update","data":[{{"symbol":"BTC/USD",'
            f'"side":"buy","price":61837.6,"qty":0.00027625,"ord_type":"limit",'
            f'"trade_id":{minute + 1},"timestamp":"{rfc3339(at_us)}"}}]}}\n'
        )
    return _record("kraken", "frames", "", "".join(lines))


def _coinbase() -> LogRecord:
    lines = []
    for minute in range(3):
        at_us = _START_US + minute * 60_000_000
        lines.append(
            f'{at_us}000 {{"type":"ticker","sequence":{minute + 1},"product_id":"BTC-USD",'
            '"price":"61837.63","open_24h":"61310.79","volume_24h":"2455.79","low_24h":"61280.52",'
            '"high_24h":"61913.8","volume_30d":"97887.6","best_bid":"61837.62",'
            '"best_bid_size":"0.46688654","best_ask":"61837.64","best_ask_size":"1.5663704",'
            f'"side":"buy","time":"{rfc3339(at_us)}","trade_id":{minute + 1},'
            '"last_size":"0.4396987"}\n'
        )
        lines.append(
            f'{at_us}000 {{"type":"match","trade_id":{minute + 1},'
            '"maker_order_id":"27fff20b-af29-4f45-8744-56dd1ef57dc0",'
            '"taker_order_id":"1da6ce16-c8da-4732-9f71-6049f4c6aaf8","side":"sell","size":"0.04",'
            f'"price":"61837.63","product_id":"BTC-USD","sequence":{minute + 1},'
            f'"time":"{rfc3339(at_us)}"}}\n'
        )
        lines.append(
            f'{at_us}000 {{"type":"heartbeat","sequence":{minute + 1},'
            f'"last_trade_id":{minute + 1},"product_id":"BTC-USD","time":"{rfc3339(at_us)}"}}\n'
        )
    return _record("coinbase", "frames", "", "".join(lines))


def _quotes() -> LogRecord:
    rows = "".join(f"{minute * 60_000},1.38676,1.38686\n" for minute in range(3))
    context = context_of("EUR-USD", datetime_of(_START_US).date(), 0)
    return _record("oanda", "ticks", context, rows)


def _record(provider: str, kind: str, context: str, payload: str) -> LogRecord:
    source = source_of(provider, Feed.RECORDED)
    received_us = _START_US + 86_400_000_000
    return LogRecord("warm", 0, source, kind, context, received_us, payload.encode())
