"""Rules as arrays: a row an instrument, the default's where nobody says otherwise."""

from market.instruments import CATALOGUE
from market.quality import MAX_WINDOW, QualityRules, Tolerance
from pipelines.outliers import DEVIATIONS, FLOOR, INVERSE_BEYOND, MINIMUM, WINDOW
from pipelines.rules import FX_INVERSE_BEYOND, RuleTable

BTC, EURUSD = (CATALOGUE.by_symbol(name).id for name in ("BTC-USDT", "EUR-USD"))


def test_each_instrument_has_its_own_row() -> None:
    table = RuleTable.of(CATALOGUE, QualityRules(by_symbol={"BTC-USDT": Tolerance(0.02, 5, 30, 4)}))
    row = table.numbers[BTC]
    assert [row[FLOOR], row[DEVIATIONS], row[WINDOW], row[MINIMUM]] == [0.02, 5, 30, 4]
    assert table.numbers[EURUSD, WINDOW] == table.numbers[0, WINDOW] == MAX_WINDOW


def test_currencies_are_told_from_all_else() -> None:
    table = RuleTable.of(CATALOGUE, QualityRules())
    assert [bool(table.is_fx[id_]) for id_ in (0, BTC, EURUSD)] == [False, False, True]
    assert table.numbers[EURUSD, INVERSE_BEYOND] == FX_INVERSE_BEYOND
    assert table.numbers[BTC, INVERSE_BEYOND] > FX_INVERSE_BEYOND
