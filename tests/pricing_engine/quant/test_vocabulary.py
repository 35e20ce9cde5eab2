"""The vocabulary says everything about every entry, and its defaults are among what it allows."""

import pytest

from pricing_engine.quant.plan import Layout, plan
from pricing_engine.quant.vocabulary import FIELDS, VOCABULARY


@pytest.mark.parametrize("name", VOCABULARY)
def test_an_entry_says_everything(name: str) -> None:
    item = VOCABULARY[name]
    texts = (item.meaning, item.formula, item.nulls, item.unit, item.reference)
    assert all(texts)
    assert set(item.needs) <= FIELDS.keys()
    for parameter in item.parameters:
        assert parameter.meaning
        assert parameter.required or parameter.fault("x", parameter.default) is None


@pytest.mark.parametrize("name", VOCABULARY)
def test_an_entry_works_with_its_defaults(name: str) -> None:
    item = VOCABULARY[name]
    given = {"benchmark": "A", "to": "1w"}
    required = {each.name: given[each.name] for each in item.parameters if each.required}
    layout = Layout.PAIRS if item.paired else Layout.LONG
    made = plan([{"op": name, **required}], layout, lambda _wider: 7)
    assert made.shown == (tuple(f"{name}.{each}" for each in item.outputs) or (name,))


def test_what_was_asked_for_is_there() -> None:
    wanted = (
        "simple_return log_return rolling_mean rolling_std ewma zscore volatility rsi atr bollinger vwap "
        "twap spread drawdown max_drawdown beta correlation covariance rank resample"
    )
    assert VOCABULARY.keys() == set(wanted.split())
    fields = "open high low close volume ticks bid ask mid age_s"
    assert list(FIELDS) == fields.split()
