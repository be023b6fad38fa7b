"""The whole of a rolled source: the arrays of the layers, the function of them, the function of flat parameters."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count

from autodiff.ground.text import quoted
from autodiff.programs.grouping import Array
from autodiff.programs.languages import LANGUAGES
from autodiff.programs.parcels import Layers
from autodiff.programs.rolled import Lines
from autodiff.programs.rolling import Ref, Rolled, Total
from autodiff.programs.shorthand import OWN
from autodiff.programs.spelling import enclosed
from autodiff.recording.reverse import topological
from autodiff.recording.value import Value

__all__ = ["MODULES", "rolled"]

MODULES = {"jax": "jnp", "numpy": "np", "torch": "torch"}


def rolled(
    graph: tuple[Sequence[Value], Sequence[Value], Sequence[Value]],
    constants: Mapping[Value, float],
    named: Callable[[], Iterable[tuple[str, Value]]],
    language: str,
    what: str,
    single: bool,
) -> str:
    """The source of ``program(x, p)`` of a batch: the values, and the gradient of their mean in the parameters.

    ``graph`` is outputs, inputs and parameters; ``named`` are the names that a Module gives its parameters.

    >>> x, w = [Value(1.0), Value(2.0)], [[Value(0.1), Value(0.2)], [Value(0.3), Value(0.4)]]
    >>> h = [(a * x[0] + b * x[1]).tanh() for a, b in w]
    >>> text = rolled((h, x, [*w[0], *w[1]]), {}, tuple, "numpy", "value", single=False)
    >>> print(text[text.index("def"):])
    def program(x, p):
        v = np.tanh(x @ p.reshape(2, 2).T)
        return v
    <BLANKLINE>
    """
    if language not in MODULES:
        raise ValueError(f"rolled=True is for languages of arrays, {', '.join(MODULES)}; got {quoted(language)}")
    outputs, inputs, params = graph
    order = topological(outputs, check=False, inputs={*inputs, *params})
    taken = {*LANGUAGES[language].reserved, *OWN}
    for op in {node.op for node in order if node.op is not None}:
        taken |= {op.name, *(f"{op.name}_back_{name}" for name in op.inputs)}
    layers = Layers(params, named, taken)
    x = Array(len(inputs), True, (len(inputs),), "x", True)
    homes = {leaf: (x, i) for i, leaf in enumerate(inputs)} | layers.homes
    found = Rolled(order, outputs, homes, constants)
    _name(found, taken)
    active = {*layers.flat, layers.whole} if what == "grad" else set()
    lines = Lines(found, LANGUAGES[language], MODULES[language], active)
    return _Text(lines, layers, single, what, sum(node.op is not None for node in order)).text()


def _name(graph: Rolled, taken: set[str]) -> None:
    """Arrays after the layer that they belong to: a0 for its sums, h0 for what is computed of them; else s and v."""
    for step in graph.steps:
        path = step.nodes[0].scope.path if step.nodes and step.nodes[0].scope else ("",)
        number = re.search(r"\d+", path[0])
        letters = "ah" if number else "sv"
        wanted = letters[not isinstance(step, Total)] + (number[0] if number else "")
        again = (f"{wanted}{'_' * bool(number)}{k}" for k in count(1))
        step.out.name = wanted if wanted not in taken else next(name for name in again if name not in taken)
        taken.add(step.out.name)


class _Text:
    """The whole source."""

    def __init__(self, lines: Lines, layers: Layers, single: bool, what: str, nodes: int) -> None:
        self.lines, self.layers, self.single, self.what, self.nodes = lines, layers, single, what, nodes
        self.outputs = len(lines.rolled.results)
        self.m = lines.m

    def text(self) -> str:
        """What is needed first, the layers, the function of their arrays, and the function of flat parameters."""
        self.lines.write()
        body = [*self.lines.forwards, f"values = {self._values()}"]
        body += self._gradient() if self.what == "grad" else []
        functions = self._layered(body) if self.layers.flat else self._plain(body)
        if self.m == "np":
            functions[-1] = f'@np.errstate(all="ignore")\n{functions[-1]}'
        return self._told() + self._head().rstrip() + "\n\n\n" + "\n\n".join([*self._helpers(), *functions])

    def _head(self) -> str:
        head = self.lines.language.head(self.lines.primitives)
        if not self.lines.tables or "import numpy as np" in head:
            return head
        return re.sub(r"^import (torch|jax\.numpy as jnp)$", r"import numpy as np\n\g<0>", head, count=1, flags=re.M)

    def _helpers(self) -> list[str]:
        """Functions that make tables, the tables, and the other functions."""
        named = dict(self.lines.functions)
        first = [named.pop(name) for name in ("places", "uses") if name in named]
        tables = "".join(f"{name} = {text}\n" for text, name in self.lines.tables.items())
        return [*first, *[tables] * bool(tables), *named.values()]

    def _told(self) -> str:
        """What it was, and what of it did not roll."""
        steps = [step for step in self.lines.rolled.steps if step.nodes]
        alone = sum("alone" in self.lines.remark(step) for step in steps)
        text = f"# A graph of {self.nodes} computed nodes, in {len(steps)} array{'s' * (len(steps) != 1)}."
        return text + (f" Nodes that have no equal stand alone: {alone}.\n" if alone else "\n")

    def _values(self) -> str:
        texts = []
        for result in self.lines.rolled.results:
            text = self.lines.operand(result)
            if isinstance(result, Ref) and result.array.batch:
                texts.append(text)
            else:
                texts.append(f"{text} * {self.m}.ones((len(x), 1), dtype=x.dtype)")
        if self.single:
            return f"{enclosed(texts[0])}[:, 0]"
        refs = self.lines.rolled.results
        arrays = {ref.array for ref in refs if isinstance(ref, Ref)}
        if len(arrays) == 1 and all(isinstance(ref, Ref) and ref.array.batch for ref in refs):
            (array,) = arrays
            places = tuple(ref.places[0] for ref in refs if isinstance(ref, Ref))
            return self.lines.read(Ref(array, places, (len(places),)))
        return f"{self.m}.concatenate([{', '.join(texts)}], -1)"

    def _gradient(self) -> list[str]:
        """Lines that make the gradient of each output's mean in each array."""
        arrays = [*self.layers.flat, *[self.layers.whole] * bool(self.layers.others or not self.layers.flat)]
        lines = self.lines
        for i, result in enumerate(lines.rolled.results):
            lines.send(result, "d" if self.single else f"d[:, {i}:{i + 1}]", True)
        lines.write_back()
        found = [f"d_{array.name} = {lines.sum_of(array) or f'{self.m}.zeros_like({array.name})'}" for array in arrays]
        names = ", ".join(f"d_{array.name}" for array in arrays)
        names += "," * (len(arrays) == 1)
        if self.single:
            seed = f"d = {self.m}.ones((len(x), 1), dtype=x.dtype) / len(x)"
            return ["", seed, *lines.backwards, *found, f"return values, ({names})"]
        inner = [line for text in [*lines.backwards, *found] for line in text.split("\n")]
        inner = [*inner, f"return {names}"]
        eye = f"{self.m}.eye({self.outputs}, dtype=x.dtype)"
        return [
            "",
            "def back(d):",
            *(f"    {line}" for line in inner),
            "",
            f"rows = [back(one / len(x) + {self.m}.zeros((len(x), 1), dtype=x.dtype)) for one in {eye}]",
            f"return values, tuple({self.m}.stack(each) for each in zip(*rows))",
        ]

    def _layered(self, body: list[str]) -> list[str]:
        lines, layers = self.lines, self.layers
        names = ", ".join(layers.names)
        comma = "," * (len(layers.names) == 1)
        shapes = ", ".join(f"{array.name} {array.shape}" for array in layers.flat)
        doc = f'"""The flat parameters as the arrays of the layers: {shapes}."""'
        taken = [*layers.pieces(lines), f"return {names}{comma}"]
        found = [_function("layers(p)", [_filled(doc), *taken])]
        if self.what != "grad":
            found.append(_function(f"value(x, {names})", [*body[:-1], f"return {body[-1].partition(' = ')[2]}"]))
            return [*found, _function("program(x, p)", ["return value(x, *layers(p))"])]
        found.append(_function(f"value_and_grad(x, {names})", body))
        slots = ", ".join(f"d_{name}" for name in layers.names)
        arrays = {array: f"d_{array.name}" for array in layers.flat}
        text = layers.joined(lines, arrays) + (" + d_p" if layers.others else "")
        doc = '"""The arrays of the layers as the flat parameters, which is the way back of ``layers``."""'
        found.append(_function(f"flat({slots})", [doc, f"return {text}"]))
        if self.single:
            last = ["values, gradients = value_and_grad(x, *layers(p))", "return values, flat(*gradients)"]
        else:
            last = [
                "values, gradients = value_and_grad(x, *layers(p))",
                f"return values, {self.m}.stack([flat(*row) for row in zip(*gradients)])",
            ]
        return [*found, _function("program(x, p)", last)]

    def _plain(self, body: list[str]) -> list[str]:
        if self.what != "grad":
            return [_function("program(x, p)", [*body[:-1], f"return {body[-1].partition(' = ')[2]}"])]
        last = body[-1].replace("return values, (d_p,)", "return values, d_p")
        if not self.single:
            last = f"return values, {self.m}.stack([row for row, in rows])"
        return [_function("program(x, p)", [*body[:-1], last])]


def _filled(text: str) -> str:
    return "\n".join(textwrap.wrap(text, 112))


def _function(head: str, body: Sequence[str]) -> str:
    lines = [f"    {line}" if line else "" for text in body for line in text.split("\n")]
    return "\n".join([f"def {head}:", *lines]) + "\n"
