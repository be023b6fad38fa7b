"""Which Graphviz lays out a picture: the system's ``dot`` when there is one, else the graphviz-pure wheel."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

PURE = "graphviz-pure"
HINT = (
    f"no Graphviz found to lay out the picture: run `pip install {PURE}`, "
    "or install Graphviz so that `dot` is on the PATH; the DOT text is in hand all the same"
)
SLOW = (
    "the layout took longer than {timeout:g} s: draw a part of the graph with viz.draw(..., around=<a Value>, "
    "depth=2), or collapse its scopes to single nodes"
)


# Characters of DOT, some 600 boxes. From there on dot takes seconds where graphviz-pure takes one, and dot 2.43, which
# Debian 12 has, gives up on a network of 1,000 nodes ("trouble in init_rank").
LARGE = 300_000


class LayoutError(RuntimeError):
    """A picture could not be laid out; ``dot`` holds its DOT text."""

    def __init__(self, message: str, dot: str) -> None:
        super().__init__(message)
        self.dot = dot


class LayoutUnavailable(LayoutError):  # noqa: N818 - says what is missing, not that something broke
    """No Graphviz is installed; the message says how to get one."""


class LayoutTimeout(LayoutError):  # noqa: N818
    """The layout took too long; the message says how to draw less."""


def layout(dot_text: str, format: str, program: str = "dot", timeout: float = 30, dpi: float | None = None) -> bytes:
    """Return the picture of ``dot_text`` in ``format`` ("svg", "png", ...), laid out by ``program``.

    A graph with fixed positions says so itself, with the graph attribute ``layout=nop2``. When the first engine
    fails, the next one is tried before giving up. ``dpi`` sets the resolution of a PNG.

    Raises ``LayoutUnavailable`` without an engine, ``LayoutTimeout`` after ``timeout`` seconds, ``LayoutError``
    with Graphviz's own words when every engine refuses.

    >>> layout("digraph { a -> b }", "svg")[:5]
    b'<?xml'
    """
    failure: LayoutError = LayoutUnavailable(HINT, dot_text)
    flags = [f"-K{program}", f"-T{format}", *([f"-Gdpi={dpi:g}"] if dpi else [])]
    for engine in _engines(large=len(dot_text) > LARGE):
        try:
            return _run([engine, *flags], dot_text, timeout)
        except LayoutTimeout:
            raise
        except LayoutError as error:
            # What the preferred engine said is the better message, so a second failure does not replace it.
            failure = failure if type(failure) is LayoutError else error
    raise failure


def engine_name() -> str | None:
    """Return which engine ``layout`` tries first: ``"dot"``, ``"graphviz-pure"`` or None.

    >>> engine_name() in ("dot", "graphviz-pure", None)
    True
    """
    if shutil.which("dot"):
        return "dot"
    return PURE if _pure() else None


def _engines(large: bool = False) -> Iterator[str]:
    """Yield the engines that are installed, best first, as paths."""
    both = [shutil.which("dot"), _pure()]
    for path in reversed(both) if large else both:
        if path:
            yield path


def _run(command: list[str], dot_text: str, timeout: float) -> bytes:
    """Return what the command writes for ``dot_text``; its warnings are swallowed, its errors become ours."""
    try:
        done = subprocess.run(
            command,
            # A lone surrogate cannot be encoded; its escape can, and is what a reader would want to see.
            input=dot_text.encode("utf-8", "backslashreplace"),
            capture_output=True,
            timeout=timeout,
            # On Windows a console window would flash up for every picture.
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except subprocess.TimeoutExpired:
        raise LayoutTimeout(SLOW.format(timeout=timeout), dot_text) from None
    except OSError as error:
        raise LayoutError(f"could not run {command[0]}: {error}", dot_text) from error
    if done.returncode != 0 or not done.stdout:
        words = " ".join(done.stderr.decode("utf-8", "replace").split()) or f"exit status {done.returncode}"
        raise LayoutError(f"{Path(command[0]).stem} could not lay out the picture: {words}", dot_text)
    return done.stdout


def _pure() -> str | None:
    """Return the path of the graphviz-pure program: where its wheel says it is, else in a folder of scripts."""
    for path in _pure_candidates():
        if path.stem == PURE and path.is_file() and os.access(path, os.X_OK):
            return str(path)
    return shutil.which(PURE)


def _pure_candidates() -> Iterator[Path]:
    try:
        wheel = metadata.distribution(PURE)
    except metadata.PackageNotFoundError:
        pass
    else:
        yield from (Path(str(file.locate())).resolve() for file in wheel.files or () if file.stem == PURE)
    for scheme in (None, f"{os.name}_user"):
        folder = sysconfig.get_path("scripts", scheme) if scheme else sysconfig.get_path("scripts")
        yield from (Path(folder, PURE + suffix) for suffix in ("", ".exe"))
