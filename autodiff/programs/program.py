"""Program, a recorded graph replayed over a batch, with its derivatives inside."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from autodiff.ground.clock import last_write
from autodiff.ground.collector import paused
from autodiff.ground.foreign import at_least_one, is_stream
from autodiff.ground.progress import clock, shown
from autodiff.ground.text import quoted, visible
from autodiff.programs import layered, streams
from autodiff.programs.batches import Sample, vector
from autodiff.programs.frozen import check_leaves, refuse_overwritten, warn_of_frozen_branches
from autodiff.programs.listing import PASSES
from autodiff.programs.lowering import Lowering
from autodiff.programs.rims import COMPILED, checked_fastmath, chosen, rim_of
from autodiff.programs.routine import Routine
from autodiff.programs.sources import LANGUAGES, emit, told_apart
from autodiff.recording.copies import entry, saved
from autodiff.recording.reverse import peek, topological
from autodiff.recording.value import Value

if TYPE_CHECKING:
    from numpy import ndarray

    Array = ndarray[Any, Any]

__all__ = ["Program"]

Run = Callable[..., tuple[Any, Any]]


class HasParameters(Protocol):
    """A Module, or anything like it."""

    def parameters(self) -> list[Value]: ...


class Program:
    """A graph flattened into straight-line instructions, run over a batch of samples.

    ``inputs`` are the leaves that differ from sample to sample, nested as the samples are (lists of lists of pixels,
    say); ``params`` the leaves that are trained; every other leaf is a constant. ``output`` is a Value, or several.
    Every max, relu and where is decided anew for every sample. ``backend`` is "numba", "numpy" or "python" (the
    standard library alone), by default the first of these that is installed, or "fused" (Numba, compiled for this
    program alone: about a second for every hundred instructions, for small graphs over large batches). All of them
    give the same bits, but for library functions. ``threads`` is for "numba". ``passes`` are the passes that
    make a program short ("fold", "share", "drop", "fuse", "tile", "reuse"), by default all; each changes no bit.
    Building that takes more than two seconds is told on a terminal and in a notebook, unless ``progress=False``.

    ``fastmath=True`` lets "numba" and "fused" take sums in any order and round a product and a sum once (FMA): faster,
    to other bits, which may differ with machine, backend and batch. What is nan or infinite is so as before.

    Nothing is copied of a batch of float64 that lies in memory row by row, or column by column (``columns.T``), which
    is the faster. ``out=`` is an array that results are written into, which are then views of it: a row for each
    sample, of its outputs, of its slopes, or of first the one and then the others.

    A constant keeps the number it has now. A leaf that the graph does not contain has gradient 0. What is not a
    leaf, or stands twice, raises ``ValueError``; anything but Values, ``TypeError``; a batch of another shape,
    ``ValueError``.

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
        inputs: Value | Iterable[Any] = (),
        params: Sequence[Value] | HasParameters = (),
        backend: str | None = None,
        threads: int = 1,
        passes: Iterable[str] = PASSES,
        progress: bool = True,
        fastmath: bool = False,
    ) -> None:
        self.single = isinstance(output, Value)
        many = isinstance(output, Iterable) and not callable(output)  # a model gives its layers
        self.outputs: list[Value] = list(output) if many else [output]  # type: ignore[arg-type, list-item]
        self._named: Callable[[], Iterable[tuple[str, Value]]] = getattr(params, "named_parameters", tuple)
        if not isinstance(params, Iterable) and hasattr(params, "parameters"):
            params = params.parameters()
        if isinstance(params, Value) or not isinstance(params, Iterable):
            raise TypeError(f"params are a list of Values or a Module, got {type(params).__name__}")
        self.sample = Sample(inputs)
        self.inputs, self.params = self.sample.leaves, list(params)
        check_leaves(self.outputs, self.inputs, self.params)
        self.backend = chosen(backend)
        self.rim = rim_of(self.backend)
        self.threads = at_least_one("threads", threads)
        self.progress = bool(progress)
        self.fastmath = checked_fastmath(fastmath, self.backend)
        self.passes = frozenset([passes] if isinstance(passes, str) else passes)
        if not self.passes <= PASSES:
            raise ValueError(
                f"passes are {', '.join(sorted(PASSES))}; got {visible(', '.join(sorted(self.passes - PASSES)))}"
            )
        self._leaves = {leaf: ("input", i) for i, leaf in enumerate(self.inputs)}
        self._leaves |= {leaf: ("param", i) for i, leaf in enumerate(self.params)}
        self._runs: dict[tuple[str, bool], Run] = {}
        self._known: tuple[int, Any] = -1, None
        nodes = topological(self.outputs, check=False)
        refuse_overwritten(nodes)
        # Taken now, so that what is printed later is what runs, whatever becomes of the Values.
        self.constants = {node: peek(node) for node in nodes if node.op is None and node not in self._leaves}
        warn_of_frozen_branches(nodes, set(self.inputs))

    def value(
        self, batch: Iterable[Any], params: Iterable[float] | None = None, *, out: Array | None = None
    ) -> list[Any] | Array:
        """The output of every sample: ``(samples,)``, or ``(samples, outputs)`` for several outputs.

        ``batch`` has the shape ``(samples, inputs)``, or holds samples nested as the inputs are; lists, arrays, tensors
        and tables, whose columns count by place. ``params`` are numbers to use instead of the Values'. An iterator of
        samples, or of such batches, may be larger than memory: read once, with the bits of one batch of all.
        """
        results, _ = self._run("value", batch, params, out)
        return self._shaped(results)

    def value_and_grad(
        self, batch: Iterable[Any], params: Iterable[float] | None = None
    ) -> tuple[list[Any] | Array, list[Any] | Array]:
        """The output of every sample, and the gradient of their **mean** in each parameter: ``(params,)``.

        For several outputs the gradient has one row for each.
        """
        results, sums = self._run("grad", batch, params)
        means = self.rim.means(sums, len(results), len(self.outputs))
        return self._shaped(results), means[0] if self.single else means

    def grad_per_sample(
        self, batch: Iterable[Any], params: Iterable[float] | None = None, *, out: Array | None = None
    ) -> list[list[float]] | Array:
        """The gradient of each sample's output in each parameter: ``(samples, params)``; needs a single output."""
        rows: list[list[float]] | Array = self._single("grad_per_sample", batch, params, out)
        return rows

    def input_grad(
        self, batch: Iterable[Any], params: Iterable[float] | None = None, *, out: Array | None = None
    ) -> list[list[float]] | Array:
        """The gradient of each sample's output in its own inputs: ``(samples, inputs)``; needs a single output."""
        rows: list[list[float]] | Array = self._single("input_grad", batch, params, out)
        return rows

    def value_and_input_grad(
        self, batch: Iterable[Any], params: Iterable[float] | None = None, *, out: Array | None = None
    ) -> tuple[list[float] | Array, list[list[float]] | Array]:
        """The output of every sample, and its gradient in the sample's inputs, in one pass; for a single output."""
        columns = self._single("value_and_input_grad", batch, params, out)
        return self.rim.first(columns), self.rim.rest(columns)

    def _single(self, what: str, batch: Any, params: Any, out: Any) -> Any:
        if len(self.outputs) != 1:
            raise ValueError(
                f"{what} is for a program of one output; this one has {len(self.outputs)}: make one for each, "
                "Program(outputs[k], ...), such as Program(scores[k], image)"
            )
        return self._run(what, batch, params, out)[0]

    def read(self) -> list[float]:
        """The parameters' present numbers, as one list."""
        return [*map(peek, self.params)]

    def write(self, params: Iterable[float]) -> None:
        """Write numbers back into the parameters' Values: all of them, or none if one is not a number."""
        numbers = vector(params, self.params, "params")
        for param, number in zip(self.params, numbers, strict=True):
            param.data = number

    def source(self, language: str = "python", what: str = "grad", rolled: bool = False) -> str:
        """The program as source: "python", "numpy", "javascript", "jax" or "torch".

        It is a function ``program(x, p)`` that answers the outputs and, with ``what="grad"``, each output's
        gradient in the parameters; ``what="value"`` leaves that out. With ``rolled=True`` it is one of whole batches
        and arrays, for "numpy", "jax" and "torch": it answers what :meth:`value_and_grad` does, or :meth:`value`,
        wherever numbers are finite (in arrays, what has no path is a 0, and infinity times 0 is nan).
        """
        if what not in ("value", "grad"):
            raise ValueError(f'what must be "value" or "grad", got {quoted(what)}')
        if language not in LANGUAGES:
            raise ValueError(f"language must be one of {', '.join(LANGUAGES)}; got {quoted(language)}")
        if rolled:
            graph = self.outputs, self.inputs, self.params
            return layered.rolled(graph, self.constants, self._named, language, what, self.single)
        routine = self._routine("grad" if what == "grad" and self.params else "value")
        names = told_apart(self.inputs), told_apart(self.params)
        return emit(routine, LANGUAGES[language], *names)

    def __str__(self) -> str:
        return self.source("python")

    def __repr__(self) -> str:
        shape = f"{len(self.inputs)} inputs, {len(self.params)} params, {len(self.outputs)} outputs"
        more = f", threads={self.threads}" if self.threads > 1 else ""
        more += ", fastmath=True" if self.fastmath else ""
        more += f", passes={sorted(self.passes)}" if self.passes != PASSES else ""
        return f"<Program of {shape}, on {self.backend}{more}>"

    def __reduce__(self) -> tuple[Callable[..., Program], tuple[Any, ...]]:
        nodes = topological([*self.outputs, *self.inputs, *self.params], check=False)
        return _rebuilt, (saved(nodes), *self._parts(entry))

    def __deepcopy__(self, memo: dict[int, Any]) -> Program:
        return _rebuilt(None, *self._parts(lambda value: deepcopy(value, memo)))

    def __copy__(self) -> Program:
        return _rebuilt(None, *self._parts(lambda value: value))

    def _parts(self, twin: Callable[[Value], Any]) -> tuple[tuple[Any, ...], dict[Any, float]]:
        """What it is made of, with a twin for each Value: the arguments of Program, and its constants."""
        outputs, params = ([*map(twin, values)] for values in (self.outputs, self.params))
        inputs = self.sample.mapped(twin)
        constants = {twin(leaf): number for leaf, number in self.constants.items()}
        output = outputs[0] if self.single else outputs
        options = self.backend, self.threads, self.passes, self.progress, self.fastmath
        return (output, inputs, params, *options), constants

    def _run(self, what: str, batch: Any, params: Any, out: Any = None) -> tuple[Any, Any]:
        numbers = self._numbers() if params is None else self.rim.vector(params, self.params)
        if not is_stream(batch):
            return self._run_table(what, self.rim.rows(batch, self.sample), numbers, out)
        tables = streams.tables(batch, len(self.inputs), self._read, "the batch")
        if what not in ("value", "grad") or out is not None:
            return self._run_table(what, self.rim.joined(tables), numbers, out)
        pieces = self.rim.regrouped(tables, streams.piece(len(self.inputs)))
        return streams.run(partial(self._ready, what), pieces, numbers, self.rim)

    def _numbers(self) -> Any:
        """The parameters' present numbers, read again only when a number of any Value was written since."""
        moment = last_write()
        if self._known[0] != moment:
            self._known = moment, self.rim.own(self.read())
        return self._known[1]

    def _read(self, samples: Any, what: str, number: int) -> Any:
        return self.rim.rows(samples, self.sample, what, number)

    def _run_table(self, what: str, rows: Any, numbers: Any, out: Any) -> tuple[Any, Any]:
        given = [rows, numbers]
        if out is not None:
            counts = {"value": len(self.outputs), "grad_per_sample": len(self.params)}
            columns = counts.get(what, len(self.inputs) + (what == "value_and_input_grad"))
            given.append(self.rim.given(out, len(rows), columns, rows))
        results, sums = self._ready(what, False)(*given)
        if what != "value" and self.rim.has_nan(sums if len(sums) else results):
            # An infinite number may have met the 0 of a side without a path: now such sides are held apart.
            results, sums = self._ready(what, True)(*given)
        return results, sums

    def _ready(self, what: str, careful: bool) -> Run:
        """The routine for one purpose."""
        return self._runs.get((what, careful)) or partial(self._first, what, careful)

    def _first(self, what: str, careful: bool, *given: Any) -> tuple[Any, Any]:
        """Build it when it is first wanted; its first run may compile it."""
        with shown(lambda seconds: f"building {quoted(self)} ({clock(seconds)})", self.progress):
            run = self._runs[what, careful] = self._built(self._routine(what, careful))
            return run(*given)

    @paused()
    def _built(self, routine: Routine) -> Run:
        backend = importlib.import_module(f"autodiff.programs.backends.{self.backend}")
        more = {"threads": self.threads, "fastmath": self.fastmath} if self.backend in COMPILED else {}
        run: Run = backend.build(routine, len(self.inputs), len(self.params), **more)
        return run

    @paused()
    def _routine(self, what: str, careful: bool = False) -> Routine:
        """The instructions for one purpose, and the gradients it needs."""
        lowered = Lowering(self.outputs, self._leaves, self.constants, self.passes)
        outputs = tuple(lowered.places[output] for output in self.outputs)
        wanted = {"value": [], "grad": self.params, "grad_per_sample": self.params}.get(what, self.inputs)
        unlimited = self._leaves if careful else ()
        rows = [lowered.gradients(output, wanted, unlimited) for output in (self.outputs if wanted else ())]
        gradients = tuple(place for row in rows for place in row)
        if what == "grad":
            return Routine(lowered.listing, outputs, gradients)
        return Routine(lowered.listing, (*outputs, *gradients) if what.startswith("value") else gradients, ())

    def _shaped(self, results: Any) -> list[Any] | Array:
        whole: list[Any] | Array = self.rim.first(results) if self.single else results
        return whole


def _rebuilt(_: Any, arguments: tuple[Any, ...], constants: dict[Value, float]) -> Program:
    program = Program(*arguments)
    program.constants = constants
    return program
