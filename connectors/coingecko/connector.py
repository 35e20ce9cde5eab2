"""CoinGecko in one configuration: keyless, with a demo key, or with a pro key and its stream."""

from collections.abc import Mapping, Sequence
from functools import partial

from connectors.answers import Answer, Request
from connectors.coingecko.charts import STEP_US, chart_request, range_request
from connectors.coingecko.coins import PROVIDER, coin_id_of, covered
from connectors.coingecko.dialect import KEY_HEADER, MAX_COINS, CoinGeckoDialect
from connectors.coingecko.missing import WatchingCheck
from connectors.coingecko.prices import MAX_IDS, price_request
from connectors.connector import Access, Connector, Endpoint, Poll, Streams
from market.gaps import Gap
from market.instruments import Instrument, InstrumentTable
from market.quotas import Limit, Period

PRO = "pro"
DEMO_HEADER = "x-cg-demo-api-key"
LIMITS = {
    None: (Limit(5, Period.MINUTE),),
    "demo": (Limit(100, Period.MINUTE), Limit(10_000, Period.MONTH)),
    PRO: (Limit(250, Period.MINUTE), Limit(500_000, Period.MONTH)),
}
"""By plan. Keyless calls share about ten a minute with everybody behind the same address. What a pro
key really has, `reference.usage_request` tells; 250 is the smallest paid plan's."""
CACHE_S, PRO_CACHE_S = 60.0, 20.0
"""How long the provider itself answers the same."""
BESIDE_STREAM_S = 60.0
"""Each price of the stream costs a tenth of a credit, which no ledger counts: 17 coins, six times a minute,
some 450,000 of the month's 500,000. Polls each minute take the rest."""
HISTORY_GAP_US = 900_000_000
"""What is uncovered for longer is asked for: a chart has but a point every five minutes."""
REPAIR_GAP_US = 2 * STEP_US
"""A shorter silence of the stream may hold no point of a chart at all; the poll goes on beside it."""


def connector(access: Access, instruments: InstrumentTable) -> Connector:
    """The coins of the table in dollars.

    `access.plan` is "demo" or begins with "pro" ("pro", "pro-analyst"); without a key it is neither.
    """
    coins = tuple(covered(instruments))
    url = f"{access.rest_url}/api/v3"
    pro = access.key is not None and access.plan.replace("-", "_").split("_")[0] == PRO
    plan = None if access.key is None else PRO if pro else "demo"
    headers = {} if access.key is None else {KEY_HEADER if pro else DEMO_HEADER: access.key}
    streams = _streams(access, coins) if pro else ()
    every_s = BESIDE_STREAM_S if streams else PRO_CACHE_S if pro else CACHE_S
    return Connector(
        provider=PROVIDER,
        instruments=coins,
        endpoint=Endpoint(check=WatchingCheck(), headers=headers, limits=LIMITS[plan]),
        polls=_polls(url, coins, every_s),
        streams=streams,
        history=partial(_history, url, coins),
        repair=partial(_repair, url, coins, pro),
    )


def _polls(url: str, coins: Sequence[Instrument], every_s: float) -> tuple[Poll, ...]:
    """All coins in one call, as far as one call holds them."""
    parts = [coins[first : first + MAX_IDS] for first in range(0, len(coins), MAX_IDS)]
    return tuple(
        Poll(price_request(url, part), frozenset(each.id for each in part), every_s)
        for part in parts
    )


def _streams(access: Access, coins: Sequence[Instrument]) -> tuple[Streams, ...]:
    """One connection; the coins beyond its bound are polled like all, and not streamed."""
    names = [coin_id_of(each) for each in coins[:MAX_COINS]]
    if not names or not access.stream_url:
        return ()
    return (partial(_dialect, access, names),)


def _dialect(access: Access, names: Sequence[str]) -> CoinGeckoDialect:
    """Made from the access, which shows no key, and not from headers, which would."""
    headers = {KEY_HEADER: access.key or ""}
    return CoinGeckoDialect(f"{access.stream_url}/v1", names, headers)


def _history(
    url: str, coins: Sequence[Instrument], covered_us: Mapping[int, int], now_us: int
) -> list[Request]:
    """The last day of every coin that was not heard of for a while."""
    return [
        chart_request(url, each)
        for each in coins
        if now_us - covered_us.get(each.id, 0) > HISTORY_GAP_US
    ]


def _repair(
    url: str, coins: Sequence[Instrument], pro: bool, gap: Gap, asked: int, last: Answer | None
) -> Request | None:
    """The points of the stream's silence, a call a coin."""
    of_gap = [each for each in coins if gap.instrument in (None, each.id)]
    if asked >= len(of_gap) or gap.end_us - gap.start_us < REPAIR_GAP_US:
        return None
    return range_request(url, of_gap[asked], gap.start_us, gap.end_us, iso=pro)
