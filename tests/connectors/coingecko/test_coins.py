"""Which instruments CoinGecko quotes, and what it calls them."""

import pytest

from connectors.coingecko.coins import (
    COIN_IDS,
    ManyCoins,
    OneCoin,
    coin_id_of,
    context_text,
    covered,
    instrument_of,
    one_coin,
)
from connectors.errors import MalformedError
from market.errors import UnknownSymbolError
from market.instruments import CATALOGUE, AssetClass, Instrument

STRANGER = Instrument(999, "ZCN-USD", "Zus", AssetClass.CRYPTO, "ZCN", "USD", 4)


def test_every_coin_of_the_catalogue_in_dollars_is_covered() -> None:
    dollars = [
        each for each in CATALOGUE if each.asset_class is AssetClass.CRYPTO and each.quote == "USD"
    ]
    assert covered(CATALOGUE) == dollars
    assert len(dollars) == 9


def test_every_coin_of_the_catalogue_has_an_id() -> None:
    coins = {each.base for each in CATALOGUE if each.asset_class is AssetClass.CRYPTO}
    assert coins <= COIN_IDS.keys()
    assert len(set(COIN_IDS.values())) == len(COIN_IDS)


def test_a_coin_without_an_id_is_not_covered() -> None:
    assert covered([STRANGER]) == []
    with pytest.raises(UnknownSymbolError):
        coin_id_of(STRANGER)


def test_a_share_with_the_ticker_of_a_coin_is_not_covered() -> None:
    share = Instrument(998, "UNI", "Unifirst", AssetClass.STOCK, "UNI", "USD", 2)
    assert covered([share]) == []


def test_an_id_is_found_again() -> None:
    for each in covered(CATALOGUE):
        assert instrument_of(coin_id_of(each), "usd", CATALOGUE) == each.id


def test_an_unknown_id_or_currency_raises() -> None:
    for coin_id, currency in (("zcn", "usd"), ("bitcoin", "xau")):
        with pytest.raises(UnknownSymbolError):
            instrument_of(coin_id, currency, CATALOGUE)


def test_a_context_is_what_was_written() -> None:
    context = OneCoin("pepe", "usd", interval_s=1_800)
    assert context_text(context) == '{"id":"pepe","vs":"usd","interval_s":1800}'
    assert one_coin(context_text(context)) == context
    assert context_text(ManyCoins(["pepe"], "usd")) == '{"ids":["pepe"],"vs":"usd"}'


@pytest.mark.parametrize("text", ["", "pepe", '{"id":"pepe"}', "\ud800"])
def test_another_context_is_malformed(text: str) -> None:
    with pytest.raises(MalformedError):
        one_coin(text)
