"""How running Python records a graph: the functions generated from the table's rows.

For each row two straight-line functions are generated from its formulas: one that records a node, and, for each
pattern of Value and constant operands, one that pulls the upstream gradient back to the operands (a *rule*).
A rule belongs to the row, not to the node, so that nodes hold no closures and graphs no reference cycles."""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import cache, cached_property
from typing import Any

from autodiff.ground.clock import tick
from autodiff.ground.foreign import is_array
from autodiff.habits.spellings import Head, heading, unlisted
from autodiff.language import formulas, ieee
from autodiff.language.compiling import compiled
from autodiff.recording.scopes import current
from autodiff.table import partials
from autodiff.table.operations import Operation

__all__ = ["Rule", "recorder", "rules"]


class Rule:
    """How one operation sends gradient back, for one pattern of operands (which are constants, which Values)."""

    def __init__(self, op: Operation, constants: tuple[bool, ...]) -> None:
        self.op, self.constants = op, constants

    @cached_property
    def pull(self) -> Callable[[Any, float, dict[Any, float]], None]:
        """``pull(node, up, adjoints)``: add each operand's contribution; an operand with no path gets no entry."""
        return compiled(_pull_source(self.op, self.constants), formulas.SPACE)


def _pull_source(op: Operation, constants: tuple[bool, ...]) -> str:
    parts = [partials.contribution(partial) for partial in op.partials]
    used = set().union(*(formulas.names(tree) for tree, fixed in zip(parts, constants, strict=True) if not fixed))
    lines = [f"def {op.name}_pull(_node, up, _adjoints):"]
    lines.append(f"    {_fields(len(constants))} = _node._x, _node._y")
    for i, (name, fixed) in enumerate(zip(op.inputs, constants, strict=True)):
        if name in used:
            lines.append(f"    {name} = _a{i}{'' if fixed else '._data'}")
    if "out" in used:
        lines.append("    out = _node._data")
    for i, (tree, fixed) in enumerate(zip(parts, constants, strict=True)):
        if not fixed:
            lines += ["    " + line for line in _send(op, tree, f"_a{i}")]
    return "\n".join([*lines, "    return"])


def _fields(count: int) -> str:
    """Where a node keeps its operands: the first, and the second or a tuple of all others.

    One object a node instead of two: half the work for the garbage collector, which is most of a training step.
    """
    rest = f"({''.join(f'_a{i}, ' for i in range(1, count))})"
    return "_a0, _a1" if count == 2 else f"_a0, {rest if count > 2 else '_none'}"


def _send(op: Operation, tree: ast.expr, operand: str) -> list[str]:
    """Statements that add a contribution; a branch that is None sends nothing."""
    if formulas.is_none(tree):
        return ["pass"]
    if isinstance(tree, ast.IfExp) and formulas.has_none(tree):
        body, orelse = (["    " + line for line in _send(op, part, operand)] for part in (tree.body, tree.orelse))
        return [f"if {op.source(tree.test)}:", *body, "else:", *orelse]
    return [
        f"_flow = {op.source(tree)}",
        f"if {operand} in _adjoints: _adjoints[{operand}] += _flow",
        f"else: _adjoints[{operand}] = _flow",
    ]


@cache
def rules(op: Operation) -> tuple[Rule, ...]:
    """The rules of an operation, by pattern: bit i is set where operand i is a constant."""
    count = len(op.inputs)
    patterns = (tuple(bool(bits >> i & 1) for i in range(count)) for bits in range(2**count))
    return tuple(Rule(op, pattern) for pattern in patterns)


def recorder(
    op: Operation, kind: type, reflected: bool = False, infix: bool = False, unit: object = None, head: Head = heading
) -> Callable[..., Any]:
    """The function that records ``op``: it takes Values and numbers, and answers a new Value, which is a ``kind``.

    A ``reflected`` one takes its two operands in reverse; an ``infix`` one answers ``NotImplemented`` to an
    array, which then applies itself element by element. Where the operand before the operator is the ``int``
    ``unit`` nothing is recorded, and the other is the answer. ``head`` says how operands are given.
    """
    parameters = op.inputs[::-1] if reflected else op.inputs
    signature, reading, readers = head(op.name, parameters, op.defaults)
    # No input begins with an underscore, so these names are free.
    lines = [f"def {op.name}({signature}):", *reading, "    _pattern = 0"]
    if unit is not None:
        x, self = op.inputs
        lines.append(f"    if {x}.__class__ is _int and {x} == {unit}: return {self}")
    for i, name in enumerate(op.inputs):
        lines += [f"    if {name}.__class__ is _Value: _a{i} = {name}; {name} = {name}._data"]
        lines += [f"    else:\n        _pattern += {2**i}"]
        lines += [f"        if {name}.__class__ is not float:"]
        if infix:
            lines += [f"            if _is_array({name}): return NotImplemented"]
        lines += [f"            {name} = _real({name}, True)", f"        _a{i} = {name}"]
    lines += [
        "    _node = _new(_Value)",
        f"    _node._data = {op.source(op.value)}",
        "    _node._scope, _recording, _, _ = _current()",
        "    if _recording:",
        "        _node._rule = _rules[_pattern]",
        f"        _node._x, _node._y = {_fields(len(op.inputs))}",
        "    else: _node._rule = None",
        "    _node._grad = _node._name = None",
        "    _node._serial = _node._stamp = _tick()",
        "    return _node",
    ]
    space: dict[str, Any] = dict(
        formulas.SPACE, **readers, _new=object.__new__, _tick=tick, _current=current, _none=None
    )
    space.update(_real=ieee.real, _is_array=is_array, _int=int, _rules=rules(op), _Value=kind)
    function = unlisted(compiled("\n".join(lines), space))
    function.__annotations__ = {**dict.fromkeys(parameters, kind | float), "return": kind}
    function.__doc__ = f"{op.doc}\n\nFormula: ``{op.formula}``; operands are Values or real numbers."
    function.__module__ = "autodiff"
    return function
