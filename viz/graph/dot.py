"""A graph in the DOT language: frames, boxes and lines with their looks, and the words of each."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from graphviz import quoting

from autodiff import Edge, Scope
from autodiff.writing.phrases import is_own
from viz.graph.legend import entries
from viz.graph.marks import NOTHING, Marks, font, legend_label
from viz.graph.paint import Laid, line_id
from viz.graph.rows import Rows, width_of_row
from viz.graph.view import View
from viz.ink.text import html
from viz.layout.layout import Curve, Layout, Place, laid_out
from viz.layout.picture import Picture

__all__ = ["Drawing"]

# What engines are told of how much care to take: rounds of ordering boxes and of putting them straight.
HASTE: tuple[dict[str, str], ...] = (
    {},
    {"nslimit": "1", "nslimit1": "1"},
    {"nslimit": "0.1", "nslimit1": "0.1", "mclimit": "0.1", "splines": "line"},
    {"nslimit": "0.1", "nslimit1": "0.1", "mclimit": "0.01", "splines": "line"},
)
WORDS_ABOVE = 3.0  # points
ALIGNED, ALIGNED_IN = 40, 150  # leaves of a family that stand in one column at most, in a graph of so many boxes


class Drawing:
    """One drawing under way: a view, the names of its nodes, a snapshot (None: blank, for a page to fill), a look."""

    def __init__(
        self,
        view: View,
        rows: Rows,
        places: Mapping[str, Mapping[str, str]] | None = None,
        plain: bool = False,
        prefix: str = "",
    ) -> None:
        self.view, self.graph, self.labels, self.rows = view, view.graph, rows.labels, rows
        self.places = places or {}  # where a layout put everything, to draw it there again
        self.prefix = prefix  # of all names, where another graph stands beside this one
        self.clusters: dict[str, Scope] = {}
        self._written: list[str] = []  # the boxes in their frames
        self.look, self.marks = rows.theme, Marks(rows, plain)
        self.canvas = Picture(self.look, fixed=bool(places))

    def plain(self) -> Drawing:
        """The same for a layout alone: boxes are as large, and every line has the same head."""
        other = Drawing(self.view, self.rows, self.places, plain=True)
        other.clusters, other._written = self.clusters, self._written
        return other

    def picture(self, legend: bool = True, timeout: float = 30) -> Picture:
        """The finished picture."""
        self.write(self.canvas, legend)
        self.canvas.timeout = timeout
        return self.canvas

    def laid(self, timeout: float, advice: str) -> Laid:
        """Where everything stands."""
        shown = self.view
        text = self.picture(legend=False, timeout=timeout).source
        boxes = {shown.key(number) for number in shown.numbers}
        lines = {line_id(line): line for (a, b), edges in shown.edges().items() for line in shown.lines(a, b, edges)}
        layout = laid_out(text, timeout, advice, [*boxes, *self.clusters, *lines])
        if self.rows.style.haste:
            layout = replace(layout, lines={**layout.lines, **dict(self._worded(layout, lines))})
        return Laid(shown, self.labels, self.clusters, layout)

    def _worded(self, layout: Layout, lines: Mapping[str, Sequence[Edge]]) -> Iterator[tuple[str, Curve]]:
        """The lines that say something, with room for it in the middle of each: the engine knew of no words."""
        for name, edges in lines.items():
            if row := self.rows.line(edges, self.rows.looks.line(edges)):
                curve, wide, size = layout.lines[name], width_of_row(row), self.look.small_size
                x, y = curve.points[len(curve.points) // 2]
                yield name, replace(curve, words=Place(x - wide / 2, y - WORDS_ABOVE, wide, size))

    def write(self, canvas: Picture, legend: bool = True) -> None:
        """Write the graph in DOT; boxes and lines have the ids ``n7``, ``s4`` and ``e7_0``."""
        look, style = self.look, self.rows.style
        self.canvas = canvas
        canvas.attr(rankdir=style.rankdir, nodesep=f"{style.nodesep:g}", ranksep=f"{style.ranksep:g}")
        haste = 0 if self.places else style.haste
        canvas.attr(**HASTE[haste])
        stack = style.box == "stack"
        room = {"margin": "0.06,0.05", "height": "0.2", "width": "0.6" if stack else "0.3"}
        corners = "solid" if self.marks.plain else "rounded,filled"  # an engine tells of each point of round ones
        canvas.attr("node", shape="box", style=corners, **room)
        canvas.attr("edge", fontsize=f"{look.small_size:g}", arrowsize="0.6")
        edges = self.view.edges()
        is_measured = self.marks.plain or self.places  # then what is said below is not of its size
        if said := [] if is_measured else entries(self.view, self.rows, legend):
            canvas.attr(label=legend_label(said, look), labelloc="b")
        if not self._written:
            before = len(canvas.body)
            self._boxes(canvas)
            self._written = canvas.body[before:]
        else:
            canvas.body += self._written
        for (source, target), uses in edges.items():
            for joined in self.view.lines(source, target, uses):
                name = line_id(joined)
                line = self.marks.lines(joined)
                if haste and (words := line.pop("label")) and not self.marks.plain:
                    line["xlabel"] = words
                self._edge(source, target, **{**line, "id": name, **self._place_of(name)})
        for source, target in () if self.places else self.view.behind():
            self._edge(source, target, style="invis")
        self._stubs()
        if not self.places and style.rankdir in ("LR", "RL"):
            self._align_inputs()

    def _node(self, name: str, **look: str) -> None:
        self.canvas.body.append(f"\t{self.prefix}{name} [{_attributes(look)}]\n")

    def _edge(self, source: str, target: str, **look: str) -> None:
        if "id" in look:
            look["id"] = self.prefix + look["id"]
        self.canvas.body.append(f"\t{self.prefix}{source} -> {self.prefix}{target} [{_attributes(look)}]\n")

    def _place_of(self, name: str) -> dict[str, str]:
        return dict(self.places.get(name, {}))

    def _align_inputs(self) -> None:
        """Free leaves of one family (x0, x1, ... or w[0], w[1], ...) stand side by side, in order."""
        if self.view.boxes() > ALIGNED_IN:
            return  # in a large graph the columns would only lengthen lines, and dot may fail at them
        families: dict[str, list[int]] = {}
        for member in self.graph.leaves:
            label = self.labels[member]
            if is_own(member, label) and member in self.shown and self.graph.nodes[member].scope is None:
                family = re.match(r"[^\W\d]*", label)
                families.setdefault(family[0] if family else "", []).append(member)
        for members in families.values():
            if 1 < len(members) <= ALIGNED:
                column = Picture(self.look, dressed=False, graph_attr={"rank": "same"})
                for one, other in itertools.pairwise(members):
                    column.edge(f"{self.prefix}n{one}", f"{self.prefix}n{other}", style="invis")
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
        self._entries(tree[None])
        open_scopes = [(scope, 0) for scope in reversed(inside.get(None, []))]
        while open_scopes:
            scope, level = open_scopes.pop()
            if level < 0:
                canvas.body.append("\t}\n")
                continue
            # Only a subgraph of this name is a frame; another one still says what belongs together.
            kind = "cluster" if self.rows.style.frames else "scope"
            name = f"{kind}_{self.prefix}{numbers[scope]}"
            canvas.body.append(f"\tsubgraph {name} {{\n")
            if self.rows.style.frames:
                self.clusters[name] = scope
                self._cluster(canvas, scope, name, level)
            else:
                canvas.attr(label=self._name_of(scope))
            self._entries(tree[scope])
            open_scopes.append((scope, -1))
            open_scopes += [(inner, level + 1) for inner in reversed(inside.get(scope, []))]

    def _entries(self, entries: list[int | Scope]) -> None:
        for entry in entries:
            if isinstance(entry, Scope):
                members = self.view.members(entry)
                name, look = f"s{members[0]}", self.marks.folded(entry, members, self.view.speaker(entry))
            else:
                name, look = f"n{entry}", self.marks.box(self.graph.nodes[entry])
            self._node(name, **{**look, "id": self.prefix + name, **self._place_of(name)})

    def _cluster(self, canvas: Picture, scope: Scope, name: str, level: int) -> None:
        fill, border = self.look.cluster(level)
        canvas.attr(
            label=self._name_of(scope), labelloc="t", style="rounded,filled", fillcolor=fill, color=border, margin="8"
        )
        canvas.attr(**self._place_of(name))

    def _name_of(self, scope: Scope) -> str:
        return f"<{font(html(scope.name) or NOTHING, self.look.muted, self.look.name_size)}>"

    def _stubs(self) -> None:
        """Dots where the graph goes on beyond the shown part."""
        above, below = self.view.cut()
        dots = {"label": "…", "shape": "plaintext", "fontcolor": self.look.muted, "width": "0.2", "style": ""}
        line = {
            "color": self.look.no_path,
            "style": self.look.no_path_style,
            "dir": "back" if self.marks.plain else "none",
        }
        for member in above:
            self._node(f"before_{member}", **dots)
            self._edge(f"before_{member}", self.view.key(member), id=f"cut_before_{member}", **line)
        for member in below:
            self._node(f"after_{member}", **dots)
            self._edge(self.view.key(member), f"after_{member}", id=f"cut_after_{member}", **line)


def _attributes(look: Mapping[str, str]) -> str:
    """The attributes of a box or line, the label first, as ``Digraph.node`` writes them in five times as long."""
    rest = sorted(look.items(), key=lambda pair: (pair[0] != "label", pair[0]))
    return " ".join([f"{name}={text if text[:1] == '<' else _quoted(text)}" for name, text in rest])


_quoted = lru_cache(maxsize=1024)(quoting.quote)  # colours, pens and ids: few, and over and over
