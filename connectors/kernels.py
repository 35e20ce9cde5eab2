"""The one way in which this room compiles a kernel: without the interpreter lock, kept on disk."""

from collections.abc import Callable
from typing import TypeVar, cast

import numba

_Function = TypeVar("_Function", bound=Callable[..., object])


def kernel(function: _Function) -> _Function:
    """The function as machine code, compiled at its first call and cached beside its file."""
    return cast(_Function, numba.njit(nogil=True, cache=True)(function))
