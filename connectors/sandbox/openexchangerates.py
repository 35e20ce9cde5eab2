"""Open Exchange Rates' wire format: rates per one dollar as JSON floats, errors by HTTP status."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta

from connectors.periods import month_after_us
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

CALLS_PER_MONTH = 1_000
INACTIVE_KEY = "inactive"
"""The one App ID that is deactivated."""
DOLLAR = "USD"
MAX_DAYS = 31

_SECOND_US = 1_000_000
_TERMS = {
    "disclaimer": "Usage subject to terms: https://openexchangerates.org/terms",
    "license": "https://openexchangerates.org/license",
}
_SUPPORT = "contact support@openexchangerates.org"
_HISTORICAL = re.compile(r"historical/([^/]+)\.json")
_CONVERT = re.compile(r"convert/([0-9]{1,15}(?:\.[0-9]{1,15})?)/([A-Za-z]{3})/([A-Za-z]{3})")

Body = Mapping[str, object]
Endpoint = Callable[[World, Request, tuple[str, ...]], tuple[Body, int]]


class _Refused(Exception):
    """An error: its HTTP status, its word and its sentence."""

    def __init__(self, status: int, message: str, description: str) -> None:
        super().__init__(status, message)
        self.status = status
        self.body = {
            "error": True,
            "status": status,
            "message": message,
            "description": description,
        }


def respond(world: World, request: Request) -> Answer:
    """The answer of `GET api/<endpoint>`."""
    try:
        endpoint, parts = _endpoint(request.path.removeprefix("api/"))
        if endpoint is not _currencies:
            key = _key(request)
            if endpoint is not _usage:
                _spend(world, key, request.now_us)
        body, modified_us = endpoint(world, request, parts)
    except _Refused as refused:
        return _written(refused.body, request, refused.status)
    return fresh_or_304(_written(body, request, 200), request, modified_us, weak=True)


def _endpoint(name: str) -> tuple[Endpoint, tuple[str, ...]]:
    if name in _ENDPOINTS:
        return _ENDPOINTS[name], ()
    for pattern, endpoint in ((_HISTORICAL, _historical), (_CONVERT, _convert)):
        match = pattern.fullmatch(name)
        if match is not None:
            return endpoint, match.groups()
    raise _Refused(404, "not_found", "The requested resource does not exist.")


def _key(request: Request) -> str:
    header = request.headers.get("authorization", "")
    key = request.query.get("app_id", "") or header.removeprefix("Token ").strip()
    if not key:
        text = "No App ID provided. Please sign up at https://openexchangerates.org/signup"
        raise _Refused(401, "missing_app_id", f"{text}, or {_SUPPORT}.")
    if key == INVALID_KEY:
        text = "Invalid App ID provided. Please sign up at https://openexchangerates.org/signup"
        raise _Refused(401, "invalid_app_id", f"{text}, or {_SUPPORT}.")
    if key == INACTIVE_KEY:
        text = "This App ID has been deactivated. Please use another"
        raise _Refused(401, "app_id_inactive", f"{text} or {_SUPPORT} for assistance.")
    return key


def _spend(world: World, key: str, now_us: int) -> None:
    if world.profile.premium:
        return
    now = datetime_of(now_us)
    account, month = f"openexchangerates {key}", now.year * 12 + now.month
    if not world.ledger.spend(account, month, CALLS_PER_MONTH):
        until = f"{datetime_of(month_after_us(now_us)):%Y-%m-%d}"
        text = f"Access restricted until {until} (reason: too_many_requests)."
        raise _Refused(
            429, "access_restricted", f"{text} If there has been a mistake, please {_SUPPORT}."
        )


def _latest(world: World, request: Request, _: tuple[str, ...]) -> tuple[Body, int]:
    base = _base(world, request)
    at_us = collected_us(world, request.now_us)
    codes = known(request.query.get("symbols", ""))
    return _table(at_us, base, rates(world, base, codes, at_us)), at_us


def _historical(world: World, request: Request, parts: tuple[str, ...]) -> tuple[Body, int]:
    day = _day(parts[0], request.now_us)
    base = _base(world, request)
    at_us = _last_us(world, day, request.now_us)
    codes = known(request.query.get("symbols", ""))
    return _table(at_us, base, day_rates(world, base, codes, at_us)), at_us


def _timeseries(world: World, request: Request, _: tuple[str, ...]) -> tuple[Body, int]:
    _paid(world, "The `time-series` feature")
    first, last = (_day(request.query.get(name, ""), request.now_us) for name in ("start", "end"))
    if not 0 <= (last - first).days < MAX_DAYS:
        raise _Refused(400, "invalid_date_range", f"Give a range of at most {MAX_DAYS} days.")
    base = _base(world, request)
    codes = known(request.query.get("symbols", ""))
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    tables = {
        str(day): day_rates(world, base, codes, _last_us(world, day, request.now_us))
        for day in days
    }
    span = {"start_date": str(first), "end_date": str(last), "base": base}
    return {**_TERMS, **span, "rates": tables}, _last_us(world, last, request.now_us)


def _convert(world: World, request: Request, parts: tuple[str, ...]) -> tuple[Body, int]:
    _paid(world, "Currency conversion")
    amount, (base, code) = float(parts[0]), (part.upper() for part in parts[1:])
    if base not in CURRENCIES or code not in CURRENCIES:
        raise _Refused(400, "invalid_currency", "Invalid currency code(s) provided.")
    at_us = collected_us(world, request.now_us)
    rate = rates(world, base, [code], at_us)[code]
    query = {
        "query": f"/convert/{'/'.join(parts)}",
        "amount": amount,
        "from": base,
        "to": code,
    }
    meta = {"timestamp": at_us // _SECOND_US, "rate": rate}
    return {
        **_TERMS,
        "request": query,
        "meta": meta,
        "response": round(amount * rate, 6),
    }, at_us


def _currencies(world: World, request: Request, _: tuple[str, ...]) -> tuple[Body, int]:
    return {code: NAMES[code] for code in CURRENCIES}, day_end_us(date(2026, 1, 1))


def _usage(world: World, request: Request, _: tuple[str, ...]) -> tuple[Body, int]:
    """What the ledger has counted is not looked up: the counts are those of a fresh month."""
    paid = world.profile.premium
    plan = {
        "name": "Unlimited" if paid else "Free",
        "quota": "Unlimited" if paid else f"{CALLS_PER_MONTH} requests / month",
        "update_frequency": f"{world.profile.fixer_step_s}s",
        "features": {"base": paid, "symbols": paid, "time-series": paid, "convert": paid},
    }
    quota = -1 if paid else CALLS_PER_MONTH
    counts = {
        "requests": 0,
        "requests_quota": quota,
        "requests_remaining": quota,
        "days_elapsed": 0,
        "days_remaining": 30,
        "daily_average": 0,
    }
    data = {"app_id": _key(request), "status": "active", "plan": plan, "usage": counts}
    return {"status": 200, "data": data}, request.now_us


_ENDPOINTS: Mapping[str, Endpoint] = {
    "latest.json": _latest,
    "time-series.json": _timeseries,
    "currencies.json": _currencies,
    "usage.json": _usage,
}
"""Each gives a body and when what it says was last changed."""


def _table(at_us: int, base: str, table: Body) -> Body:
    return {**_TERMS, "timestamp": at_us // _SECOND_US, "base": base, "rates": table}


def _base(world: World, request: Request) -> str:
    base = request.query.get("base", DOLLAR).upper()
    if base not in CURRENCIES:
        raise _Refused(400, "invalid_base", "The `base` currency requested is unknown.")
    if base != DOLLAR:
        _paid(world, "Changing the API `base` currency")
    return base


def _paid(world: World, feature: str) -> None:
    if not world.profile.premium:
        plans = "is available for Developer, Enterprise and Unlimited plan clients"
        text = f"{feature} {plans}. Please upgrade, or {_SUPPORT} with any questions."
        raise _Refused(403, "not_allowed", text)


def _day(text: str, now_us: int) -> date:
    day = day_of(text, now_us)
    if day is None:
        raise _Refused(400, "invalid_date", "Give a date as YYYY-MM-DD, since 1999-01-01.")
    return day


def _last_us(world: World, day: date, now_us: int) -> int:
    """The last step of a day, 23:00 where rates are hourly; of a day that is not over, the newest."""
    return collected_us(world, min(day_end_us(day), now_us))


def _written(body: Body, request: Request, status: int) -> Answer:
    pretty = request.query.get("prettyprint") in ("1", "true")
    text = json.dumps(body, indent=2) if pretty else json.dumps(body, separators=(",", ":"))
    return Answer(text.encode(), status, {"cache-control": "public"} if status == 200 else {})
