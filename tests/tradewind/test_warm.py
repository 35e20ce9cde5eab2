"""Warming: what the flows run is compiled, and nothing is left for the first tick."""

from types import ModuleType
from typing import Any

from numba.core.dispatcher import Dispatcher

from connectors import oanda
from connectors.binance import lines as binance_lines
from pipelines import candles, outliers, slots, verdicts
from storage import copy_rows
from tradewind.warm import compile_kernels

STAGES: list[ModuleType] = [
    *(binance_lines, oanda),
    *(slots, outliers, verdicts, candles),
    copy_rows,
]


def signatures() -> dict[str, list[Any]]:
    """The compiled signatures of every kernel of a module, by its name."""
    return {
        f"{module.__name__}.{name}": list(value.signatures)
        for module in STAGES
        for name, value in vars(module).items()
        if isinstance(value, Dispatcher)
    }


def test_the_kernels_of_every_stage_are_compiled_once_and_for_all() -> None:
    compile_kernels()
    compiled = signatures()
    for entry in (
        "_lines_kernel",
        "_rows_kernel",
        "judge_rows",
        "_fold",
        "_encode_ticks",
        "_encode_candles",
        "_encode_bars",
    ):
        (found,) = [value for name, value in compiled.items() if name.endswith(f".{entry}")]
        assert found, entry
    compile_kernels()
    assert signatures() == compiled
