"""Fixer's wire format: rates per one unit of the base as JSON floats, errors under HTTP 200.

Behind its first door (`api/<endpoint>`) the key is the parameter `access_key`; behind the gateway's
(`fixer/<endpoint>`) it is the header `apikey`, and the gateway's own errors are HTTP statuses.
"""

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta

from connectors.sandbox.rates import (
    CURRENCIES,
    NAMES,
    collected_us,
    day_end_us,
    day_of,
    day_rates,
    fresh_or_304,
    known,
    rates,
)
from connectors.sandbox.wire import INVALID_KEY, Answer, Request, World
from market.clock import datetime_of

CALLS_PER_MONTH = 100
DEFAULT_BASE = "EUR"
MAX_DAYS = 365
GATEWAY = "fixer/"

_SECOND_US = 1_000_000
_KEY_INFO = (
    "You have not supplied a valid API Access Key. [Technical Support: support@apilayer.com]"
)
_LIMIT_INFO = "Your monthly API request volume has been reached. Please upgrade your plan."
_SYMBOLS_INFO = (
    "You have provided one or more invalid Currency Codes. "
    "[Required format: currencies=EUR,USD,GBP,...]"
)
_FUNCTION_INFO = "This API Function does not exist."
_DATE_INFO = "You have entered an invalid date. [Required format: date=YYYY-MM-DD]"
_GATEWAY_LIMIT = (
    "You have exceeded your daily/monthly API rate limit. Please review and upgrade your "
    "subscription plan at https://promptapi.com/subscriptions to continue."
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_AMOUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,15})?")
_CALLBACK = re.compile(r"[A-Za-z_$][\w$.]{0,63}")

Body = Mapping[str, object]


class _Refused(Exception):
    """An error body: its code, its type, and the sentence that may be missing."""

    def __init__(self, code: int, kind: str, info: str | None = None) -> None:
        super().__init__(code, kind)
        error: dict[str, int | str] = {"code": code, "type": kind}
        self.body = {"success": False, "error": error if info is None else {**error, "info": info}}


def respond(world: World, request: Request) -> Answer:
    """The answer of `GET api/<endpoint>`, or of `fixer/<endpoint>` behind the gateway."""
    gateway = request.path.startswith(GATEWAY)
    name = request.path.removeprefix(GATEWAY if gateway else "api/")
    endpoint = _historical if _DATE.fullmatch(name) else _ENDPOINTS.get(name)
    refusal = _unknown(world, request, endpoint is not None, gateway)
    if refusal is not None:
        return refusal
    assert endpoint is not None
    try:
        body, modified_us = endpoint(world, request, name)
    except _Refused as refused:
        return _written(refused.body, request)
    return fresh_or_304(_written(body, request), request, modified_us)


def _unknown(world: World, request: Request, exists: bool, gateway: bool) -> Answer | None:
    """What refuses a caller before its question is read: key, endpoint, the month's calls."""
    key = request.headers.get("apikey", "") if gateway else request.query.get("access_key", "")
    free = not world.profile.premium
    if not key:
        error = _Refused(101, "missing_access_key", _KEY_INFO)
        status, message = 401, "No API key found in request"
    elif key == INVALID_KEY:
        error = _Refused(101, "invalid_access_key", _KEY_INFO)
        status, message = 401, "Invalid authentication credentials"
    elif not exists:
        error = _Refused(103, "invalid_api_function", _FUNCTION_INFO)
        status, message = 404, "no Route matched with those values"
    elif free and not _spend(world, key, request.now_us):
        error = _Refused(104, "monthly_limit_reached", _LIMIT_INFO)
        status, message = 429, _GATEWAY_LIMIT
    else:
        return None
    if gateway:
        return Answer(_json({"message": message}), status)
    return _written(error.body, request)


def _spend(world: World, key: str, now_us: int) -> bool:
    month = datetime_of(now_us)
    return world.ledger.spend(f"fixer {key}", month.year * 12 + month.month, CALLS_PER_MONTH)


def _latest(world: World, request: Request, _: str) -> tuple[Body, int]:
    base, codes = _pairs(world, request.query)
    at_us = collected_us(world, request.now_us)
    return {
        "success": True,
        "timestamp": at_us // _SECOND_US,
        "base": base,
        "date": f"{datetime_of(at_us):%Y-%m-%d}",
        "rates": rates(world, base, codes, at_us),
    }, at_us


def _historical(world: World, request: Request, name: str) -> tuple[Body, int]:
    day = _day(name, request.now_us)
    base, codes = _pairs(world, request.query)
    at_us = _end_us(world, day, request.now_us)
    return {
        "success": True,
        "historical": True,
        "date": str(day),
        "timestamp": at_us // _SECOND_US,
        "base": base,
        "rates": day_rates(world, base, codes, at_us),
    }, at_us


def _timeseries(world: World, request: Request, _: str) -> tuple[Body, int]:
    """Weekends are left out."""
    _paid(world)
    first, last = _frame(request)
    base, codes = _pairs(world, request.query)
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return {
        "success": True,
        "timeseries": True,
        "start_date": str(first),
        "end_date": str(last),
        "base": base,
        "rates": {
            str(day): day_rates(world, base, codes, _end_us(world, day, request.now_us))
            for day in days
            if day.weekday() < 5
        },
    }, _end_us(world, last, request.now_us)


def _fluctuation(world: World, request: Request, _: str) -> tuple[Body, int]:
    _paid(world)
    first, last = _frame(request)
    base, codes = _pairs(world, request.query)
    ends = [_end_us(world, day, request.now_us) for day in (first, last)]
    start, end = (day_rates(world, base, codes, at_us) for at_us in ends)
    return {
        "success": True,
        "fluctuation": True,
        "start_date": str(first),
        "end_date": str(last),
        "base": base,
        "rates": {
            code: {
                "start_rate": start[code],
                "end_rate": end[code],
                "change": round(end[code] - start[code], 4),
                "change_pct": round((end[code] / start[code] - 1) * 100, 4),
            }
            for code in codes
        },
    }, ends[1]


def _convert(world: World, request: Request, _: str) -> tuple[Body, int]:
    """`historical` is an empty text where no day is asked for."""
    _paid(world)
    base, code = (request.query.get(name, "").upper() for name in ("from", "to"))
    if base not in CURRENCIES or code not in CURRENCIES:
        raise _Refused(202, "invalid_currency_codes", _SYMBOLS_INFO)
    amount = _amount(request.query.get("amount", ""))
    day = request.query.get("date", "")
    if day:
        at_us = _end_us(world, _day(day, request.now_us), request.now_us)
        rate = day_rates(world, base, [code], at_us)[code]
    else:
        at_us = collected_us(world, request.now_us)
        rate = rates(world, base, [code], at_us)[code]
    return {
        "success": True,
        "query": {"from": base, "to": code, "amount": _whole(amount)},
        "info": {"timestamp": at_us // _SECOND_US, "rate": rate},
        "historical": True if day else "",
        "date": f"{datetime_of(at_us):%Y-%m-%d}",
        "result": _whole(round(amount * rate, 6)),
    }, at_us


def _symbols(world: World, request: Request, _: str) -> tuple[Body, int]:
    symbols = {code: NAMES[code] for code in CURRENCIES}
    return {"success": True, "symbols": symbols}, day_end_us(date(2026, 1, 1))


_ENDPOINTS: Mapping[str, Callable[[World, Request, str], tuple[Body, int]]] = {
    "latest": _latest,
    "timeseries": _timeseries,
    "fluctuation": _fluctuation,
    "convert": _convert,
    "symbols": _symbols,
}
"""Each gives a body and when what it says was last changed."""


def _paid(world: World) -> None:
    if not world.profile.premium:
        raise _Refused(105, "function_access_restricted")


def _pairs(world: World, query: Mapping[str, str]) -> tuple[str, list[str]]:
    base = query.get("base", DEFAULT_BASE).upper()
    if base not in CURRENCIES:
        raise _Refused(201, "invalid_base_currency")
    if base != DEFAULT_BASE and not world.profile.premium:
        raise _Refused(105, "base_currency_access_restricted")
    codes = known(query.get("symbols", ""))
    if not codes:
        raise _Refused(202, "invalid_currency_codes", _SYMBOLS_INFO)
    return base, codes


def _frame(request: Request) -> tuple[date, date]:
    texts = [request.query.get(name, "") for name in ("start_date", "end_date")]
    if not all(texts):
        raise _Refused(501, "no_timeframe_supplied")
    first, last = (day_of(text, request.now_us) for text in texts)
    if first is None:
        raise _Refused(502, "invalid_start_date")
    if last is None:
        raise _Refused(503, "invalid_end_date")
    if last < first:
        raise _Refused(504, "invalid_time_frame")
    if (last - first).days > MAX_DAYS:
        raise _Refused(505, "time_frame_too_long")
    return first, last


def _day(text: str, now_us: int) -> date:
    day = day_of(text, now_us)
    if day is None:
        raise _Refused(302, "invalid_date", _DATE_INFO)
    return day


def _amount(text: str) -> float:
    if not _AMOUNT.fullmatch(text):
        raise _Refused(403, "invalid_conversion_amount")
    return float(text)


def _end_us(world: World, day: date, now_us: int) -> int:
    """The end of a day; of one that is not over, the newest rates."""
    return min(day_end_us(day), collected_us(world, now_us))


def _whole(number: float) -> float | int:
    return int(number) if number.is_integer() else number


def _written(body: Body, request: Request) -> Answer:
    """JSON, pretty with `format=1`, wrapped with `callback=name`."""
    data = _json(body, pretty=request.query.get("format") == "1")
    callback = request.query.get("callback", "")
    if not _CALLBACK.fullmatch(callback):
        return Answer(data)
    return Answer(
        f"{callback}({data.decode()})".encode(), headers={"content-type": "application/javascript"}
    )


def _json(value: Body, *, pretty: bool = False) -> bytes:
    """An exponent is PHP's 1.2e-5, where Python writes 1.2e-05."""
    text = json.dumps(value, indent=4) if pretty else json.dumps(value, separators=(",", ":"))
    return re.sub(r"(\de-)0", r"\1", text).encode()
