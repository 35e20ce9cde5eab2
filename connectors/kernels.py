"""The one way in which this room compiles a kernel: without the interpreter lock, kept on disk.

A kernel allocates nothing: its arrays are given to it. So nothing needs to count references to them,
which takes more time than reading their bytes does when kernels are made of many small ones.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

_Function = TypeVar("_Function", bound=Callable[..., object])

_OPTIONS: dict[str, Any] = {"nogil": True, "cache": True, "_nrt": False}


def kernel(function: _Function) -> _Function:
    """The function as machine code, compiled at its first call and cached beside its file."""
    return cast(_Function, numba.njit(**_OPTIONS)(function))
