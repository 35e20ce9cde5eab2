"""coins/markets: one rate a row, nulls refused alone."""

from decimal import Decimal

import pytest
from hypothesis import given, settings

from connectors.coingecko.markets import markets_request
from connectors.errors import ConnectorError, MalformedError
from market.errors import MarketError
from market.instruments import CATALOGUE
from market.ticks import RATE, Tick
from tests.connectors.coingecko.samples import (
    EDITS,
    HOSTS,
    MANY,
    SOURCE,
    Edit,
    edited,
    example,
    instrument,
    parsed,
)
from tests.connectors.support import response, us

GOOD = b'{"id":"pepe","current_price":1.2e-05,"last_updated":"2026-05-18T12:49:21.599Z","roi":null}'


def test_the_recorded_page() -> None:
    outcome = parsed("coins/markets", response("coingecko_jkorf/GetMarkets.txt"), MANY)
    assert outcome.refused == ()
    time_us = us("2024-04-07T16:49:31.736")
    assert outcome.ticks.rows() == [
        Tick(time_us, instrument("BTC-USD"), SOURCE, RATE, price=Decimal(70187))
    ]


@pytest.mark.parametrize("host", HOSTS)
def test_the_documented_page(host: str) -> None:
    outcome = parsed("coins/markets", example(host, "/coins/markets"), MANY)
    assert outcome.refused == ()
    (tick,) = outcome.ticks.rows()
    assert (tick.price, tick.time_us) == (77671, us("2026-05-18T12:49:21.599"))


def test_an_empty_page_ends_the_list() -> None:
    outcome = parsed("coins/markets", "[]", MANY)
    assert (len(outcome.ticks), outcome.refused) == (0, ())


@pytest.mark.parametrize(
    "row",
    [
        '{"id":"bitcoin","current_price":null,"last_updated":"2026-05-18T12:49:21.599Z"}',
        '{"id":"bitcoin","current_price":1,"last_updated":null}',
        '{"id":"bitcoin","current_price":1,"last_updated":"2026-05-18T12:49:21"}',
        '{"id":null,"current_price":1,"last_updated":"2026-05-18T12:49:21.599Z"}',
        '{"id":"zcn","current_price":1,"last_updated":"2026-05-18T12:49:21.599Z"}',
        "null",
    ],
)
def test_a_row_with_a_null_is_refused_alone(row: str) -> None:
    outcome = parsed("coins/markets", f"[{row},{GOOD.decode()}]", MANY)
    assert outcome.ticks.rows()[0].price == Decimal("0.000012")
    assert [each.excerpt for each in outcome.refused] == [row]


def test_another_shape_or_context_raises() -> None:
    with pytest.raises(MalformedError):
        parsed("coins/markets", "{}", MANY)
    with pytest.raises(MalformedError):
        parsed("coins/markets", "[]", "")


def test_the_request_names_its_coins() -> None:
    request = markets_request("http://x/api/v3", [CATALOGUE.by_symbol("BTC-USD")])
    assert request.url == "http://x/api/v3/coins/markets"
    assert request.params["ids"] == "bitcoin"
    assert request.params["per_page"] == "250"
    assert request.context == MANY


@settings(deadline=None, max_examples=300)
@given(EDITS)
def test_no_edit_makes_a_price_of_what_is_none(edits: list[Edit]) -> None:
    try:
        ticks = parsed("coins/markets", edited(b"[" + GOOD + b"]", edits), MANY).ticks
    except (ConnectorError, MarketError):
        return
    assert (ticks.price > 0).all()
