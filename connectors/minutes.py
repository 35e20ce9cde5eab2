"""Minutes that nobody listened to: which are missing, who is asked for them, and the bars of an answer."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from connectors.answers import Request, decode
from connectors.bars import BarRows
from connectors.errors import ConnectorError
from connectors.refusals import refused
from market.bars import BAR_US, LAST
from market.errors import MarketError
from market.gaps import Gap
from market.instruments import Instrument
from market.log import LogRecord, Parsed, Refused
from market.ticks import TickBatch

HORIZON_US = 86_400_000_000
"""How far back minutes are asked for."""
TOLERATED_US = 120_000_000
"""What has been uncovered for longer is missing."""

Span = Callable[[Instrument, int, int], Sequence[Request]]
"""The requests that bring an instrument's minutes from one instant to another, in µs."""


class MinutesOf(msgspec.Struct, frozen=True):
    """The context of an entry of minutes: the venue's symbol."""

    symbol: str

    def text(self) -> str:
        """The same as JSON."""
        return msgspec.json.encode(self).decode()


class Minute(NamedTuple):
    """A row of an answer: µs since 1970; open, high, low and close, and the volume, as written."""

    time_us: int
    prices: Sequence[str | msgspec.Raw]
    volume: str | msgspec.Raw


def missed_minutes(
    instruments: Iterable[Instrument], covered: Mapping[int, int], now_us: int, span: Span
) -> list[Request]:
    """The requests for every instrument's uncovered minutes up to now, at most `HORIZON_US` back."""
    requests: list[Request] = []
    for instrument in instruments:
        since_us = max(covered.get(instrument.id, 0), now_us - HORIZON_US)
        if now_us - since_us > TOLERATED_US:
            requests += span(instrument, since_us, now_us)
    return requests


def silent_minutes(
    gap: Gap, asked: int, instruments: Sequence[Instrument], span: Span
) -> Request | None:
    """The next request for the minutes of a silence, after so many; None where all were asked for."""
    concerned = [each for each in instruments if gap.instrument in (None, each.id)]
    start_us = max(gap.start_us, gap.end_us - HORIZON_US)
    requests = [each for item in concerned for each in span(item, start_us, gap.end_us)]
    return requests[asked] if asked < len(requests) else None


def symbol_of(record: LogRecord) -> str:
    """The venue's symbol of a record's minutes. MalformedError: its context does not say."""
    return decode(record.source.provider, record.context.encode(), MinutesOf).symbol


def minutes_of(
    record: LogRecord,
    instrument: int,
    rows: Iterable[msgspec.Raw],
    read: Callable[[msgspec.Raw], Minute | None],
) -> Parsed:
    """Bars of the traded price; a row that is none is refused alone, one that reads as None left out.

    A minute that was still running when the answer came is left out too.
    """
    bars = BarRows(record.source.provider)
    refusals: list[Refused] = []
    for raw in rows:
        try:
            minute = read(raw)
            if minute is not None and minute.time_us + BAR_US <= record.received_us:
                bars.add(*minute)
        except (ConnectorError, MarketError) as error:
            refusals.append(refused(error, bytes(raw)))
    batch = bars.batch(instrument, record.source.id, LAST)
    return Parsed(TickBatch.empty(), batch, tuple(refusals))
