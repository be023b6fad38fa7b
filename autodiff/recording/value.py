"""Value: a number that remembers how it was computed."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import inf
from typing import TYPE_CHECKING, Any, NoReturn

from autodiff.ground.clock import tick, wrote
from autodiff.ground.markup import code
from autodiff.ground.text import NAME, quoted
from autodiff.habits.answers import called, refuse
from autodiff.habits.familiar import Familiar
from autodiff.language.formulas import listed, short
from autodiff.language.ieee import real
from autodiff.recording.copies import copied, newest, saved
from autodiff.recording.reverse import NO_PATH, run, topological
from autodiff.recording.rules import Rule, recorder
from autodiff.recording.scopes import Part, Scope, Seat, current
from autodiff.table.adding import add_row
from autodiff.table.operations import TABLE, Operation

if TYPE_CHECKING:
    from autodiff.recording.signatures.methods import Methods
else:
    Methods = object  # the table's functions are put into the class below

__all__ = ["Operand", "Value", "function_of", "operand", "operation"]


class Value(Familiar, Methods):
    """A float64 that records how it was computed, so that gradients can flow back through it.

    ``Value(data, name=None)`` is a leaf; ``label`` is another word for its name. ``.data`` is its number, ``.grad``
    the gradient that ``backward()`` left, ``.op`` the row of the table that computed it (None for a leaf),
    ``.parents`` the Values it was computed from, in order, repeats kept; ``.args`` also holds the constants among the
    operands.
    ``data`` other than a real number raises ``TypeError``; an integer too large, ``OverflowError``.

    >>> x = Value(3.0, "x")
    >>> y = x * x + 1
    >>> y.backward()
    >>> y.data, x.grad
    (10.0, 6.0)
    """

    __slots__ = ("__weakref__", "_data", "_grad", "_name", "_read", "_rule", "_scope", "_serial", "_stamp", "_x", "_y")

    # _serial is the moment of creation: parents come before children. _stamp is the moment at which the data
    # were last written: a node older than one of its operands' data is stale. _read is the moment at which the
    # public .data were last read; nobody may have done so yet, so it is asked for with read_at().
    _data: float
    _grad: float | None
    _name: str | None
    _read: int
    _rule: Rule | None
    _scope: Scope | None
    _serial: int
    _stamp: float
    _x: Value | float
    _y: Value | float | tuple[Value | float, ...] | None

    def __init__(self, data: object, name: str | None = None, *by_hand: NoReturn, **words: str | None) -> None:
        self._data = data if data.__class__ is float else real(data)
        self._name = name
        self._grad = self._rule = None  # of a node without a rule, nobody asks for _x and _y
        self._scope = current()[0]
        self._serial = self._stamp = tick()
        if words or by_hand or (name is not None and name.__class__ is not str):
            self.name = called(data, name, by_hand, words)

    def __init_subclass__(cls) -> NoReturn:
        raise TypeError("Value cannot be subclassed; add an operation with autodiff.operation(...) instead")

    @property
    def data(self) -> float:
        """The number. Writing it to a leaf makes every node computed from it stale, until it is recorded anew."""
        self._read = tick()
        return self._data

    @data.setter
    def data(self, data: object) -> None:
        number = real(data)
        # The stamp first: an interrupt between the two leaves an error behind, not a silent mixture.
        moment = wrote()
        self._stamp = moment if self._rule is None else inf
        self._data = number
        wrote()  # again, for whoever read in between

    @property
    def grad(self) -> float:
        """The gradient left by ``backward()``; 0.0 while there is none (``grad_state`` tells the difference)."""
        return 0.0 if self._grad is None else self._grad

    @grad.setter
    def grad(self, grad: object) -> None:
        self._grad = None if grad is None else real(grad)

    @property
    def grad_state(self) -> str:
        """``"not computed"``, ``"no path"`` (backward ran, and nothing reached it), ``"zero"`` or ``"value"``."""
        if self._grad is None or self._grad is NO_PATH:
            return "not computed" if self._grad is None else "no path"
        return "zero" if self._grad == 0 else "value"

    @property
    def name(self) -> str | None:
        """What pictures and messages call it."""
        return self._name

    @name.setter
    def name(self, name: str | None) -> None:
        if name is not None and not isinstance(name, str):
            raise TypeError(f"a Value's name is a string, got {type(name).__name__} {quoted(name)}")
        self._name = name

    @property
    def op(self) -> Operation | None:
        """The row of the table that computed it; None for a leaf."""
        return None if self._rule is None else self._rule.op

    @property
    def args(self) -> tuple[Value | float, ...]:
        """The operands in order: Values and constants."""
        if self._rule is None:
            return ()
        x, y = self._x, self._y
        return (x,) if y is None else (x, *y) if isinstance(y, tuple) else (x, y)

    @property
    def parents(self) -> tuple[Value, ...]:
        """The Values it was computed from, in order, repeats kept; constants are in ``args`` alone."""
        return tuple(arg for arg in self.args if arg.__class__ is Value)

    @property
    def scope(self) -> Scope | None:
        """The innermost ``scope(...)`` it was recorded in."""
        scope = self._scope
        return scope.parent if scope.__class__ is Seat else scope

    @property
    def unit(self) -> Part | None:
        """Its place in a layer, as :func:`autodiff.layer` keeps it: ``whole`` is the layer, ``place`` where in it."""
        scope = self._scope
        return scope.part if scope.__class__ is Seat else None

    def backward(self, upstream: float = 1.0, *more: NoReturn, **foreign: NoReturn) -> None:
        """Send the gradient back: leaves accumulate it, interior nodes start afresh.

        ``upstream`` is the gradient that arrives at this Value. To a node that no path leads to
        nothing flows, so the derivative is 0. Gradients are published at once: an interrupted pass changes nothing.
        ``StaleError`` when data were changed after they had been used.
        """
        if more or foreign:
            refuse("backward", foreign, ("upstream",), more)
        run(self, upstream)

    def _backward(self) -> None:
        # The node's own step of a pass, by hand as in micrograd: what it gives its operands is added to theirs.
        if self._rule is None or self._grad is None:
            return
        parents = self.parents
        topological([self], inputs=parents)  # refuses what is out of date
        flows = {parent: parent.grad for parent in parents if parent.grad_state in ("zero", "value")}
        if self._grad is not NO_PATH:
            self._rule.pull(self, self._grad, flows)
        for parent in parents:
            parent._grad = flows.get(parent, NO_PATH)

    def detach(self) -> Value:
        """A new leaf with the same number and no history: no gradient goes further back."""
        return Value(self._data, self._name)

    def __pos__(self) -> Value:
        return self

    def __repr__(self) -> str:
        parts = [repr(self._data)]
        if self._name is not None:
            parts.append(f"name={quoted(self._name, NAME)}")
        if self._rule is not None:
            parts.append(f"op={quoted(self._rule.op.symbol, NAME)}")
        if self._grad is not None:
            parts.append("grad=no path" if self._grad is NO_PATH else f"grad={self._grad}")
        return f"Value({', '.join(parts)})"

    def _repr_html_(self) -> str:
        return code(repr(self))

    def __format__(self, spec: str) -> str:
        return format(self._data, spec) if spec else repr(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Value:
        return copied(self, memo)

    def __copy__(self) -> Value:
        return copied(self, {})

    def __reduce_ex__(self, protocol: object) -> tuple[Callable[..., Value], tuple[Any, ...]]:
        # Pickle saves depth first, which would recurse along the graph. So a node is saved as the list of its
        # ancestors and itself, oldest first, each by an entry that refers to the entries of its operands alone.
        return newest, (saved(topological([self], check=False)),)


Operand = Value | float


def operand(x: object) -> Operand:
    """``x`` itself if it is a Value, else its float64: what numbers become before anything is done with them.

    >>> operand(True), operand(3)
    (1.0, 3.0)
    """
    return x if isinstance(x, Value) else real(x)


@cache
def function_of(op: Operation) -> Callable[..., Value]:
    """The function that records an operation of the table."""
    return recorder(op, Value)


_OPERATORS = {"add": "add", "sub": "subtract", "mul": "multiply", "truediv": "divide", "pow": "power"}
_NO_METHODS = {"absolute", "identity", "maximum", "minimum"}  # abs(x), and what is a function of several nodes


def _add_methods() -> None:
    """Python's operators, and every row without a sign in Python that sends gradient to an ``x`` in the first place."""
    for sign, name in _OPERATORS.items():
        row, unit = TABLE[name], 0 if name == "add" else None  # where sum() begins; 0.0 is recorded
        setattr(Value, f"__{sign}__", recorder(row, Value, infix=True))
        setattr(Value, f"__r{sign}__", recorder(row, Value, reflected=True, infix=True, unit=unit))
    named = {"__neg__": TABLE["negative"], "__abs__": TABLE["absolute"]}
    for op in TABLE.values():
        if op.notation == "call" and op.inputs[0] == "x" and op.has_path(0) and op.name not in _NO_METHODS:
            named[op.name] = op
    for name, op in named.items():
        setattr(Value, name, function_of(op))


_add_methods()


def operation(signature: str, value: str, *partials: str, **options: Any) -> Callable[..., Value]:
    """Add an operation to the table, and answer the function that records it.

    ``value`` is the formula of its value, ``partials`` one formula for each input; in a partial ``out`` is the
    operation's own value, and ``None`` says that there is no path. Options: ``symbol`` (what pictures show),
    ``let`` (parts that several formulas share, each of which may use those before it), ``domain`` (where tests
    sample it), ``doc``. A row that does not read, or is too large written out, raises a ``ValueError`` that names
    the row, the part and what was expected.

    A corrected row replaces your own old one of its name, but none of the table's. Nodes recorded before keep the
    old row, and rows that call it keep the formula that they were read with; pickles and JSON keep the formulas
    too, and are read only where they are the same.

    >>> softsign = operation("softsign_(x)", "x / (1 + abs(x))", "1 / (1 + abs(x)) ** 2")
    >>> x = Value(1.0)
    >>> softsign(x).backward()
    >>> x.grad
    0.25
    """
    unknown = [name for name in options if name not in ("symbol", "let", "domain", "doc")]
    if unknown:
        raise TypeError(
            f"operation {short(signature)} has no option {listed(unknown)}; there are symbol=, let=, domain=, doc="
        )
    return function_of(add_row(signature, value, *partials, **options))
