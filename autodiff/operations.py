"""Floor 0: the table of operations. One row says everything: the value, and each partial derivative.

Floats, Values, generated code, pictures and sentences all read the same row; adding an operation is one row.
In a partial, ``None`` means *no path* (nothing flows, nothing is multiplied), ``0`` means that zero flows;
``out`` is the operation's own value. Every row is checked when it is added.
"""

from __future__ import annotations

import ast
import math
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from keyword import iskeyword
from typing import Any, NamedTuple

from autodiff import formulas, ieee
from autodiff.formulas import Call, FormulaError, short
from autodiff.notation import as_data

__all__ = ["ALIASES", "TABLE", "Operation", "add_row"]

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


@dataclass(frozen=True, eq=False, repr=False)
class Operation:
    """One row of the table: an operation's inputs, the formula of its value, and of each partial derivative."""

    name: str
    inputs: tuple[str, ...]
    defaults: Mapping[str, float]
    value: ast.expr
    partials: tuple[ast.expr, ...]
    symbol: str
    doc: str
    domain: tuple[float, float] = (-2.0, 2.0)  # where tests sample it
    formula: str = ""  # as written, for people

    def __reduce__(self) -> tuple[Callable[..., Operation], tuple[Any, ...]]:
        return find, (self.name, self.definition)

    def __deepcopy__(self, memo: object) -> Operation:
        return self

    @cached_property
    def definition(self) -> dict[str, Any] | None:
        """What a file keeps of a row, so that it is not taken for another of its name; None for the table's own.

        Those may be written otherwise in another version, and mean the same.
        """
        if self.name in _OWN:
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

    def chooses(self, position: int) -> bool:
        """Whether operand number ``position`` has a path only in some branches: the others do not take it."""
        return not formulas.is_none(self.partials[position])

    def chooses_between(self) -> bool:
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
    def locals(self) -> Callable[..., tuple[float | None, ...]]:
        """All partials as a function of the inputs and ``out``: floats, or None for no path."""
        body = ", ".join(self.source(partial) for partial in self.partials)
        return self._function("locals", (*self.inputs, "out"), f"({body},)")

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
        scope: dict[str, Any] = dict(space)
        exec(f"def {name}({', '.join(inputs)}):\n    return {body}", scope)
        function: Callable[..., Any] = scope[name]
        return function


def expanded(tree: ast.expr, own: bool = False) -> ast.expr:
    """The formula with calls of other rows written out, so that it calls functions of ``ieee`` alone.

    ``own`` leaves the calls of the table's own rows.
    """

    def join(node: ast.expr, made: list[ast.expr]) -> ast.expr:
        if not isinstance(node, Call) or (own and node.row.name in _OWN):
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

    def may_call(function: str, count: int) -> bool:
        replaced = function == name and function not in ieee.FUNCTIONS  # by this very row
        return callable_with(function, count) and not replaced

    try:
        tree = formulas.substitute(_bound(formulas.parse(text, [*known, *let], may_call)), let)
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
    if not isinstance(symbol, str | None):
        raise FormulaError(f"operation '{name}': its symbol is a string, got {type(symbol).__name__} {short(symbol)}")
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
    return _entered(Operation(name, inputs, defaults, tree, slopes, symbol or name, doc, domain, value))


def _entered(row: Operation) -> Operation:
    """The row in the table: the old one where it says the same, for a cell of a notebook may be run twice.

    A corrected row replaces the old one of its name; nodes and rows that have the old one keep it.
    """
    old = TABLE.get(row.name)
    if old is not None and _said(old) == _said(row):
        return old
    if row.name in _OWN:
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


def _rows() -> Iterator[Operation]:
    """The table itself. In order: arithmetic, functions, activations, choices, comparisons."""
    row = add_row
    yield row("add(x, y)", "x + y", "1", "1", symbol="+", doc="The sum.")
    yield row("subtract(x, y)", "x - y", "1", "-1", symbol="−", doc="The difference.")
    yield row("multiply(x, y)", "x * y", "y", "x", symbol="×", doc="The product.")
    yield row("divide(x, y)", "x / y", "1 / y", "-out / y", symbol="/", doc="The quotient; 1/0 is inf.")
    yield row("negative(x)", "-x", "-1", symbol="−", doc="The negation.")
    # x**0 is 1 whatever x is, so its slope is 0 there, even where 1/x is infinite. At x = 0 the slope in y is 0 from
    # the right.
    yield row(
        "power(x, y)",
        "x ** y",
        "0 if y == 0 else y * x ** (y - 1)",
        "0 if x == 0 and y >= 0 else out * log(x)",
        symbol="^",
        doc="x to the power y; nan, never complex, for a negative base and a fractional exponent.",
        domain=(0.2, 2.0),
    )
    yield row("absolute(x)", "abs(x)", "1 if x > 0 else -1 if x < 0 else 0 * x", symbol="abs", doc="|x|; slope 0 at 0.")
    yield row("sign(x)", "1 if x > 0 else -1 if x < 0 else x", "0", doc="-1, 0 or 1; slope 0.")

    yield row("exp(x)", "exp(x)", "out", doc="The exponential.")
    yield row("expm1(x)", "expm1(x)", "exp(x)", doc="exp(x) - 1, exact near 0.")
    yield row("log(x)", "log(x)", "1 / x", domain=(0.2, 3.0), doc="The natural logarithm; -inf at 0, nan below.")
    yield row("log1p(x)", "log1p(x)", "1 / (1 + x)", domain=(-0.8, 2.0), doc="log(1 + x), exact near 0.")
    yield row("sqrt(x)", "sqrt(x)", "0.5 / out", domain=(0.2, 3.0), doc="The square root; nan below 0.")
    yield row("sin(x)", "sin(x)", "cos(x)", doc="The sine.")
    yield row("cos(x)", "cos(x)", "-sin(x)", doc="The cosine.")
    yield row("tan(x)", "tan(x)", "1 + out * out", domain=(-1.2, 1.2), doc="The tangent.")
    yield row("asin(x)", "asin(x)", "1 / sqrt((1 - x) * (1 + x))", domain=(-0.9, 0.9), doc="The arcsine.")
    yield row("acos(x)", "acos(x)", "-1 / sqrt((1 - x) * (1 + x))", domain=(-0.9, 0.9), doc="The arccosine.")
    yield row("atan(x)", "atan(x)", "1 / (1 + x * x)", doc="The arctangent.")
    yield row("sinh(x)", "sinh(x)", "cosh(x)", doc="The hyperbolic sine.")
    yield row("cosh(x)", "cosh(x)", "sinh(x)", doc="The hyperbolic cosine.")
    yield row("tanh(x)", "tanh(x)", "1 - out * out", doc="The hyperbolic tangent.")
    yield row(
        "erf(x)", "erf(x)", "1.1283791670955126 * exp(-x * x)", doc="The error function; slope 2/sqrt(pi) e^(-x^2)."
    )
    yield row("erfc(x)", "erfc(x)", "-1.1283791670955126 * exp(-x * x)", doc="1 - erf(x), exact where erf is near 1.")
    yield row(
        "hypot(x, y)",
        "hypot(x, y)",
        "0 if x == 0 and y == 0 else x / out",
        "0 if x == 0 and y == 0 else y / out",
        doc="sqrt(x² + y²) without overflow; slopes 0 at the origin.",
    )
    yield row(
        "atan2(y, x)",
        "atan2(y, x)",
        "0 if x == 0 and y == 0 else x / (x * x + y * y)",
        "0 if x == 0 and y == 0 else -y / (x * x + y * y)",
        doc="The angle of the point (x, y); slopes 0 at the origin.",
    )

    # relu is not max(x, 0): its slope at 0 is 0. Where it is off there is no path, so nothing can leak through.
    yield row(
        "relu(x)",
        "x if on or x != x else 0",
        "1 if on else x if x != x else None",
        let={"on": "x > 0"},
        doc="x where positive, else 0; slope 0 at 0.",
    )
    yield row(
        "leaky_relu(x, slope=0.01)",
        "x if x > 0 else slope * x",
        "1 if x > 0 else slope",
        "None if x > 0 else x",
        doc="x where positive, else slope * x; the slope at 0 is slope.",
    )
    yield row(
        "elu(x, alpha=1)",
        "x if x > 0 else alpha * expm1(x)",
        "1 if x > 0 else alpha * exp(x)",
        "None if x > 0 else expm1(x)",
        doc="x where positive, else alpha (e^x - 1).",
    )
    yield row("sigmoid(x)", "1 / (1 + exp(-x))", "out * (1 - out)", doc="1 / (1 + e^-x).")
    yield row(
        "silu(x)", "x * s", "s * (1 + x * (1 - s))", let={"s": "sigmoid(x)"}, doc="x sigmoid(x), also called swish."
    )
    yield row(
        "softplus(x)", "(x if x > 0 else 0) + log1p(exp(-abs(x)))", "sigmoid(x)", doc="log(1 + e^x), exact at ±1000."
    )
    # 1/sqrt(2) and 1/sqrt(2 pi); erfc keeps the left tail exact where 1 + erf would cancel.
    yield row(
        "gelu(x)",
        "x * half",
        "half + x * exp(-0.5 * x * x) * 0.3989422804014327",
        let={"half": "0.5 * erfc(-x * 0.7071067811865476)"},
        doc="x Φ(x), Φ the standard normal distribution function.",
    )
    # 0.7978845608028654 = sqrt(2 / pi)
    yield row(
        "gelu_tanh(x)",
        "0.5 * x * (1 + t)",
        "0.5 * (1 + t) + 0.5 * x * (1 - t * t) * 0.7978845608028654 * (1 + 0.134145 * x * x)",
        let={"t": "tanh(0.7978845608028654 * (x + 0.044715 * x * x * x))"},
        doc="The tanh approximation of gelu.",
    )

    # The first argument that attains the extremum wins the whole gradient; the first NaN wins. The loser has no path.
    yield row(
        "maximum(x, y)",
        "x if first else y",
        "1 if first else None",
        "None if first else 1",
        symbol="max",
        let={"first": "x >= y or x != x"},
        doc="The larger; its gradient goes to the winner alone, the first on a tie.",
    )
    yield row(
        "minimum(x, y)",
        "x if first else y",
        "1 if first else None",
        "None if first else 1",
        symbol="min",
        let={"first": "x <= y or x != x"},
        doc="The smaller; its gradient goes to the winner alone, the first on a tie.",
    )
    yield row(
        "clamp(x, low, high)",
        "x if within else high if over else low if below else x + low + high",  # the last is nan
        "1 if within else None",
        "1 if below else None",
        "1 if over else None",
        let={
            "within": "x <= high and x >= low",
            "over": "(x > high or low > high) and x == x and low == low",
            "below": "x < low and low <= high",
        },
        doc="x held within [low, high]; slope 1 on the closed interval; a nan among the three makes nan, with no path.",
    )
    yield row(
        "where(condition, x, y)",
        "x if condition > 0 else y",
        "None",
        "1 if condition > 0 else None",
        "None if condition > 0 else 1",
        doc="x where condition > 0, else y; the branch not taken has no path.",
    )
    yield row("identity(x)", "x", "1", symbol="=", doc="x itself, as a node of its own: the maximum of one value.")
    yield row("stop(x)", "x", "None", doc="x itself, with no path back: a constant to every derivative.")
    for name, symbol, sign in COMPARISONS:
        yield row(
            f"{name}(x, y)",
            f"1 if x {sign} y else 0",
            "None",
            "None",
            symbol=symbol,
            doc=f"1 where x {sign} y, else 0; no path.",
        )


COMPARISONS = (
    ("less", "<", "<"),
    ("less_equal", "≤", "<="),
    ("greater", ">", ">"),
    ("greater_equal", "≥", ">="),
    ("equal", "=", "=="),
    ("not_equal", "≠", "!="),
)

_OWN: set[str] = set()  # the rows below, which nothing replaces
for _row in _rows():
    assert TABLE[_row.name] is _row
_OWN.update(TABLE)
