"""Fixer's wire format: rates per one unit of the base as JSON floats, errors under HTTP 200."""

import hashlib
import json
import re
from collections.abc import Iterable

from connectors.sandbox.universe import DRIVERS
from connectors.sandbox.wire import INVALID_KEY, Answer, Request, World
from market.clock import datetime_of
from market.instruments import AssetClass

CALLS_PER_MONTH = 100
RATE_PLACES = 6
DEFAULT_BASE = "EUR"

_LIMIT_INFO = "Your monthly API request volume has been reached. Please upgrade your plan."
_KEY_INFO = (
    "You have not supplied a valid API Access Key. [Technical Support: support@apilayer.com]"
)
_SYMBOLS_INFO = (
    "You have provided one or more invalid Currency Codes. "
    "[Required format: currencies=EUR,USD,GBP,...]"
)
_FUNCTION_INFO = "This API Function does not exist."
CURRENCIES = sorted(
    {"USD", "BTC"} | {driver.name for driver in DRIVERS if driver.asset_class is AssetClass.FX}
)


def respond(world: World, request: Request) -> Answer:
    """The answer of `GET /api/<function>`; of those, `latest`."""
    key = request.query.get("access_key", "")
    if not key:
        return _error(101, "missing_access_key", _KEY_INFO)
    if key == INVALID_KEY:
        return _error(101, "invalid_access_key", _KEY_INFO)
    if request.path != "latest":
        return _error(103, "invalid_api_function", _FUNCTION_INFO)
    if not world.profile.premium and not _spend(world, key, request.now_us):
        return _error(104, "monthly_limit_reached", _LIMIT_INFO)
    return _latest(world, request)


def _spend(world: World, key: str, now_us: int) -> bool:
    month = datetime_of(now_us)
    return world.ledger.spend(f"fixer {key}", month.year * 12 + month.month, CALLS_PER_MONTH)


def _latest(world: World, request: Request) -> Answer:
    base = request.query.get("base", DEFAULT_BASE).upper()
    if base not in CURRENCIES:
        return _error(201, "invalid_base_currency")
    if base != DEFAULT_BASE and not world.profile.premium:
        return _error(105, "base_currency_access_restricted")
    symbols = _wanted(request.query.get("symbols", ""))
    if not symbols:
        return _error(202, "invalid_currency_codes", _SYMBOLS_INFO)
    step_s = world.profile.fixer_step_s
    timestamp = request.now_us // 1_000_000 // step_s * step_s
    body = {
        "success": True,
        "timestamp": timestamp,
        "base": base,
        "date": f"{datetime_of(timestamp * 1_000_000):%Y-%m-%d}",
        "rates": _rates(world, base, symbols, timestamp * 1_000_000),
    }
    return _tagged(_json(body), request)


def _wanted(symbols: str) -> list[str]:
    """Known codes of a comma-separated list, unknown ones dropped; all when the list is empty."""
    if not symbols:
        return CURRENCIES
    asked = {symbol.strip().upper() for symbol in symbols.split(",")}
    return [currency for currency in CURRENCIES if currency in asked]


def _rates(world: World, base: str, symbols: Iterable[str], time_us: int) -> dict[str, float | int]:
    """Six decimals, more for a tiny rate, which JSON then shows as 1.2e-5."""
    rates: dict[str, float | int] = {}
    for symbol in symbols:
        rate = world.simulator.rate(base, symbol, time_us)
        rates[symbol] = 1 if symbol == base else round(rate, RATE_PLACES)
        if rate < 10 ** (2 - RATE_PLACES):
            rates[symbol] = float(f"{rate:.{RATE_PLACES}g}")
    return rates


def _tagged(body: bytes, request: Request) -> Answer:
    """The body with its ETag, or 304 when the asker has it."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    if request.headers.get("if-none-match") == tag:
        return Answer(b"", 304, {"etag": tag})
    return Answer(body, 200, {"etag": tag})


def _error(code: int, kind: str, info: str | None = None) -> Answer:
    error: dict[str, int | str] = {"code": code, "type": kind}
    if info is not None:
        error["info"] = info
    return Answer(_json({"success": False, "error": error}))


def _json(value: object) -> bytes:
    """Compact JSON; an exponent is PHP's 1.2e-5, where Python writes 1.2e-05."""
    text = json.dumps(value, separators=(",", ":"))
    return re.sub(r"(\de-)0", r"\1", text).encode()
