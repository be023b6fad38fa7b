"""θ′ of each activation: what the gradient that arrives at a cell is multiplied by on its way to the one it read."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from autodiff.language import formulas
from autodiff.recording.reverse import adjoints
from viz.nets.facts import Network, Product, read
from viz.nets.fields import Cells, Field
from viz.nets.figures import figured
from viz.nets.reckoned import holds

__all__ = ["Sloped", "Slopes", "beside", "sloped"]


@dataclass(frozen=True)
class Slopes(Field):
    """The θ′ of a layer's cells as a map of its own, in the row of the gradients, where it stands in the formula."""

    of: Field | None = None


class Sloped(Network):
    """A network with one number more for each cell of an activation: θ′(z), z being the cell that it read.

    What an activation read is shown as a layer even where no layer says so: the sums within a neuron, say.
    """

    kinds = ("value", "slope", "gradient")
    formula = "δᵢ = θ′(zᵢ) Σⱼ δⱼ wᵢⱼ"

    def _opened(self, fields: list[Field]) -> list[Field]:
        taken = {number for field in fields for number in field.nodes.values()}
        return [part for field in fields for part in (*self._sums(field, taken), field)]

    def _sums(self, field: Field, taken: set[int]) -> Iterator[Field]:
        """What the cells of a layer are functions of, where it belongs to no layer."""
        read = {at: self._bent(number) for at, number in field.nodes.items()}
        found = {at: number for at, number in read.items() if number is not None and number not in taken}
        if found and len(found) == len(read) == len({*found.values()}):
            yield Field(f"z of {field.name}", "sums", field.shape, found)

    def _bent(self, number: int) -> int | None:
        """The computed node that another one is a function of, by one operation that is no straight line."""
        read = self.operands(number)
        alone = len(read) == 1 and self.graph.nodes[read[0]].op is not None
        return read[0] if alone and self._bends(number, {*read}) else None

    def _bends(self, number: int, moving: set[int]) -> bool:
        """Whether the slope of a node's operation changes where these operands do."""
        node = self.graph.nodes[number]
        if node.op is None:
            return False
        named = zip(node.op.inputs, node.op.partials, node.args, strict=False)
        slopes = {name: partial for name, partial, arg in named if isinstance(arg, int) and arg in moving}
        return any(formulas.names(partial) & {*slopes, "out"} for partial in slopes.values())

    # -- θ′

    @cached_property
    def sources(self) -> dict[int, int]:
        """For each cell of an activation the one that it read."""
        found: dict[int, int] = {}
        for field in self.fields:
            read: dict[int, int] = {}
            for number in field.nodes.values():
                source = self._source(number)
                if source is None:
                    break
                read[number] = source
            else:
                found |= read
        return found

    def _source(self, number: int) -> int | None:
        """The one cell of an earlier layer that a cell is a function of, no straight line and without weights."""
        read = self.reads(number)
        if len(read) != 1:
            return None
        moving, bends = {*read}, False
        for at in self._between(number, read[0]):
            if at in self.learned:
                return None
            if moving.intersection(self.operands(at)):
                bends = bends or self._bends(at, moving)
                moving.add(at)
        return read[0] if bends else None

    def _between(self, number: int, source: int) -> list[int]:
        """What a node was computed from without going through a source, and itself, parents first."""
        seen, stack = {source}, [number]
        while stack:
            at = stack.pop()
            if at not in seen:
                seen.add(at)
                stack += self.operands(at)
        return sorted(seen - {source})

    @cached_property
    def slopes(self) -> dict[int, float | None]:
        """θ′ by the cell of the activation; None for no path, as of a relu that is off."""
        values, found = self.graph.values, {}
        for number, source in self.sources.items():
            _, flows = adjoints(values[number], 1.0, [values[source]])
            found[number] = flows.get(values[source])
        return found

    # -- What is shown of it

    def shown(self, field: Field, kind: str) -> Cells:
        """The values of a layer's cells, their θ′, or their gradients."""
        if isinstance(field, Slopes):
            return self.shown(field.of, "slope") if field.of and kind == "gradient" else {}
        if kind != "slope":
            return super().shown(field, kind)
        return {at: (f"s{n}", self.slopes[n]) for at, n in field.nodes.items() if n in self.slopes}

    def heading(self, kind: str) -> str:
        """What is said above a row."""
        return "slope θ′ of each activation" if kind == "slope" else super().heading(kind)

    def symbol(self, field: Field, kind: str) -> str:
        """What a map is in the formula."""
        if kind == "slope" or isinstance(field, Slopes):
            return "θ′(zᵢ)"
        numbers = {*field.nodes.values()}
        if kind == "gradient" and numbers & self.sources.keys():
            return "Σⱼ δⱼ wᵢⱼ"
        return ("zᵢ" if kind == "value" else "δᵢ") if numbers & {*self.sources.values()} else ""

    def function(self, field: Field) -> str:
        """The name of the activation whose θ′ a map shows, if it is one operation."""
        cells = [*field.of.nodes.values()] if isinstance(field, Slopes) and field.of else []
        ops = {self.graph.nodes[n].op if self.operands(n) == [self.sources[n]] else None for n in cells}
        (op,) = ops if len(ops) == 1 else (None,)
        return op.name if op else ""

    def worked(self, numbers: Iterable[int], preferred: Iterable[int]) -> Product | None:
        """One that holds in the figures of the cells, that is preferred, that is large."""
        first = {*preferred}

        def worth(one: Product) -> tuple[bool, bool, float]:
            return holds(one.slope, one.arrived, one.handed), one.cell in first, abs(one.handed)

        return max((self.products[n] for n in numbers if n in self.products), key=worth, default=None)

    def said(self) -> list[str]:
        """What θ′ is, layer by layer."""
        found = [field for field in self.fields if self.shown(field, "slope")]
        return [_ranged(field.name, [self.slopes[n] for n in field.nodes.values()]) for field in found]

    @cached_property
    def products(self) -> dict[int, Product]:
        """Cells whose gradient is that of one activation times its θ′."""
        found = {}
        for number, source in self.sources.items():
            slope, arrived, handed = self.slopes[number], self.gradients.get(number), self.gradients.get(source)
            if slope is None or arrived is None or handed is None:
                continue
            if math.isclose(slope * arrived, handed, rel_tol=1e-9, abs_tol=1e-300):
                found[source] = Product(source, number, slope, arrived, handed)
        return found


def _ranged(name: str, slopes: Sequence[float | None]) -> str:
    """What the slopes of a layer are, and how many there are none of."""
    known = [slope for slope in slopes if slope is not None]
    cells = f"{len(slopes)} cells" if len(slopes) > 1 else "cell"
    if not known:
        return f"There is no path through the {cells} of {name}"
    least, most = figured(min(known), 3), figured(max(known), 3)
    told = f"θ′ of {name} is {least}" if least == most else f"θ′ of {name} lies between {least} and {most}"
    lost = len(slopes) - len(known)
    return f"{told}; through {lost} of {cells} there is no path" if lost else told


def sloped(output: object, upstream: float | None = None) -> Network:
    """The network before an output with θ′ of its activations; ``ValueError`` where none is known."""
    found = read(output, upstream, Sloped)
    if not any(found.shown(field, "slope") for field in found.fields):
        raise ValueError(
            "slopes=True shows θ′ of each activation, and no activation is known here: say which cells it reads and "
            'which it computes, layer("z", z) and layer("h", [cell.relu() for cell in z])'
        )
    return found


def beside(network: Network, fields: Iterable[Field]) -> list[Field]:
    """The layers, each that is an activation behind a map of its θ′."""
    found: list[Field] = []
    for field in fields:
        if field.is_layer and network.shown(field, "slope"):
            found.append(Slopes(field.name, "slope", field.shape, {}, field))
        found.append(field)
    return found
