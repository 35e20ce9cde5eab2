"""Coverage-guided fuzzing of every parser: `python -m tests.fuzz.guided -runs=N CORPUS…`.

Arguments are libFuzzer's. An input is the number of a corpus entry in two bytes, and a payload that
takes the place of the entry's own. Kernels run as plain Python (NUMBA_DISABLE_JIT=1), so that their
branches count too. `--seeds DIRECTORY` writes the corpus there and ends.
"""

import os
import random
import sys
import warnings
from pathlib import Path

import atheris  # type: ignore[import-untyped]

os.environ["NUMBA_DISABLE_JIT"] = "1"  # before anything imports a kernel

with warnings.catch_warnings(), atheris.instrument_imports(["connectors", "market"]):
    warnings.simplefilter("ignore")
    from tests.connectors.support import DATA
    from tests.fuzz.corpus import REFUSALS, corpus
    from tests.fuzz.judging import judge
    from tests.fuzz.mutator import Mutator

NUMBER_BYTES = 2
MUTATOR_SHARE = 0.7
"""Of the mutants so many come of our mutator, which knows tokens; the rest of libFuzzer's."""

ENTRIES = corpus(DATA)
DONORS = [entry.payload for entry in ENTRIES] + [
    body.encode() for bodies in REFUSALS.values() for body in bodies
]


def input_of(number: int, payload: bytes) -> bytes:
    """An input of this entry."""
    return number.to_bytes(NUMBER_BYTES, "big") + payload


def judge_input(data: bytes) -> None:
    """Judge a payload; whatever is raised is a finding."""
    number = int.from_bytes(data[:NUMBER_BYTES], "big") % len(ENTRIES)
    judge(ENTRIES[number], data[NUMBER_BYTES:])


def mutate(data: bytes, max_size: int, seed: int) -> bytes:
    """A mutant of an input; as libFuzzer asks for it, the same for the same seed."""
    choose = random.Random(seed)
    if len(data) < NUMBER_BYTES or choose.random() > MUTATOR_SHARE:
        return bytes(atheris.Mutate(data, max_size))
    payload = Mutator(seed, DONORS).mutate(data[NUMBER_BYTES:])
    return data[:NUMBER_BYTES] + payload[: max_size - NUMBER_BYTES]


def main(arguments: list[str]) -> None:
    """Fuzz, or write the seeds."""
    if arguments[1:2] == ["--seeds"]:
        for number, entry in enumerate(ENTRIES):
            (Path(arguments[2]) / f"{number:03}").write_bytes(input_of(number, entry.payload))
        return
    atheris.Setup(arguments, judge_input, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
