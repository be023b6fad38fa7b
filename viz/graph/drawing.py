"""The picture of a graph: values above, gradients below, and on each edge what flowed back over it."""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from autodiff import Edge, Graph, Scope, Snapshot, Steps, Value, steps
from viz.graph.backward import with_backward
from viz.graph.folding import Collapse, read_once
from viz.graph.marks import NOTHING, Marks, font
from viz.graph.naming import names_of
from viz.graph.view import LIMIT, View, outputs_of, require_boxes, view
from viz.ink.text import html
from viz.ink.theme import Theme
from viz.layout.layout import Layout, laid_out
from viz.layout.picture import Picture

__all__ = ["Drawing", "Laid", "blank", "draw", "line_id"]


def draw(
    output: Value | Iterable[Value] | Graph,
    *,
    theme: str | Theme = "light",
    rankdir: str = "LR",
    names: bool = True,
    collapse: Collapse = False,
    around: Value | None = None,
    depth: int | None = None,
    reached: bool = False,
    max_nodes: int | None = LIMIT,
    step: int | None = None,
    seed: float | None = None,
    backward: str = "flow",
    legend: bool = True,
    timeout: float = 30,
) -> Picture:
    """Draw the graph behind one or more Values, with the gradient that ``backward()`` left in it.

    One box for each Value: its name, its value above, its gradient below; one line for each use, labelled
    ``local × upstream = contribution``, its arrowhead pointing the way the gradient flows. A path that a max did
    not take is grey and dotted. Unnamed Values are called like the caller's variables, unless ``names=False``.
    ``around`` and ``depth`` show a part, ``reached`` only where the gradient went; ``collapse`` folds scopes (True,
    a name, a Scope, several, or a function of a Scope) to one box each; ``rankdir`` is LR or TB. ``step=k`` draws
    the snapshot after step k of :func:`autodiff.steps` instead, whose gradients are its own and begin with ``seed``
    (that of the pass that was run, else 1); ``backward="graph"`` draws the backward pass as a graph of its own,
    beside the forward one.

    A graph too large to read raises ``TooLargeError`` (a ``ValueError``), changed data ``StaleError``, anything
    but Values ``TypeError``.

    >>> from autodiff import maximum
    >>> a, b = Value(3.0, "a"), Value(5.0, "b")
    >>> y = maximum(a, b)
    >>> y.backward()
    >>> picture = draw(y)
    >>> picture.save_svg("max.svg")  # doctest: +SKIP
    """
    collapse = read_once(collapse)
    outputs = outputs_of(output)
    require_boxes(outputs, reached, collapse, max_nodes, around, depth)
    graph = output if isinstance(output, Graph) else Graph(*outputs)
    labels = names_of(graph, sys._getframe(1) if names else None)
    if backward not in ("flow", "graph"):
        raise ValueError(f"backward must be 'flow' (arrows on the same edges) or 'graph'; got {backward!r}")
    if seed is not None and step is None:
        raise ValueError("seed= is for step=k; a picture without it shows the gradients that backward(0.7) left")
    if backward == "graph" and step is not None:
        raise ValueError("step=k draws a snapshot of the steps, backward='graph' has none: give one of the two")
    if backward == "graph":
        graph, labels = with_backward(graph, labels)
    snapshot = Snapshot.of(graph) if step is None else _at_step(graph, labels, step, seed)
    shown = view(graph, around, depth, reached, collapse, max_nodes)
    drawing = Drawing(shown, labels, snapshot, theme, rankdir, gradients=backward == "flow")
    picture = drawing.picture(legend, timeout)
    picture.advice = _advice(graph, bool(collapse), around is not None, depth)
    return picture


@dataclass(frozen=True)
class Laid:
    """A graph laid out once with every number left blank, for a page or a film to paint: what is shown, and where.

    A box is called ``n7`` (or ``s4``, a folded scope), a line ``e7_0`` for operand 0 of node 7; ``clusters`` tells
    which scope the frame of that name is.
    """

    view: View
    labels: Mapping[int, str]
    clusters: Mapping[str, Scope]
    layout: Layout


def blank(
    told: Steps,
    *,
    labels: dict[int, str],
    theme: str | Theme = "light",
    rankdir: str = "LR",
    collapse: Collapse = False,
    max_nodes: int | None = LIMIT,
    timeout: float = 30,
) -> Laid:
    """Lay out the graph of some steps with every number left blank."""
    shown = view(told.graph, collapse=collapse, limit=max_nodes)
    drawing = Drawing(shown, labels, None, theme, rankdir)
    picture = drawing.picture(timeout=timeout)
    advice = _advice(told.graph, bool(collapse), False, None)
    boxes = {shown.key(number) for number in shown.numbers}
    lines = [line_id(line) for (a, b), edges in shown.edges().items() for line in shown.lines(a, b, edges)]
    layout = laid_out(picture.source, timeout, advice, [*boxes, *drawing.clusters, *lines])
    return Laid(shown, labels, drawing.clusters, layout)


def _advice(graph: Graph, folded: bool, cut: bool, depth: int | None) -> str:
    """What is left to try when the layout takes too long, given what was tried already."""
    part = "draw a part of the graph with viz.draw(..., around=<a Value>, depth=2)"
    smaller = "take depth=1" if depth == 2 else "take a smaller depth, such as 2"
    foldable = not folded and any(node.scope for node in graph.nodes)
    fold = ["collapse its scopes to single nodes"] if foldable else []
    return ", or ".join([smaller if cut else part, *fold, "give it more time with timeout=..."])


def _at_step(graph: Graph, labels: dict[int, str], step: int, seed: float | None) -> Snapshot:
    if len(graph.outputs) != 1:
        raise ValueError(f"steps are those of one output, got {len(graph.outputs)}")
    told = steps(graph.values[graph.outputs[0]], labels, seed=seed)
    if isinstance(step, bool) or not isinstance(step, int) or not -len(told) <= step < len(told):
        raise ValueError(f"step must be a whole number from 0 to {len(told) - 1}, or from the end, got {step!r}")
    return told.snapshot(step)


ALIGNED, ALIGNED_IN = 40, 150  # leaves of a family that stand in one column at most, in a graph of so many boxes


class Drawing:
    """One drawing under way: a view, the names of its nodes, a snapshot (None: blank, for a page to fill), a look."""

    def __init__(
        self,
        view: View,
        labels: dict[int, str],
        snapshot: Snapshot | None,
        theme: str | Theme,
        rankdir: str,
        gradients: bool = True,
        places: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        if rankdir not in ("LR", "TB", "RL", "BT"):
            raise ValueError(f"rankdir must be one of LR, TB, RL, BT; got {rankdir!r}")
        self.view, self.graph, self.labels, self.blank = view, view.graph, labels, snapshot is None
        self.places = places or {}  # where a layout put everything, to draw it there again
        spread = {"rankdir": rankdir, "nodesep": "0.28", "ranksep": "0.5"}
        self.canvas = Picture(theme, fixed=bool(places), graph_attr=spread)
        self.clusters: dict[str, Scope] = {}
        self.look = self.canvas.theme
        self.marks = Marks(view.graph, snapshot, labels, self.look, rankdir in ("TB", "BT"), gradients)

    def picture(self, legend: bool = True, timeout: float = 30) -> Picture:
        """The finished picture; in a blank one, boxes and lines have the ids ``n7``, ``s4`` and ``e7_0``."""
        canvas, look = self.canvas, self.look
        canvas.timeout = timeout
        canvas.attr("node", shape="box", style="rounded,filled", margin="0.09,0.03", height="0.3", width="0.4")
        canvas.attr("edge", fontsize=f"{look.small_size:g}", arrowsize="0.7")
        edges = self.view.edges()
        if legend and not self.blank:
            shown = itertools.chain.from_iterable(edges.values())
            canvas.attr(label=self.marks.legend(self.view.numbers, shown), labelloc="b")
        self._boxes(canvas)
        for (source, target), uses in edges.items():
            for joined in self.view.lines(source, target, uses):
                name = line_id(joined)
                canvas.edge(source, target, **{**self.marks.lines(joined), **self._id(name), **self._place_of(name)})
        self._stubs()
        if not self.places:
            self._align_inputs()
        return canvas

    def _place_of(self, name: str) -> dict[str, str]:
        return dict(self.places.get(name, {}))

    def _id(self, name: str) -> dict[str, str]:
        return {"id": name} if self.blank else {}

    def _align_inputs(self) -> None:
        """Free leaves of one family (x0, x1, ... or w[0], w[1], ...) stand side by side, in order."""
        if self.view.boxes() > ALIGNED_IN:
            return  # in a large graph the columns would only lengthen lines, and dot may fail at them
        families: dict[str, list[int]] = {}
        for member in self.graph.leaves:
            if member in self.labels and member in self.shown and self.graph.nodes[member].scope is None:
                family = re.match(r"[^\W\d]*", self.labels[member])
                families.setdefault(family[0] if family else "", []).append(member)
        for members in families.values():
            if 1 < len(members) <= ALIGNED:
                column = Picture(self.look, dressed=False, graph_attr={"rank": "same"})
                for one, other in itertools.pairwise(members):
                    column.edge(f"n{one}", f"n{other}", style="invis")
                self.canvas.subgraph(column)

    @property
    def shown(self) -> set[int]:
        """The nodes that have a box of their own."""
        return set(self.view.numbers) - set(self.view.hidden_in)

    def _boxes(self, canvas: Picture) -> None:
        """The boxes, each inside the clusters of the scopes it was recorded in."""
        tree: dict[Scope | None, list[int | Scope]] = {None: []}
        for member in self.view.numbers:
            hidden = self.view.hidden_in.get(member)
            inner = hidden.parent if hidden else self.graph.nodes[member].scope
            self._place(tree, inner)
            if hidden is None:
                tree[inner].append(member)
            elif self.view.members(hidden)[0] == member:
                tree[inner].append(hidden)
        self._fill(canvas, tree)

    def _place(self, tree: dict[Scope | None, list[int | Scope]], scope: Scope | None) -> None:
        while scope is not None and scope not in tree:
            tree[scope] = []
            scope = scope.parent

    def _fill(self, canvas: Picture, tree: dict[Scope | None, list[int | Scope]]) -> None:
        """Write each scope's boxes, then the scopes inside it; one after the other, so that depth costs nothing."""
        inside: dict[Scope | None, list[Scope]] = {}
        for scope in tree:
            if scope is not None:
                inside.setdefault(scope.parent, []).append(scope)
        numbers = {scope: number for number, scope in enumerate(tree)}
        self._entries(canvas, tree[None])
        open_scopes = [(scope, 0) for scope in reversed(inside.get(None, []))]
        while open_scopes:
            scope, level = open_scopes.pop()
            if level < 0:
                canvas.body.append("\t}\n")
                continue
            name = f"cluster_{numbers[scope]}"
            self.clusters[name] = scope
            canvas.body.append(f"\tsubgraph {name} {{\n")
            self._cluster(canvas, scope, name, level)
            self._entries(canvas, tree[scope])
            open_scopes.append((scope, -1))
            open_scopes += [(inner, level + 1) for inner in reversed(inside.get(scope, []))]

    def _entries(self, canvas: Picture, entries: list[int | Scope]) -> None:
        for entry in entries:
            if isinstance(entry, Scope):
                members = self.view.members(entry)
                name, look = f"s{members[0]}", self.marks.folded(entry, members, self.view.speaker(entry))
            else:
                name, look = f"n{entry}", self.marks.box(self.graph.nodes[entry])
            canvas.node(name, **{**look, **self._id(name), **self._place_of(name)})

    def _cluster(self, canvas: Picture, scope: Scope, name: str, level: int) -> None:
        fill, border = self.look.cluster(level)
        label = f"<{font(html(scope.name) or NOTHING, self.look.muted, self.look.name_size)}>"
        canvas.attr(label=label, labelloc="t", style="rounded,filled", fillcolor=fill, color=border, margin="10")
        canvas.attr(**self._place_of(name))

    def _stubs(self) -> None:
        """Dots where the graph goes on beyond the shown part."""
        above, below = self.view.cut()
        dots = {"label": "…", "shape": "plaintext", "fontcolor": self.look.muted, "width": "0.2", "style": ""}
        line = {"color": self.look.no_path, "style": self.look.no_path_style, "dir": "none"}
        for member in above:
            self.canvas.node(f"before_{member}", **dots)
            self.canvas.edge(f"before_{member}", self.view.key(member), **line)
        for member in below:
            self.canvas.node(f"after_{member}", **dots)
            self.canvas.edge(self.view.key(member), f"after_{member}", **line)


def line_id(edges: Sequence[Edge]) -> str:
    """The id of a line in a blank picture: the use it stands for, or the first of several."""
    return f"e{edges[0].target}_{edges[0].position}"
