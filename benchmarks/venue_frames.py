"""Frames of Kraken and Coinbase in the layout of their wire, written by the sandbox, as log records."""

from collections.abc import Iterator

from connectors.sandbox import coinbase, kraken
from connectors.sandbox.days import Day
from connectors.sandbox.kraken import Best
from connectors.sandbox.simulator import Simulator
from connectors.sandbox.tape import COINBASE, KRAKEN, Pair, Quotes, Tape, Trades
from market.log import LogRecord
from market.sources import Feed, source_of

FIRST_MINUTE = 29_500_000
MINUTES = 20
TICKS_PER_S = 100.0
LINES_PER_RECORD = 10_000
TRADES_PER_MESSAGE = 3
NS_PER_MS = 1_000_000


def venue_records(
    venue: str, *, minutes: int = MINUTES, lines_per_record: int = LINES_PER_RECORD
) -> list[LogRecord]:
    """The frames of a venue's pairs, about 5,000 a minute, in records of so many lines."""
    tape = Tape(Simulator(7), TICKS_PER_S, venue)
    lines = [
        f"{at_ns} {frame}\n"
        for minute in range(FIRST_MINUTE, FIRST_MINUTE + minutes)
        for at_ns, frame in sorted(_minute(tape, minute))
    ]
    source = source_of(venue, Feed.RECORDED)
    parts = [
        lines[start : start + lines_per_record] for start in range(0, len(lines), lines_per_record)
    ]
    return [
        LogRecord(
            f"{venue}-0",
            number,
            source,
            "frames",
            "",
            int(part[-1][:16]),
            "".join(part).encode(),
        )
        for number, part in enumerate(parts)
    ]


def _minute(tape: Tape, minute: int) -> Iterator[tuple[int, str]]:
    write = {KRAKEN: _kraken, COINBASE: _coinbase}[tape.venue]
    for pair in tape.pairs:
        yield from write(pair, tape.trades(pair, minute), tape.quotes(pair, minute))


def _kraken(pair: Pair, trades: Trades, quotes: Quotes) -> Iterator[tuple[int, str]]:
    """Trades in messages of three, and a ticker a quote."""
    day = Day.of(trades)
    for row in range(0, len(trades.ids), TRADES_PER_MESSAGE):
        some = trades.rows(slice(row, row + TRADES_PER_MESSAGE))
        yield int(some.time_ms[-1]) * NS_PER_MS, kraken.trade_message(pair, some, kraken.UPDATE)
    for row in range(len(quotes.ids)):
        best = Best.of(quotes, row)
        day.last_ms = 0  # a quote's time is its own
        yield best.time_ms * NS_PER_MS, kraken.ticker_message(pair, best, day, kraken.UPDATE)


def _coinbase(pair: Pair, trades: Trades, quotes: Quotes) -> Iterator[tuple[int, str]]:
    """A match and a ticker a trade, and a heartbeat a second."""
    day = Day.of(trades)
    best = Best.of(quotes, 0)
    for row in range(len(trades.ids)):
        day.add(trades, row)
        at_ns = day.last_ms * NS_PER_MS
        yield at_ns, coinbase.match_message(pair, day, coinbase.MATCH)
        yield at_ns, coinbase.ticker_message(pair, best, day)
    for second in range(60):
        at_ms = int(trades.time_ms[0]) // 60_000 * 60_000 + second * 1_000
        yield at_ms * NS_PER_MS, coinbase.heartbeat_message(pair, day.last_id, at_ms * 1_000)
