"""Which Graphviz lays out a picture: the system's ``dot`` when there is one, else the graphviz-pure wheel."""

from __future__ import annotations

import os
import shutil
import sysconfig
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from importlib import metadata
from pathlib import Path

from viz.ink.text import visible
from viz.layout import fonts
from viz.layout.answers import fault
from viz.layout.talk import WORDS, Talk

__all__ = [
    "LayoutError",
    "LayoutTimeout",
    "LayoutUnavailable",
    "engine_name",
    "layout",
    "layout_installed",
    "use_engine",
]


PURE = "graphviz-pure"
CURE = (
    f"run `pip install {PURE}`, or install Graphviz so that `dot` is on the PATH; the DOT text is in hand all the same"
)
HINT = f"no Graphviz found to lay out the picture: {CURE}"
SLOW = "{who} took longer than {seconds:.3g} s: {advice}"
ADVICE = (
    "draw a part of the graph with viz.draw(..., around=<a Value>, depth=2), or collapse its scopes to single nodes"
)

# Characters of DOT, some 600 boxes. From there on dot takes seconds where graphviz-pure takes one, and dot 2.43, which
# Debian 12 has, gives up on a network of 1,000 nodes ("trouble in init_rank").
LARGE = 300_000

# How much of the time that is left an engine may take while another one waits: most pictures take dot a tenth of a
# second, and where it takes many seconds the other one is faster.
SHARE, HALF = 0.2, 0.5

# Fewer rounds of putting boxes straight: of 305 boxes that dot 2.43 is busy with for 25 s, 3.5 s.
HURRY = "-Gnslimit=1"


class LayoutError(RuntimeError):
    """A picture could not be laid out; ``dot`` holds its DOT text."""

    def __init__(self, message: str, dot: str) -> None:
        super().__init__(message)
        self.dot = dot


class LayoutUnavailable(LayoutError):  # noqa: N818 - says what is missing, not that something broke
    """No Graphviz is installed; the message says how to get one."""


class LayoutTimeout(LayoutError):  # noqa: N818
    """The layout took too long; the message says how to draw less."""


def layout(
    dot_text: str,
    format: str,
    program: str = "dot",
    timeout: float = 30,
    dpi: float | None = None,
    advice: str = ADVICE,
    read: _Reader = None,
) -> bytes:
    """The picture of ``dot_text`` in ``format`` ("svg", "png", ...), laid out by ``program``.

    A graph with fixed positions says so itself, with the graph attribute ``layout=nop2``. ``dpi`` sets the resolution
    of a PNG. When the first engine fails, or answers with something else than a whole picture, or with one that would
    run a script, or with what ``read`` refuses by a ``ValueError``, the next one is tried in the time that is left. One
    that is not ready after a fifth of ``timeout`` is asked again for less care, in half of what is left, and then the
    next one. An answer may have 64 MB and 100 bytes for each byte of DOT.

    Raises ``LayoutUnavailable`` without an engine, ``LayoutTimeout`` after ``timeout`` seconds, with ``advice`` on
    what to do, and ``LayoutError`` with Graphviz's own words when every engine refuses.

    >>> layout("digraph { a -> b }", "svg")[:5]
    b'<?xml'
    """
    failures: list[LayoutError] = []
    for engine in _own:
        try:
            return _asked(engine, dot_text, format, program, read)
        except LayoutError as error:
            failures.append(error)
    return layout_installed(dot_text, format, program, timeout, dpi, advice, failures, read)


def layout_installed(
    dot_text: str,
    format: str,
    program: str = "dot",
    timeout: float = 30,
    dpi: float | None = None,
    advice: str = ADVICE,
    failed: Sequence[LayoutError] = (),
    read: _Reader = None,
) -> bytes:
    """The picture that :func:`layout` gives, by the engines that are installed alone; ``failed`` is of others."""
    flags = [f"-K{program}", f"-T{format}", *([f"-Gdpi={dpi:g}"] if dpi else [])]
    pixels = format.partition(":")[0].lower() in fonts.PIXELS
    rare = pixels and bool(fonts.unusual(dot_text))  # the system's fonts may have them
    commands = [[engine, *flags] for engine in _engines(large=len(dot_text) > LARGE and not rare)]
    end = time.monotonic() + timeout
    failures = [*failed]
    while commands:
        command, *commands = commands
        share = (HALF if HURRY in command else SHARE) if commands else 1
        seconds = max(0.0, end - time.monotonic()) * share
        try:
            return _run(command, _drawable(dot_text, command[0]) if rare else dot_text, seconds, format, read)
        except LayoutError as error:
            failures.append(error)
            if isinstance(error, _Slow) and commands and HURRY not in command:
                commands.insert(0, [*command, HURRY])
    raise _summary(failures, dot_text, timeout, advice)


def _drawable(dot_text: str, engine: str) -> str:
    who = Path(engine).stem
    return fonts.drawable(dot_text, who, system=who != PURE)


Engine = Callable[[str, str, str], "bytes | str"]
_Reader = Callable[[bytes], object] | None
_own: list[Engine] = []


def use_engine(engine: Engine | None) -> Engine | None:
    """Let ``engine(dot_text, format, program)`` lay out pictures before any other; None: no longer.

    It answers the picture in that format ("svg", "png", "json", ...), as bytes or text. What it raises, and what is no
    whole and harmless picture, gives way to the engines that are installed. Returns the engine used before.

    >>> before = use_engine(lambda dot_text, format, program: "<svg>by hand</svg>")
    >>> layout("digraph {}", "svg")
    b'<svg>by hand</svg>'
    >>> _ = use_engine(before)
    """
    if engine is not None and not callable(engine):
        raise TypeError(f"an engine is called with (dot_text, format, program), got {type(engine).__name__}")
    before = _own[0] if _own else None
    _own[:] = [] if engine is None else [engine]
    return before


def _asked(engine: Engine, dot_text: str, format: str, program: str, read: _Reader) -> bytes:
    who = getattr(engine, "__name__", type(engine).__name__)
    try:
        answer = engine(dot_text, format, program)
    except Exception as error:  # whatever it raises, the next engine may do better
        said = visible(f"{type(error).__name__}: {error}", WORDS)
        raise LayoutError(f"{who} could not lay out the picture: {said}", dot_text) from error
    data = answer.encode("utf-8", "backslashreplace") if isinstance(answer, str) else answer
    if wrong := _wrong(data, format, read) if isinstance(data, bytes) else f"it answered {type(data).__name__}":
        raise LayoutError(f"{who} could not lay out the picture: {visible(wrong, WORDS)}", dot_text)
    return data


def _wrong(data: bytes, format: str, read: _Reader) -> str:
    """What is wrong with an answer, also in the eyes of its reader."""
    found = fault(data, format, to_be_read=read is not None)
    if not found and read is not None:
        try:
            read(data)
        except ValueError as error:
            return str(error)
    return found


def _summary(failures: list[LayoutError], dot_text: str, timeout: float, advice: str) -> LayoutError:
    """What to say of all failures: that it took too long comes first, then what the best engine said."""
    slow = [error for error in failures if isinstance(error, _Slow)]
    others = [error for error in failures if not isinstance(error, _Slow)]
    if not slow:
        spoken = [error for error in others if not isinstance(error, LayoutUnavailable)]
        return next(iter([*spoken, *others]), LayoutUnavailable(HINT, dot_text))
    who, seconds = "the layout", timeout
    if others:
        who, seconds = " and ".join(dict.fromkeys(error.who for error in slow)), sum(error.seconds for error in slow)
    message = SLOW.format(who=who, seconds=seconds, advice=advice)
    return LayoutTimeout("; ".join([message, *map(str, others)]), dot_text)


def engine_name() -> str | None:
    """Which engine ``layout`` tries first: ``"dot"``, ``"graphviz-pure"`` or None.

    >>> engine_name() in ("dot", "graphviz-pure", None)
    True
    """
    if shutil.which("dot"):
        return "dot"
    return PURE if _pure() else None


def _engines(large: bool = False) -> Iterator[str]:
    """The engines that are installed, best first, as paths."""
    both = [shutil.which("dot"), _pure()]
    for path in reversed(both) if large else both:
        if path:
            yield path


class _Slow(LayoutTimeout):
    def __init__(self, dot: str, who: str, seconds: float) -> None:
        super().__init__(f"{who} took longer than {seconds:.3g} s", dot)
        self.who, self.seconds = who, seconds


def _run(command: list[str], dot_text: str, seconds: float, format: str, read: _Reader) -> bytes:
    """What the command writes for ``dot_text``; its warnings are swallowed, its errors become ours."""
    who = Path(command[0]).stem
    # A lone surrogate cannot be encoded; its escape can, and is what a reader would want to see.
    talk = Talk(dot_text.encode("utf-8", "backslashreplace"))
    try:
        status = talk.hold(command, seconds)
    except (OSError, NotImplementedError) as error:
        raise LayoutUnavailable(f"could not run {command[0]}: {error}; {CURE}", dot_text) from error
    if len(talk.answer) > talk.most:
        raise LayoutError(f"{who} answered without end: it was stopped after {talk.most:,} bytes", dot_text)
    if status is None:
        raise _Slow(dot_text, who, seconds)
    if wrong := f"exit status {status}" if status else _wrong(bytes(talk.answer), format, read):
        said = " ".join(talk.complaint.decode("utf-8", "replace").split())
        words = f"{wrong}, and it said: {said}" if said and not status else said or wrong
        raise LayoutError(f"{who} could not lay out the picture: {visible(words, WORDS)}", dot_text)
    return bytes(talk.answer)


def _pure() -> str | None:
    """The path of the graphviz-pure program: where its wheel says it is, else in a folder of scripts."""
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
        with suppress(Exception):  # a Python without such a folder says so in its own way: in a browser, a KeyError
            folder = Path(sysconfig.get_path("scripts", scheme) if scheme else sysconfig.get_path("scripts"))
            yield from (folder / (PURE + suffix) for suffix in ("", ".exe"))
