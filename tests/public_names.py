"""The public names and their signatures as text, one a line: ``python tests/public_names.py`` writes public_names.txt.

A name is public when its module lists it in ``__all__``; of a class, also what does not begin with an underscore.
Annotations are left out: they are checked where they can be wrong, by mypy.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SNAPSHOT = HERE / "public_names.txt"
MODULES = ("autodiff", "autodiff.nn", "autodiff.optim", "viz")
HEAD = "# The public names and signatures. Written by: python tests/public_names.py\n"


def ours(thing: Any) -> bool:
    """Whether it comes from this project, and not from a library that it builds on."""
    return str(getattr(thing, "__module__", "")).partition(".")[0] in ("autodiff", "viz")


class _Set:
    def __init__(self, members: Iterable[object]) -> None:
        self.members = members

    def __repr__(self) -> str:
        return f"{{{', '.join(sorted(map(repr, self.members)))}}}"


def steady(default: object) -> object:
    """The default, written the same way in every run: the order of a set is not."""
    return _Set(default) if isinstance(default, (set, frozenset)) else default


def parameters(function: Any, bound: bool = False) -> str:
    """What it is called with: names, kinds and defaults; ``(?)`` where Python does not know."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return "(?)"
    plain = [p.replace(annotation=p.empty, default=steady(p.default)) for p in signature.parameters.values()]
    return str(inspect.Signature(plain[1:] if bound else plain))


def member(owner: type, name: str, thing: Any) -> str | None:
    """The line of an attribute of a class; None where there is nothing to promise."""
    if isinstance(thing, property) or type(thing).__name__ == "cached_property":
        return f"property {name}" + (" (can be set)" if getattr(thing, "fset", None) else "")
    if isinstance(thing, (staticmethod, classmethod)):
        return f"method {name}{parameters(getattr(owner, name))}"
    if callable(thing):
        return f"method {name}{parameters(thing, bound=True)}"
    return f"attribute {name}"


def members(owner: type) -> Iterator[str]:
    """The public attributes of a class and of those of its bases that are this project's."""
    known = {name: thing for base in reversed(owner.__mro__) if ours(base) for name, thing in vars(base).items()}
    fields = {*getattr(owner, "__dataclass_fields__", ()), *getattr(owner, "_fields", ())}  # they are in the signature
    for name in sorted({*known} & {*dir(owner)} - fields):  # what is there only to be refused is offered to nobody
        if not name.startswith("_") and (line := member(owner, name, known[name])):
            yield f"    {line}"


def describe(module: str, name: str, thing: Any) -> Iterator[str]:
    """The lines of one public name."""
    if isinstance(thing, type):
        bases = ", ".join(base.__name__ for base in thing.__bases__ if base is not object)
        made = any(ours(base) and {"__init__", "__new__"} & set(vars(base)) for base in thing.__mro__)
        yield f"class {module}.{name}{parameters(thing) if made else ''}{f' <- {bases}' if bases else ''}"
        yield from members(thing)
    elif callable(thing) and hasattr(thing, "__name__"):
        yield f"function {module}.{name}{parameters(thing)}"
    elif inspect.ismodule(thing):
        yield f"module {module}.{name}"
    else:
        yield f"value {module}.{name}: {type(thing).__name__}"


def snapshot() -> str:
    """All public names, in order."""
    lines = [
        line
        for module in MODULES
        for name in sorted(set(import_module(module).__all__))
        for line in describe(module, name, getattr(import_module(module), name))
    ]
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parent))
    SNAPSHOT.write_text(snapshot(), encoding="utf-8")
