"""A connector of the benchmarks: frames as Binance sends them, made on the spot, into the inbox."""

import asyncio
import time
from dataclasses import dataclass

from benchmarks.percentiles import due_times
from connectors.binance.frames import QUOTE_CURRENCY
from market.instruments import CATALOGUE
from market.log import LogEntry, LogWriter
from market.sources import Feed, source_of

RECORDS_PER_S = 200
PARTITION = "binance-bench"
SOURCE = source_of("binance", Feed.SIMULATED)

_INSTRUMENTS = [one for one in CATALOGUE if one.quote == QUOTE_CURRENCY]
_FRAME = (
    '%d {"stream":"%s@bookTicker","data":'
    '{"u":%d,"s":"%s","b":"%d.%02d","B":"1.5","a":"%d.99","A":"2.5"}}\n'
)


@dataclass(frozen=True, slots=True)
class Offered:
    """A quote that was sent: its time is when it was received, in microseconds."""

    symbol: str
    time_us: int
    bid: float


class Ticker:
    """Quotes of the exchange's instruments in turn, each later and with another bid than the last."""

    def __init__(self) -> None:
        self._sent = 0
        self._last_us = 0

    def entry(self, ticks: int) -> tuple[LogEntry, list[Offered]]:
        """An entry of so many quotes, received now."""
        # No two quotes have one time: of those a client could not tell which one it was shown.
        now_us = max(time.time_ns() // 1_000, self._last_us + ticks)
        lines, offered = [], []
        for time_us in range(now_us - ticks + 1, now_us + 1):
            self._sent += 1
            instrument = _INSTRUMENTS[self._sent % len(_INSTRUMENTS)]
            name = instrument.base + QUOTE_CURRENCY
            price, cents = 1_000 + self._sent % 500, self._sent % 90
            values = (time_us * 1_000, name.lower(), self._sent, name, price, cents, price)
            lines.append(_FRAME % values)
            offered.append(Offered(instrument.symbol, time_us, price + cents / 100))
        self._last_us = now_us
        return LogEntry("frames", "", now_us, "".join(lines).encode()), offered


async def send(
    writer: LogWriter, ticker: Ticker, ticks_per_s: int, seconds: float
) -> list[Offered]:
    """Append `RECORDS_PER_S` entries a second, evenly; what was in them.

    A quote is received when its entry is due, however late the entry before it was committed.
    """
    offered = []
    for due in due_times(RECORDS_PER_S, seconds):
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        entry, quotes = ticker.entry(ticks_per_s // RECORDS_PER_S)
        offered += quotes
        await writer.append([entry])
    return offered
