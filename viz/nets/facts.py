"""What a network's picture tells: its layers as maps of cells, what each cell read, and who got its gradient."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from autodiff import Graph, Value, layers, nn
from autodiff.facts.words import why_no_path
from autodiff.ground.text import NAME, visible
from autodiff.recording.reverse import adjoints, seed_of
from viz.nets.fields import Cells, Field, as_field, weights_before

__all__ = ["Network", "Product", "read"]


@dataclass(frozen=True)
class Product:
    """A cell whose gradient is θ′ times what arrived at the cell of its activation."""

    cell: int
    activation: int
    slope: float
    arrived: float
    handed: float


class Network:
    """The layers before an output, in order, the weights before each, and every cell's value and gradient."""

    kinds: Sequence[str] = ("value", "gradient")  # of numbers, from above
    formula = ""  # that says how they hang together

    def __init__(self, output: Value, upstream: float | None = None) -> None:
        self.graph = Graph(output)
        _, found = adjoints(output, seed_of(output) if upstream is None else upstream)
        numbers = {value: number for number, value in enumerate(self.graph.values)}
        self.values = [value.data for value in self.graph.values]
        self.gradients: dict[int, float] = {numbers[value]: gradient for value, gradient in found.items()}
        self.output = self.graph.outputs[0]
        known = layers(self.graph)
        self.learned = {n for one in known if one.kind in ("weights", "bias") for n in one.nodes.values()}
        fields = [as_field(one) for one in known if one.kind in ("units", "input")]
        if fields and not any(self.output in field.nodes.values() for field in fields):
            name = visible(self.graph.nodes[self.output].name or "output", NAME)
            fields.append(Field(name, "units", (1, 1, 1), {(0, 0, 0): self.output}))
        self.fields = self._opened(_told_apart(fields))
        self.home = {number: (field, at) for field in self.fields for at, number in field.nodes.items()}
        self.behind: dict[tuple[int, bool], list[int]] = {}  # what was asked for already
        self.weights = weights_before(self.graph, known, self.fields, self.home)

    def _opened(self, fields: list[Field]) -> list[Field]:
        """What is shown of the layers."""
        return fields

    @property
    def name(self) -> str:
        """What the output is called."""
        return visible(self.graph.nodes[self.output].name or "the output", NAME)

    # -- What is said of a map

    def heading(self, kind: str) -> str:
        """What is said above a row."""
        return "values, forward →" if kind == "value" else f"gradient of {self.name}, backward ←"

    def symbol(self, field: Field, kind: str) -> str:
        """What a map is in the formula."""
        return ""

    def worked(self, numbers: Iterable[int], preferred: Iterable[int]) -> Product | None:
        """A cell of these whose gradient is told as a product."""
        return None

    def function(self, field: Field) -> str:
        """The name of the activation whose θ′ a map shows."""
        return ""

    def said(self) -> list[str]:
        """Sentences of its own."""
        return []

    def shown(self, field: Field, kind: str) -> Cells:
        """The values of a layer's cells, or their gradients."""
        number: Callable[[int], float | None] = self.gradients.get if kind == "gradient" else self.values.__getitem__
        return {at: (f"{kind[0]}{n}", number(n)) for at, n in field.nodes.items()}

    # -- What was read, and who got the gradient

    def reads(self, number: int) -> list[int]:
        """The nodes of earlier layers that a node was computed from, each once, in the order of its operands."""
        return self._known(number, taken=False)

    def heirs(self, number: int) -> list[int]:
        """Those of them that a path leads to: a max has one."""
        return self._known(number, taken=True)

    def _known(self, number: int, taken: bool) -> list[int]:
        if (number, taken) not in self.behind:
            self.behind[number, taken] = self._behind(number, taken)
        return self.behind[number, taken]

    def operands(self, number: int) -> list[int]:
        """The nodes among the operands of one."""
        return [arg for arg in self.graph.nodes[number].args if isinstance(arg, int)]

    def _behind(self, number: int, taken: bool) -> list[int]:
        found: dict[int, None] = {}
        seen, stack = {number}, [number]
        while stack:
            at = stack.pop()
            if at != number and at in self.home:
                found[at] = None
                continue
            for position, arg in enumerate(self.graph.nodes[at].args):
                if isinstance(arg, int) and arg not in seen and (not taken or self._is_path(at, position)):
                    seen.add(arg)
                    stack.append(arg)
        return sorted(found)

    def _is_path(self, number: int, position: int) -> bool:
        node = self.graph.nodes[number]
        assert node.op is not None
        data = [self.values[arg] if isinstance(arg, int) else arg for arg in node.args]
        return node.op.local_derivatives(*data, self.values[number])[position] is not None

    @cached_property
    def choices(self) -> dict[int, int]:
        """Units that chose one of several cells that they read, and the one that they chose, where gradient goes."""
        found = {}
        for field in self.fields:
            for number in field.nodes.values():
                if number in self.gradients and len(self.reads(number)) > 1:
                    heirs = self.heirs(number)
                    if len(heirs) == 1 and self._is_choice(number):
                        found[number] = heirs[0]
        return found

    @cached_property
    def meetings(self) -> dict[int, list[int]]:
        """Cells whose gradient is the sum of what came from several units, one of which chose at least, and these."""
        found: dict[int, list[int]] = {}
        for field in self.fields:
            for unit in field.nodes.values():
                if unit in self.gradients and len(heirs := self.heirs(unit)) == 1:
                    found.setdefault(heirs[0], []).append(unit)
        return {cell: sorted(units) for cell, units in found.items() if self._is_sum(cell, units)}

    def _is_sum(self, cell: int, units: list[int]) -> bool:
        whole = self.gradients[cell]
        total = math.fsum(self.gradients[unit] for unit in units)
        chosen = any(unit in self.choices for unit in units)
        return len(units) > 1 and chosen and math.isclose(total, whole, rel_tol=1e-9, abs_tol=1e-300)

    def stops(self, number: int) -> bool:
        """Whether a cell got gradient and hands nothing on, though it was computed from an earlier layer."""
        return number in self.gradients and bool(self.reads(number)) and not self.heirs(number)

    def refusals(self, number: int) -> list[tuple[int, int]]:
        """Where its gradient ends on the way to earlier layers: nodes, and the positions of operands they refuse."""
        found: list[tuple[int, int]] = []
        seen, stack = {number}, [number]
        while stack:
            at = stack.pop()
            for position, arg in enumerate(self.graph.nodes[at].args):
                if not isinstance(arg, int):
                    continue
                if not self._is_path(at, position):
                    found += [(at, position)] if arg in self.home or self.reads(arg) else []
                elif arg not in seen and arg not in self.home:
                    seen.add(arg)
                    stack.append(arg)
        return sorted(found)

    def _is_choice(self, number: int) -> bool:
        """Whether others lost against the one that a unit hands its gradient to, and are not merely off."""
        why = {why_no_path(self.graph.nodes[n], at) for n, at in self.refusals(number)}
        return "not taken" in why and "off" not in why

    def is_off(self, number: int) -> bool:
        """Whether a cell hands nothing on because a function of one number is off, as a relu below 0 is."""
        ends = self.refusals(number)
        return bool(ends) and all(why_no_path(self.graph.nodes[n], at) == "off" for n, at in ends)


def _told_apart(fields: Sequence[Field]) -> list[Field]:
    """Layers that are computed more than once are counted by their names."""
    seen: dict[str, int] = {}
    found = []
    for field in fields:
        seen[field.name] = count = seen.get(field.name, 0) + 1
        found.append(replace(field, name=f"{field.name} ({count})", time=count) if count > 1 else field)
    return found


def _asked(output: object, name: str) -> str:
    """What to write for something that is no Value."""
    got = type(output).__name__
    if isinstance(output, Graph):
        return f"{name}(output) takes a Value: of a Graph write {name}(graph.values[-1])"
    if isinstance(output, nn.Module):
        return f"{name}(output) takes a Value that the network computed: call the {got} first, {name}(model(x)[0])"
    if isinstance(output, (list, tuple)):
        return f"{name}(output) takes one Value: choose one of the {got}'s, such as {name}(y[0]), or add them up"
    return f"{name}(output) takes the Value that the network computed, got {got}"


def read(
    output: object, upstream: float | None = None, kind: type[Network] = Network, name: str = "network"
) -> Network:
    """The network before an output, for the function of this name.

    ``ValueError`` where no layer is known, ``TypeError`` for anything but a Value.
    """
    if not isinstance(output, Value):
        raise TypeError(_asked(output, name))
    found = kind(output, upstream)
    if not found.fields:
        raise ValueError(
            "no layer is known in this graph: layers of autodiff.nn and pools know themselves, and "
            'autodiff.layer("features", grid) says it of a grid of Values'
        )
    return found
