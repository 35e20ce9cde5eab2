"""Instruments: the catalogue, and finding things in it."""

import pytest

from market.errors import UnknownSymbolError
from market.instruments import (
    ALL_INSTRUMENTS,
    CATALOGUE,
    AssetClass,
    Instrument,
    InstrumentTable,
    coins_in,
    instruments_of,
)
from market.sources import Feed

EURO = CATALOGUE.by_symbol("EUR-USD")


class TestTable:
    def test_finds_every_instrument_by_symbol_and_by_id(self) -> None:
        for instrument in CATALOGUE:
            assert instrument.symbol in CATALOGUE
            assert CATALOGUE.by_symbol(instrument.symbol) is instrument
            assert CATALOGUE.by_id(instrument.id) is instrument

    def test_names_a_symbol_that_it_does_not_have(self) -> None:
        assert "EURUSD" not in CATALOGUE
        with pytest.raises(UnknownSymbolError, match="unknown symbol: EURUSD"):
            CATALOGUE.by_symbol("EURUSD")

    def test_has_no_instrument_of_an_unknown_id(self) -> None:
        with pytest.raises(KeyError):
            CATALOGUE.by_id(0)

    def test_may_be_empty_or_of_one(self) -> None:
        assert len(InstrumentTable([])) == 0
        assert list(InstrumentTable([EURO])) == [EURO]


class TestCoins:
    def test_are_those_of_a_currency_in_order(self) -> None:
        rows = [CATALOGUE.by_symbol(symbol) for symbol in ("ETH-USD", "BTC-USDT", "BTC-USD")]
        assert coins_in(rows, "USD") == (rows[0], rows[2])

    def test_are_no_currencies_and_no_shares(self) -> None:
        assert coins_in([EURO, CATALOGUE.by_symbol("AAPL")], "USD") == ()


class TestCatalogue:
    def test_covers_three_asset_classes_with_at_least_forty_instruments(self) -> None:
        assert len(CATALOGUE) >= 40
        assert {instrument.asset_class for instrument in CATALOGUE} == set(AssetClass)

    def test_symbols_are_pairs_or_tickers(self) -> None:
        for instrument in ALL_INSTRUMENTS:
            if instrument.asset_class is AssetClass.STOCK:
                assert (instrument.symbol, instrument.quote) == (instrument.base, "USD")
            else:
                assert instrument.symbol == f"{instrument.base}-{instrument.quote}"

    def test_no_symbol_and_no_name_stands_for_two(self) -> None:
        for part in ("symbol", "name", "id"):
            values = [getattr(instrument, part) for instrument in ALL_INSTRUMENTS]
            assert len(set(values)) == len(values)

    @pytest.mark.parametrize(
        ("identity", "symbol", "decimals"),
        [
            (1, "EUR-USD", 5),
            (3, "USD-JPY", 3),
            (18, "EUR-NGN", 3),
            (19, "EUR-JPY", 3),
            (48, "EUR-THB", 5),
            (49, "XAU-USD", 3),
            (50, "USD-NGN", 3),
            (101, "BTC-USDT", 2),
            (111, "BTC-USD", 2),
            (119, "PEPE-USD", 10),
            (201, "AAPL", 2),
            (212, "XOM", 2),
            (213, "COKE", 2),
            (216, "GSPC", 2),
        ],
    )
    def test_stored_ids_stay_what_they_are(self, identity: int, symbol: str, decimals: int) -> None:
        found: Instrument = ALL_INSTRUMENTS.by_id(identity)
        assert (found.symbol, found.decimals) == (symbol, decimals)

    def test_what_only_files_hold_is_nothing_that_a_provider_is_asked_for(self) -> None:
        recorded = {each.symbol for each in ALL_INSTRUMENTS} - {each.symbol for each in CATALOGUE}
        assert {"EUR-TRL", "XAU-USD", "YHOO", "GSPC"} < recorded
        assert len(recorded) == 35
        assert list(ALL_INSTRUMENTS)[: len(CATALOGUE)] == list(CATALOGUE)

    def test_each_class_of_feed_has_its_table(self) -> None:
        assert instruments_of(Feed.RECORDED) is ALL_INSTRUMENTS
        assert instruments_of(Feed.LIVE) is instruments_of(Feed.SIMULATED) is CATALOGUE
