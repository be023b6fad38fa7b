"""Which nodes of a graph may stand together in one array, and whether sums of products are those of two matrices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from autodiff.recording.value import Value

__all__ = [
    "Array",
    "Chain",
    "Grouping",
    "Kind",
    "Operand",
    "Row",
    "Terms",
    "aligned",
    "number_of",
    "sorted_by_first",
    "table",
]

EXTREMA = ("maximum", "minimum")
Kind: TypeAlias = tuple[object, ...]
Row: TypeAlias = tuple[int, ...]
Operand: TypeAlias = "Value | float"
Terms: TypeAlias = "list[tuple[Operand | None, ...]]"


@dataclass(eq=False)
class Array:
    """Numbers side by side: of one sample, or the same for all; parameters have the ``shape`` that their layer has."""

    size: int
    batch: bool
    shape: tuple[int, ...]
    name: str = ""
    leaf: bool = False


Homes: TypeAlias = "Mapping[Value, tuple[Array, int]]"


def number_of(value: Operand | None, constants: Mapping[Value, float]) -> float | None:
    """The number of a constant; None for everything else."""
    if isinstance(value, Value):
        return constants.get(value)
    return None if value is None else float(value)


@dataclass
class Chain:
    """What a chain of additions adds up: products and single nodes, by kind, and a number."""

    terms: dict[Kind, Terms] = field(default_factory=dict)
    number: float = 0.0

    def add(self, other: Chain) -> None:
        """Take over the terms of another one."""
        for kind, terms in other.terms.items():
            self.terms.setdefault(kind, []).extend(terms)
        self.number += other.number


class Grouping:
    """The computed nodes by what they do, after how many steps, and with numbers of which arrays."""

    def __init__(
        self, order: Sequence[Value], outputs: Sequence[Value], homes: Homes, constants: Mapping[Value, float]
    ) -> None:
        self.homes, self.constants = homes, constants
        self.computed = [node for node in order if node.op is not None and node not in homes]
        self.batch = {leaf: array.batch for leaf, (array, _) in homes.items()}
        self.level: dict[Value, int] = {}
        for node in self.computed:
            self.batch[node] = any(self.batch.get(arg, False) for arg in node.args if isinstance(arg, Value))
        self.inner = self._inner({*outputs})
        self.chains: dict[Value, Chain] = {}

    def _inner(self, kept: set[Value]) -> set[Value]:
        """Sums and products that are no more than terms of one sum."""
        uses: dict[Value, list[Value]] = {}
        for node in self.computed:
            for arg in node.args:
                if isinstance(arg, Value):
                    uses.setdefault(arg, []).append(node)
        return {node for node in self.computed if node not in kept and self._is_term(node, uses.get(node, []))}

    def _is_term(self, node: Value, users: list[Value]) -> bool:
        if len(users) != 1:
            return False
        name, user = _name(node), _name(users[0])
        if name in EXTREMA:
            return name == user and all(self._varies(arg) for arg in (*node.args, *users[0].args))
        if user != "add" or name not in ("add", "multiply"):
            return False
        return name == "add" or all(number_of(arg, self.constants) is None for arg in node.args)

    def _varies(self, arg: Operand) -> bool:
        return isinstance(arg, Value) and self.batch.get(arg, False)

    def groups(self) -> Iterator[tuple[list[Value], list[Chain] | None]]:
        """Nodes that may make one array, level by level; of sums and extrema of several, with their terms."""
        found: dict[Kind, list[Value]] = {}
        level: dict[Kind, int] = {}
        for node in self.computed:
            if _name(node) == "add" or (_name(node) in EXTREMA and self._is_long(node)):
                self.chains[node] = self._chain(node)
            if node not in self.inner:
                kind, self.level[node] = self._kind(node)
                level[self.level[node], kind] = self.level[node]
                found.setdefault((self.level[node], kind), []).append(node)
        for key in sorted(found, key=lambda key: level[key]):
            yield found[key], [self.chains[node] for node in found[key]] if found[key][0] in self.chains else None

    def _is_long(self, node: Value) -> bool:
        """Whether it is one of several of a kind in a row."""
        return node in self.inner or any(arg in self.inner and _name(arg) == _name(node) for arg in node.args)

    def _chain(self, node: Value) -> Chain:
        chain = Chain()
        for position, arg in enumerate(node.args):
            is_chain = arg in self.inner and _name(arg) == _name(node)
            given = self.chains.pop(arg) if is_chain else self._term(arg)  # type: ignore[arg-type]
            if position == 0:
                chain = given
            else:
                chain.add(given)
        return chain

    def _term(self, arg: Operand) -> Chain:
        number = number_of(arg, self.constants)
        if number is not None:
            return Chain(number=number)
        # What is the same for all samples goes first, leaves before what is computed.
        term = sorted(arg.args, key=self._place) if self._is_product(arg) else (arg,)  # type: ignore[union-attr]
        return Chain({tuple(map(self._origin, term)): [tuple(term)]})

    def _is_product(self, arg: Operand) -> bool:
        return arg in self.inner and _name(arg) == "multiply"

    def _place(self, arg: Operand) -> tuple[bool, bool]:
        return self.batch[arg], arg not in self.homes  # type: ignore[index]

    def _origin(self, arg: Operand) -> object:
        """The array of a leaf; of what is computed, whether it differs between samples; of a constant, None."""
        if number_of(arg, self.constants) is not None:
            return None
        return id(self.homes[arg][0]) if arg in self.homes else self.batch[arg]  # type: ignore[index]

    def _kind(self, node: Value) -> tuple[Kind, int]:
        """What nodes of one array have in common, and the number of steps to the node."""
        if node not in self.chains:
            kind: Kind = (_name(node), *map(self._origin, node.args))
            operands = [*node.args]
        else:
            terms = self.chains[node].terms
            # How many products with a parameter there are may differ: those at a map's border have fewer.
            counts = {(k, 0 if len(k) == 2 and not isinstance(k[0], bool) else len(own)) for k, own in terms.items()}
            kind = (_name(node), frozenset(counts))
            operands = [arg for own in terms.values() for term in own for arg in term if arg is not None]
        return kind, 1 + max((self.level.get(arg, 0) for arg in operands if isinstance(arg, Value)), default=0)


def _name(node: Operand) -> str:
    return node.op.name if isinstance(node, Value) and node.op is not None else ""


def sorted_by_first(terms: list[Terms], homes: Homes) -> list[Terms]:
    """The terms of each sum by the place of their first factor, where that is a leaf."""
    if not terms[0] or terms[0][0][0] not in homes or not homes[terms[0][0][0]][0].leaf:  # type: ignore[index]
        return terms
    return [sorted(own, key=lambda term: homes[term[0]][1]) for own in terms]  # type: ignore[index]


def aligned(terms: list[Terms], homes: Homes) -> list[Terms] | None:
    """Sums with the same first factors get the same number of terms: what is missing is a product with None, a 0.

    None where that cannot be.
    """
    if not all(terms) or any(len(own[0]) != 2 or len({u for u, _ in own}) != len(own) for own in terms):
        return None
    row: dict[Operand | None, set[Operand | None]] = {}
    for own in terms:
        firsts = {u for u, _ in own}
        if not all(u in row and firsts <= row[u] for u in firsts):
            joined = firsts.union(*(row[u] for u in firsts if u in row))
            row.update(dict.fromkeys(joined, joined))
    if len({len(row[own[0][0]]) for own in terms}) != 1:
        return None
    columns = {id(each): sorted(each, key=lambda u: homes[u][1]) for each in row.values()}  # type: ignore[index]
    found: list[Terms] = []
    for own in terms:
        seconds: dict[Operand | None, Operand | None] = dict(own)  # type: ignore[arg-type]
        found.append([(u, seconds.get(u)) for u in columns[id(row[own[0][0]])]])
    return found


def table(terms: list[Terms]) -> tuple[int, int, Sequence[int]] | None:
    """Rows, columns and order, where each sum is a row of second factors times a row of first ones, each with each."""
    if len({*map(len, terms)}) != 1:
        return None
    firsts = [tuple(u for u, _ in own) for own in terms]
    seconds = [tuple(v for _, v in own) for own in terms]
    columns, rows = [*dict.fromkeys(firsts)], [*dict.fromkeys(seconds)]
    at = {pair: i for i, pair in enumerate(zip(firsts, seconds, strict=True))}
    if len(columns) * len(rows) != len(terms) or len(at) != len(terms):
        return None
    if len(terms[0]) == 1 and (len(columns) == 1 or len(rows) == 1):
        return None
    return len(rows), len(columns), [at[first, second] for second in rows for first in columns]
