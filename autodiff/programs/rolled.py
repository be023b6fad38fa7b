"""A rolled graph as source: a line for each array, forwards and backwards."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from math import isfinite

from autodiff.language import formulas
from autodiff.programs.grouping import Array
from autodiff.programs.languages import Language
from autodiff.programs.rolling import Apply, Best, Join, Numbers, Part, Ref, Rolled, Step, Total
from autodiff.programs.shorthand import free, helper, table_text
from autodiff.programs.spelling import Formula, enclosed
from autodiff.table import partials
from autodiff.table.operations import Operation

__all__ = ["Lines"]


class Lines:
    """The lines of a rolled graph: ``forwards``, ``backwards``, tables and functions that they need."""

    def __init__(self, rolled: Rolled, language: Language, module: str, active: set[Array]) -> None:
        self.rolled, self.language, self.m, self.active = rolled, language, module, active
        self.functions: dict[str, str] = {}
        self.tables: dict[str, str] = {}
        self.primitives: set[str] = set()
        self.flows: dict[Array, list[str]] = {}
        # Whether a 0 may arrive where there is no path: there nothing is multiplied, not even an infinite slope.
        steps = [step for step in rolled.steps if isinstance(step, Apply)]
        chosen = any(isinstance(step, Best) for step in rolled.steps)
        chosen = chosen or any(formulas.has_none(tree) for step in steps for tree in step.op.partials)
        self.guarded = chosen or len(rolled.results) > 1
        self.forwards: list[str] = []
        self.backwards: list[str] = []
        for step in rolled.steps:
            if any(array in active for array in _read(step)):
                active.add(step.out)

    def need(self, *names: str) -> None:
        """Have these functions written, too."""
        for name in names:
            self.functions.setdefault(name, helper(name, self.m))

    def table(self, numbers: Sequence[int], shape: Sequence[int]) -> str:
        """The name of a table of places, of this shape."""
        text = table_text(numbers, shape)
        if text.startswith("places"):
            self.need("places")
        return self.tables.setdefault(text, f"at{len(self.tables)}")

    def read(self, ref: Ref) -> str:
        """Cells of an array as an expression."""
        array, places, shape = ref.array, [*ref.places], ref.shape
        if places == [*range(array.size)]:
            return array.name if shape == array.shape else self.shaped(array.name, array.batch, shape)
        flat = array.name if len(array.shape) == 1 else f"{array.name}.reshape(-1)"
        lead = ":, " if array.batch else ""
        step = places[1] - places[0] if len(places) > 1 else 1
        last = places[-1] + 1
        if step > 0 and places == [*range(places[0], last, step)] and last <= array.size:
            text = f"{flat}[{lead}{places[0]}:{last}{f':{step}' * (step > 1)}]"
            return text if len(shape) == 1 else self.shaped(text, array.batch, shape)
        if array.size in places:
            self.need("padded")
            flat = f"padded({flat})"
        return f"{flat}[{lead}{self.table(places, shape)}]"

    def shaped(self, text: str, batch: bool, shape: Sequence[int]) -> str:
        """An array in another shape, the samples aside."""
        return f"{enclosed(text)}.reshape({', '.join(map(str, ([-1] if batch else []) + [*shape]))})"

    def send(self, ref: Ref | Numbers, text: str, batch: bool) -> None:
        """The gradient in cells that were read, on its way to their array."""
        if isinstance(ref, Numbers) or ref.array not in self.active:
            return
        array, shape = ref.array, ref.shape
        if batch and not array.batch:
            text = f"{enclosed(text)}.sum(0)"
        start, stop = ref.places[0], ref.places[-1] + 1
        if [*ref.places] == [*range(start, stop)] and stop <= array.size and stop - start < array.size:
            self.need("placed")
            flat = text if len(shape) == 1 else self.shaped(text, array.batch, (len(ref.places),))
            text, shape = f"placed({flat}, {start}, {array.size - stop})", (array.size,)
        elif [*ref.places] != [*range(array.size)]:
            self.need("uses", "gathered")
            uses = f"uses({self.table(ref.places, shape)}, {array.size})"
            uses = self.tables.setdefault(uses, f"from{len(self.tables)}")
            flat = text if len(shape) == 1 else self.shaped(text, array.batch, (len(ref.places),))
            text, shape = f"gathered({flat}, {uses})", (array.size,)
        text = text if shape == array.shape else self.shaped(text, array.batch, array.shape)
        self.flows.setdefault(array, []).append(text)

    def sum_of(self, array: Array) -> str | None:
        """All that has come to an array."""
        found = self.flows.get(array)
        if not found or len(" + ".join(found)) < 100:
            return " + ".join(found or ()) or None
        joined = "\n    + ".join(found)
        return f"(\n    {joined}\n)"

    def write(self) -> None:
        """The lines forwards."""
        often = Counter(array for step in self.rolled.steps for array in _read(step))
        often.update(result.array for result in self.rolled.results if isinstance(result, Ref))
        whole = {array for step in self.rolled.steps if _reads_whole(step) for array in _read(step)}
        for step in self.rolled.steps:
            text = self.forward(step)
            if not self.active and isinstance(step, Total) and often[step.out] == 1 and step.out in whole:
                step.out.name = text  # nothing else reads it: it is written where it is read
            else:
                self.forwards.append(f"{step.out.name} = {text}{self.remark(step)}")

    def write_back(self) -> None:
        """The lines backwards, from what was sent to the results."""
        for step in reversed(self.rolled.steps):
            flow = self.sum_of(step.out) if step.out in self.active else None
            if flow is not None:
                name = f"d_{step.out.name}"
                self.backwards.append(f"{name} = {flow}")
                self.backward(step, name)

    def remark(self, step: Step) -> str:
        """What a line says about itself."""
        if isinstance(step, Apply) and step.op.name == "stop":
            return "  # no gradient passes"
        return "  # alone" if len(step.nodes) == 1 and isinstance(step, Apply) else ""

    def forward(self, step: Step) -> str:
        """What an array is, as an expression."""
        if isinstance(step, Join):
            return f"{self.m}.concatenate([{', '.join(array.name for array in step.arrays)}], -1)"
        if isinstance(step, Best):
            return f"{self.best(step, 'of')}({self.read(step.ref)})"
        if isinstance(step, Apply):
            operands = dict(zip(step.op.inputs, step.operands, strict=True))
            text = self.called(step.op, step.op.value, step.op.name, operands)
            read = [operands[each] for each in Formula(step.op, step.op.value, self.language).inputs]
            if any(isinstance(each, Ref) and each.array.batch == step.out.batch for each in read):
                return text
            shape = f"{'len(x), ' * step.out.batch}{step.out.size},"  # an operation may read less than it is given
            return f"{enclosed(text)} + {self.m}.zeros(({shape}), dtype=x.dtype)"
        table = [self.part(part, step.rows) for part in step.parts if step.rows == 1 or self._is_table(part, step)]
        cells = [self.part(part, 1) for part in step.parts if not (step.rows == 1 or self._is_table(part, step))]
        if step.rows > 1:
            batch = any(part.batch for part in step.parts if self._is_table(part, step))
            table = [self.shaped(" + ".join(table), batch, (step.out.size,))]
        if any(step.numbers.numbers):
            cells.append(enclosed(self.operand(step.numbers, not step.parts)))
        return " + ".join([*table, *cells]) if table or cells else self.operand(step.numbers, True)

    def best(self, step: Best, end: str) -> str:
        """The name of the function of an extremum, or of its way back."""
        name = f"{step.name[:3]}_{end}"
        self.need(name)
        return name

    def _is_table(self, part: Part, step: Total) -> bool:
        """Whether a part has rows and columns, as the total has."""
        return part.matrix or (step.rows > 1 and part.refs[0].shape == (step.columns,))

    def operand(self, operand: Ref | Numbers, whole: bool = False) -> str:
        """Cells, or constants: one for all where they are the same, if not ``whole``."""
        if isinstance(operand, Ref):
            return self.read(operand)
        texts = [self.language.constants.get(repr(number), repr(number)) for number in operand.numbers]
        if any(not re.match(r"-?\d", text) for text in texts):
            self.primitives.add("const")
        same = len(set(texts)) == 1 and not whole
        text = texts[0] if same else f"[{', '.join(texts)}]"
        if self.m == "torch":
            return f"torch.tensor({text}, dtype=x.dtype)"
        return text if same else f"{self.m}.array({text})"

    def called(self, op: Operation, tree: ast.expr, name: str, operands: Mapping[str, Ref | Numbers | str]) -> str:
        """A formula of a row at these operands."""
        formula = Formula(op, tree, self.language)
        self.primitives |= formula.primitives
        numbers = {each for each in formula.inputs if isinstance(operands[each], Numbers)}
        whole = len(numbers) == len(formula.inputs) or formula.divides(numbers)  # Python's raises at 0
        found = (operands[each] for each in formula.inputs)
        given = [each if isinstance(each, str) else self.operand(each, whole) for each in found]
        if formula.is_simple and formula.inputs:
            return formula.text(given)
        name = free(name, "of")
        self.functions.setdefault(name, formula.function(name) + "\n")
        return f"{name}({', '.join(given)})"

    def part(self, part: Part, rows: int) -> str:
        """A summand of a total."""
        if not part.matrix:
            text = " * ".join(self.read(ref) for ref in part.refs)
            if len(part.refs[0].shape) == 2:
                return f"{enclosed(text)}.sum(-1)"
            return f"{enclosed(text)}[:, None]" if rows > 1 and part.batch else text
        first, second = part.refs
        if not first.array.batch:
            return f"{self.read(_rows(second, rows))} @ {self.read(first)}.T"
        return self.einsum("nbt,nat->nba", rows, self.read(_rows(second, rows)), self.read(first))

    def einsum(self, pattern: str, rows: int, *operands: str) -> str:
        """A product of two arrays along what they share; with one row, there are no rows."""
        pattern = pattern if rows > 1 else pattern.replace("b", "")
        return f'{self.m}.einsum("{pattern}", {", ".join(operands)})'

    def backward(self, step: Step, d: str) -> None:
        """Send the gradient of an array to what it was computed from."""
        batch = step.out.batch
        if isinstance(step, Join):
            start = 0
            for array in step.arrays:
                piece = Ref(array, tuple(range(array.size)), (array.size,))
                self.send(piece, f"{d}[..., {start}:{start + array.size}]", batch)
                start += array.size
        elif isinstance(step, Best):
            if step.ref.array in self.active:
                self.send(step.ref, f"{self.best(step, 'back')}({self.read(step.ref)}, {d})", True)
        elif isinstance(step, Apply):
            self._backward_apply(step, d)
        else:
            table = d if step.rows == 1 else self.shaped(d, batch, (step.rows, step.columns))
            for part in step.parts:
                if part.matrix:
                    self._backward_matrix(part, step, table)
                else:
                    self._backward_cells(
                        part, step, f"{table}.sum(-2)" if self._is_table(part, step) and step.rows > 1 else d
                    )

    def _backward_apply(self, step: Apply, d: str) -> None:
        operands: dict[str, Ref | Numbers | str] = dict(zip(step.op.inputs, step.operands, strict=True))
        operands |= {"out": step.out.name, "up": d}
        for name, operand, tree in zip(step.op.inputs, step.operands, step.op.partials, strict=True):
            if isinstance(operand, Ref) and operand.array in self.active and not formulas.is_none(tree):
                sent = partials.contribution(tree)
                if "up" not in Formula(step.op, sent, self.language).inputs:
                    continue  # a slope that is 0 everywhere
                text = self.called(step.op, sent, f"{step.op.name}_back_{name}", operands)
                if self.guarded and _is_unbounded(step.op, tree):
                    text = f"{self.m}.where({d} == 0.0, 0.0, {text})"
                self.send(operand, text, step.out.batch)

    def _backward_matrix(self, part: Part, step: Total, table: str) -> None:
        first, second = part.refs
        batch, rows = part.batch, step.rows
        if step.out.batch and not batch:
            table = f"{table}.sum(0)"
        second = _rows(second, rows)
        if first.array in self.active:
            left = self.read(second)
            if not first.array.batch and batch == (rows == 1):
                self.send(first, f"{table}.T @ {left}", False)
            else:
                pattern = "nba,nbt->nat" if first.array.batch else "nba,nbt->at"
                self.send(first, self.einsum(pattern if batch else "ba,bt->at", rows, table, left), first.array.batch)
        if second.array in self.active:
            right = self.read(first)
            text = self.einsum("nba,nat->nbt", rows, table, right) if first.array.batch else f"{table} @ {right}"
            self.send(second, text, batch)

    def _backward_cells(self, part: Part, step: Total, d: str) -> None:
        deep = len(part.refs[0].shape) == 2
        for ref, other in zip(part.refs, part.refs[::-1], strict=True):
            if len(part.refs) == 2:
                text = f"{d}[..., None] * {self.read(other)}" if deep else f"{d} * {self.read(other)}"
            else:
                text = f"{self.m}.stack([{d}] * {ref.shape[1]}, -1)" if deep else d
            self.send(ref, text, step.out.batch)


def _is_unbounded(op: Operation, tree: ast.expr) -> bool:
    """Whether a slope may be infinite at numbers of ordinary size."""
    bound = partials.bound((*op.inputs, "out"), tree)
    return partials.multiplies(tree) and not isfinite(bound(*[1.0] * (len(op.inputs) + 1))[0])


def _rows(ref: Ref, rows: int) -> Ref:
    """The rows of a product; a single one has no axis of its own."""
    return ref if rows > 1 else Ref(ref.array, ref.places, ref.shape[1:])


def _reads_whole(step: Step) -> bool:
    """Whether it is an operation on one whole array, in its order."""
    if not isinstance(step, Apply):
        return False
    ref = step.operands[0]
    return len(step.operands) == 1 and isinstance(ref, Ref) and ref.places == (*range(ref.array.size),)


def _read(step: Step) -> list[Array]:
    """The arrays that a step reads."""
    if isinstance(step, Join):
        return step.arrays
    if isinstance(step, Best):
        return [step.ref.array]
    refs = step.operands if isinstance(step, Apply) else [ref for part in step.parts for ref in part.refs]
    return [ref.array for ref in refs if isinstance(ref, Ref)]
