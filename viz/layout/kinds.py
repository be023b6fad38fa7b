"""What a file's name says that it is to hold, and the way out where that cannot be had."""

from __future__ import annotations

import os
from collections.abc import Sequence

from autodiff.ground.text import quoted

__all__ = ["ending", "kind_of", "named"]

_WAYS = {
    "pdf": "viz.draw(y).save('graph.pdf') makes one of a graph, viz.draw(y, step=k) of the moment after a step",
    "html": "viz.step(y).save('graph.html') makes a page of a graph",
    "gif": "viz.animate(y, 'graph.gif') makes a GIF of all steps of a graph",
    "svg": "viz.draw(y).save('graph.svg') makes a picture of a graph",
    "jpg": "save it as .png, whose lines stay sharp",
}
_SAME = {"htm": "html", "jpeg": "jpg", "jpe": "jpg", "png": "svg", "dot": "svg", "gv": "svg"}


def ending(path: str | os.PathLike[str]) -> str:
    """The ending of a file's name in small letters, "" where it has none; all of ``.png`` is an ending too.

    >>> ending("out/Graph.SVG"), ending("v1.2/graph"), ending(".png")
    ('svg', '', 'png')
    """
    _, dot, last = os.path.basename(os.fsdecode(path)).rstrip(" .").rpartition(".")
    return last.lower() if dot else ""


def kind_of(path: str | os.PathLike[str], kinds: Sequence[str], what: str) -> str:
    """Which of ``kinds`` a file is to hold by its ending; ``ValueError`` with the way out where it is none of them.

    >>> kind_of("graph.png", ["svg", "png", "dot", "gv", ""], "a picture")
    'png'
    """
    kind = ending(path)
    if kind in kinds:
        return kind
    had = [f".{known}" for known in kinds if known]
    listed = had[0] if len(had) == 1 else f"{', '.join(had[:-1])} or {had[-1]}"
    way = _WAYS.get(_SAME.get(kind, kind), "")
    raise ValueError(
        f"{what} is saved as {listed}; got the path {quoted(os.fsdecode(path))}, and nothing was written"
        + f": {way}" * bool(way)
    )


def named(path: str | os.PathLike[str], kind: str) -> str | os.PathLike[str]:
    """``path``, unless its name says that a file of another kind is expected there."""
    found = ending(path)
    family = {"dot": {"dot", "gv"}, "html": {"html", "htm"}}.get(kind, {kind})
    if found in {*_WAYS, *_SAME} - family:
        raise ValueError(f"save_{kind} writes {kind.upper()}, but {quoted(os.fsdecode(path))} ends in .{found}")
    return path
