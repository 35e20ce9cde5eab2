"""CoinGecko's `coins/markets` in the sandbox: pages of coins with their numbers, some of them null."""

from connectors.sandbox.coingecko_coins import (
    COINS,
    DEAD,
    DEAD_SINCE_S,
    TURNOVER,
    VS_CURRENCIES,
    Coin,
    price_of,
    shown,
)
from connectors.sandbox.coingecko_errors import flat
from connectors.sandbox.coingecko_prices import DAY_US, HOUR_US, cached_at_us, change_of, wanted
from connectors.sandbox.wire import Answer, Request, World, json_answer
from market.clock import datetime_of

DEFAULT_PER_PAGE, MAX_PER_PAGE = 100, 250
ORDERS = ("market_cap_desc", "market_cap_asc", "volume_desc", "volume_asc", "id_asc", "id_desc")

_CHANGES_US = {"1h": HOUR_US, "24h": DAY_US, "7d": 7 * DAY_US, "30d": 30 * DAY_US}
_NUMBERS = (
    "current_price", "market_cap", "market_cap_rank", "fully_diluted_valuation", "total_volume",
    "high_24h", "low_24h", "price_change_24h", "price_change_percentage_24h",
    "market_cap_change_24h", "market_cap_change_percentage_24h", "circulating_supply",
    "total_supply", "max_supply",
)  # fmt: skip


def markets(world: World, request: Request, *, pro: bool) -> Answer:
    """`GET coins/markets`: a page of coins; an empty one ends the list."""
    currency = request.query.get("vs_currency", "").lower()
    if not currency:
        return flat("Missing parameter vs_currency", 422)
    if currency not in VS_CURRENCIES:
        return flat("invalid vs_currency", 400)
    order = request.query.get("order", ORDERS[0])
    per_page = _whole(request.query.get("per_page", ""), DEFAULT_PER_PAGE)
    page = _whole(request.query.get("page", ""), 1)
    if order not in ORDERS or not 1 <= per_page <= MAX_PER_PAGE or page < 1:
        return flat("invalid parameter", 422)
    at_us = cached_at_us(world, request, pro=pro)
    ranked = _ranked(world, at_us)
    ranks: dict[str, int | None] = {coin.id: rank for rank, coin in enumerate(ranked, 1)}
    ranks[DEAD.id] = None
    asked = wanted(request)
    coins = [coin for coin in (*ranked, DEAD) if asked is None or coin in asked]
    if order.startswith("id"):
        coins.sort(key=lambda coin: coin.id)
    if order.endswith("_asc") != order.startswith("id"):
        coins.reverse()
    first = (page - 1) * per_page
    return json_answer(
        [
            _row(world, request, coin, currency, at_us) | {"market_cap_rank": ranks[coin.id]}
            for coin in coins[first : first + per_page]
        ]
    )


def _row(
    world: World, request: Request, coin: Coin, currency: str, at_us: int
) -> dict[str, object]:
    head = {
        "id": coin.id,
        "symbol": coin.ticker.lower(),
        "name": coin.name,
        "image": f"https://coin-images.coingecko.com/coins/images/1/large/{coin.id}.png",
    }
    if coin is DEAD:
        last = _iso(DEAD_SINCE_S * 1_000_000)
        return {**head, **dict.fromkeys(_NUMBERS), "roi": None, "last_updated": last}
    row: dict[str, object] = {**head, **_numbers(world, request, coin, currency, at_us)}
    row |= {"roi": None, "last_updated": _iso(at_us)}
    for name in request.query.get("price_change_percentage", "").split(","):
        if name in _CHANGES_US:
            change = change_of(world, coin, currency, at_us, _CHANGES_US[name])
            row[f"price_change_percentage_{name}_in_currency"] = change
    return row


def _numbers(
    world: World, request: Request, coin: Coin, currency: str, at_us: int
) -> dict[str, object]:
    """The fields of `_NUMBERS`, but for the rank."""
    price = price_of(world, coin, currency, at_us)
    hours = [price_of(world, coin, currency, at_us - hour * HOUR_US) for hour in range(24)]
    before, cap = price_of(world, coin, currency, at_us - DAY_US), price * coin.supply
    values = (
        shown(price, request.query.get("precision", "")), round(cap), None,
        round(price * (coin.max_supply or coin.supply)), round(cap * TURNOVER),
        max(hours), min(hours), price - before, 100.0 * (price / before - 1.0),
        cap - before * coin.supply, 100.0 * (price / before - 1.0),
        float(coin.supply), float(coin.supply), coin.max_supply,
    )  # fmt: skip
    return dict(zip(_NUMBERS, values, strict=True))


def _ranked(world: World, at_us: int) -> list[Coin]:
    """The living, the largest first."""
    return sorted(
        COINS.values(), key=lambda coin: -price_of(world, coin, "usd", at_us) * coin.supply
    )


def _iso(time_us: int) -> str:
    return f"{datetime_of(time_us):%Y-%m-%dT%H:%M:%S}.{time_us // 1_000 % 1_000:03d}Z"


def _whole(text: str, default: int) -> int:
    """The number in a text; the default where there is none, 0 where it is no number."""
    if not text:
        return default
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
