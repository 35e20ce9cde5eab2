"""CoinGecko's REST v3 in the sandbox: which host was asked, with which key, how often, for what."""

from connectors.sandbox import coingecko_charts as charts
from connectors.sandbox import coingecko_reference as reference
from connectors.sandbox.coingecko_errors import (
    flat,
    missing_key,
    too_many,
    wrong_host,
)
from connectors.sandbox.coingecko_markets import markets
from connectors.sandbox.coingecko_prices import simple_price
from connectors.sandbox.wire import INVALID_KEY, Answer, Request, World
from market.clock import datetime_of

KEYLESS_PER_MINUTE = 30
DEMO_PER_MINUTE = 100
DEMO_PER_MONTH = 10_000
PRO_PREFIX = "pro/"
API_PREFIX = "api/v3/"

_MINUTE_US = 60_000_000
_MONTH_RETRY_S = 3_600
_PATHS = {
    "coins/list": reference.coins_list,
    "coins/markets": markets,
    "key": reference.key,
    "ping": reference.ping,
    "search": reference.search,
    "simple/price": simple_price,
    "simple/supported_vs_currencies": reference.supported_vs_currencies,
}
_OF_A_COIN = {
    ("history",): charts.history,
    ("market_chart",): charts.market_chart,
    ("market_chart", "range"): charts.market_chart_range,
    ("ohlc",): charts.ohlc,
}


def respond(world: World, request: Request) -> Answer:
    """The answer of `GET [pro/]api/v3/<path>`; `pro/` stands for the pro host."""
    pro = request.path.startswith(PRO_PREFIX)
    path = request.path.removeprefix(PRO_PREFIX)
    key = credential(request, "pro" if pro else "demo")
    limited = None if world.profile.premium else _limited(world, request, key, pro=pro)
    refused = limited or _refused(request, key, pro=pro)
    if refused is not None:
        return refused
    answer = _answer(world, request, path, pro=pro)
    if answer.status != 200 or world.profile.premium or _paid(world, request, key, pro=pro):
        return answer
    return too_many(_MONTH_RETRY_S)


def credential(request: Request, plan: str) -> str:
    """The key of a plan ("demo" or "pro"), from the header or the query."""
    header = request.headers.get(f"x-cg-{plan}-api-key", "")
    return header or request.query.get(f"x_cg_{plan}_api_key", "")


def _refused(request: Request, key: str, *, pro: bool) -> Answer | None:
    """A key of the other host, none where one is needed, or the one that is known to be wrong."""
    if credential(request, "demo" if pro else "pro"):
        return wrong_host(request, pro=pro)
    if key == INVALID_KEY or (pro and not key):
        return missing_key(request)
    return None


def _limited(world: World, request: Request, key: str, *, pro: bool) -> Answer | None:
    """Every call counts for the minute, whatever its answer."""
    limit = DEMO_PER_MINUTE if key else KEYLESS_PER_MINUTE
    window, into_us = divmod(request.now_us, _MINUTE_US)
    account = f"coingecko {pro} {key}"
    if world.ledger.spend(account, window, reference.PRO_PER_MINUTE if pro else limit):
        return None
    return too_many(-((into_us - _MINUTE_US) // 1_000_000))


def _paid(world: World, request: Request, key: str, *, pro: bool) -> bool:
    """A good answer costs a credit of the month; keyless calls have none."""
    if not key:
        return True
    month = datetime_of(request.now_us)
    limit = reference.PRO_PER_MONTH if pro else DEMO_PER_MONTH
    account = f"coingecko month {pro} {key}"
    return world.ledger.spend(account, month.year * 12 + month.month, limit)


def _answer(world: World, request: Request, path: str, *, pro: bool) -> Answer:
    below = path.removeprefix(API_PREFIX) if path.startswith(API_PREFIX) else ""
    if below in _PATHS:
        return _PATHS[below](world, request, pro=pro)
    match below.split("/"):
        case ["coins", coin_id, *rest] if tuple(rest) in _OF_A_COIN:
            return _OF_A_COIN[tuple(rest)](world, request, coin_id, pro=pro)
    return flat("Incorrect path. Please check https://www.coingecko.com/api/", 404)
