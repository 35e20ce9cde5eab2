"""Fixer's requests: what is asked of each endpoint below a door's root."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from connectors.answers import Request

MAX_TIMESERIES_DAYS = 365


def latest_request(root: str, base: str, codes: Iterable[str]) -> Request:
    """The newest rates of one base against all these."""
    return Request("latest", base, f"{root}/latest", _pairs(base, codes))


def historical_request(root: str, base: str, codes: Iterable[str], day: date) -> Request:
    """The rates at the end of a day."""
    return Request("historical", f"{base} {day}", f"{root}/{day}", _pairs(base, codes))


def timeseries_request(
    root: str, base: str, codes: Iterable[str], first: date, last: date
) -> Request:
    """The rates at the end of every day from the first to the last, of which there are at most 365."""
    days = {"start_date": str(first), "end_date": str(last)}
    context = f"{base} {first}..{last}"
    return Request("timeseries", context, f"{root}/timeseries", {**days, **_pairs(base, codes)})


def fluctuation_request(
    root: str, base: str, codes: Iterable[str], first: date, last: date
) -> Request:
    """How far each rate went between two days."""
    days = {"start_date": str(first), "end_date": str(last)}
    context = f"{base} {first}..{last}"
    return Request("fluctuation", context, f"{root}/fluctuation", {**days, **_pairs(base, codes)})


def convert_request(
    root: str, amount: Decimal, base: str, code: str, day: date | None = None
) -> Request:
    """An amount of the base in another currency: now, or at the end of a day."""
    params = {"from": base, "to": code, "amount": f"{amount:f}"}
    if day is not None:
        params["date"] = str(day)
    return Request("convert", f"{base}-{code}", f"{root}/convert", params)


def symbols_request(root: str) -> Request:
    """The currencies that there are."""
    return Request("symbols", "", f"{root}/symbols")


def _pairs(base: str, codes: Iterable[str]) -> dict[str, str]:
    return {"base": base, "symbols": ",".join(codes)}
