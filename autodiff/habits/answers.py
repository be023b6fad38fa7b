"""How habits are answered: foreign names of modules, keywords, and nodes made by hand.

Nothing is asked where all is well: a function that is called as it should be is called at once.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, wraps
from types import FrameType
from typing import Any, NoReturn, ParamSpec, TypeVar

from autodiff.ground.text import quoted, visible
from autodiff.habits import rows
from autodiff.table.operations import TABLE, Operation

__all__ = [
    "answer",
    "answered",
    "answering",
    "called",
    "caller",
    "got",
    "lacking",
    "refuse",
    "refuse_attribute",
    "refuse_name",
    "refuse_setting",
    "said_of",
    "warn",
]

P = ParamSpec("P")
R = TypeVar("R")


@cache
def said_of(table: str) -> dict[str, str]:
    """One of the tables, a name at a time."""
    return {name: said.format(name) for names, said in getattr(rows, table).items() for name in names.split()}


def refuse_name(module: str, table: str, name: str) -> NoReturn:
    """The answer of a module's ``__getattr__`` to a name that it does not have.

    ``from module import name`` hears it too: there Python would put words of its own in the place of these.
    """
    said = said_of(table).get(name)
    if said is None:
        raise AttributeError(f"module {quoted(module)} has no attribute {quoted(name)}")
    words = f"{module} has no {name}: {said}"
    from dis import opname  # for refusals alone; an import of autodiff would wait for it

    frame = sys._getframe(2)
    code = frame.f_code.co_code
    if 0 <= frame.f_lasti < len(code) and opname[code[frame.f_lasti]] == "IMPORT_FROM":
        raise ImportError(words, name=name)
    raise AttributeError(words)


def refuse_attribute(thing: object, table: str, name: str) -> NoReturn:
    """The answer of a thing's ``__getattr__`` to a name that it does not have."""
    kind, said = type(thing).__name__, said_of(table).get(name)
    raise AttributeError(
        f"{quoted(kind)} object has no attribute {quoted(name)}" if said is None else f"{kind} has no {name}: {said}"
    )


def refuse_setting(thing: object, table: str, name: str, known: Sequence[str]) -> None:
    """Refuse to set an attribute that a thing has by another name, or not at all; own classes of others may have it."""
    if type(thing).__module__.partition(".")[0] != "autodiff" or hasattr(type(thing), name):
        return
    if said := said_of(table).get(name) or answer(name, known):
        raise AttributeError(f"{type(thing).__name__} has no {name}: {said}")


def refuse(owner: str, keywords: Mapping[str, object], known: Sequence[str], more: Sequence[object] = ()) -> None:
    """Refuse keywords that ``owner`` does not have: the tables say what it has in their place, or what to do.

    ``more`` are arguments for which it has no place.
    """
    there = ", ".join(f"{name}=" for name in known)
    for keyword in keywords:
        if keyword not in known:
            said = answer(keyword, known) or (f"there are {there}" if there else "it has no keywords")
            raise TypeError(f"{owner} has no {visible(keyword)}=: {said}")
    if more:
        raise TypeError(f"{owner} takes {there or 'nothing'} alone; got {quoted(more[0], 40)} as well")


def answer(keyword: str, known: Sequence[str]) -> str | None:
    """What the tables say of a keyword to a function that has the ``known`` ones.

    >>> answer("learning_rate", ["params", "lr"])
    'here it is lr='
    """
    for ours in said_of("KEYWORDS").get(keyword, "").split():
        name, _, form = ours.partition("=")
        if name in known:
            return f"here it is {name}={form.replace(',', ', ')}"
    return said_of("LACKING").get(keyword)


def answered(function: Callable[P, R], owner: str = "") -> Callable[P, R]:
    """The function, whose callers are told what to write where they gave it other words than its own."""
    inner = f"{function.__qualname__}() "
    name = owner or function.__name__

    @wraps(function)
    def called(*args: P.args, **keywords: P.kwargs) -> R:
        try:
            return function(*args, **keywords)
        except TypeError as error:
            if not str(error).startswith(inner):
                raise
            told = str(error).removeprefix(inner)
        from inspect import Parameter, signature  # for refusals alone; an import of autodiff would wait for it

        # Python could not match the arguments with the parameters: nothing was run.
        form = signature(function).replace(return_annotation=Parameter.empty)
        parameters = [p.replace(annotation=p.empty) for p in form.parameters.values() if p.name != "self"]
        refuse(name, keywords, [p.name for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)])
        form = form.replace(parameters=parameters)
        raise TypeError(f"{name}: {told}; {said_of('FORMS').get(name) or f'write {name}{form}'}")

    return called


def lacking(owner: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let the keywords pass that ``owner`` lacks where they say nothing, and answer them where they say something.

    >>> @lacking("Conv2d")
    ... def size(kernel_size):
    ...     return kernel_size
    >>> size(3, groups=1)
    3
    >>> size(3, groups=2)
    Traceback (most recent call last):
    ...
    TypeError: Conv2d has no groups=: make a Conv2d for each group of channels, in a Module of your own
    """
    options = rows.OPTIONS[owner]

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def called(*args: P.args, **keywords: P.kwargs) -> R:
            for name in options.keys() & keywords.keys():
                usual, said = options[name]
                given = keywords.pop(name)
                if type(given) is not type(usual) or given != usual:
                    raise TypeError(f"{owner} has no {name}=: {said}")
            return function(*args, **keywords)

        return called

    return decorate


def caller() -> FrameType:
    """The frame from which the function that asks was called, past :func:`answered`."""
    frame = sys._getframe(2)
    return frame.f_back if frame.f_globals is globals() and frame.f_back else frame


def got(thing: object) -> str:
    """What was given where a Value is needed, and how to come to one.

    >>> got(3.0), got(len)
    ('float', 'the function len: call it first, and give the Value that comes out')
    """
    kind = type(thing).__name__
    if isinstance(thing, type):
        return f"the class {thing.__name__}"
    if not callable(thing):
        return kind
    if hasattr(thing, "parameters"):
        return f"the model {kind}: call it first, and give the Value that comes out, as model(x)"
    return f"the function {getattr(thing, '__name__', kind)}: call it first, and give the Value that comes out"


def answering(kind: type, *methods: str) -> None:
    """Make a class answer foreign words, in these methods or in making an instance."""
    for method in methods or ("__init__",):
        owner = f"{kind.__name__}.{method}" if methods else kind.__name__
        setattr(kind, method, answered(vars(kind)[method], owner))


def called(data: object, name: Any, by_hand: Sequence[object], words: Mapping[str, Any]) -> Any:
    """What a new Value is called; a node made by hand, ``Value(out, (a, b), ...)``, is told what records it."""
    label = words.get("label")
    grouped = isinstance(name, (tuple, list, set)) and not any(isinstance(x, str) for x in name)
    if by_hand or grouped or words.keys() - {"label"}:
        _refuse_by_hand(data, [name, *by_hand], words)
    if name is not None and label is not None:
        raise TypeError(
            f"label= is another word for name: give one of them, got {quoted(name, 40)} and {quoted(label, 40)}"
        )
    return name if label is None else label or None


def _refuse_by_hand(data: object, given: Sequence[object], keywords: Mapping[str, object]) -> NoReturn:
    groups = [[*thing] for thing in (*given, *keywords.values()) if isinstance(thing, (tuple, list, set))]
    if not groups:
        refuse("Value", keywords, ("data", "name", "label"))
        more = ", ".join([*(f"{quoted(thing, 40)}" for thing in given[1:]), *(f"{word}=" for word in keywords)])
        raise TypeError(f"Value(data, name) is a leaf: a number, and what it is called; got {more} as well")
    parents = [thing for group in groups for thing in group if hasattr(thing, "parents")]
    slopes = next((group for group in groups if group and all(isinstance(thing, float) for thing in group)), None)
    text = [thing for thing in (*given, *keywords.values()) if isinstance(thing, str)]
    meant = [*dict.fromkeys(_meant(data, [parent.data for parent in parents], slopes, text))][:3]
    write = " or ".join(meant) or "the function that is meant"
    raise TypeError(
        f"a node is not made by hand: write {write}, "
        "which records the node and knows its slopes; a function that is not here is made by autodiff.operation"
        "('cube(x)', 'x**3', '3 * x**2'); a leaf is Value(data, name)"
    )


def _meant(data: object, numbers: list[float], slopes: list[float] | None, text: Sequence[str]) -> Iterator[str]:
    """The functions that a node made by hand may be: by the name that was given, else by number and slopes."""
    called = {op.symbol: op for op in reversed(TABLE.values())} | TABLE
    called |= {sign: TABLE[name] for name, sign in [*rows.MICROGRAD.items()][::-1]}
    for word in text:
        if found := called.get(word) or called.get(word.lower()) or called.get(word[:2]):
            yield _written(found)
            return
    for op in TABLE.values():
        usual = [*op.defaults.values()]
        if len(op.inputs) - len(usual) == len(numbers) and op.evaluate(*numbers, *usual) == data:
            out = op.local_derivatives(*numbers, *usual, data)
            if slopes is None or slopes == [slope or 0.0 for slope in out[: len(numbers)]]:
                yield _written(op)


def _written(op: Operation) -> str:
    inputs = [name for name in op.inputs if name not in op.defaults]
    return op.formula if op.notation != "call" else f"{op.name}({', '.join(inputs)})"


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn whoever called this package, at the line from which it was called."""
    frame, level = sys._getframe(1), 2
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] == "autodiff":
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)
