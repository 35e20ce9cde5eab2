"""Coinbase: dollar products' trades and best quotes as a stream, minutes and missing trades over REST."""

from collections.abc import Mapping, Sequence
from functools import partial

from connectors.answers import Answer, Request
from connectors.coinbase.candles import candle_requests
from connectors.coinbase.checks import check
from connectors.coinbase.dialect import CoinbaseDialect
from connectors.coinbase.frames import PROVIDER, name_of
from connectors.coinbase.products import covered
from connectors.coinbase.trades import trades_request
from connectors.connector import Access, Connector, Endpoint
from connectors.minutes import missed_minutes, silent_minutes
from connectors.trades import missing_ids
from market.gaps import Gap, GapCause
from market.instruments import InstrumentTable
from market.quotas import Limit, Period

LIMIT = Limit(8, Period.SECOND)


def connector(access: Access, instruments: InstrumentTable) -> Connector:
    """The exchange's connector; no key is needed."""
    products = covered(instruments)
    names = tuple(name_of(each) for each in products)
    span = partial(candle_requests, access.rest_url)

    def history(until: Mapping[int, int], now_us: int) -> Sequence[Request]:
        return missed_minutes(products, until, now_us, span)

    def repair(gap: Gap, asked: int, last: Answer | None) -> Request | None:
        if gap.cause is GapCause.SILENCE:
            return silent_minutes(gap, asked, products, span)
        ids = missing_ids(gap)
        if ids is None or gap.instrument is None:
            return None
        instrument = instruments.by_id(gap.instrument)
        return trades_request(access.rest_url, instrument, ids, asked, last)

    return Connector(
        PROVIDER,
        products,
        Endpoint(check, limits=(LIMIT,)),
        streams=(partial(CoinbaseDialect, access.stream_url, names),),
        history=history,
        repair=repair,
    )
