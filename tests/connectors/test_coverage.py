"""Every instrument of the catalogue has exactly one provider."""

from dataclasses import astuple, fields

from connectors.coverage import Coverage, coverage_of
from market.instruments import CATALOGUE


def test_every_instrument_has_one_provider() -> None:
    coverage = coverage_of(CATALOGUE)
    covered = [each.id for field in fields(Coverage) for each in getattr(coverage, field.name)]
    assert sorted(covered) == sorted(each.id for each in CATALOGUE)
    assert len(astuple(coverage)) == 4


def test_who_covers_what() -> None:
    coverage = coverage_of(CATALOGUE)
    symbols = {
        field.name: {each.symbol for each in getattr(coverage, field.name)}
        for field in fields(Coverage)
    }
    assert {"EUR-USD", "EUR-GBP", "EUR-CHF", "USD-JPY", "AAPL"} <= symbols["alphavantage"]
    assert len(symbols["alphavantage"]) == 21
    assert symbols["fixer"] == {
        f"EUR-{code}" for code in "SEK NOK PLN TRY ZAR MXN CNY INR NGN".split()
    }
    assert {"BTC-USDT", "LTC-USDT"} <= symbols["binance"]
    assert {"BTC-USD", "PEPE-USD"} <= symbols["coingecko"]
