"""CoinGecko's newest prices in the sandbox: `simple/price`, as old as its cache."""

from collections.abc import Callable, Iterable

from connectors.sandbox.coingecko_coins import (
    COINS,
    DEAD,
    DEAD_SINCE_S,
    TURNOVER,
    VS_CURRENCIES,
    Coin,
    asked,
    price_of,
    shown,
)
from connectors.sandbox.coingecko_errors import flat
from connectors.sandbox.wire import Answer, Request, World, json_answer

PRO_CACHE_S = 20
MAX_IDS = 515

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US

_KEYS: dict[str, Callable[[Coin], str]] = {
    "ids": lambda coin: coin.id,
    "names": lambda coin: coin.name.lower(),
    "symbols": lambda coin: coin.ticker.lower(),
}

Fields = dict[str, float | int | None]


def simple_price(world: World, request: Request, *, pro: bool) -> Answer:
    """`GET simple/price`: unknown ids are left out."""
    vs = request.query.get("vs_currencies", "")
    if not vs:
        return flat("Missing parameter vs_currencies", 422)
    coins = wanted(request)
    if coins is None:
        return flat("Missing parameter ids", 422)
    currencies = [currency.strip().lower() for currency in vs.split(",")]
    if any(currency not in VS_CURRENCIES for currency in currencies):
        return flat("invalid vs_currency", 400)
    at_us = cached_at_us(world, request, pro=pro)
    return json_answer(
        {coin.id: _fields(world, request, coin, currencies, at_us) for coin in coins}
    )


def cached_at_us(world: World, request: Request, *, pro: bool) -> int:
    """When the cache was filled: one body for so long, with one time in it."""
    step_s = world.profile.coingecko_step_s
    step_us = (min(step_s, PRO_CACHE_S) if pro else step_s) * 1_000_000
    return request.now_us // step_us * step_us


def wanted(request: Request) -> list[Coin] | None:
    """The coins asked for by id, name or ticker; None where none of these was given."""
    for parameter, key in _KEYS.items():
        if request.query.get(parameter):
            by_key = {key(coin): coin for coin in (*COINS.values(), DEAD)}
            asked_for = request.query[parameter].lower().split(",")[:MAX_IDS]
            words = dict.fromkeys(word.strip() for word in asked_for)
            return [by_key[word] for word in words if word in by_key]
    return None


def change_of(world: World, coin: Coin, currency: str, at_us: int, back_us: int) -> float:
    """By how many percent a price has changed since so long before."""
    before = price_of(world, coin, currency, at_us - back_us)
    return 100.0 * (price_of(world, coin, currency, at_us) / before - 1.0)


def _fields(
    world: World, request: Request, coin: Coin, currencies: Iterable[str], at_us: int
) -> Fields:
    fields: Fields = {}
    for currency in currencies:
        fields |= _in_currency(world, request, coin, currency, at_us)
    if coin is DEAD:
        fields = dict.fromkeys(fields)
    if asked(request, "include_last_updated_at"):
        fields["last_updated_at"] = DEAD_SINCE_S if coin is DEAD else at_us // 1_000_000
    return fields


def _in_currency(world: World, request: Request, coin: Coin, currency: str, at_us: int) -> Fields:
    price = 1.0 if coin is DEAD else price_of(world, coin, currency, at_us)
    fields: Fields = {currency: shown(price, request.query.get("precision", ""))}
    if asked(request, "include_market_cap"):
        fields[f"{currency}_market_cap"] = price * coin.supply
    if asked(request, "include_24hr_vol"):
        fields[f"{currency}_24h_vol"] = price * coin.supply * TURNOVER
    if asked(request, "include_24hr_change"):
        day = 0.0 if coin is DEAD else change_of(world, coin, currency, at_us, DAY_US)
        fields[f"{currency}_24h_change"] = day
    return fields
