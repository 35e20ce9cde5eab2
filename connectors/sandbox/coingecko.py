"""CoinGecko's REST v3 wire format: JSON floats, a cache of its own, errors in several shapes."""

import zlib

from connectors.sandbox.universe import DRIVER_INDEX, DRIVERS
from connectors.sandbox.wire import INVALID_KEY, Answer, Request, World, json_answer
from market.clock import rfc3339
from market.instruments import AssetClass

KEYLESS_CALLS_PER_MINUTE = 30
DEMO_CALLS_PER_MINUTE = 100
CHART_STEP_MS = 300_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000
MAX_CHART_DAYS = 90

COINS = {
    "bitcoin": ("BTC", 19_950_000),
    "ethereum": ("ETH", 120_700_000),
    "binancecoin": ("BNB", 137_700_000),
    "solana": ("SOL", 556_000_000),
    "ripple": ("XRP", 60_300_000_000),
    "cardano": ("ADA", 36_600_000_000),
    "dogecoin": ("DOGE", 152_000_000_000),
    "avalanche-2": ("AVAX", 427_000_000),
    "chainlink": ("LINK", 697_000_000),
    "litecoin": ("LTC", 76_500_000),
    "polkadot": ("DOT", 1_640_000_000),
    "cosmos": ("ATOM", 478_000_000),
    "uniswap": ("UNI", 630_000_000),
    "monero": ("XMR", 18_450_000),
    "stellar": ("XLM", 32_100_000_000),
    "shiba-inu": ("SHIB", 589_000_000_000_000),
    "pepe": ("PEPE", 420_690_000_000_000),
}
"""Id → ticker and circulating supply."""
VS_CURRENCIES = {"usd": "USD"} | {
    driver.name.lower(): driver.name
    for driver in DRIVERS
    if driver.asset_class is AssetClass.FX or driver.name in ("BTC", "ETH", "BNB", "XRP", "LTC")
}

_MINUTE_US = 60_000_000
_TURNOVER = 0.03
_SIGNIFICANT_DIGITS = 6
_LIMIT_TEXT = (
    "You've exceeded the Rate Limit. Please visit https://www.coingecko.com/en/api/pricing "
    "to subscribe to our API plans for higher rate limits."
)
_RANGE_TEXT = (
    "Your request exceeds the allowed time range. Public API users are limited to querying "
    "historical data within the past 365 days. Upgrade to a paid plan to enjoy full historical "
    "data access: https://www.coingecko.com/en/api/pricing."
)
_KEY_TEXT = (
    "API Key Missing. Please make sure you're using the right authentication method. For Pro API, "
    "ensure you pass in x_cg_pro_api_key parameter with a Pro Key. For Demo API, ensure you pass "
    "in x_cg_demo_api_key parameter with a Demo Key."
)
_HOST_TEXT = (
    "If you are using Pro API key, please change your root URL from api.coingecko.com "
    "to pro-api.coingecko.com"
)


def respond(world: World, request: Request) -> Answer:
    """The answer of `GET /api/v3/<path>` on the demo host."""
    refused = _refusal(world, request)
    if refused is not None:
        return refused
    if request.path == "ping":
        return json_answer({"gecko_says": "(V3) To the Moon!"})
    if request.path == "simple/price":
        return _simple_price(world, request)
    parts = request.path.split("/")
    if len(parts) == 3 and parts[0] == "coins" and parts[2] == "market_chart":
        return _market_chart(world, request, parts[1])
    return json_answer({"error": "Incorrect path. Please check the documentation."}, status=404)


def _refusal(world: World, request: Request) -> Answer | None:
    if _credential(request, "pro"):
        body = {
            "timestamp": _now(request),
            "error_code": 10010,
            "status": {"error_message": _HOST_TEXT},
        }
        return json_answer(body, status=400)
    key = _credential(request, "demo")
    if key == INVALID_KEY:
        return json_answer({"status": _status(request, 10002, _KEY_TEXT)}, status=401)
    if world.profile.premium:
        return None
    limit = DEMO_CALLS_PER_MINUTE if key else KEYLESS_CALLS_PER_MINUTE
    window, into_us = divmod(request.now_us, _MINUTE_US)
    if world.ledger.spend(f"coingecko {key}", window, limit):
        return None
    wait_s = -((into_us - _MINUTE_US) // 1_000_000)
    return json_answer(
        {"status": {"error_code": 429, "error_message": _LIMIT_TEXT}},
        status=429,
        headers={"retry-after": str(wait_s)},
    )


def _credential(request: Request, plan: str) -> str:
    header = request.headers.get(f"x-cg-{plan}-api-key", "")
    return header or request.query.get(f"x_cg_{plan}_api_key", "")


def _simple_price(world: World, request: Request) -> Answer:
    asked = request.query.get("vs_currencies", "")
    if not asked:
        return json_answer({"error": "Missing parameter vs_currencies"}, status=422)
    if not request.query.get("ids"):
        return json_answer({"error": "Missing parameter ids"}, status=422)
    currencies = [currency.strip().lower() for currency in asked.split(",")]
    if any(currency not in VS_CURRENCIES for currency in currencies):
        return json_answer({"error": "invalid vs_currency"}, status=400)
    ids = dict.fromkeys(coin.strip() for coin in request.query["ids"].split(","))
    step_us = world.profile.coingecko_step_s * 1_000_000
    at_us = request.now_us // step_us * step_us
    prices = {
        coin: _price_fields(world, request, coin, currencies, at_us)
        for coin in ids
        if coin in COINS
    }
    return json_answer(prices)


def _price_fields(
    world: World, request: Request, coin: str, currencies: list[str], at_us: int
) -> dict[str, float | int]:
    ticker, supply = COINS[coin]
    fields: dict[str, float | int] = {}
    for currency in currencies:
        price = world.simulator.rate(ticker, VS_CURRENCIES[currency], at_us)
        day_ago_us = at_us - DAY_MS * 1_000
        before = world.simulator.rate(ticker, VS_CURRENCIES[currency], day_ago_us)
        fields[currency] = _shown(price, request.query.get("precision", ""))
        if _asked(request, "include_market_cap"):
            fields[f"{currency}_market_cap"] = price * supply
        if _asked(request, "include_24hr_vol"):
            fields[f"{currency}_24h_vol"] = price * supply * _TURNOVER
        if _asked(request, "include_24hr_change"):
            fields[f"{currency}_24h_change"] = 100.0 * (price / before - 1.0)
    if _asked(request, "include_last_updated_at"):
        fields["last_updated_at"] = at_us // 1_000_000
    return fields


def _market_chart(world: World, request: Request, coin: str) -> Answer:
    currency = request.query.get("vs_currency", "").lower()
    days = request.query.get("days", "")
    if coin not in COINS:
        return json_answer({"error": "coin not found"}, status=404)
    if not currency:
        return json_answer({"error": "Missing parameter vs_currency"}, status=422)
    if currency not in VS_CURRENCIES:
        return json_answer({"error": "invalid vs_currency"}, status=400)
    if not days.isdigit() or int(days) < 1:
        return json_answer({"error": "Missing parameter days"}, status=422)
    if int(days) > MAX_CHART_DAYS:
        return json_answer({"error": {"status": _status(request, 10012, _RANGE_TEXT)}}, status=401)
    ticker, supply = COINS[coin]
    points = [
        (time_ms, world.simulator.rate(ticker, VS_CURRENCIES[currency], time_ms * 1_000))
        for time_ms in _chart_times(coin, int(days), request.now_us // 1_000)
    ]
    return json_answer(
        {
            "prices": points,
            "market_caps": [(time_ms, price * supply) for time_ms, price in points],
            "total_volumes": [(time_ms, price * supply * _TURNOVER) for time_ms, price in points],
        }
    )


def _chart_times(coin: str, days: int, now_ms: int) -> list[int]:
    """Five-minute points of one day or hourly ones of more, off the grid by the coin's own jitter.

    The last point is now.
    """
    step_ms = CHART_STEP_MS if days == 1 else HOUR_MS
    numbers = range((now_ms - days * DAY_MS) // step_ms + 1, now_ms // step_ms + 1)
    times = [
        number * step_ms + zlib.crc32(f"{coin} {number}".encode()) % 60_000 for number in numbers
    ]
    return [*(time_ms for time_ms in times if time_ms < now_ms), now_ms]


def _shown(price: float, precision: str) -> float | int:
    """Full precision as it is; so many decimals when a number says so; else rounded for a screen."""
    if precision == "full":
        return price
    if precision.isdigit():
        rounded = round(price, int(precision))
    elif price >= 1.0:
        rounded = round(price, 2)
    else:
        rounded = float(f"{price:.{_SIGNIFICANT_DIGITS}g}")
    return int(rounded) if rounded == int(rounded) else rounded


def _asked(request: Request, flag: str) -> bool:
    return request.query.get(flag, "").lower() == "true"


def _status(request: Request, code: int, text: str) -> dict[str, str | int]:
    return {"timestamp": _now(request), "error_code": code, "error_message": text}


def _now(request: Request) -> str:
    return rfc3339(request.now_us // 1_000 * 1_000).replace("Z", "+00:00")


assert all(ticker in DRIVER_INDEX for ticker, _ in COINS.values())
