"""Kernels are compiled, and do what the Python function does."""

import numpy as np
import pytest
from numba.core.errors import NumbaError

from connectors.kernels import kernel


def double(value: int) -> int:
    return 2 * value


def test_a_kernel_is_the_same_function_compiled() -> None:
    compiled = kernel(double)
    assert compiled(21) == 42
    assert type(compiled).__module__.startswith("numba")


def allocating(length: int) -> int:
    return len(np.zeros(length))


def test_a_kernel_that_allocates_is_refused() -> None:
    with pytest.raises(NumbaError, match="Only accept returning of array passed"):
        kernel(allocating)(3)
