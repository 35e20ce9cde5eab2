"""Open Exchange Rates' requests: what is asked of each endpoint below `{rest_url}/api`.

The dollar is the base where none is named, and is never named: the free plan refuses a change of
base. `codes` limits an answer to these currencies; without them it holds all.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from connectors.answers import Request

DOLLAR = "USD"


def latest_request(root: str, base: str = DOLLAR, codes: Iterable[str] = ()) -> Request:
    """The newest rates of one base."""
    return Request("latest", base, f"{root}/latest.json", _pairs(base, codes))


def historical_request(
    root: str, day: date, base: str = DOLLAR, codes: Iterable[str] = ()
) -> Request:
    """The last rates of a day."""
    url = f"{root}/historical/{day}.json"
    return Request("historical", f"{base} {day}", url, _pairs(base, codes))


def timeseries_request(
    root: str, first: date, last: date, base: str = DOLLAR, codes: Iterable[str] = ()
) -> Request:
    """The last rates of every day from the first to the last. Each day counts as a call of the plan."""
    days = {"start": str(first), "end": str(last)}
    context = f"{base} {first}..{last}"
    url = f"{root}/time-series.json"
    return Request("time-series", context, url, {**days, **_pairs(base, codes)})


def convert_request(root: str, amount: Decimal, base: str, code: str) -> Request:
    """An amount of the base in another currency, now."""
    return Request("convert", f"{base}-{code}", f"{root}/convert/{amount:f}/{base}/{code}")


def currencies_request(root: str) -> Request:
    """The currencies that there are; it needs no key and counts as no call."""
    return Request("currencies", "", f"{root}/currencies.json")


def usage_request(root: str) -> Request:
    """How many calls are left; it counts as none."""
    return Request("usage", "", f"{root}/usage.json")


def _pairs(base: str, codes: Iterable[str]) -> dict[str, str]:
    pairs = {} if base == DOLLAR else {"base": base}
    symbols = ",".join(codes)
    return {**pairs, "symbols": symbols} if symbols else pairs
