"""Warming: what the flows run is compiled, and nothing is left for the first tick."""

import numba

from connectors import numerals, oanda
from pipelines import candles, quality
from storage import copy_rows
from tradewind.warm import compile_kernels


def test_the_kernels_of_every_stage_are_compiled() -> None:
    compile_kernels()
    stages = {module: compiled(module) for module in (oanda, quality, candles, copy_rows)}
    assert all(stages.values()), stages
    assert compiled(numerals) is not None


def compiled(module: object) -> set[str]:
    """The names of the module's own kernels that have machine code."""
    return {
        name
        for name, value in vars(module).items()
        if isinstance(value, numba.core.dispatcher.Dispatcher) and value.signatures
    }


def test_a_second_time_compiles_nothing() -> None:
    compile_kernels()
    before = [
        len(value.signatures) for value in vars(candles).values() if hasattr(value, "signatures")
    ]
    compile_kernels()
    assert before == [
        len(value.signatures) for value in vars(candles).values() if hasattr(value, "signatures")
    ]
