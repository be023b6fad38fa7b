"""Which backend runs a program, and the rim around it: how batches go in, and how answers come out."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

from autodiff.ground.text import quoted
from autodiff.programs import lists
from autodiff.programs.batches import Sample
from autodiff.recording.value import Value

__all__ = ["BACKENDS", "COMPILED", "Rim", "checked_fastmath", "chosen", "rim_of"]

# The fastest first; what each needs. Those that need NumPy read and answer arrays, "python" lists.
BACKENDS: dict[str, tuple[str, ...]] = {
    "numba": ("numba", "numpy"),
    "numpy": ("numpy",),
    "python": (),
    "fused": ("numba", "numpy"),
}
COMPILED = ("numba", "fused")


class Rim(Protocol):
    """What stands between users and a backend: :mod:`lists`, or :mod:`arrays`."""

    def rows(self, batch: Any, sample: Sample, what: str = ..., number: int = ...) -> Any: ...

    def given(self, out: Any, samples: int, columns: int, batch: Any) -> Any: ...

    def vector(self, numbers: Any, leaves: Sequence[Value]) -> Any: ...

    def own(self, numbers: list[float]) -> Any: ...

    def first(self, results: Any) -> Any: ...

    def rest(self, results: Any) -> Any: ...

    def means(self, sums: Any, samples: int, outputs: int) -> Any: ...

    def has_nan(self, numbers: Any) -> bool: ...

    def wrong(self, numbers: Any) -> tuple[int, int] | None: ...

    def taken(self, table: Any, places: list[int]) -> Any: ...

    def joined(self, tables: Iterable[Any]) -> Any: ...

    def regrouped(self, tables: Iterable[Any], size: int) -> Iterator[Any]: ...


def chosen(backend: str | None) -> str:
    """The backend of that name, or the fastest that is installed; ``ImportError`` when it is not."""
    if backend is None:
        return next(name for name in BACKENDS if _installed(name))
    if backend not in BACKENDS:
        raise ValueError(
            f"backend must be one of {', '.join(BACKENDS)}, or None for the fastest; got {quoted(backend)}"
        )
    if not _installed(backend):
        raise ImportError(
            f"the backend {quoted(backend)} needs {' and '.join(BACKENDS[backend])}: pip install 'gradroute[fast]'"
        )
    return backend


def checked_fastmath(wanted: bool, backend: str) -> bool:
    """Whether fastmath is wanted; ``ValueError`` of a backend that does not compile."""
    if wanted and backend not in COMPILED:
        raise ValueError(
            f"fastmath=True is for the backends {' and '.join(map(quoted, COMPILED))}, got {quoted(backend)}"
        )
    return bool(wanted)


def rim_of(backend: str) -> Rim:
    """The rim around a backend."""
    if "numpy" not in BACKENDS[backend]:
        return lists
    from autodiff.programs import arrays

    return arrays


def _installed(backend: str) -> bool:
    return all(importlib.util.find_spec(module) is not None for module in BACKENDS[backend])
