"""The table of operations: what a row knows, and what its readers ask it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from autodiff.language import formulas
from autodiff.language.compiling import compiled
from autodiff.language.formulas import Call, FormulaError, short
from autodiff.language.notation import as_data
from autodiff.language.primitives import FUNCTIONS, PRIMITIVES
from autodiff.table import partials

__all__ = [
    "ALIASES",
    "DEEPEST",
    "OWN",
    "TABLE",
    "TOO_LARGE",
    "Extent",
    "Operation",
    "callable_with",
    "expanded",
    "extent_of",
    "find",
]

TABLE: dict[str, Operation] = {}
OWN: set[str] = set()  # the rows of the table itself, which nothing replaces

# What expressions call functions that have another name here, or are no rows; no row may take such a name.
ALIASES = {"abs": "absolute", "max": "maximum", "min": "minimum", "pow": "power", "logsumexp": "logsumexp"}

# Bounds of a formula with its parts and the rows that it calls written out: its readers recur, its text is compiled.
DEEPEST = 80
_LARGEST = 10_000
TOO_LARGE = (
    f"too large: with its parts and the rows that it calls written out, a formula may have {_LARGEST} signs and names, "
    f"nested {DEEPEST} deep; write it as several operations, or in Python"
)


class Operation:
    """One row of the table: an operation's inputs, the formula of its value, and of each partial derivative."""

    def __init__(
        self,
        name: str,
        inputs: tuple[str, ...],
        defaults: Mapping[str, float],
        value: ast.expr,
        partials: tuple[ast.expr, ...],
        symbol: str,
        doc: str,
        domain: tuple[float, float] = (-2.0, 2.0),  # where tests sample it
        formula: str = "",  # as written, for people
    ) -> None:
        self.name, self.inputs, self.defaults = name, inputs, defaults
        self.value, self.partials = value, partials
        self.symbol, self.doc, self.domain, self.formula = symbol, doc, domain, formula

    def __reduce__(self) -> tuple[Callable[..., Operation], tuple[Any, ...]]:
        return find, (self.name, self.definition)

    def __deepcopy__(self, memo: object) -> Operation:
        return self

    @cached_property
    def definition(self) -> dict[str, Any] | None:
        """What a file keeps of a row, so that it is not taken for another of its name; None for the table's own.

        Those may be written otherwise in another version, and mean the same.
        """
        if self.name in OWN:
            return None
        trees = [as_data(expanded(tree, own=True)) for tree in (self.value, *self.partials)]
        return {
            "inputs": list(self.inputs),
            "defaults": dict(self.defaults),
            "value": trees[0],
            "partials": trees[1:],
        }

    @property
    def notation(self) -> str:
        """How it is written: ``infix`` (x + y), ``prefix`` (-x), or ``call`` (max(x, y))."""
        match self.value:
            case ast.BinOp(left=ast.Name(id=left), right=ast.Name(id=right)) if (left, right) == self.inputs:
                return "infix"
            case ast.UnaryOp(operand=ast.Name(id=operand)) if (operand,) == self.inputs:
                return "prefix"
        return "call"

    def __repr__(self) -> str:
        return f"<operation {self.name}({', '.join(self.inputs)}) = {self.formula}>"

    @property
    def commutes(self) -> bool:
        """Whether it is a sum or a product, whose operands may change places."""
        return isinstance(self.value, ast.BinOp) and isinstance(self.value.op, (ast.Add, ast.Mult))

    def has_path(self, position: int) -> bool:
        """Whether a gradient can reach operand number ``position``, in some branch at least."""
        return not formulas.is_none(self.partials[position])

    @property
    def is_choice(self) -> bool:
        """Whether it picks one of its operands, as max does: several have a path in some branches only."""
        return sum(formulas.has_none(tree) and not formulas.is_none(tree) for tree in self.partials) > 1

    @cached_property
    def evaluate(self) -> Callable[..., float]:
        """The value as a function of floats."""
        return self.evaluator(formulas.SPACE)

    def evaluator(self, space: Mapping[str, object]) -> Callable[..., float]:
        """The value as a function of floats, with these functions in place of those of the primitives."""
        return self._function("evaluate", self.inputs, self.source(self.value), space)

    @cached_property
    def local_derivatives(self) -> Callable[..., tuple[float | None, ...]]:
        """All partials as a function of the inputs and ``out``: floats, or None for no path."""
        body = ", ".join(self.source(partial) for partial in self.partials)
        return self._function("local_derivatives", (*self.inputs, "out"), f"({body},)")

    @cached_property
    def contributions(self) -> Callable[..., tuple[float | None, ...]]:
        """What flows back to each input, as a function of the inputs, ``out`` and the upstream gradient ``up``."""
        body = ", ".join(self.source(partials.contribution(partial)) for partial in self.partials)
        return self._function("contributions", (*self.inputs, "out", "up"), f"({body},)")

    @cached_property
    def decisions(self) -> Callable[..., tuple[bool, ...]]:
        """Every condition of the row, at given inputs and ``out``: where one flips there is a kink."""
        trees = {self.source(test) for tree in (self.value, *self.partials) for test in formulas.tests(tree)}
        body = "".join(f"{tree} != 0.0, " for tree in sorted(trees))
        return self._function("decisions", (*self.inputs, "out"), f"({body})")

    @cached_property
    def extent(self) -> Extent:
        """How large its value is, written out."""
        return extent_of(self.value)

    @cached_property
    def body(self) -> ast.expr:
        """The formula of its value, written out."""
        return expanded(self.value)

    def source(self, tree: ast.expr) -> str:
        """Python source over floats of one of the row's formulas, calling primitives alone."""
        return formulas.python(expanded(tree))

    def _function(
        self, name: str, inputs: Sequence[str], body: str, space: Mapping[str, object] = formulas.SPACE
    ) -> Callable[..., Any]:
        return compiled(f"def {self.name}_{name}({', '.join(inputs)}):\n    return {body}", space)


def expanded(tree: ast.expr, own: bool = False) -> ast.expr:
    """The formula with calls of other rows written out, so that it calls primitives alone.

    ``own`` leaves the calls of the table's own rows.
    """

    def join(node: ast.expr, made: list[ast.expr]) -> ast.expr:
        if not isinstance(node, Call) or (own and node.row.name in OWN):
            return formulas.rebuilt(node, made)
        body = expanded(node.row.value, own=True) if own else node.row.body
        return formulas.substitute(body, _arguments(node.row, made))

    return formulas.fold(tree, join)


def _arguments(row: Operation, given: Sequence[ast.expr]) -> dict[str, ast.expr]:
    """The inputs of a row with what a call gives them; the others have their defaults."""
    missing = {name: ast.Constant(value=row.defaults[name]) for name in row.inputs[len(given) :]}
    return dict(zip(row.inputs, given, strict=False)) | missing


class Extent(NamedTuple):
    """How large and deep a formula is when it is written out, and how often it names each input."""

    size: int
    depth: int
    names: dict[str, int]


def extent_of(tree: ast.expr) -> Extent:
    """How large a formula is, counted without writing it out, which may have no end."""

    def join(node: ast.expr, made: list[Extent]) -> Extent:
        if isinstance(node, ast.Name):
            return Extent(1, 1, {node.id: 1})
        size, depth, own = (1, 1, {}) if not isinstance(node, Call) else node.row.extent
        names: dict[str, int] = {}
        uses = [own.get(name, 0) for name in node.row.inputs] if isinstance(node, Call) else [1] * len(made)
        for count, part in zip(uses, made, strict=False):
            size += count * (part.size - isinstance(node, Call))
            for name, often in part.names.items():
                names[name] = names.get(name, 0) + count * often
        depth += max([part.depth for part in made], default=0) - isinstance(node, Call)
        found = Extent(size, depth, names)
        if found.size > _LARGEST or found.depth > DEEPEST:
            raise FormulaError(TOO_LARGE)
        return found

    return formulas.fold(tree, join)


def find(name: str, definition: object = None) -> Operation:
    """The row of that name; ``ValueError`` when there is none, or when its formulas are not those of ``definition``."""
    row = TABLE.get(name) if isinstance(name, str) else None
    if row is None:
        raise ValueError(f"no operation is called {short(name)}; add it with autodiff.operation(...)")
    if definition is not None and definition != row.definition:
        raise ValueError(
            f"the operation '{name}' has other formulas here than where this was saved; define it as it was, or "
            f"record the graph again"
        )
    return row


def callable_with(name: str, count: int) -> bool:
    """Whether a formula may call ``name`` with ``count`` arguments: a primitive, or an earlier row."""
    if name in TABLE:
        row = TABLE[name]
        return len(row.inputs) - len(row.defaults) <= count <= len(row.inputs)
    return name in FUNCTIONS and count == PRIMITIVES[name].arity
