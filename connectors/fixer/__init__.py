"""Fixer `latest`: rates of the euro against many currencies, collected at one time."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

import msgspec

from connectors.answers import Answer, Request, decode, decode_or_none
from connectors.errors import (
    BadKeyError,
    ConnectorError,
    MalformedError,
    PremiumError,
    QuotaExceededError,
    TransientError,
    UnknownAtProviderError,
)
from connectors.numerals import number_of, text_of
from connectors.refusals import refused
from market.bars import BarBatch
from market.clock import datetime_of, microseconds
from market.errors import NotAPriceError
from market.instruments import Instrument, InstrumentTable
from market.log import LogRecord, Parsed
from market.ticks import RATE, Tick, TickBatch

PROVIDER = "fixer"
BASE = "EUR"
"""The only base of the free plan."""

_BAD_KEY = {"101", "102", "401", "missing_access_key", "invalid_access_key"}
_QUOTA = {"104", "429", "monthly_limit_reached"}
_PREMIUM = {"105", "403", "function_access_restricted", "base_currency_access_restricted"}

_Timestamp = Annotated[int, msgspec.Meta(gt=0, lt=10**11)]


class _Latest(msgspec.Struct):
    timestamp: _Timestamp
    base: str
    rates: dict[str, msgspec.Raw]


class _Error(msgspec.Struct):
    code: msgspec.Raw


class _Failure(msgspec.Struct):
    error: _Error
    success: bool = False


def latest_request(url: str, instruments: Iterable[Instrument]) -> Request:
    """One call for all these pairs, whose base must be the euro."""
    codes = ",".join(instrument.quote for instrument in instruments)
    return Request("latest", "", url, {"base": BASE, "symbols": codes})


def check(answer: Answer, request: str) -> None:
    """Raise what an answer without rates means: `success: false`, or the gateway's HTTP status."""
    if answer.status >= 500:
        raise TransientError(PROVIDER, f"HTTP {answer.status}", answer.retry_after_s)
    failure = decode_or_none(answer.body, _Failure)
    if failure is not None:
        raise _failure(text_of(failure.error.code), request, answer)
    if answer.status >= 400:
        raise _failure(str(answer.status), request, answer)
    decode(PROVIDER, answer.body, _Latest)


def parse_latest(record: LogRecord, instruments: InstrumentTable) -> Parsed:
    """A rate for every pair that we carry; the base against itself is none."""
    check(Answer(200, record.payload, record.received_us), record.kind)
    latest = decode(PROVIDER, record.payload, _Latest)
    ticks, refusals = [], []
    for code, raw in latest.rates.items():
        symbol = f"{latest.base}-{code}"
        if symbol not in instruments:
            continue
        try:
            price = number_of(raw)
        except NotAPriceError as error:
            refusals.append(refused(error, f'"{code}":{text_of(raw)}'))
            continue
        instrument = instruments.by_symbol(symbol).id
        time_us = latest.timestamp * 1_000_000
        ticks.append(Tick(time_us, instrument, record.source.id, RATE, price=price))
    return Parsed(TickBatch.of(ticks), BarBatch.empty(), tuple(refusals))


def _failure(code: str, request: str, answer: Answer) -> ConnectorError:
    if code in _BAD_KEY:
        return BadKeyError(PROVIDER)
    if code in _QUOTA:
        until_us = _next_month_us(answer.received_us)
        if answer.retry_after_s is not None:
            until_us = answer.received_us + int(answer.retry_after_s * 1e6)
        return QuotaExceededError(PROVIDER, until_us)
    if code in _PREMIUM:
        return PremiumError(PROVIDER, request)
    if code == "400":
        return MalformedError(PROVIDER, "HTTP 400")
    return UnknownAtProviderError(PROVIDER, request)


def _next_month_us(now_us: int) -> int:
    now: datetime = datetime_of(now_us)
    year, month = divmod(now.year * 12 + now.month, 12)
    return microseconds(datetime(year, month + 1, 1, tzinfo=now.tzinfo))
