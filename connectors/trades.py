"""Trades asked for by their ids: what a gap lacks, and what the pages of a venue hold of it.

Only the trades that were asked for become ticks. A page holds others too, which the stream has brought
already, and a venue may write their times a little differently over REST.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec
import numpy as np

from connectors.answers import decode
from connectors.errors import ConnectorError
from connectors.numerals import pair_of
from connectors.refusals import refused
from market.bars import BarBatch
from market.errors import MarketError
from market.gaps import Gap
from market.log import LogRecord, Parsed, Refused
from market.ticks import TRADE, TickBatch

PAGE = 1_000
"""How many trades each of our venues gives at most in one answer."""
MAX_TRADES = 200_000
"""A gap of more is not filled trade by trade."""


class Wanted(msgspec.Struct, frozen=True):
    """The context of an entry of trades: the venue's symbol, the first and the last id asked for."""

    symbol: str
    first_id: int
    last_id: int

    def text(self) -> str:
        """The same as JSON."""
        return msgspec.json.encode(self).decode()


class Trade(NamedTuple):
    """A row of a page: µs since 1970, id, price and size as they are written."""

    time_us: int
    trade_id: int
    price: str
    size: str


def missing_ids(gap: Gap) -> range | None:
    """The ids of the trades that a gap lacks; None where it names none, or more than `MAX_TRADES`."""
    if gap.instrument is None or gap.first_id is None or gap.last_id is None:
        return None
    ids = range(gap.first_id, gap.last_id + 1)
    return ids if 0 < len(ids) <= MAX_TRADES else None


def wanted_of(record: LogRecord) -> Wanted:
    """What a record's request asked for. MalformedError: its context does not say."""
    return decode(record.source.provider, record.context.encode(), Wanted)


def trades_of(
    record: LogRecord, instrument: int, rows: Iterable[msgspec.Raw], read: Callable[[bytes], Trade]
) -> Parsed:
    """Ticks of the rows that were asked for, by their ids; a row that is no trade is refused alone."""
    wanted = wanted_of(record)
    trades: list[tuple[int, int, tuple[int, int], tuple[int, int]]] = []
    refusals: list[Refused] = []
    for raw in rows:
        row = bytes(raw)
        try:
            trade = read(row)
            if wanted.first_id <= trade.trade_id <= wanted.last_id:
                price, size = pair_of(trade.price), pair_of(trade.size)
                trades.append((trade.trade_id, trade.time_us, price, size))
        except (ConnectorError, MarketError, ValueError) as error:
            refusals.append(refused(error, row))
    trades.sort()
    return Parsed(_batch(trades, instrument, record.source.id), BarBatch.empty(), tuple(refusals))


def _batch(
    trades: list[tuple[int, int, tuple[int, int], tuple[int, int]]], instrument: int, source: int
) -> TickBatch:
    batch = TickBatch.empty(len(trades))
    batch.kind[:], batch.instrument[:], batch.source[:] = TRADE, instrument, source
    if trades:
        ids, times, prices, sizes = zip(*trades, strict=True)
        batch.seq[:], batch.time[:] = ids, times
        batch.price[:], batch.exponent[:] = np.array(prices, np.int64).T
        batch.size[:], batch.size_exponent[:] = np.array(sizes, np.int64).T
    return batch
