"""Binance: the tether pairs' trades and best quotes as a stream, minutes and missing trades over REST."""

from collections.abc import Mapping, Sequence
from functools import partial

from connectors.answers import Answer, Request
from connectors.binance.checks import check
from connectors.binance.dialect import BinanceDialect, stream_address
from connectors.binance.frames import PROVIDER, QUOTE_CURRENCY
from connectors.binance.klines import kline_requests
from connectors.binance.trades import trades_request
from connectors.connector import Access, Connector, Endpoint
from connectors.minutes import missed_minutes, silent_minutes
from connectors.trades import missing_ids
from market.gaps import Gap, GapCause
from market.instruments import AssetClass, InstrumentTable
from market.quotas import Limit, Period

LIMIT = Limit(200, Period.MINUTE)
"""6,000 of weight a minute are allowed; a call of ours weighs 25 at most."""


def connector(access: Access, instruments: InstrumentTable) -> Connector:
    """The exchange's connector; no key is needed."""
    covered = tuple(
        each
        for each in instruments
        if each.asset_class is AssetClass.CRYPTO and each.quote == QUOTE_CURRENCY
    )
    address = stream_address(access.stream_url, [each.base + each.quote for each in covered])
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
