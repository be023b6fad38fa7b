"""A graph as JSON text; text from elsewhere is checked, and each number in it computed again.

Version 2 keeps the formulas of the user's own rows, so that a graph is never read with others; version 3 keeps what
scopes are parts of, such as windows of a pool. Files of versions 1 and 2 are read too.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple
from functools import cache
from typing import Any, TypeVar

from autodiff.ground.text import quoted
from autodiff.ground.windows import KINDS, Axis, Plane, Shape
from autodiff.language import formulas
from autodiff.language.formulas import short
from autodiff.language.notation import INFINITE, as_json
from autodiff.recording.copies import restore, seat_of
from autodiff.recording.reverse import NO_PATH, held, peek, staleness
from autodiff.recording.scopes import Part, Scope, Seat, enclosing
from autodiff.recording.value import Value
from autodiff.table.operations import Operation, find

__all__ = ["read_values", "written"]

_FORMAT = "gradroute graph"
_MOST_CELLS = 10**7  # of a pool in a file: a graph's memory goes by its nodes, and a stated length is only a number
_ULPS = 4  # by how many floats the functions of two math libraries may differ
_T = TypeVar("_T")


def written(values: Sequence[Value], outputs: Sequence[int]) -> str:
    """The JSON of a graph, given its nodes in topological order and the numbers of its outputs."""
    scopes = enclosing(map(seat_of, values))
    index: dict[Scope | None, int] = {scope: i for i, scope in enumerate(scopes)}
    numbers = {value: number for number, value in enumerate(values)}
    wholes = {id(scope.part.whole): scope.part.whole for scope in scopes if scope.part}
    number = {whole: i for i, whole in enumerate(wholes)}
    return json.dumps(
        {
            "format": _FORMAT,
            "version": 3,
            "outputs": outputs,
            "operations": _definitions(values),
            "wholes": [_from_whole(whole) for whole in wholes.values()],
            "scopes": [[scope.name, index.get(scope.parent), *_part(scope, number)] for scope in scopes],
            "nodes": [_to_record(value, numbers, index) for value in values],
        }
    )


def _part(scope: Scope, number: Mapping[int, int]) -> list[list[int]]:
    return [] if scope.part is None else [[number[id(scope.part.whole)], *scope.part.place]]


def _from_whole(whole: Shape | Plane) -> list[Any]:
    if isinstance(whole, Plane):
        return ["layer", [whole.kind, whole.name, whole.shape]]
    return ["pool", _from_shape(whole)]


def _from_shape(shape: Shape) -> list[Any]:
    axes = [[*astuple(axis)[:5], int(axis.ceil)] for axis in (shape.rows, shape.columns)]
    return [shape.kind, *axes, shape.with_padding]


def _definitions(values: Iterable[Value]) -> dict[str, Any]:
    """The formulas of the user's own rows, by name."""
    rows: dict[str, Operation] = {}
    for op in dict.fromkeys(value.op for value in values):
        if op is not None and rows.setdefault(op.name, op) is not op:
            raise ValueError(
                f"two operations called '{op.name}' meet in this graph: one was corrected after it had been used; "
                f"record the graph again"
            )
    return {name: op.definition for name, op in rows.items() if op.definition is not None}


def _number(x: float | None) -> float | str | None:
    return None if x is None else as_json(x)


def _to_record(value: Value, numbers: Mapping[Value, int], index: Mapping[Scope | None, int]) -> dict[str, Any]:
    # A constant is wrapped in a list, so that 3 (node 3) and 3.0 (the number) cannot be mistaken.
    stale = staleness(value)
    return {
        "op": value.op and value.op.name,
        "args": [numbers[arg] if isinstance(arg, Value) else [_number(arg)] for arg in value.args],
        "data": _number(peek(value)),
        "grad": "no path" if held(value) is NO_PATH else _number(held(value)),
        "name": value.name,
        "scope": index.get(seat_of(value)),
        **({} if stale is None else {"stale": _number(stale)}),
    }


def read_values(text: str) -> tuple[list[Value], list[Value]]:
    """The nodes of :func:`written`, in their order, and the outputs among them; ``ValueError`` for anything else."""
    try:
        document = json.loads(text)
        version = document.get("version") if isinstance(document, dict) else None
        if type(version) is not int or version not in (1, 2, 3) or document.get("format") != _FORMAT:
            raise ValueError(f"expected format {quoted(_FORMAT)}, version 1 to 3")
        definitions = _member(document, "operations", dict) if version > 1 else None
        wholes = [_to_whole(entry) for entry in _member(document, "wholes", list)] if version == 3 else []
        scopes: list[Scope] = []
        for entry in _member(document, "scopes", list):
            scopes.append(_to_scope(entry, scopes, wholes))
        values: list[Value] = []
        for record in _member(document, "nodes", list):
            values.append(_to_value(record, values, scopes, definitions))
        return values, [_at(values, number) for number in _member(document, "outputs", list)]
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError(f"this is not the JSON of a graph: {error}") from None


def _member(record: object, key: str, *kinds: type) -> Any:
    """What a record holds under a key, of one of these types."""
    if not isinstance(record, dict) or key not in record:
        raise ValueError(f"expected a record with {quoted(key)}, got {short(record)}")
    found = record[key]
    if kinds and type(found) not in kinds:
        raise ValueError(f"its {quoted(key)} cannot be {short(found)}")
    return found


def _at(earlier: Sequence[_T], number: object) -> _T:
    """One of those that were read before, by its number."""
    if type(number) is not int or not 0 <= number < len(earlier):
        raise ValueError(f"nothing has the number {short(number)} so far")
    return earlier[number]


def _to_whole(entry: Any) -> Shape | Plane:
    match entry:
        case ["layer", [str(kind), str(name), [*shape]]] if kind in KINDS and all(type(n) is int for n in shape):
            return Plane(name, kind, tuple(shape))
        case ["pool", ["max" | "avg" as kind, [*down], [*across], bool(with_padding)]] if len(down) == len(
            across
        ) == 6 and all(type(x) is int for x in (*down, *across)):
            if down[0] * across[0] > _MOST_CELLS:
                raise ValueError(f"a pool of {down[0]} x {across[0]} cells is too large, at most {_MOST_CELLS:,}")
            rows, columns = (Axis(*numbers, ceil=bool(ceil)) for *numbers, ceil in (down, across))
            return Shape(kind, rows, columns, with_padding)
    raise ValueError(
        "what scopes are a part of is a pool (its kind, the six numbers of each axis, and whether padding counts) or a "
        f"layer (what its nodes are, {', '.join(KINDS)}, its name, and its shape); "
        f"got {short(entry)}"
    )


def _to_scope(entry: Any, scopes: Sequence[Scope], wholes: Sequence[Any]) -> Scope:
    match entry:
        case [str(name), parent, *part]:
            around = None if parent is None else _at(scopes, parent)
            match part:
                case []:
                    return Scope(name, around)
                case [[int(whole), *place]] if all(type(at) is int for at in place):
                    found = Part(_at(wholes, whole), tuple(place))
                    return (Seat if isinstance(found.whole, Plane) else Scope)(name, around, part=found)
    raise ValueError(
        f"a scope is a name and the number of an earlier scope, or null, and what it is a part of; got {short(entry)}"
    )


def _to_value(
    record: object, values: Sequence[Value], scopes: Sequence[Scope], definitions: Mapping[str, Any] | None
) -> Value:
    """One node; what is wrong with it is told with its number, and its name if it has one."""
    try:
        return _restored(record, values, scopes, definitions)
    except (ValueError, TypeError) as error:
        name = record.get("name") if isinstance(record, dict) else None
        called = f" {short(name)}" if isinstance(name, str) else ""
        raise ValueError(f"node {len(values)}{called}: {error}") from None


def _restored(
    record: object, values: Sequence[Value], scopes: Sequence[Scope], definitions: Mapping[str, Any] | None
) -> Value:
    op = _row(_member(record, "op", str, type(None)), definitions)
    given = _member(record, "args", list)
    expected = 0 if op is None else len(op.inputs)
    if len(given) != expected:
        raise ValueError(f"{op.name if op else 'a leaf'} has {expected} operands, got {len(given)}")
    args = tuple(_constant(arg) if isinstance(arg, list) else _at(values, arg) for arg in given)
    grad = _member(record, "grad")
    grad = NO_PATH if grad == "no path" else None if grad is None else _real(grad)
    scope = _member(record, "scope")
    place = None if scope is None else _at(scopes, scope)
    name = _member(record, "name", str, type(None))
    stale = record.get("stale") if isinstance(record, dict) else None
    stale = None if stale is None else _real(stale)
    value = restore(Value, op, args, _real(_member(record, "data")), grad, name, place, stale)
    if staleness(value) != stale:
        raise ValueError(f"it cannot be stale in this way: {short(stale)}")
    if stale is None and op is not None:  # that of a stale node belongs to operands that are gone
        _check(value, op)
    return value


def _row(name: str | None, definitions: Mapping[str, Any] | None) -> Operation | None:
    if name is None or definitions is None:
        return None if name is None else find(name)
    op = find(name, definitions.get(name))
    if op.definition is not None and name not in definitions:
        raise ValueError(f"the formulas of the operation '{name}' are missing")
    return op


def _constant(arg: list[object]) -> float:
    if len(arg) != 1:
        raise ValueError(f"a constant is one number in a list, got {short(arg)}")
    return _real(arg[0])


def _real(x: object) -> float:
    """A number; what is not finite is text, as JSON has none."""
    if isinstance(x, str) and x in INFINITE:
        return INFINITE[x]
    if type(x) not in (int, float):
        raise ValueError(f"expected a number, got {short(x)}")
    try:
        number = float(x)  # type: ignore[arg-type]
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError("a number is too large for a float, or none; write 'inf', '-inf' or 'nan' as text")
    return number


def _check(value: Value, op: Operation) -> None:
    """Refuse a number that its operation does not give."""
    operands = [peek(arg) if isinstance(arg, Value) else arg for arg in value.args]
    number = op.evaluate(*operands)
    if not (_same(peek(value), number) or _is_between(peek(value), op, operands)):
        told = ", ".join(map(repr, operands))
        raise ValueError(f"its number is {quoted(peek(value))}, but {op.name} of {told} is {quoted(number)}")


def _same(x: float, y: float) -> bool:
    """Whether two numbers are the same but for a few units in the last place; 0.0 and -0.0 are two, nan is one."""
    if x != x or y != y:
        return x != x and y != y
    return abs(_place(x) - _place(y)) <= _ULPS


def _place(x: float) -> int:
    """The number of a float among those of its sign: neighbours differ by 1."""
    found: int = struct.unpack("<q", struct.pack("<d", x))[0]
    return found


def _is_between(x: float, op: Operation, operands: Sequence[float]) -> bool:
    """Whether it is what another math library may give: an error of a function grows where its result cancels."""
    low, high = sorted(_moved(op, ulps)(*operands) for ulps in (-_ULPS, _ULPS))
    return low <= x <= high


@cache
def _moved(op: Operation, ulps: int) -> Callable[..., float]:
    """The row's value as a function of floats, with functions that answer that much more."""

    def moved(function: Any) -> Any:
        def answer(*args: float) -> float:
            x: float = function(*args)
            return x + ulps * math.ulp(x) if math.isfinite(x) else x

        return answer

    exact = ("_divide", "_abs", "_sqrt")
    space = {name: f if name in exact else moved(f) for name, f in formulas.SPACE.items()}
    return op.evaluator(space)
