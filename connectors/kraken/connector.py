"""Kraken: the dollar pairs' trades and best quotes as a stream, minutes and missing trades over REST."""

from collections.abc import Mapping, Sequence
from functools import partial

from connectors.answers import Answer, Request
from connectors.connector import Access, Connector, Endpoint
from connectors.kraken.checks import check
from connectors.kraken.dialect import KrakenDialect
from connectors.kraken.frames import PROVIDER, name_of
from connectors.kraken.ohlc import ohlc_requests
from connectors.kraken.pairs import covered
from connectors.kraken.trades import trades_request
from connectors.minutes import missed_minutes, silent_minutes
from connectors.trades import missing_ids
from market.gaps import Gap, GapCause
from market.instruments import InstrumentTable
from market.quotas import Limit, Period

LIMIT = Limit(1, Period.SECOND)


def connector(access: Access, instruments: InstrumentTable) -> Connector:
    """The exchange's connector; no key is needed."""
    pairs = covered(instruments)
    names = tuple(name_of(each) for each in pairs)
    span = partial(ohlc_requests, access.rest_url)

    def history(until: Mapping[int, int], now_us: int) -> Sequence[Request]:
        return missed_minutes(pairs, until, now_us, span)

    def repair(gap: Gap, asked: int, last: Answer | None) -> Request | None:
        if gap.cause is GapCause.SILENCE:
            return silent_minutes(gap, asked, pairs, span)
        ids = missing_ids(gap)
        if ids is None or gap.instrument is None:
            return None
        instrument = instruments.by_id(gap.instrument)
        return trades_request(access.rest_url, instrument, gap, ids, asked, last)

    return Connector(
        PROVIDER,
        pairs,
        Endpoint(check, limits=(LIMIT,)),
        streams=(partial(KrakenDialect, f"{access.stream_url}/v2", names),),
        history=history,
        repair=repair,
    )
