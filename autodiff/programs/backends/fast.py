"""The machine of :mod:`autodiff.programs.backends.kernel` once more, compiled for ``fastmath=True``."""

from __future__ import annotations

from types import FunctionType
from typing import Any

from numba.core.dispatcher import Dispatcher

from autodiff.programs.backends import kernel
from autodiff.programs.backends.caching import FASTMATH, jit

__all__ = ["run_samples", "run_threads"]


def _compiled_anew() -> dict[str, Any]:
    """The functions of the kernel itself, each with the flags, and calling one another."""
    space = dict(vars(kernel))
    for name, found in vars(kernel).items():
        if isinstance(found, Dispatcher) and found.py_func.__module__ == kernel.__name__:
            function = FunctionType(found.py_func.__code__, space, name)
            space[name] = jit(**(found.targetoptions | {"fastmath": FASTMATH}))(function)
    return space


_space = _compiled_anew()
run_samples, run_threads = _space["run_samples"], _space["run_threads"]
