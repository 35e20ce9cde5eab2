"""Warming: what the flows run is compiled, and nothing is left for the first tick."""

from types import ModuleType
from typing import Any

from numba.core.dispatcher import Dispatcher

from connectors import instants, numerals, oanda, recorded_rows, scanning, symbols
from connectors.binance import lines as binance_lines
from connectors.coinbase import lines as coinbase_lines
from connectors.kraken import lines as kraken_lines
from connectors.parsing import parse
from market.instruments import CATALOGUE
from pipelines import candles, outliers, slots, verdicts
from storage import copy_decoding, copy_rows, numerics
from tests.connectors.coinbase import samples as coinbase_samples
from tests.connectors.kraken import samples as kraken_samples
from tests.connectors.support import record
from tradewind.warm import compile_kernels

STAGES: list[ModuleType] = [
    *(numerals, symbols, scanning, instants, recorded_rows),
    *(binance_lines, kraken_lines, coinbase_lines, oanda),
    *(slots, outliers, verdicts, candles),
    *(copy_rows, copy_decoding, numerics),
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
        "_integers_kernel",
        "judge_rows",
        "_fold",
        "_encode_ticks",
        "_encode_candles",
        "_encode_bars",
        "_fields",
        "_read_integers",
        "_read_texts",
        "read_floats",
        "read_decimals",
    ):
        found = [value for name, value in compiled.items() if name.endswith(f".{entry}")]
        assert found, entry
        assert all(found), entry
    compile_kernels()
    for provider, samples in (("kraken", kraken_samples), ("coinbase", coinbase_samples)):
        parse(record(provider, "frames", samples.BODIES["frames"]), CATALOGUE)
    assert signatures() == compiled
