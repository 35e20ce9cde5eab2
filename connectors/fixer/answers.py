"""Fixer's answers that are no prices of the log: currencies, conversions, fluctuations.

Each function takes the answer's body and gives a value of its own. All raise what `check` raises, and
MalformedError or NotAPriceError where an answer does not have the shape of the contract.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import msgspec

from connectors.answers import Answer, decode
from connectors.errors import MalformedError
from connectors.fixer.checks import PROVIDER, check
from connectors.numerals import number_of, text_of, volume_of
from connectors.rates import SECOND_US, UnixSeconds, day_of


@dataclass(frozen=True, slots=True)
class Conversion:
    """An amount of one currency in another; `time_us` is when the rate was collected."""

    base: str
    code: str
    amount: Decimal
    rate: Decimal
    result: Decimal
    day: date
    time_us: int
    historical: bool


@dataclass(frozen=True, slots=True)
class Fluctuation:
    """How far a rate went between two days; `change_pct` is in percent."""

    first: Decimal
    last: Decimal
    change: Decimal
    change_pct: Decimal


class _Symbols(msgspec.Struct):
    symbols: dict[str, str]


class _Query(msgspec.Struct):
    base: str = msgspec.field(name="from")
    code: str = msgspec.field(name="to")
    amount: msgspec.Raw


class _Info(msgspec.Struct):
    timestamp: UnixSeconds
    rate: msgspec.Raw


class _Convert(msgspec.Struct):
    query: _Query
    info: _Info
    date: str
    result: msgspec.Raw
    historical: bool | str = False


class _Change(msgspec.Struct):
    start_rate: msgspec.Raw
    end_rate: msgspec.Raw
    change: msgspec.Raw
    change_pct: msgspec.Raw


class _Fluctuation(msgspec.Struct):
    rates: dict[str, _Change]


def currencies_of(answer: Answer) -> Mapping[str, str]:
    """`symbols`: the name of each code. Metals, coins and retired currencies are among them."""
    check(answer, "symbols")
    return decode(PROVIDER, answer.body, _Symbols).symbols


def conversion_of(answer: Answer) -> Conversion:
    """`convert`. Whether it is historical is said by true, by false or by an empty text."""
    check(answer, "convert")
    body = decode(PROVIDER, answer.body, _Convert)
    day = day_of(body.date)
    if day is None:
        raise MalformedError(PROVIDER, "a conversion without its day")
    return Conversion(
        base=body.query.base,
        code=body.query.code,
        amount=volume_of(body.query.amount),
        rate=number_of(body.info.rate),
        result=volume_of(body.result),
        day=day,
        time_us=body.info.timestamp * SECOND_US,
        historical=bool(body.historical),
    )


def fluctuations_of(answer: Answer) -> Mapping[str, Fluctuation]:
    """`fluctuation`: the change of each currency."""
    check(answer, "fluctuation")
    rates = decode(PROVIDER, answer.body, _Fluctuation).rates
    return {
        code: Fluctuation(
            number_of(each.start_rate),
            number_of(each.end_rate),
            _signed(each.change),
            _signed(each.change_pct),
        )
        for code, each in rates.items()
    }


def _signed(raw: msgspec.Raw) -> Decimal:
    text = text_of(raw)
    size = volume_of(text.removeprefix("-"))
    return -size if text.startswith("-") else size
