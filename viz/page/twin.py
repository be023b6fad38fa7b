"""The twin of the page's messages for its scripts: as JSDoc, so that TypeScript can check them."""

from __future__ import annotations

import types
from typing import Any, ForwardRef, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

from autodiff.ground.text import quoted
from viz.page import contract

__all__ = ["jsdoc"]


def jsdoc() -> str:
    """The messages as JSDoc typedefs."""
    head = "// What Python tells the page: generated from viz/page/contract.py by docs/build.py.\n\n"
    return head + "\n".join(map(_typedef, contract.MESSAGES)) + "\nexport {};\n"


def _typedef(message: Any) -> str:
    lines = ["/**", f" * @typedef {{object}} {message.__name__}"]
    for name, hint in get_type_hints(message, vars(contract)).items():
        lines.append(f" * @property {{{_type(hint)}}} {f'[{name}]' if name in message.__optional_keys__ else name}")
    return "\n".join([*lines, " */", ""])


_PLAIN = {str: "string", float: "number", int: "number", bool: "boolean", type(None): "null", Any: "any"}


def _type(hint: Any) -> str:
    if isinstance(hint, (str, ForwardRef)):  # as Python 3.10 leaves a name within a list
        return hint if isinstance(hint, str) else hint.__forward_arg__
    if hint in _PLAIN:
        return _PLAIN[hint]
    if is_typeddict(hint):
        name: str = hint.__name__
        return name
    origin, parts = get_origin(hint), get_args(hint)
    if origin is list:
        return f"Array<{_type(parts[0])}>"
    if origin is dict:
        return f"Record<string, {_type(parts[1])}>"
    if origin is Literal:
        return " | ".join(f'"{part}"' for part in parts)
    if origin in (Union, types.UnionType):
        return " | ".join(dict.fromkeys(map(_type, parts)))
    raise TypeError(f"no type of the page stands for {quoted(hint)}")
