"""The picture of a graph: values above, gradients below, and on each edge what flowed back over it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

from autodiff import Graph, Snapshot, Steps, Value
from autodiff.ground.text import quoted
from autodiff.habits.answers import answered, caller
from autodiff.language.notation import Figures
from viz.graph.backward import with_backward
from viz.graph.constants import WithConstants, constants_of
from viz.graph.dot import Drawing
from viz.graph.folding import Collapse, read_once
from viz.graph.ladder import LADDER, Fit, Off, closest, fitted
from viz.graph.naming import Names, labels_of
from viz.graph.nearest import largest, nearest
from viz.graph.numbers import numbers_of
from viz.graph.outputs import outputs_of
from viz.graph.paint import Laid
from viz.graph.part import Part, with_ways
from viz.graph.repeats import Expand, expanded
from viz.graph.rows import DIRECTIONS, FULL, Rows, Style
from viz.graph.sketch import Sketch
from viz.graph.still import Still
from viz.graph.view import LIMIT, View, require_boxes, view
from viz.graph.ways import wanted
from viz.ink.figures import figured
from viz.ink.theme import OWN, Theme
from viz.ink.theme import theme as theme_of
from viz.layout.picture import Picture
from viz.layout.place import Place, placed

__all__ = ["advice", "blank", "draw", "pictured", "wished"]


LOOKED = 20  # times as many boxes as may be drawn are looked at, for much of it may repeat


@answered
def draw(
    output: Value | Iterable[Value] | Graph,
    *,
    theme: str | Theme = "light",
    background: str | None = OWN,
    fit: str | tuple[float, float | None] | None = "column",
    detail: str = "auto",
    rankdir: str = "auto",
    names: Names = True,
    collapse: Collapse | None = None,
    expand: Expand | None = None,
    around: Value | None = None,
    depth: int | None = None,
    reached: bool = False,
    max_nodes: int | None = LIMIT,
    step: int | None = None,
    seed: float | None = None,
    digits: int | None = None,
    backward: str = "flow",
    path: Value | None = None,
    paths: Sequence[Value] | None = None,
    constants: bool = False,
    legend: bool = True,
    timeout: float = 30,
) -> Picture:
    """Draw the graph behind one or more Values, with the gradient that ``backward()`` left in it.

    One box for each Value: its name, its value above, its gradient below; one line for each use, labelled
    ``local × upstream = contribution``, its arrowhead pointing the way the gradient flows. A path that a max did
    not take is grey and dotted. Unnamed Values are called like the caller's variables, unless ``names=False``;
    ``names={"w": w}`` calls this one so. Names are set as they are written by hand: theta_1 is θ₁, W_{01} is W₀₁, x^2
    is x²; grad_output stays.
    ``around`` and ``depth`` show a part, ``reached`` only where the gradient went; ``collapse`` folds scopes (True,
    a name, a Scope, several, or a function of a Scope) to one box each. ``step=k`` draws the moment after step k of
    :func:`autodiff.steps` instead, whose gradients are its own and begin with ``seed`` (that of the pass that was
    run, else 1); ``backward="graph"`` draws the backward pass as a graph of its own, behind the forward one: what a
    choice sends is one box there, unless ``collapse=False``. So is ``exp(s − max)`` in a softmax, in every picture, and
    the scores of a cross entropy say their gradient as ``p − y``.
    ``path=x`` shows the ways from x to the output in colour over the faded rest, up to four with a colour each and
    what is multiplied along each (their sum is the gradient); ``paths=(x, y)`` all ways of each of several.
    ``constants=True`` gives each number of an operation (``x * 2``, ``x ** 3``) a box of its own, which no gradient
    reaches. Every number has ``digits`` figures, 4 by default, or fewer if it is exact: 1 is not 1.000.

    The picture is made for a place, ``fit``: "column" (a notebook's, 700 CSS pixels), "page" (440 points), "slide"
    (1280 × 720), a width and a height in CSS pixels, or None. No text in it is smaller there than 10.5 CSS pixels:
    what does not fit is said more shortly (``detail``: "full", "short" for the contribution alone, "needed" for
    contributions where several meet), turned (``rankdir``: LR or TB), set in fewer rows, and folded by scope at last,
    unless ``detail``, ``rankdir`` or ``collapse`` decide otherwise. Before that, what repeats ten times or more
    becomes one box, "× 100": scopes that differ by an index, such as the samples of a batch, nodes of a kind, a long
    sum. ``expand`` opens some: a scope's name, a Scope, a Value with what it came from, or several; the others stay.
    Where that is too much, the boxes nearest to the output are shown, and it is said how many of how many; all of
    them, however small, with ``fit=None``, ``collapse=False`` or a ``max_nodes`` of your own.

    ``theme`` is "light", "dark", "auto" (the SVG follows its host's dark mode by CSS; PNG and DOT are light), or a
    :class:`viz.Theme` with colours and sizes of your own; ``background`` is another colour ``#rrggbb``, or None for
    no paper; ``legend=False`` leaves the legend out.

    A graph too large to read raises ``TooLargeError`` (a ``ValueError``), changed data ``StaleError``, anything
    but Values ``TypeError``.

    >>> from autodiff import maximum
    >>> a, b = Value(3.0, "a"), Value(5.0, "b")
    >>> y = maximum(a, b)
    >>> y.backward()
    >>> picture = draw(y)
    >>> picture.save_svg("max.svg")  # doctest: +SKIP
    """
    collapse = None if collapse is None else read_once(collapse)
    outputs = outputs_of(output)
    is_whole = collapse is None and around is None and depth is None and not reached and backward == "flow"
    require_boxes(outputs, reached, collapse or False, max_nodes, around, depth, LOOKED if is_whole else 1)
    if constants and backward == "graph":
        raise ValueError("backward='graph' draws constants where they are used: leave out constants=True")
    graph = output if isinstance(output, Graph) else Graph(*outputs)
    graph = WithConstants(graph) if constants else graph
    labels = labels_of(graph, names, caller())
    if backward not in ("flow", "graph"):
        raise ValueError(f"backward must be 'flow' (arrows on the same edges) or 'graph'; got {quoted(backward)}")
    if seed is not None and step is None:
        raise ValueError("seed= is for step=k; a picture without it shows the gradients that backward(0.7) left")
    if backward == "graph" and step is not None:
        raise ValueError("step=k draws a snapshot of the steps, backward='graph' has none: give one of the two")
    found = with_backward(graph, labels) if backward == "graph" else None
    if found is not None:
        graph, labels = found.graph, dict(found.labels)
    snapshot = Snapshot.of(graph) if step is None else _at_step(graph, labels, step, seed)
    opened = None if expand is None else expanded(graph, expand)
    part = Part(graph, collapse, around, depth, reached, max_nodes, found, wanted(path, paths), labels, opened)
    figures = figured(numbers_of(graph, snapshot), digits)
    rows = Rows(graph, snapshot, labels, theme_of(theme, background), gradients=backward == "flow", figures=figures)
    rungs = wished(detail, rankdir)
    return pictured(placed(fit), part=part, rows=rows, rungs=rungs, legend=legend, timeout=timeout)


def pictured(
    place: Place,
    off: Off | None = None,
    *,
    part: Part,
    rows: Rows,
    rungs: Sequence[Style],
    legend: bool,
    timeout: float,
) -> Still:
    """The picture for a place; it can be drawn again for another one, and where it is known how a sketch is ``off``."""

    def tried(shown: View) -> tuple[Sketch, Fit | None]:
        sketch = Sketch(shown, rows.of(shown))
        return sketch, fitted(sketch, place, rungs, off)

    for shown in part.views:
        sketch, found = tried(shown)
        if found is not None:
            break
    if found is None and part.is_cut and (parts := nearest(shown)):
        smaller, found = largest(parts, tried)
        sketch = sketch if found is None else smaller
    again = partial(pictured, part=part, rows=rows, rungs=rungs, legend=legend, timeout=timeout)
    fit = found or closest(sketch, place, rungs)
    picture = Still(sketch.view, sketch.rows, fit, legend, timeout, again=again)
    picture.advice = advice(part.graph, bool(part.collapse), part.around is not None, part.depth)
    return picture


def wished(detail: str, rankdir: str) -> tuple[Style, ...]:
    """The rungs of the ladder that say as much as is wished, in the direction that is wished."""
    if detail not in ("auto", "full", "short", "needed"):
        raise ValueError(f"detail is 'auto', 'full', 'short' or 'needed'; got {quoted(detail)}")
    if rankdir not in ("auto", *DIRECTIONS):
        raise ValueError(f"rankdir must be 'auto' or one of {', '.join(DIRECTIONS)}; got {quoted(rankdir)}")
    rungs: tuple[Style, ...] = LADDER
    if detail != "auto":
        rungs = tuple(dict.fromkeys(replace(rung, detail=detail) for rung in rungs))
    if rankdir != "auto":
        rungs = tuple(dict.fromkeys(replace(rung, rankdir=rankdir) for rung in rungs))
    return rungs


def blank(
    told: Steps,
    *,
    labels: dict[int, str],
    theme: str | Theme = "light",
    style: Style = FULL,
    figures: Figures | None = None,
    collapse: Collapse = False,
    around: Value | None = None,
    depth: int | None = None,
    reached: bool = False,
    max_nodes: int | None = LIMIT,
    path: Sequence[Value] | None = None,
    timeout: float = 30,
) -> Laid:
    """Lay out the graph of some steps, or a part of it, with every number left blank."""
    shown = with_ways(view(told.graph, around, depth, reached, collapse, max_nodes), path)
    rows = Rows(told.graph, None, labels, theme_of(theme), style, view=shown, figures=figures)
    drawing = Drawing(shown, rows if style.haste else rows.in_style(Sketch(shown, rows).hurried(style)))
    return drawing.laid(timeout, advice(told.graph, bool(collapse), around is not None, depth))


def advice(graph: Graph, folded: bool, cut: bool, depth: int | None) -> str:
    """What is left to try when the layout takes too long, given what was tried already."""
    part = "draw a part of the graph with viz.draw(..., around=<a Value>, depth=2)"
    smaller = "take depth=1" if depth == 2 else "take a smaller depth, such as 2"
    foldable = not folded and any(node.scope for node in graph.nodes)
    fold = ["collapse its scopes to single nodes"] if foldable else []
    return ", or ".join([smaller if cut else part, *fold, "give it more time with timeout=..."])


def _at_step(graph: Graph, labels: dict[int, str], step: int, seed: float | None) -> Snapshot:
    if len(graph.outputs) != 1:
        raise ValueError(f"steps are those of one output, got {len(graph.outputs)}")
    told = Steps(graph, labels, seed, constants_of(graph))
    if isinstance(step, bool) or not isinstance(step, int) or not -len(told) <= step < len(told):
        raise ValueError(f"step must be a whole number from 0 to {len(told) - 1}, or from the end, got {quoted(step)}")
    return told.snapshot(step)
