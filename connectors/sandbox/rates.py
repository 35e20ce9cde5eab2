"""What the sandbox's providers of exchange rates have in common: currencies, rates, days, 304s."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache

from connectors.sandbox.simulator import DOLLAR, Simulator
from connectors.sandbox.universe import DRIVERS
from connectors.sandbox.wire import Answer, Request, World
from market.clock import datetime_of, microseconds
from market.instruments import AssetClass

NAMES: Mapping[str, str] = {
    "AUD": "Australian Dollar",
    "BTC": "Bitcoin",
    "CAD": "Canadian Dollar",
    "CHF": "Swiss Franc",
    "CNY": "Chinese Yuan",
    "EUR": "Euro",
    "GBP": "British Pound Sterling",
    "INR": "Indian Rupee",
    "JPY": "Japanese Yen",
    "MXN": "Mexican Peso",
    "NGN": "Nigerian Naira",
    "NOK": "Norwegian Krone",
    "NZD": "New Zealand Dollar",
    "PLN": "Polish Zloty",
    "SEK": "Swedish Krona",
    "TRY": "Turkish Lira",
    "USD": "United States Dollar",
    "ZAR": "South African Rand",
}
CURRENCIES = sorted(
    {"USD", "BTC"} | {driver.name for driver in DRIVERS if driver.asset_class is AssetClass.FX}
)
RATE_PLACES = 6
FIRST_DAY = date(1999, 1, 1)

_DAY_US = 86_400_000_000
_SECOND_US = 1_000_000
_KEPT_TABLES = 4_096


def collected_us(world: World, now_us: int) -> int:
    """When the newest rates were collected: the last step of the profile."""
    step_us = world.profile.fixer_step_s * _SECOND_US
    return now_us // step_us * step_us


def known(symbols: str) -> list[str]:
    """The known codes of a comma-separated list; all where it is empty."""
    if not symbols:
        return CURRENCIES
    asked = {symbol.strip().upper() for symbol in symbols.split(",")}
    return [currency for currency in CURRENCIES if currency in asked]


def rates(world: World, base: str, codes: Iterable[str], time_us: int) -> dict[str, float | int]:
    """Units of each code per one of the base: six decimals, more of a tiny rate; the base is 1."""
    return {code: _rounded(world.simulator.rate(base, code, time_us), base, code) for code in codes}


def day_rates(
    world: World, base: str, codes: Iterable[str], time_us: int
) -> dict[str, float | int]:
    """The same of a time that is over, to the minute: remembered, for every base."""
    dollars = _dollars(world.simulator, time_us)
    return {code: _rounded(dollars[base] / dollars[code], base, code) for code in codes}


def day_end_us(day: date) -> int:
    """The last second of a day."""
    return microseconds(datetime.combine(day, time(), UTC)) + _DAY_US - _SECOND_US


def day_of(text: str, now_us: int) -> date | None:
    """The day of `YYYY-MM-DD`, from 1999 to today."""
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        return None
    return day if FIRST_DAY <= day <= datetime_of(now_us).date() else None


def fresh_or_304(
    answer: Answer, request: Request, modified_us: int, *, weak: bool = False
) -> Answer:
    """The answer with its ETag and Last-Modified, or 304 without a body where the asker has it."""
    tag = f'{"W/" if weak else ""}"{hashlib.sha256(answer.body).hexdigest()[:32]}"'
    modified = datetime_of(modified_us).replace(microsecond=0)
    headers = {
        **answer.headers,
        "etag": tag,
        "last-modified": format_datetime(modified, usegmt=True),
    }
    if _has_it(request.headers, tag, modified):
        return Answer(b"", 304, headers)
    return Answer(answer.body, answer.status, headers)


def _has_it(headers: Mapping[str, str], tag: str, modified: datetime) -> bool:
    """Whether the asker has it; its tag counts more than its date."""
    if "if-none-match" in headers:
        return headers["if-none-match"] == tag
    try:
        since = parsedate_to_datetime(headers["if-modified-since"])
    except (KeyError, ValueError):
        return False
    return since.tzinfo is not None and modified <= since


@lru_cache(maxsize=_KEPT_TABLES)
def _dollars(simulator: Simulator, time_us: int) -> Mapping[str, float]:
    """What each currency is worth; all at once, as a day is made for all of them."""
    return {code: simulator.minute_rate(code, DOLLAR, time_us) for code in CURRENCIES}


def _rounded(rate: float, base: str, code: str) -> float | int:
    if code == base:
        return 1
    if rate < 10 ** (2 - RATE_PLACES):
        return float(f"{rate:.{RATE_PLACES}g}")
    return round(rate, RATE_PLACES)
