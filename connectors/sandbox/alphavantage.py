"""Alpha Vantage's wire format: everything under HTTP 200, numbers as strings, newest first."""

from collections.abc import Callable

from connectors.sandbox import alphavantage_texts as texts
from connectors.sandbox.alphavantage_minutes import crypto_intraday, fx_intraday, stock_intraday
from connectors.sandbox.alphavantage_periods import (
    PERIODS,
    coin_period,
    fx_period,
    stock_adjusted,
    stock_period,
)
from connectors.sandbox.alphavantage_quotes import (
    BULK_NAMES,
    QUOTE_HEADER,
    bulk_quotes,
    exchange_rate,
    global_quote,
)
from connectors.sandbox.alphavantage_reference import market_status, symbol_search
from connectors.sandbox.wire import INVALID_KEY, Answer, Request, World, json_answer

CALLS_PER_DAY = 25
CALL_INTERVAL_US = 1_000_000

_DAY_US = 86_400_000_000
_DEMO_KEY = "demo"
_PATHS = ("", "query")


def respond(world: World, request: Request) -> Answer:
    """The answer of `GET query`."""
    if request.path not in _PATHS:
        return json_answer({"detail": "Not Found"}, status=404)
    if "text/csv" in request.headers.get("accept", ""):
        return json_answer({"detail": texts.ACCEPT}, status=406)
    refused = _refusal(world, request)
    if refused is not None:
        return refused
    function = request.query.get("function", "")
    handler = _FUNCTIONS.get(function)
    if handler is None:
        return texts.error(f"This API function ({function}) does not exist.")
    return handler(world, request) or texts.invalid_call(function)


def _refusal(world: World, request: Request) -> Answer | None:
    """The body for a key that may not ask, or not now; a refused call costs nothing."""
    key = request.query.get("apikey", "")
    if key in ("", INVALID_KEY):
        return texts.error(texts.BAD_KEY)
    if key == _DEMO_KEY:
        return None if _is_example(request) else texts.information(texts.DEMO)
    if world.profile.premium:
        return None
    if _is_premium(request):
        return texts.information(texts.PREMIUM)
    account = f"alphavantage {key}"
    if not world.ledger.pace(account, request.now_us, CALL_INTERVAL_US):
        return texts.information(texts.BURST)
    if not world.ledger.spend(account, request.now_us // _DAY_US, CALLS_PER_DAY):
        return _quota(request)
    return None


def _is_example(request: Request) -> bool:
    """Whether this is one of the documented addresses, parameter by parameter."""
    asked = {name: value for name, value in request.query.items() if name != "apikey"}
    return asked in _EXAMPLES


def _is_premium(request: Request) -> bool:
    query = request.query
    function = query.get("function", "")
    long = function == "TIME_SERIES_DAILY" and query.get("outputsize") == "full"
    return long or "entitlement" in query or function in _PREMIUM_FUNCTIONS


def _quota(request: Request) -> Answer:
    """One of three ways to say it: a table's, and in turns of a second with and without the key."""
    if request.query.get("datatype") == "csv":
        headers = {"GLOBAL_QUOTE": QUOTE_HEADER, "REALTIME_BULK_QUOTES": ",".join(BULK_NAMES)}
        series = "timestamp,open,high,low,close,volume"
        return texts.refused_table(headers.get(request.query.get("function", ""), series))
    if request.now_us // CALL_INTERVAL_US % 2:
        return texts.information(texts.echoing_quota(request.query["apikey"]))
    return texts.information(texts.DAILY_QUOTA)


_PREMIUM_FUNCTIONS = (
    "TIME_SERIES_INTRADAY",
    "TIME_SERIES_DAILY_ADJUSTED",
    "FX_INTRADAY",
    "CRYPTO_INTRADAY",
    "REALTIME_BULK_QUOTES",
    "HISTORICAL_OPTIONS",
)
_EXAMPLES = (
    {"function": "GLOBAL_QUOTE", "symbol": "IBM"},
    {"function": "TIME_SERIES_INTRADAY", "symbol": "IBM", "interval": "5min"},
    {"function": "TIME_SERIES_DAILY", "symbol": "IBM"},
    {"function": "CURRENCY_EXCHANGE_RATE", "from_currency": "USD", "to_currency": "JPY"},
    {"function": "FX_DAILY", "from_symbol": "EUR", "to_symbol": "USD"},
    {"function": "MARKET_STATUS"},
)
_FUNCTIONS: dict[str, Callable[[World, Request], Answer | None]] = {
    "GLOBAL_QUOTE": global_quote,
    "REALTIME_BULK_QUOTES": bulk_quotes,
    "CURRENCY_EXCHANGE_RATE": exchange_rate,
    "FX_INTRADAY": fx_intraday,
    "CRYPTO_INTRADAY": crypto_intraday,
    "TIME_SERIES_INTRADAY": stock_intraday,
    "TIME_SERIES_DAILY_ADJUSTED": stock_adjusted,
    **{f"FX_{period.upper()}": fx_period(period) for period in PERIODS},
    **{f"TIME_SERIES_{period.upper()}": stock_period(period) for period in PERIODS},
    **{f"DIGITAL_CURRENCY_{period.upper()}": coin_period(period) for period in PERIODS},
    "SYMBOL_SEARCH": symbol_search,
    "MARKET_STATUS": market_status,
}
