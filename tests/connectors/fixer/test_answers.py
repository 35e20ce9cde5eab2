"""Fixer's other answers, as the contract writes them."""

from datetime import date
from decimal import Decimal

import pytest

from connectors.answers import Answer
from connectors.errors import MalformedError, PremiumError
from connectors.fixer.answers import (
    Conversion,
    Fluctuation,
    conversion_of,
    currencies_of,
    fluctuations_of,
)
from market.errors import NotAPriceError
from tests.connectors.support import NOW_US, us

CONVERT = (
    '{"success":true,"query":{"from":"GBP","to":"JPY","amount":25},"info":{"timestamp":1519328414,'
    '"rate":148.972231},"historical":"","date":"2018-02-22","result":3724.305775}'
)
FLUCTUATION = (
    '{"success":true,"fluctuation":true,"start_date":"2018-02-25","end_date":"2018-02-26",'
    '"base":"EUR","rates":{"USD":{"start_rate":1.228952,"end_rate":1.232735,"change":0.0038,'
    '"change_pct":0.3078},"JPY":{"start_rate":131.651142,"end_rate":131.587611,"change":-0.0635,'
    '"change_pct":-4.83e-2}}}'
)


def answer(text: str) -> Answer:
    return Answer(200, text.encode(), NOW_US)


def test_currencies_have_names() -> None:
    text = '{"success":true,"symbols":{"AED":"United Arab Emirates Dirham","BTC":"Bitcoin"}}'
    assert currencies_of(answer(text)) == {"AED": "United Arab Emirates Dirham", "BTC": "Bitcoin"}


@pytest.mark.parametrize(
    ("written", "historical"), [('""', False), ("false", False), ("true", True)]
)
def test_a_conversion_is_exact(written: str, historical: bool) -> None:
    text = CONVERT.replace('"historical":""', f'"historical":{written}')
    assert conversion_of(answer(text)) == Conversion(
        base="GBP",
        code="JPY",
        amount=Decimal(25),
        rate=Decimal("148.972231"),
        result=Decimal("3724.305775"),
        day=date(2018, 2, 22),
        time_us=us("2018-02-22T19:40:14"),
        historical=historical,
    )


def test_a_fluctuation_may_be_negative() -> None:
    assert fluctuations_of(answer(FLUCTUATION)) == {
        "USD": Fluctuation(
            Decimal("1.228952"), Decimal("1.232735"), Decimal("0.0038"), Decimal("0.3078")
        ),
        "JPY": Fluctuation(
            Decimal("131.651142"), Decimal("131.587611"), Decimal("-0.0635"), Decimal("-0.0483")
        ),
    }


@pytest.mark.parametrize("value", ["NaN", "null", "true", "-1", "0"])
def test_a_rate_that_is_none_is_refused(value: str) -> None:
    with pytest.raises((NotAPriceError, MalformedError)):
        conversion_of(answer(CONVERT.replace("148.972231", value)))


def test_errors_are_those_of_every_endpoint() -> None:
    error = '{"success":false,"error":{"code":105,"type":"function_access_restricted"}}'
    with pytest.raises(PremiumError):
        conversion_of(answer(error))
    with pytest.raises(MalformedError, match="without its day"):
        conversion_of(answer(CONVERT.replace("2018-02-22", "today")))
