"""Binance: the tether pairs' trades and best quotes as a stream, minutes and missing trades over REST."""

from collections.abc import Mapping, Sequence
from functools import partial

from connectors.answers import Answer, Request
from connectors.binance.checks import check
from connectors.binance.dialect import BinanceDialect, stream_address
from connectors.binance.frames import PROVIDER, QUOTE_CURRENCY, name_of
from connectors.binance.klines import kline_requests
from connectors.binance.trades import trades_request
from connectors.connector import Access, Connector, Endpoint
from connectors.minutes import missed_minutes, silent_minutes
from connectors.trades import missing_ids
from market.gaps import Gap, GapCause
from market.instruments import InstrumentTable, coins_in
from market.quotas import Limit, Period

LIMIT = Limit(200, Period.MINUTE)
"""6,000 of weight a minute are allowed; a call of ours weighs 25 at most."""


def connector(access: Access, instruments: InstrumentTable) -> Connector:
    """The exchange's connector; no key is needed."""
    covered = coins_in(instruments, QUOTE_CURRENCY)
    address = stream_address(access.stream_url, [name_of(each) for each in covered])
    span = partial(kline_requests, f"{access.rest_url}/api/v3")

    def history(until: Mapping[int, int], now_us: int) -> Sequence[Request]:
        return missed_minutes(covered, until, now_us, span)

    def repair(gap: Gap, asked: int, _last: Answer | None) -> Request | None:
        if gap.cause is GapCause.SILENCE:
            return silent_minutes(gap, asked, covered, span)
        ids = missing_ids(gap)
        if ids is None or gap.instrument is None:
            return None
        return trades_request(access.rest_url, instruments.by_id(gap.instrument), ids, asked)

    return Connector(
        PROVIDER,
        covered,
        Endpoint(check, limits=(LIMIT,)),
        streams=(partial(BinanceDialect, address),),
        history=history,
        repair=repair,
    )
