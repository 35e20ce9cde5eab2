"""CoinGecko's histories in the sandbox: charts whose last point is now, bars stamped with their close."""

import re
import zlib
from collections.abc import Iterable
from datetime import UTC, date, datetime

from connectors.sandbox.coingecko_coins import (
    COINS,
    TURNOVER,
    VS_CURRENCIES,
    Coin,
    price_of,
    shown,
)
from connectors.sandbox.coingecko_errors import flat, restricted, too_far_back
from connectors.sandbox.wire import Answer, Request, World, json_answer
from market.clock import microseconds

STEP_MS = 300_000
HOUR_MS = 3_600_000
DAY_MS = 86_400_000
FREE_DAYS = 365
"""How far back one sees without paying."""
PRO_DAYS = 400
"""How old the sandbox's market is: `max`."""
BAR_DAYS = ("1", "7", "14", "30", "90", "180", "365", "max")

_STEPS_MS = {"5m": STEP_MS, "hourly": HOUR_MS, "daily": DAY_MS}
_JITTER_MS = 60_000
_SAMPLES = 8
"""Prices that a bar is made of."""
_SECONDS = re.compile(r"[0-9]{1,11}", re.ASCII)
_ISO = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d)?", re.ASCII)


def market_chart(world: World, request: Request, coin_id: str, *, pro: bool) -> Answer:
    """`GET coins/{id}/market_chart`: the last days, up to now."""
    refused = _refused(request, coin_id)
    if refused is not None:
        return refused
    days, interval = request.query.get("days", ""), request.query.get("interval", "")
    if days != "max" and not (days.isascii() and days.isdigit() and int(days[:6]) > 0):
        return flat("Missing parameter days", 422)
    count = PRO_DAYS if days == "max" else int(days[:6])
    if interval not in ("", *_STEPS_MS):
        return flat("invalid interval", 400)
    if not pro and interval == "5m":
        return restricted(request)
    if not pro and (days == "max" or count > FREE_DAYS):
        return too_far_back(request)
    now_ms = request.now_us // 1_000
    count = min(count, PRO_DAYS)
    step_ms = _STEPS_MS.get(interval) or _auto_step_ms(count * DAY_MS)
    times = _times(coin_id, step_ms, now_ms - count * DAY_MS, now_ms)
    return _series(world, request, COINS[coin_id], [*times, now_ms])


def market_chart_range(world: World, request: Request, coin_id: str, *, pro: bool) -> Answer:
    """`GET coins/{id}/market_chart/range`: from one time to another, both included."""
    refused = _refused(request, coin_id)
    if refused is not None:
        return refused
    start_ms = _time_ms(request.query.get("from", ""), pro=pro)
    end_ms = _time_ms(request.query.get("to", ""), pro=pro)
    if start_ms is None or end_ms is None or start_ms > end_ms:
        return flat("invalid from or to", 422)
    now_ms = request.now_us // 1_000
    if not pro and start_ms < now_ms - FREE_DAYS * DAY_MS:
        return too_far_back(request)
    start_ms = max(start_ms, now_ms - PRO_DAYS * DAY_MS)
    step_ms = _auto_step_ms(end_ms - start_ms)
    times = _times(coin_id, step_ms, start_ms - 1, min(end_ms + 1, now_ms))
    if end_ms >= now_ms:
        times.append(now_ms)
    return _series(world, request, COINS[coin_id], times)


def ohlc(world: World, request: Request, coin_id: str, *, pro: bool) -> Answer:
    """`GET coins/{id}/ohlc`: the last bar still runs, and is stamped with its close like the others."""
    refused = _refused(request, coin_id)
    if refused is not None:
        return refused
    days, interval = request.query.get("days", ""), request.query.get("interval", "")
    if days not in BAR_DAYS or interval not in ("", "hourly", "daily"):
        return flat("invalid days or interval", 422)
    if not pro and interval:
        return restricted(request)
    if not pro and days == "max":
        return too_far_back(request)
    count = PRO_DAYS if days == "max" else int(days)
    step_ms = _STEPS_MS[interval] if interval else _bar_ms(count)
    now_ms = request.now_us // 1_000
    first = (now_ms - count * DAY_MS) // step_ms + 1
    openings = range(first * step_ms, now_ms, step_ms)
    coin, currency = COINS[coin_id], request.query["vs_currency"].lower()
    return json_answer([_bar(world, coin, currency, at, step_ms, now_ms) for at in openings])


def history(world: World, request: Request, coin_id: str, *, pro: bool) -> Answer:
    """`GET coins/{id}/history`: the prices of one day's midnight, in every currency."""
    if coin_id not in COINS:
        return flat("coin not found", 404)
    day = _day(request.query.get("date", ""), pro=pro)
    if day is None:
        return flat("invalid date", 400)
    at_us = microseconds(datetime(day.year, day.month, day.day, tzinfo=UTC))
    days = (request.now_us - at_us) // (DAY_MS * 1_000)
    if not pro and days > FREE_DAYS:
        return too_far_back(request)
    coin = COINS[coin_id]
    body: dict[str, object] = {"id": coin.id, "symbol": coin.ticker.lower(), "name": coin.name}
    if request.query.get("localization", "true").lower() != "false":
        body["localization"] = {"en": coin.name, "de": coin.name}
    if 0 <= days <= PRO_DAYS:
        prices = {vs: price_of(world, coin, vs, at_us) for vs in VS_CURRENCIES}
        body["market_data"] = {
            "current_price": prices,
            "market_cap": {vs: price * coin.supply for vs, price in prices.items()},
            "total_volume": {vs: price * coin.supply * TURNOVER for vs, price in prices.items()},
        }
    body["community_data"] = {"facebook_likes": None, "reddit_subscribers": None}
    body["public_interest_stats"] = {"alexa_rank": None, "bing_matches": None}
    return json_answer(body)


def _refused(request: Request, coin_id: str) -> Answer | None:
    currency = request.query.get("vs_currency", "").lower()
    if coin_id not in COINS:
        return flat("coin not found", 404)
    if not currency:
        return flat("Missing parameter vs_currency", 422)
    return None if currency in VS_CURRENCIES else flat("invalid vs_currency", 400)


def _series(world: World, request: Request, coin: Coin, times: Iterable[int]) -> Answer:
    currency, precision = (
        request.query["vs_currency"].lower(),
        request.query.get("precision", "full"),
    )
    points = [(at, shown(price_of(world, coin, currency, at * 1_000), precision)) for at in times]
    return json_answer(
        {
            "prices": points,
            "market_caps": [(at, price * coin.supply) for at, price in points],
            "total_volumes": [(at, price * coin.supply * TURNOVER) for at, price in points],
        }
    )


def _auto_step_ms(span_ms: int) -> int:
    if span_ms <= DAY_MS:
        return STEP_MS
    return HOUR_MS if span_ms <= 90 * DAY_MS else DAY_MS


def _times(coin_id: str, step_ms: int, after_ms: int, before_ms: int) -> list[int]:
    """The points between two times: of days at midnight, others off the grid by the coin's own jitter."""
    jitter = 0 if step_ms == DAY_MS else _JITTER_MS
    times = [
        number * step_ms + (zlib.crc32(f"{coin_id} {number}".encode()) % jitter if jitter else 0)
        for number in range(after_ms // step_ms, before_ms // step_ms + 1)
    ]
    return [at for at in times if after_ms < at < before_ms]


def _bar_ms(days: int) -> int:
    if days <= 2:
        return 1_800_000
    return 4 * HOUR_MS if days <= 30 else 4 * DAY_MS


def _bar(
    world: World, coin: Coin, currency: str, opening_ms: int, step_ms: int, now_ms: int
) -> tuple[int, float, float, float, float]:
    """Open, high, low and close out of a few prices, as far as the bar has come."""
    close_ms = opening_ms + step_ms
    times = {min(opening_ms + part * step_ms // _SAMPLES, now_ms) for part in range(_SAMPLES + 1)}
    prices = [price_of(world, coin, currency, at * 1_000) for at in sorted(times)]
    return close_ms, prices[0], max(prices), min(prices), prices[-1]


def _time_ms(text: str, *, pro: bool) -> int | None:
    """UNIX seconds, on the pro host an ISO time too."""
    if _SECONDS.fullmatch(text):
        return int(text) * 1_000
    if not pro or not _ISO.fullmatch(text):
        return None
    try:
        return microseconds(datetime.fromisoformat(text).replace(tzinfo=UTC)) // 1_000
    except ValueError:
        return None


def _day(text: str, *, pro: bool) -> date | None:
    """dd-mm-yyyy, on the pro host YYYY-MM-DD."""
    try:
        return datetime.strptime(text, "%Y-%m-%d" if pro else "%d-%m-%Y").replace(tzinfo=UTC).date()
    except ValueError:
        return None
