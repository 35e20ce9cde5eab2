"""Alpha Vantage in one configuration: every pair of currencies and every stock, and their history."""

from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

from connectors.alphavantage.bulk import MAX_SYMBOLS
from connectors.alphavantage.checks import check
from connectors.alphavantage.fields import PROVIDER
from connectors.alphavantage.plans import Plan, plan_of
from connectors.alphavantage.quotes import same_quote
from connectors.alphavantage.requests import REALTIME, Asking
from connectors.answers import Request
from connectors.connector import Access, Connector, Endpoint, Poll
from market.instruments import AssetClass, Instrument, InstrumentTable

BULK_EVERY_S = 1.0
DELAYED_EVERY_S = 60.0
DAY_END_EVERY_S = 3_600.0
"""A quote of the day's end changes once a day, some time after the close."""

MINUTES_GAP_US = 300_000_000
"""What bars of a minute leave open for longer is worth a call."""
MINUTES_HORIZON_US = 86_400_000_000
_DAY_US = 86_400_000_000


def connector(access: Access, instruments: InstrumentTable) -> Connector:
    """Polls and history of a plan; UnknownAtProviderError where there is no such plan.

    A free plan's history are daily bars, a premium plan's those of each minute.
    """
    plan = plan_of(access.plan)
    asking = Asking(f"{access.rest_url}/query", plan.entitlement)
    pairs = [each for each in instruments if each.asset_class is AssetClass.FX]
    stocks = [each for each in instruments if each.asset_class is AssetClass.STOCK]
    quoted = (*pairs, *stocks)
    return Connector(
        provider=PROVIDER,
        instruments=quoted,
        endpoint=_endpoint(access, plan),
        polls=(*_stock_polls(asking, stocks), *_pair_polls(asking, pairs, plan)),
        history=_history(asking, quoted, plan),
    )


def _endpoint(access: Access, plan: Plan) -> Endpoint:
    key = access.key or ""
    if not plan.by_rapidapi:
        return Endpoint(check, secrets={"apikey": key}, limits=plan.limits)
    headers = {"x-rapidapi-host": urlsplit(access.rest_url).netloc, "x-rapidapi-key": key}
    return Endpoint(check, headers=headers, limits=plan.limits)


def _stock_polls(asking: Asking, stocks: Sequence[Instrument]) -> list[Poll]:
    """Of US stocks many in one call, where the plan is real-time; one by one otherwise."""
    realtime = asking.entitlement == REALTIME
    in_bulk = [each for each in stocks if realtime and _is_american(each)]
    groups = [in_bulk[at : at + MAX_SYMBOLS] for at in range(0, len(in_bulk), MAX_SYMBOLS)]
    polls = [
        Poll(asking.bulk_quotes(group), frozenset(each.id for each in group), BULK_EVERY_S)
        for group in groups
    ]
    for stock in stocks:
        if stock not in in_bulk:
            fresh = bool(asking.entitlement) and _is_american(stock)
            every_s = DELAYED_EVERY_S if fresh else DAY_END_EVERY_S
            request = asking.global_quote(stock)
            polls.append(Poll(request, frozenset({stock.id}), every_s, same_quote))
    return polls


def _pair_polls(asking: Asking, pairs: Sequence[Instrument], plan: Plan) -> list[Poll]:
    return [
        Poll(asking.exchange_rate(pair), frozenset({pair.id}), plan.rate_every_s) for pair in pairs
    ]


def _is_american(stock: Instrument) -> bool:
    """Listings of other countries have a suffix, as TSCO.LON."""
    return "." not in stock.symbol


def _history(
    asking: Asking, instruments: Sequence[Instrument], plan: Plan
) -> Callable[[Mapping[int, int], int], Sequence[Request]]:
    def minutes(covered: Mapping[int, int], now_us: int) -> Sequence[Request]:
        horizon_us = now_us - MINUTES_HORIZON_US
        since = {each: max(covered.get(each.id, 0), horizon_us) for each in instruments}
        return [
            asking.intraday(instrument, since_us)
            for instrument, since_us in since.items()
            if now_us - since_us > MINUTES_GAP_US
        ]

    def days(covered: Mapping[int, int], now_us: int) -> Sequence[Request]:
        since = {each: covered.get(each.id, 0) // _DAY_US * _DAY_US for each in instruments}
        return [
            asking.daily(instrument, since_us)
            for instrument, since_us in since.items()
            if since_us < now_us // _DAY_US * _DAY_US
        ]

    return minutes if plan.premium else days
