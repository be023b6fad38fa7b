"""Floor 0: the table of operations. One row says everything: the value, and each partial derivative.

Floats, Values, generated code, pictures and sentences all read the same row; adding an operation is one row.
In a partial, ``None`` means *no path* (nothing flows, so the derivative is 0), ``0`` that zero flows;
``out`` is the operation's own value. Every row is checked when it is added."""

from __future__ import annotations

import ast
import math
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from keyword import iskeyword
from typing import Any, NamedTuple

from autodiff.table import formulas, ieee
from autodiff.table.compiling import compiled
from autodiff.table.formulas import Call, FormulaError, short
from autodiff.table.notation import as_data

__all__ = ["ALIASES", "OWN", "TABLE", "Operation", "add_row", "callable_with", "expanded", "find"]


TABLE: dict[str, Operation] = {}


# What expressions call functions that have another name here, or are no rows; no row may take such a name.
ALIASES = {"abs": "absolute", "max": "maximum", "min": "minimum", "pow": "power", "logsumexp": "logsumexp"}


_MOST_INPUTS = 8  # there is a rule for each pattern of constants and Values: 2 ** inputs of them


# Bounds of a formula with its parts and the rows that it calls written out: its readers recur, its text is compiled.
_DEEPEST = 80


_LARGEST = 10_000


_TOO_LARGE = (
    f"too large: with its parts and the rows that it calls written out, a formula may have {_LARGEST} signs and names, "
    f"nested {_DEEPEST} deep; write it as several operations, or in Python"
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
        """The value as a function of floats, with these functions in place of those of ``ieee``."""
        return self._function("evaluate", self.inputs, self.source(self.value), space)

    @cached_property
    def local_derivatives(self) -> Callable[..., tuple[float | None, ...]]:
        """All partials as a function of the inputs and ``out``: floats, or None for no path."""
        body = ", ".join(self.source(partial) for partial in self.partials)
        return self._function("local_derivatives", (*self.inputs, "out"), f"({body},)")

    @cached_property
    def contributions(self) -> Callable[..., tuple[float | None, ...]]:
        """What flows back to each input, as a function of the inputs, ``out`` and the upstream gradient ``up``."""
        body = ", ".join(self.source(formulas.contribution(partial)) for partial in self.partials)
        return self._function("contributions", (*self.inputs, "out", "up"), f"({body},)")

    @cached_property
    def decisions(self) -> Callable[..., tuple[bool, ...]]:
        """Every condition of the row, at given inputs and ``out``: where one flips there is a kink."""
        trees = {self.source(test) for tree in (self.value, *self.partials) for test in formulas.tests(tree)}
        body = "".join(f"{tree} != 0.0, " for tree in sorted(trees))
        return self._function("decisions", (*self.inputs, "out"), f"({body})")

    @cached_property
    def extent(self) -> _Extent:
        """How large its value is, written out."""
        return _extent(self.value)

    @cached_property
    def body(self) -> ast.expr:
        """The formula of its value, written out."""
        return expanded(self.value)

    def source(self, tree: ast.expr) -> str:
        """Python source over floats of one of the row's formulas, calling only functions of ``ieee``."""
        return formulas.python(expanded(tree))

    def _function(
        self, name: str, inputs: Sequence[str], body: str, space: Mapping[str, object] = formulas.SPACE
    ) -> Callable[..., Any]:
        return compiled(f"def {self.name}_{name}({', '.join(inputs)}):\n    return {body}", space)


def expanded(tree: ast.expr, own: bool = False) -> ast.expr:
    """The formula with calls of other rows written out, so that it calls functions of ``ieee`` alone.

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


class _Extent(NamedTuple):
    """How large and deep a formula is when it is written out, and how often it names each input."""

    size: int
    depth: int
    names: Counter[str]


def _extent(tree: ast.expr) -> _Extent:
    """Counted without writing it out, which may have no end."""

    def join(node: ast.expr, made: list[_Extent]) -> _Extent:
        if isinstance(node, ast.Name):
            return _Extent(1, 1, Counter([node.id]))
        size, depth, own = (1, 1, Counter("")) if not isinstance(node, Call) else node.row.extent
        names: Counter[str] = Counter()
        uses = [own[name] for name in node.row.inputs] if isinstance(node, Call) else [1] * len(made)
        for count, part in zip(uses, made, strict=False):
            size += count * (part.size - isinstance(node, Call))
            names.update({name: count * often for name, often in part.names.items()})
        depth += max([part.depth for part in made], default=0) - isinstance(node, Call)
        found = _Extent(size, depth, names)
        if found.size > _LARGEST or found.depth > _DEEPEST:
            raise FormulaError(_TOO_LARGE)
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
    """Whether a formula may call ``name`` with ``count`` arguments: a function of ieee, or an earlier row."""
    if name in TABLE:
        row = TABLE[name]
        return len(row.inputs) - len(row.defaults) <= count <= len(row.inputs)
    return name in ieee.FUNCTIONS and count == (2 if name in ("hypot", "atan2") else 1)


def _signature(text: str) -> tuple[str, tuple[str, ...], dict[str, float]]:
    """Read ``"leaky_relu(x, slope=0.01)"``: the name, the inputs, and the defaults."""
    try:
        match ast.parse(f"def {text}: pass").body:
            case [
                ast.FunctionDef(
                    name=name,
                    returns=None,
                    args=ast.arguments(
                        posonlyargs=[], args=args, vararg=None, kwonlyargs=[], kwarg=None, defaults=defaults
                    ),
                )
            ] if args and not any(arg.annotation for arg in args):
                inputs = tuple(arg.arg for arg in args)
                values = [float(ast.literal_eval(default)) for default in defaults]
                if not all(map(math.isfinite, values)):
                    raise ValueError
                return name, inputs, dict(zip(inputs[len(inputs) - len(values) :], values, strict=True))
    except (SyntaxError, ValueError, TypeError, OverflowError, MemoryError, RecursionError):
        pass
    raise FormulaError(
        f"operation {short(text)}: expected a signature such as 'softsign(x)' or 'leaky_relu(x, slope=0.01)'"
    )


def _read(name: str, place: str, text: str, known: Sequence[str], let: Mapping[str, ast.expr]) -> ast.expr:
    """A checked formula of a row, its parts put in, its calls bound to the rows of now; an error names ``place``."""

    rows: set[str] = set()

    def may_call(function: str, count: int) -> bool:
        if function not in ieee.FUNCTIONS:
            rows.add(function)
        return callable_with(function, count) and not (function == name in rows)  # this very row

    try:
        tree = formulas.parse(text, [*known, *let], may_call)
        if let or rows:
            tree = formulas.substitute(_bound(tree), let)
        if let or rows or len(text) > _DEEPEST:  # else it is no larger than it is long
            _extent(tree)
    except FormulaError as error:
        raise FormulaError(f"operation '{name}', {place}: {error}") from None
    except RecursionError:
        raise FormulaError(f"operation '{name}', {place}: {_TOO_LARGE}") from None
    return tree


def _bound(tree: ast.expr) -> ast.expr:
    def join(node: ast.expr, made: list[ast.expr]) -> ast.expr:
        match node:
            case ast.Call(func=ast.Name(id=name) as func) if name not in ieee.FUNCTIONS:
                return Call(func, made, TABLE[name])
        return formulas.rebuilt(node, made)

    return formulas.fold(tree, join)


def add_row(
    signature: str,
    value: str,
    *partials: str,
    symbol: str | None = None,
    let: Mapping[str, str] | None = None,
    domain: tuple[float, float] = (-2.0, 2.0),
    doc: str = "",
) -> Operation:
    """Add an operation to the table, and answer its row.

    ``signature`` names it and its inputs, ``value`` is the formula of its value, ``partials`` one formula for
    each input (``None``: no path; ``out``: the operation's own value). ``let`` names a part that several
    formulas share; ``symbol`` is what pictures show; ``domain`` is where tests sample it. A row that does not
    read raises ``FormulaError`` (a ``ValueError``) that names the row, the part and what was expected.
    """
    name, inputs, defaults = _signature(signature)
    if name in ALIASES:
        raise FormulaError(
            f"operation '{name}': this is what formulas call '{ALIASES[name]}' already; choose another name"
        )
    _check_inputs(name, inputs)
    if len(partials) != len(inputs):
        raise FormulaError(
            f"operation '{name}': expected {len(inputs)} partial derivatives, one each for {', '.join(inputs)}; "
            f"got {len(partials)}"
        )
    for what, text in (("symbol", "" if symbol is None else symbol), ("doc", doc)):
        if not isinstance(text, str):
            raise FormulaError(f"operation '{name}': its {what} is a string, got {type(text).__name__} {short(text)}")
    shared = _read_parts(name, inputs, let)
    tree = _read(name, "value", value, inputs, shared)
    if formulas.has_none(tree):
        raise FormulaError(f"operation '{name}': its value cannot be None; only a partial may be (no path)")
    slopes = tuple(
        _read(name, f"partial in '{place}'", partial, [*inputs, "out"], shared)
        for place, partial in zip(inputs, partials, strict=True)
    )
    for partial in slopes:
        _check_none(name, partial)
    return _entered(
        Operation(name, inputs, defaults, tree, slopes, symbol or name, doc, _interval(name, domain), value)
    )


def _interval(name: str, domain: Any) -> tuple[float, float]:
    """The two ends of a domain: finite numbers, the lower one first."""
    try:
        low, high = map(ieee.real, domain)
    except (TypeError, ValueError, OverflowError):
        low = high = math.nan
    if not (low < high and math.isfinite(high - low)):
        raise FormulaError(
            f"operation '{name}': its domain is a pair of finite numbers, the lower first, got {short(repr(domain))}"
        )
    return low, high


def _entered(row: Operation) -> Operation:
    """The row in the table: the old one where it says the same, for a cell of a notebook may be run twice.

    A corrected row replaces the old one of its name; nodes and rows that have the old one keep it.
    """
    old = TABLE.get(row.name)
    if old is not None and _said(old) == _said(row):
        return old
    if row.name in OWN:
        raise FormulaError(f"operation '{row.name}': the table has a row of this name already; choose another name")
    TABLE[row.name] = row
    return row


def _said(row: Operation) -> object:
    trees = [as_data(expanded(tree, own=True)) for tree in (row.value, *row.partials)]
    calls = [[as_data(tree) for tree in (row.value, *row.partials)], row.formula]
    return row.inputs, dict(row.defaults), trees, calls, row.symbol, row.domain, row.doc


def _read_parts(name: str, inputs: Sequence[str], let: object) -> dict[str, ast.expr]:
    """The shared parts, each with those before it put in."""
    if not isinstance(let, Mapping | None):
        raise FormulaError(f"operation '{name}': let is a dict from names to formulas, got {type(let).__name__}")
    shared: dict[str, ast.expr] = {}
    for part, text in (let or {}).items():
        word = unicodedata.normalize("NFKC", part) if isinstance(part, str) else ""
        if not word.isidentifier() or iskeyword(word):
            raise FormulaError(f"operation '{name}': {short(part)} in let is no name that a formula could use")
        _check_word(name, word, (*inputs, *shared))
        shared[word] = _read(name, f"part '{word}'", text, inputs, shared)
    return shared


def _check_inputs(name: str, inputs: Sequence[str]) -> None:
    """Inputs have names of their own, which mean nothing else in formulas or generated code."""
    if len(inputs) > _MOST_INPUTS:
        raise FormulaError(f"operation '{name}': expected at most {_MOST_INPUTS} inputs, got {len(inputs)}")
    for place, word in enumerate(inputs):
        _check_word(name, word, inputs[:place])


def _check_word(name: str, word: str, taken: Sequence[str]) -> None:
    if word in taken:
        raise FormulaError(f"operation '{name}': '{word}' is named twice; expected inputs and parts that differ")
    if word in ("out", "up") or word.startswith("_"):  # generated code begins its own names with an underscore
        raise FormulaError(
            f"operation '{name}': '{word}' has a meaning of its own; expected another name for the input"
        )


def _check_none(name: str, partial: ast.expr) -> None:
    """``None`` stands alone or as a whole branch: it is not a number to calculate with."""
    branches: list[ast.expr] = [partial]
    while branches:
        branch = branches.pop()
        if isinstance(branch, ast.IfExp) and not formulas.has_none(branch.test):
            branches += [branch.body, branch.orelse]
        elif not formulas.is_none(branch) and formulas.has_none(branch):
            raise FormulaError(f"operation '{name}': None in '{ast.unparse(branch)}' must be a whole branch")


OWN: set[str] = set()  # the rows below, which nothing replaces
