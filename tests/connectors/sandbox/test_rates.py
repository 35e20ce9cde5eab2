"""What the sandbox's providers of rates share."""

from datetime import date

import pytest

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
from connectors.sandbox.wire import Answer, Request, World
from tests.connectors.sandbox.conftest import NOW_US
from tests.connectors.support import us

MODIFIED = "Tue, 24 Nov 2026 15:00:00 GMT"


def test_every_currency_has_a_name() -> None:
    assert NAMES.keys() == set(CURRENCIES)


def test_what_was_asked_is_told_from_what_is_known() -> None:
    assert known("") == CURRENCIES
    assert known(" usd ,XYZ,EUR") == ["EUR", "USD"]
    assert known("XYZ") == []


def test_rates_have_six_decimals_and_tiny_ones_six_digits(premium: World) -> None:
    table = rates(premium, "EUR", ["EUR", "USD", "BTC"], NOW_US)
    assert table["EUR"] == 1
    assert table["USD"] == round(premium.simulator.mid("EUR-USD", NOW_US), 6)
    assert len(f"{table['BTC']:e}".split("e")[0].rstrip("0")) <= 7


@pytest.mark.parametrize("base", ["EUR", "USD", "JPY"])
def test_the_rates_of_a_day_are_those_of_its_end(premium: World, base: str) -> None:
    end_us = day_end_us(date(2026, 11, 20))
    assert end_us == us("2026-11-20T23:59:59")
    then = rates(premium, base, CURRENCIES, end_us)
    assert day_rates(premium, base, CURRENCIES, end_us) == pytest.approx(then, rel=1e-2)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-24", date(2026, 11, 24)),
        ("1999-01-01", date(1999, 1, 1)),
        ("1998-12-31", None),
        ("2026-11-25", None),
        ("x", None),
    ],
)
def test_days_are_from_1999_to_today(text: str, day: date | None) -> None:
    assert day_of(text, NOW_US) == day


def test_the_newest_rates_are_those_of_the_last_step(premium: World, free: World) -> None:
    assert collected_us(premium, NOW_US) == us("2026-11-24T15:04:04")
    assert collected_us(free, NOW_US) == us("2026-11-24T15:00:00")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"if-none-match": "TAG"}, 304),
        ({"if-none-match": '"other"'}, 200),
        ({"if-none-match": '"other"', "if-modified-since": MODIFIED}, 200),
        ({"if-modified-since": MODIFIED}, 304),
        ({"if-modified-since": "Tue, 24 Nov 2026 14:59:59 GMT"}, 200),
        ({"if-modified-since": "yesterday"}, 200),
        ({"if-modified-since": "Tue, 24 Nov 2026 15:00:00"}, 200),
    ],
)
@pytest.mark.parametrize("weak", [False, True])
def test_who_has_it_already_gets_no_body(headers: dict[str, str], status: int, weak: bool) -> None:
    answer, modified_us = Answer(b"x", headers={"a": "b"}), us("2026-11-24T15:00:00.5")
    first = fresh_or_304(answer, Request("", {}, {}, NOW_US), modified_us, weak=weak)
    assert first.headers["etag"].startswith('W/"' if weak else '"')
    headers = {name: first.headers["etag"] if at == "TAG" else at for name, at in headers.items()}
    again = fresh_or_304(answer, Request("", {}, headers, NOW_US), modified_us, weak=weak)
    assert (again.status, again.body) == (status, b"" if status == 304 else b"x")
    assert again.headers["last-modified"] == MODIFIED
    assert again.headers["a"] == "b"
