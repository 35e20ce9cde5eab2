"""What CoinGecko's sandbox tells beside prices: coins, currencies, the plan."""

from connectors.sandbox.coingecko_coins import COINS, DEAD, VS_CURRENCIES, asked
from connectors.sandbox.coingecko_errors import flat, restricted
from connectors.sandbox.wire import Answer, Request, World, json_answer

PRO_PER_MINUTE = 250
PRO_PER_MONTH = 500_000


def ping(world: World, request: Request, *, pro: bool) -> Answer:
    """`GET ping`."""
    return json_answer({"gecko_says": "(V3) To the Moon!"})


def coins_list(world: World, request: Request, *, pro: bool) -> Answer:
    """`GET coins/list`: tickers in lower case."""
    platforms: dict[str, object] = {}
    if asked(request, "include_platform"):
        platforms["platforms"] = {}
    return json_answer(
        [
            {"id": coin.id, "symbol": coin.ticker.lower(), "name": coin.name, **platforms}
            for coin in (*COINS.values(), DEAD)
        ]
    )


def search(world: World, request: Request, *, pro: bool) -> Answer:
    """`GET search`: tickers in upper case; a rank may be null."""
    query = request.query.get("query", "").lower()
    if not query:
        return flat("Missing parameter query", 422)
    found = [
        {
            "id": coin.id,
            "name": coin.name,
            "api_symbol": coin.id,
            "symbol": coin.ticker,
            "market_cap_rank": None if coin is DEAD else rank,
            "thumb": f"https://coin-images.coingecko.com/coins/images/1/thumb/{coin.id}.png",
            "large": f"https://coin-images.coingecko.com/coins/images/1/large/{coin.id}.png",
        }
        for rank, coin in enumerate((*COINS.values(), DEAD), 1)
        if query in coin.id or query in coin.name.lower() or query in coin.ticker.lower()
    ]
    return json_answer({"coins": found, "exchanges": [], "icos": [], "categories": [], "nfts": []})


def supported_vs_currencies(world: World, request: Request, *, pro: bool) -> Answer:
    """`GET simple/supported_vs_currencies`."""
    return json_answer(list(VS_CURRENCIES))


def key(world: World, request: Request, *, pro: bool) -> Answer:
    """`GET key`, of the pro host alone."""
    if not pro:
        return restricted(request)
    used = world.calls.total("coingecko")
    return json_answer(
        {
            "plan": "Analyst",
            "rate_limit_request_per_minute": PRO_PER_MINUTE,
            "monthly_call_credit": PRO_PER_MONTH,
            "current_total_monthly_calls": used,
            "current_remaining_monthly_calls": max(0, PRO_PER_MONTH - used),
            "api_key_rate_limit_request_per_minute": PRO_PER_MINUTE,
            "api_key_monthly_call_credit": PRO_PER_MONTH,
            "api_key_current_total_monthly_calls": used,
        }
    )
