"""Open Exchange Rates' answers that are no prices of the log: currencies, conversions, usage.

Each function takes the answer and gives a value of its own. All raise what `check` raises, and
MalformedError or NotAPriceError where an answer does not have the shape of the contract.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from connectors.answers import Answer, decode
from connectors.numerals import number_of, volume_of
from connectors.openexchangerates.checks import PROVIDER, check
from connectors.rates import SECOND_US, UnixSeconds


@dataclass(frozen=True, slots=True)
class Conversion:
    """An amount of one currency in another; `time_us` is when the rate was collected."""

    base: str
    code: str
    amount: Decimal
    rate: Decimal
    result: Decimal
    time_us: int


@dataclass(frozen=True, slots=True)
class Usage:
    """The calls of the running month. `quota` and `remaining` are None where the plan has no end.

    The App ID, which the answer repeats, is left out.
    """

    plan: str
    requests: int
    quota: int | None
    remaining: int | None
    days_remaining: int


class _Query(msgspec.Struct):
    base: str = msgspec.field(name="from")
    code: str = msgspec.field(name="to")
    amount: msgspec.Raw


class _Meta(msgspec.Struct):
    timestamp: UnixSeconds
    rate: msgspec.Raw


class _Convert(msgspec.Struct):
    request: _Query
    meta: _Meta
    response: msgspec.Raw


class _Plan(msgspec.Struct):
    name: str


class _Counts(msgspec.Struct):
    requests: int
    days_remaining: int = 0
    requests_quota: int | None = None
    requests_remaining: int | None = None


class _Data(msgspec.Struct):
    plan: _Plan
    usage: _Counts


class _Usage(msgspec.Struct):
    data: _Data


def currencies_of(answer: Answer) -> Mapping[str, str]:
    """`currencies`: the name of each code."""
    check(answer, "currencies")
    return decode(PROVIDER, answer.body, dict[str, str])


def conversion_of(answer: Answer) -> Conversion:
    """`convert`."""
    check(answer, "convert")
    body = decode(PROVIDER, answer.body, _Convert)
    return Conversion(
        base=body.request.base,
        code=body.request.code,
        amount=volume_of(body.request.amount),
        rate=number_of(body.meta.rate),
        result=volume_of(body.response),
        time_us=body.meta.timestamp * SECOND_US,
    )


def usage_of(answer: Answer) -> Usage:
    """`usage`."""
    check(answer, "usage")
    data = decode(PROVIDER, answer.body, _Usage).data
    return Usage(
        plan=data.plan.name,
        requests=data.usage.requests,
        quota=_counted(data.usage.requests_quota),
        remaining=_counted(data.usage.requests_remaining),
        days_remaining=data.usage.days_remaining,
    )


def _counted(calls: int | None) -> int | None:
    """A plan without end counts none, or below zero."""
    return None if calls is None or calls < 0 else calls
