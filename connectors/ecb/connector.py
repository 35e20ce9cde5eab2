"""The ECB as a connector: the key-less source of last resort, one document a day.

It is asked every hour; what has not changed is a short 304, as the fetcher asks on condition. What was
missed are the last ninety days, or everything where more was.
"""

from collections.abc import Mapping, Sequence

from connectors.answers import Request
from connectors.connector import Access, Connector, Endpoint, Poll
from connectors.ecb.checks import check
from connectors.ecb.envelope import PROVIDER
from connectors.ecb.publications import BASE, last_publication, publication_before, published_us
from connectors.ecb.requests import ALL_DAYS, DAILY, NINETY_DAYS, document_request
from connectors.rates import DAY_US, pairs_by_base
from market.clock import datetime_of
from market.instruments import InstrumentTable

ACCEPT = "application/xml, text/xml, */*;q=0.5"
EVERY_S = 3_600.0
NINETY_DAYS_US = 88 * DAY_US
"""Older than that and the short history may begin too late."""

CURRENCIES = frozenset(
    "USD JPY CZK DKK GBP HUF PLN RON SEK CHF ISK NOK TRY AUD BRL CAD CNY HKD IDR ILS INR KRW MXN "
    "MYR NZD PHP SGD THB ZAR".split()
)
"""What the ECB quotes against the euro since Bulgaria has it too, in 2026."""


def connector(access: Access, instruments: InstrumentTable) -> Connector:
    """The ECB in one configuration; of the access, only its address matters."""
    pairs = tuple(
        pair for pair in pairs_by_base(instruments).get(BASE, ()) if pair.quote in CURRENCIES
    )

    def history(covered: Mapping[int, int], now_us: int) -> Sequence[Request]:
        return _missed(access.rest_url, [covered.get(pair.id, 0) for pair in pairs], now_us)

    daily = document_request(access.rest_url, DAILY)
    poll = Poll(daily, frozenset(pair.id for pair in pairs), EVERY_S)
    return Connector(
        PROVIDER,
        pairs,
        Endpoint(check, accept=ACCEPT),
        (poll,) if pairs else (),
        history=history,
    )


def _missed(rest_url: str, covered_us: Sequence[int], now_us: int) -> list[Request]:
    """The document of the days before the newest, which the poll brings; none where none is missed."""
    needed_us = published_us(publication_before(last_publication(now_us)))
    since_us = min(covered_us, default=now_us)
    if since_us >= needed_us:
        return []
    if since_us == 0:
        return [document_request(rest_url, NINETY_DAYS)]
    since = f"{datetime_of(since_us):%Y-%m-%d}"
    recent = now_us - since_us < NINETY_DAYS_US
    return [document_request(rest_url, NINETY_DAYS if recent else ALL_DAYS, since)]
