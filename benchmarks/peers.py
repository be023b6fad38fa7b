"""What every contest needs: who takes part, whether the numbers agree, and C compiled for this processor."""

from __future__ import annotations

import ctypes
import importlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.timing import Comparison, Job, compare

Array = Any
_FOLDER = tempfile.TemporaryDirectory(prefix="benchmarks-")  # removed at the end
FLAGS = ["-O3", "-march=native", "-ffast-math", "-fPIC", "-w"]


class Contest:
    """Contestants of one problem: each is built and checked before anything is timed, or named as missing."""

    def __init__(self, title: str, *problem: Any) -> None:
        self.title, self.problem = title, problem
        self.jobs: dict[str, Job] = {}
        self.missing: dict[str, str] = {}

    def enter(self, name: str, make: Callable[..., Job], *form: Any) -> None:
        """``make`` builds the job from the form and the problem; wrong numbers (AssertionError) end the contest."""
        try:
            self.jobs[name] = make(*form, *self.problem)
        except ImportError as error:
            self.missing[name] = f"not installed ({error})"
        except AssertionError:
            raise
        except Exception as error:  # a peer that cannot run here is named instead
            self.missing[name] = f"{type(error).__name__}: {error}".splitlines()[0][:100]

    def run(self, rounds: int = 15, scale: Mapping[str, float] | None = None) -> Comparison:
        """Time them all, interleaved."""
        return compare(self.title, self.jobs, rounds, self.missing, scale)


def agree(found: Any, expected: Array) -> None:
    """A contest between different numbers would be none."""
    np.testing.assert_allclose(np.asarray(found).ravel(), np.asarray(expected).ravel(), rtol=1e-9, atol=1e-12)


def jax_here() -> Any:
    """JAX in double precision, on the thread that calls it: nothing here is worth handing over."""
    jax = importlib.import_module("jax")
    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_cpu_enable_async_dispatch", False)
    return jax


def torch_here() -> Any:
    """PyTorch on one thread."""
    torch = importlib.import_module("torch")
    torch.set_num_threads(1)
    return torch


def c_library(text: str, *flags: str) -> str:
    """The path of a library compiled from C for this very processor."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None:
        raise RuntimeError("no C compiler")
    number = len(os.listdir(_FOLDER.name))
    source, part, target = (str(Path(_FOLDER.name, f"{number}.{suffix}")) for suffix in ("c", "o", "so"))
    Path(source).write_text(text, encoding="utf-8")
    subprocess.run([compiler, *FLAGS, *flags, "-c", source, "-o", part], check=True, capture_output=True)
    # Linked without -ffast-math: with it, loading the library would make every tiny number of the process a zero.
    subprocess.run([compiler, "-shared", *flags, part, "-o", target, "-lm"], check=True, capture_output=True)
    return target


def pointer(array: Array) -> Any:
    """An array's memory, for a function in C; the array must be kept alive."""
    return array.ctypes.data_as(ctypes.POINTER(ctypes.c_double))


def readme_graph(a: Any, b: Any, relu: Any = lambda x: x.relu()) -> Any:
    """The expression of micrograd's README."""
    c = a + b
    d = a * b + b**3
    c = c + (c + 1)
    c = c + (1 + c + (-a))
    d = d + (d * 2 + relu(b + a))
    d = d + (3 * d + relu(b - a))
    e = c - d
    f = e**2
    g = f / 2.0
    return g + 10.0 / f
