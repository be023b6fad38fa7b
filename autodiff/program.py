"""Floor 3: Program, a recorded graph replayed over a batch, with its derivatives inside."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from autodiff.derivatives import grad
from autodiff.ieee import real
from autodiff.lowering import Tape, lower
from autodiff.routine import Routine
from autodiff.sources import LANGUAGES, emit
from autodiff.value import Value, describe

__all__ = ["FrozenBranchWarning", "Program"]

BACKENDS = ("numba", "numpy", "python")
_NEEDS = {"numba": ("numba", "numpy"), "numpy": ("numpy",), "python": ()}

Run = Callable[[Any, Any], tuple[Any, Any]]


class FrozenBranchWarning(UserWarning):
    """A number was read while the graph was recorded: a Python ``if`` on it is not part of the program."""


class Program:
    """A graph flattened into straight-line instructions, run over a batch of samples.

    ``inputs`` are the leaves that differ from sample to sample, in the order of the batch's columns; ``params``
    the leaves that are trained; every other leaf is a constant. ``output`` is a Value, or several. Every max,
    relu and where is decided anew for every sample. ``backend`` is "numba", "numpy" or "python" (the standard
    library alone), by default the fastest that is installed; ``threads`` is for Numba.

    A name that is not a leaf of the graph, or stands twice, raises ``ValueError``; anything but Values,
    ``TypeError``; a batch of another shape, ``ValueError``.

    >>> x, w = Value(0.0, "x"), Value(3.0, "w")
    >>> program = Program((w * x).relu(), inputs=[x], params=[w], backend="python")
    >>> program.value([[1.0], [-1.0], [2.0]])
    [3.0, 0.0, 6.0]
    >>> program.value_and_grad([[1.0], [-1.0], [2.0]])
    ([3.0, 0.0, 6.0], [1.0])
    """

    def __init__(
        self,
        output: Value | Iterable[Value],
        inputs: Sequence[Value] = (),
        params: Sequence[Value] = (),
        backend: str | None = None,
        threads: int = 1,
    ) -> None:
        self.single = isinstance(output, Value)
        self.outputs: list[Value] = [output] if isinstance(output, Value) else list(output)
        self.inputs, self.params = list(inputs), list(params)
        self._check()
        self.backend = _chosen(backend)
        self.threads = threads
        if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
            raise ValueError(f"threads must be a whole number of at least 1, got {threads!r}")
        self._leaves = {leaf: ("input", i) for i, leaf in enumerate(self.inputs)}
        self._leaves |= {leaf: ("param", i) for i, leaf in enumerate(self.params)}
        self._runs: dict[str, Run] = {}
        self._lowered: tuple[Tape, list[int], list[list[int]]] | None = None
        _warn_of_frozen_branches(self.outputs)

    def _check(self) -> None:
        for node in (*self.outputs, *self.inputs, *self.params):
            if not isinstance(node, Value):
                raise TypeError(f"a Program is made of Values, got {type(node).__name__}")
        if not self.outputs:
            raise ValueError("a Program needs at least one output")
        leaves = [*self.inputs, *self.params]
        for leaf in leaves:
            if leaf.op is not None:
                raise ValueError(f"{describe(leaf)} is computed; inputs and params must be leaves")
        twice = next((leaf for i, leaf in enumerate(leaves) if leaf in leaves[:i]), None) if len(leaves) < 64 else None
        if twice is not None or len(set(leaves)) < len(leaves):
            raise ValueError(f"{describe(twice) if twice else 'a leaf'} stands twice among inputs and params")

    def value(self, batch: Any, params: Any = None) -> Any:
        """The output of every sample: ``(samples,)``, or ``(samples, outputs)`` for several outputs.

        ``batch`` has the shape ``(samples, inputs)``. ``params`` are numbers to use instead of the Values'.
        """
        results, _ = self._run("value", batch, params)
        return self._shaped(results)

    def value_and_grad(self, batch: Any, params: Any = None) -> tuple[Any, Any]:
        """The output of every sample, and the gradient of their **mean** in each parameter: ``(params,)``.

        For several outputs the gradient has one row for each.
        """
        results, sums = self._run("grad", batch, params)
        count, samples = len(self.params), len(results)
        means = [total / samples for total in sums] if self.backend == "python" else sums / samples
        rows = [means[i * count : (i + 1) * count] for i in range(len(self.outputs))]
        return self._shaped(results), rows[0] if self.single else self._stacked(rows)

    def grad_per_sample(self, batch: Any, params: Any = None) -> Any:
        """The gradient of each sample's output in each parameter: ``(samples, params)``; needs a single output."""
        return self._single("grad_per_sample", batch, params)

    def input_grad(self, batch: Any, params: Any = None) -> Any:
        """The gradient of each sample's output in its own inputs: ``(samples, inputs)``; needs a single output."""
        return self._single("input_grad", batch, params)

    def _single(self, what: str, batch: Any, params: Any) -> Any:
        if len(self.outputs) != 1:
            raise ValueError(f"{what} is for a program of one output; this one has {len(self.outputs)}")
        return self._run(what, batch, params)[0]

    def read(self) -> list[float]:
        """The parameters' present numbers, as one list."""
        return [param.data for param in self.params]

    def write(self, params: Iterable[float]) -> None:
        """Write numbers back into the parameters' Values: all of them, or none if one is not a number."""
        numbers = [real(number) for number in params]
        if len(numbers) != len(self.params):
            raise ValueError(f"this program has {len(self.params)} parameters, got {len(numbers)} numbers")
        for param, number in zip(self.params, numbers, strict=True):
            param.data = number

    def source(self, language: str = "python", what: str = "grad") -> str:
        """The program as source: "python", "numpy", "javascript", "jax" or "torch".

        It is a function ``program(x, p)`` that answers the outputs and, with ``what="grad"``, each output's
        gradient in the parameters; ``what="value"`` leaves that out.
        """
        if language not in LANGUAGES:
            raise ValueError(f"language must be one of {', '.join(LANGUAGES)}; got {language!r}")
        routine = self._routine("grad" if what == "grad" and self.params else "value")
        names = [leaf.name for leaf in self.inputs], [leaf.name for leaf in self.params]
        return emit(routine, LANGUAGES[language], "program", *names)

    def __str__(self) -> str:
        return self.source("python")

    def __repr__(self) -> str:
        shape = f"{len(self.inputs)} inputs, {len(self.params)} params, {len(self.outputs)} outputs"
        return f"<Program of {shape}, on {self.backend}>"

    def __reduce__(self) -> tuple[type[Program], tuple[Any, ...]]:
        output = self.outputs[0] if self.single else self.outputs
        return Program, (output, self.inputs, self.params, self.backend, self.threads)

    def _run(self, what: str, batch: Any, params: Any) -> tuple[Any, Any]:
        rows = self._rows(batch)
        numbers = self._numbers(params)
        if what not in self._runs:
            self._runs[what] = self._built(self._routine(what))
        return self._runs[what](rows, numbers)

    def _built(self, routine: Routine) -> Run:
        backend = importlib.import_module(f"autodiff.backends.{self.backend}")
        more = {"threads": self.threads} if self.backend == "numba" else {}
        run: Run = backend.build(routine, len(self.inputs), len(self.params), **more)
        return run

    def _routine(self, what: str) -> Routine:
        tape, outputs, gradients = self._lower()
        params, inputs = len(self.params), len(self.inputs)
        if what == "value":
            return Routine(tape, tuple(outputs), ())
        if what == "grad":
            return Routine(tape, tuple(outputs), tuple(place for row in gradients for place in row[:params]))
        wanted = gradients[0][:params] if what == "grad_per_sample" else gradients[0][params : params + inputs]
        return Routine(tape, tuple(wanted), ())

    def _lower(self) -> tuple[Tape, list[int], list[list[int]]]:
        """The instructions of the outputs and of all their gradients, shared; worked out once."""
        if self._lowered is None:
            wanted = [*self.params, *self.inputs]
            gradients = [grad(output, wanted) for output in self.outputs]
            tape, places = lower([*self.outputs, *(g for row in gradients for g in row)], self._leaves)
            first, width = len(self.outputs), len(wanted)
            rows = [places[first + i * width : first + (i + 1) * width] for i in range(len(self.outputs))]
            self._lowered = tape, places[:first], rows
        return self._lowered

    def _rows(self, batch: Any) -> Any:
        if self.backend == "python":
            listed = [[real(x) for x in row] for row in batch]
            wrong = next((len(row) for row in listed if len(row) != len(self.inputs)), None)
            if not listed or wrong is not None:
                raise ValueError(_shape_error(self.inputs, f"rows of {wrong}" if listed else "no row"))
            return listed
        import numpy

        rows = numpy.ascontiguousarray(batch, dtype=float)
        if rows.ndim != 2 or rows.shape[1] != len(self.inputs) or not len(rows):
            raise ValueError(_shape_error(self.inputs, f"the shape {rows.shape}"))
        return rows

    def _numbers(self, params: Any) -> Any:
        numbers = self.read() if params is None else params
        if len(numbers) != len(self.params):
            raise ValueError(f"this program has {len(self.params)} parameters, got {len(numbers)} numbers")
        if self.backend == "python":
            return [real(number) for number in numbers]
        import numpy

        return numpy.asarray(numbers, dtype=float)

    def _shaped(self, results: Any) -> Any:
        if not self.single:
            return results
        return [row[0] for row in results] if self.backend == "python" else results[:, 0]

    def _stacked(self, rows: list[Any]) -> Any:
        if self.backend == "python":
            return rows
        import numpy

        return numpy.array(rows)


def _shape_error(inputs: list[Value], got: str) -> str:
    names = ", ".join(describe(leaf) for leaf in inputs[:8]) + (", ..." if len(inputs) > 8 else "")
    return f"a batch has the shape (samples, {len(inputs)}), one column for each input ({names}); got {got}"


def _chosen(backend: str | None) -> str:
    if backend is None:
        return next(name for name in BACKENDS if _installed(name))
    if backend not in BACKENDS:
        raise ValueError(f"backend must be one of {', '.join(BACKENDS)}, or None for the fastest; got {backend!r}")
    if not _installed(backend):
        raise ImportError(
            f"the backend {backend!r} needs {' and '.join(_NEEDS[backend])}: pip install 'gradroute[fast]'"
        )
    return backend


def _installed(backend: str) -> bool:
    return all(importlib.util.find_spec(module) is not None for module in _NEEDS[backend])


def _warn_of_frozen_branches(outputs: list[Value]) -> None: ...
