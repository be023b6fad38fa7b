"""Which function of NumPy is calling, for messages: of an array of objects it asks each entry what Python would ask."""

from __future__ import annotations

import ast
import linecache
from functools import lru_cache
from types import CodeType, FrameType, ModuleType

__all__ = ["numpy_call"]


def numpy_call(frame: FrameType | None) -> str | None:
    """What NumPy was asked for when it called back into a method, whose caller is ``frame``; None for anybody else.

    Many functions of NumPy are Python: the outermost of their frames has the name. The others are C, which has no
    frame: there the call is read where it is written, if its source is at hand.
    """
    name = None
    while frame is not None and _is_numpys(module := str(frame.f_globals.get("__name__"))):
        name = f"np.{'linalg.' * ('.linalg' in module)}{frame.f_code.co_name.lstrip('_')}"
        frame = frame.f_back
    return name or (None if frame is None else _written(frame))


def _is_numpys(module: str) -> bool:
    return module.partition(".")[0] == "numpy"


def _written(frame: FrameType) -> str | None:
    """The call that a frame has come to, if it is one of NumPy's functions or of an array's methods."""
    match _expression(frame.f_code, frame.f_lasti):
        case ast.Call(func=ast.Name(id=name)):
            meant = _meaning(frame, name)
            return f"np.{getattr(meant, '__name__', name)}" if _is_numpys(type(meant).__module__) else None
        case ast.Call(func=ast.Attribute() as function):
            *path, last = ast.unparse(function).split(".")
            owner = _meaning(frame, path[0])
            if isinstance(owner, ModuleType) and _is_numpys(owner.__name__):
                return ".".join(["np", *path[1:], last])
            return f"np.{last}" if len(path) == 1 and _is_numpys(type(owner).__module__) else None
    return None


def _meaning(frame: FrameType, name: str) -> object:
    return frame.f_locals.get(name, frame.f_globals.get(name))


@lru_cache(256)  # who asks in a loop asks at the same places
def _expression(code: CodeType, instruction: int) -> ast.expr | None:
    """What is computed at an instruction, as it is written; None where Python cannot tell (before 3.11)."""
    places = getattr(code, "co_positions", None)
    if places is None or instruction < 0:
        return None
    first, last, start, end = list(places())[instruction // 2]
    if None in (first, last, start, end):
        return None
    lines = [line.encode() for line in linecache.getlines(code.co_filename)[first - 1 : last]]
    if not lines:
        return None
    lines[-1] = lines[-1][:end]
    lines[0] = lines[0][start:]
    try:
        found = ast.parse(b"(" + b"".join(lines) + b")", mode="eval").body
    except (SyntaxError, ValueError):
        return None
    return found
