"""Kernels are compiled, and do what the Python function does."""

from connectors.kernels import kernel


def double(value: int) -> int:
    return 2 * value


def test_a_kernel_is_the_same_function_compiled() -> None:
    compiled = kernel(double)
    assert compiled(21) == 42
    assert type(compiled).__module__.startswith("numba")
