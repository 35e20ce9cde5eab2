"""Warming compiles every kernel of the vocabulary, and each for the types that queries give it."""

from pathlib import Path
from types import ModuleType

from numba.core.dispatcher import Dispatcher

from pricing_engine.quant import drawdowns, moments, pairs, ranks, smoothing
from pricing_engine.quant.plan import Layout
from pricing_engine.quant.vocabulary import VOCABULARY
from pricing_engine.quant.warm import compile_kernels
from tests.pricing_engine.quant.making import asked, stocks

STAGES: list[ModuleType] = [drawdowns, moments, pairs, ranks, smoothing]

ENTRIES = ("_series", "_ewma", "_rsi", "_atr", "_drawdown", "_rolling", "_whole", "_ranks")


def signatures() -> dict[str, int]:
    return {
        f"{module.__name__}.{name}": len(value.signatures)
        for module in STAGES
        for name, value in vars(module).items()
        if isinstance(value, Dispatcher)
    }


def test_no_query_compiles_anything_after_it(test_data: Path) -> None:
    compile_kernels()
    compiled = signatures()
    for entry in ENTRIES:  # those that these call may be part of what was kept on disk
        assert any(name.endswith(entry) and count for name, count in compiled.items()), entry
    frames = stocks(test_data)
    given = {"benchmark": "AAPL", "to": "1w"}
    columns = [
        {
            "op": item.name,
            **{each.name: given[each.name] for each in item.parameters if each.name in given},
        }
        for item in VOCABULARY.values()
    ]
    asked(frames, columns)
    asked(frames, [{"op": "covariance", "window": 30}], layout=Layout.MATRIX)
    assert signatures() == compiled
