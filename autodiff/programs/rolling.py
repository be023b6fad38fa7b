"""A graph rolled up: nodes of one kind, at one level, become one array; sums of products become products of matrices.

Nothing here knows of networks. A *total* is a chain of additions with the products in it, which nothing else uses.
Nodes that do the same with numbers of the same arrays, after as many steps, are the cells of one array; where a matrix
of cells reads rows of one array by its column and rows of another by its row, it is a product of two matrices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from autodiff.programs.grouping import (
    Array,
    Chain,
    Grouping,
    Kind,
    Operand,
    Row,
    Terms,
    aligned,
    number_of,
    sorted_by_first,
    table,
)
from autodiff.recording.value import Value
from autodiff.table.operations import Operation

__all__ = ["Apply", "Best", "Join", "Numbers", "Part", "Ref", "Rolled", "Step", "Total"]


@dataclass(frozen=True)
class Ref:
    """Cells of an array, in the order in which they are read; a place that is the array's size reads a 0."""

    array: Array
    places: Row
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Numbers:
    """Constants."""

    numbers: tuple[float, ...]


@dataclass(frozen=True)
class Apply:
    """One operation on every cell."""

    out: Array
    nodes: list[Value]
    op: Operation
    operands: list[Ref | Numbers]


@dataclass(frozen=True)
class Part:
    """One summand of every cell of a total.

    A ``matrix`` is rows of the second times rows of the first, ``(rows, terms)`` times ``(columns, terms)``; else one
    array, or the product of two, is summed over its terms: ``(cells, terms)``, or ``(columns,)``, repeated in each row.
    """

    refs: list[Ref]
    matrix: bool

    @property
    def batch(self) -> bool:
        """Whether it differs between samples."""
        return any(ref.array.batch for ref in self.refs)


@dataclass(frozen=True)
class Total:
    """A sum for every cell of a table of ``rows`` and ``columns``."""

    out: Array
    nodes: list[Value]
    rows: int
    columns: int
    parts: list[Part]
    numbers: Numbers


@dataclass(frozen=True)
class Best:
    """The largest or the smallest of several cells, ``(cells, of how many)``; the first where several are."""

    out: Array
    nodes: list[Value]
    name: str
    ref: Ref


@dataclass(frozen=True)
class Join:
    """Arrays one after the other."""

    out: Array
    arrays: list[Array]
    nodes: list[Value] = field(default_factory=list)


Step: TypeAlias = "Apply | Total | Best | Join"


class Rolled:
    """The steps of a graph. ``homes`` says where inputs and parameters stand, ``constants`` what other leaves are."""

    def __init__(
        self,
        order: Sequence[Value],
        outputs: Sequence[Value],
        homes: Mapping[Value, tuple[Array, int]],
        constants: Mapping[Value, float],
    ) -> None:
        self.homes, self.constants = dict(homes), constants
        self.steps: list[Step] = []
        self._joins: dict[tuple[int, ...], tuple[Array, dict[int, int]]] = {}
        for members, chains in Grouping(order, outputs, homes, constants).groups():
            if chains is None:
                self._apply(members)
            elif members[0].op is not None and members[0].op.name != "add":
                self._best(members, chains)
            else:
                self._total(members, chains)
        self.results = [self.operand([output]) for output in outputs]

    def operand(self, values: Sequence[Operand | None], shape: Row = ()) -> Ref | Numbers:
        """Where these stand: cells of one array (that of several arrays joined), or numbers; None stands for 0."""
        numbers = [number_of(value, self.constants) for value in values]
        if None not in numbers:
            return Numbers(tuple(numbers))  # type: ignore[arg-type]
        found = [None if value is None else self.homes[value] for value in values]  # type: ignore[index]
        arrays = [*{id(home[0]): home[0] for home in found if home is not None}.values()]
        array, starts = (arrays[0], {id(arrays[0]): 0}) if len(arrays) == 1 else self._joined(arrays)
        places = tuple(array.size if home is None else starts[id(home[0])] + home[1] for home in found)
        return Ref(array, places, shape or (len(places),))

    def _joined(self, arrays: list[Array]) -> tuple[Array, dict[int, int]]:
        key = tuple(map(id, arrays))
        if key not in self._joins:
            starts, size = {}, 0
            for array in arrays:
                starts[id(array)] = size
                size += array.size
            out = Array(size, arrays[0].batch, (size,))
            self.steps.append(Join(out, arrays))
            self._joins[key] = out, starts
        return self._joins[key]

    def _settle(self, members: Sequence[Value], batch: bool) -> Array:
        out = Array(len(members), batch, (len(members),))
        self.homes.update((node, (out, place)) for place, node in enumerate(members))
        return out

    def _in_order(self, cells: Sequence[Operand | None]) -> Sequence[int]:
        """The order in which cells stand in their array, if they are all of one."""
        places = [self.homes[cell] for cell in cells if isinstance(cell, Value) and cell in self.homes]
        if len(places) < len(cells) or len({id(array) for array, _ in places}) > 1:
            return range(len(cells))
        return sorted(range(len(cells)), key=lambda i: places[i][1])

    def _best(self, members: list[Value], chains: list[Chain]) -> None:
        cells = [[term[0] for own in chain.terms.values() for term in own] for chain in chains]
        order = self._in_order([own[0] for own in cells])
        ref = self._ref([cells[i] for i in order], (len(cells), len(cells[0])))
        nodes = [members[i] for i in order]
        op = members[0].op
        assert op is not None
        self.steps.append(Best(self._settle(nodes, True), nodes, op.name, ref))

    def _apply(self, members: list[Value]) -> None:
        op = members[0].op
        assert op is not None
        columns = [*zip(*(node.args for node in members), strict=True)]
        first = next((column for column in columns if isinstance(column[0], Value)), columns[0])
        members = [members[i] for i in self._in_order(first)]
        operands = [self.operand(column) for column in zip(*(node.args for node in members), strict=True)]
        batch = any(isinstance(each, Ref) and each.array.batch for each in operands)
        self.steps.append(Apply(self._settle(members, batch), members, op, operands))

    def _total(self, members: list[Value], chains: list[Chain]) -> None:
        """One array of totals, or several where their terms do not match."""
        kinds = self._refined(chains)
        frame = next(filter(None, (self._frame(kinds, kind) for kind in kinds)), None)
        for kind, terms in kinds.items():
            kinds[kind] = terms if len({*map(len, terms)}) == 1 else aligned(terms, self.homes) or terms
        counts = [tuple(len(terms[i]) for terms in kinds.values()) for i in range(len(members))]
        if len(set(counts)) > 1:
            for count in dict.fromkeys(counts):
                some = [i for i, own in enumerate(counts) if own == count]
                self._total([members[i] for i in some], [chains[i] for i in some])
            return
        rows, columns, order = frame or (1, len(members), range(len(members)))
        parts = [self._part([terms[i] for i in order], rows, columns) for terms in kinds.values()]
        parts.sort(key=lambda part: not part.matrix)
        nodes = [members[i] for i in order]
        out = self._settle(nodes, any(part.batch for part in parts))
        numbers = Numbers(tuple(chains[i].number for i in order))
        self.steps.append(Total(out, nodes, rows, columns, parts, numbers))

    def _refined(self, chains: list[Chain]) -> dict[Kind, list[Terms]]:
        """The terms of each kind, for each total; by the arrays that they stand in, where all totals read the same."""
        found: dict[Kind, list[Terms]] = {}
        for kind in dict.fromkeys(kind for chain in chains for kind in chain.terms):
            split: list[dict[tuple[int, ...], Terms]] = []
            for chain in chains:
                split.append({})
                for term in chain.terms.get(kind, ()):
                    arrays = tuple(id(self.homes[value][0]) for value in term)  # type: ignore[index]
                    split[-1].setdefault(arrays, []).append(term)
            if all({k: len(v) for k, v in each.items()} == {k: len(v) for k, v in split[0].items()} for each in split):
                found |= {(kind, arrays): [each[arrays] for each in split] for arrays in split[0]}
            else:
                found[kind] = [chain.terms.get(kind, []) for chain in chains]
        return found

    def _frame(self, kinds: dict[Kind, list[Terms]], kind: Kind) -> tuple[int, int, Sequence[int]] | None:
        """Rows, columns and order of the totals, if terms of this kind are a product of two matrices."""
        terms = kinds[kind]
        if not terms[0] or len(terms[0][0]) != 2:
            return None
        for candidate in (sorted_by_first(terms, self.homes), aligned(terms, self.homes)):
            frame = None if candidate is None else table(candidate)
            if frame is not None and candidate is not None:
                kinds[kind] = candidate
                return frame
        return None

    def _part(self, terms: list[Terms], rows: int, columns: int) -> Part:
        """Terms of one kind, the totals in their order."""
        count = len(terms[0])
        sides = [[[term[side] for term in own] for own in terms] for side in range(len(terms[0][0]))]
        if len(sides) == 2 and count * min(rows * columns, 2) > 1:
            first, second = sides
            by_column = all(first[i] == first[i % columns] for i in range(len(first)))
            if by_column and all(second[i] == second[i - i % columns] for i in range(len(second))):
                shapes = [(columns, count), (rows, count)]
                chosen = [first[:columns], second[::columns]]
                if rows * columns > 1 or count > 1:
                    return Part([self._ref(*each) for each in zip(chosen, shapes, strict=True)], True)
        repeated = rows > 1 and count == 1 and all(s[i] == s[i % columns] for s in sides for i in range(len(s)))
        chosen = [side[:columns] if repeated else side for side in sides]
        shape = (len(chosen[0]),) if count == 1 else (len(chosen[0]), count)
        return Part([self._ref(side, shape) for side in chosen], False)

    def _ref(self, table: list[list[Operand | None]], shape: Row) -> Ref:
        found = self.operand([value for row in table for value in row], shape)
        assert isinstance(found, Ref)
        return found
