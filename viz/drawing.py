"""The picture of a graph: values above, gradients below, and on each edge what flowed back over it."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterable, Iterator, Sequence

from autodiff import Edge, Flow, Graph, Node, Scope, Value
from viz.naming import names_of
from viz.picture import Picture
from viz.text import html
from viz.theme import Theme, number, width
from viz.view import LIMIT, Collapse, View, graph_of, view


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
    max_nodes: int = LIMIT,
    legend: bool = True,
    timeout: float = 30,
) -> Picture:
    """Draw the graph behind one or more Values, with the gradient that ``backward()`` left in it.

    One box for each Value: its name, its value above, its gradient below; one line for each use, labelled
    ``local × upstream = contribution``, its arrowhead pointing the way the gradient flows. A path that a max did
    not take is grey and dotted. Unnamed Values are called like the caller's variables, unless ``names=False``.
    ``around`` and ``depth`` show a part, ``reached`` only where the gradient went; ``collapse`` folds scopes (True,
    a name, a Scope, several, or a function of a Scope) to one box each; ``rankdir`` is LR or TB. A graph too large
    to read raises ``TooLargeError`` (a ``ValueError``), changed data ``StaleError``, anything but Values
    ``TypeError``.

    >>> from autodiff import maximum
    >>> a, b = Value(3.0, "a"), Value(5.0, "b")
    >>> y = maximum(a, b)
    >>> y.backward()
    >>> picture = draw(y)
    >>> picture.save_svg("max.svg")  # doctest: +SKIP
    """
    if rankdir not in ("LR", "TB", "RL", "BT"):
        raise ValueError(f"rankdir must be one of LR, TB, RL, BT; got {rankdir!r}")
    graph = graph_of(output)
    frame = sys._getframe(1) if names else None
    return _Drawing(
        view(graph, around, depth, reached, collapse, max_nodes), names_of(graph, frame), theme, rankdir
    ).picture(legend, timeout)


NOTHING = "&#160;"  # Graphviz refuses markup around no text at all
ALIGNED = 40  # boxes up to which all inputs stand in one column


class _Drawing:
    """One drawing under way: a view, the names of its nodes, and a look."""

    def __init__(self, view: View, names: dict[int, str], theme: str | Theme, rankdir: str) -> None:
        self.view, self.graph, self.names, self.rankdir = view, view.graph, names, rankdir
        self.flows = {flow.edge: flow for flow in view.graph.flows()}
        self.canvas = Picture(theme, graph_attr={"rankdir": rankdir, "nodesep": "0.28", "ranksep": "0.5"})
        self.look = self.canvas.theme

    def picture(self, legend: bool, timeout: float) -> Picture:
        """The finished picture."""
        canvas, look = self.canvas, self.look
        canvas.timeout = timeout
        canvas.attr("node", shape="box", style="rounded,filled", margin="0.09,0.03", height="0.3", width="0.4")
        canvas.attr("edge", fontsize=f"{look.small_size:g}", arrowsize="0.7")
        if legend:
            canvas.attr(label=self._legend(), labelloc="b")
        self._boxes(canvas)
        for (source, target), edges in self.view.edges().items():
            self._edge(source, target, edges)
        self._stubs()
        self._align_leaves()
        return canvas

    def _align_leaves(self) -> None:
        """In a small graph the free leaves stand side by side at the start, as the inputs they are."""
        free = [m for m in self.graph.leaves if m in self.view.numbers and self.graph.nodes[m].scope is None]
        if self.view.boxes() <= ALIGNED:
            column = Picture(self.look, dressed=False, graph_attr={"rank": "same"})
            for member in free:
                column.node(f"n{member}")
            for one, next_one in itertools.pairwise(free):
                column.edge(f"n{one}", f"n{next_one}", style="invis")  # keeps them in order
            self.canvas.subgraph(column)

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
        # Innermost first would need recursion; an explicit stack writes the clusters outermost first instead.
        self._fill(canvas, tree)

    def _place(self, tree: dict[Scope | None, list[int | Scope]], scope: Scope | None) -> None:
        while scope is not None and scope not in tree:
            tree[scope] = []
            scope = scope.parent

    def _fill(self, canvas: Picture, tree: dict[Scope | None, list[int | Scope]]) -> None:
        clusters = {scope: canvas if scope is None else self._cluster(scope, i) for i, scope in enumerate(tree)}
        for scope, entries in tree.items():
            for entry in entries:
                if isinstance(entry, Scope):
                    self._folded(clusters[scope], entry)
                else:
                    self._node(clusters[scope], self.graph.nodes[entry])
        for scope in sorted((s for s in tree if s is not None), key=lambda s: -len(s.path)):
            clusters[scope.parent].subgraph(clusters[scope])

    def _cluster(self, scope: Scope, index: int) -> Picture:
        cluster = Picture(self.look, dressed=False, name=f"cluster_{index}")
        fill, border = self.look.cluster(len(scope.path) - 1)
        font = f'color="{self.look.muted}" point-size="{self.look.name_size:g}"'
        label = f"<<font {font}>{html(scope.name) or NOTHING}</font>>"
        cluster.attr(label=label, labelloc="t", style="rounded,filled", fillcolor=fill, color=border, margin="10")
        return cluster

    def _node(self, canvas: Picture, node: Node) -> None:
        value, look = self.graph.values[node.number], self.look
        alive = value.grad_state == "value" or value.grad_state == "not computed"
        border = look.leaf_border if node.op is None else look.node_border
        if value.data != value.data:
            border = look.highlight
        canvas.node(
            f"n{node.number}",
            label=_table([self._title(node), self._value(value), self._gradient(value)]),
            fillcolor=look.leaf_fill if node.op is None else look.node_fill,
            color=border if alive or border == look.highlight else look.no_path,
            penwidth="1.4" if alive else "1",
        )

    def _title(self, node: Node) -> str:
        name = self.names.get(node.number)
        bold = f"<b>{html(name, 40)}</b>" if name else ""
        muted = f'<font color="{self.look.muted}">{html(operation_text(node))}</font>' if node.op else ""
        if not bold and not muted:
            return ""
        return f'<font point-size="{self.look.name_size:g}">{bold}{" " * bool(bold and muted)}{muted}</font>'

    def _value(self, value: Value) -> str:
        return f'<font point-size="{self.look.value_size:g}" color="{self.look.value}">{number(value.data)}</font>'

    def _gradient(self, value: Value) -> str:
        look = self.look
        text, colour, size = {
            "not computed": ("–", look.not_computed, look.gradient_size),
            "no path": ("no path", look.not_computed, look.small_size),
        }.get(value.grad_state, (number(value.grad), look.gradient, look.gradient_size))
        return f'<font point-size="{size:g}" color="{colour}">{text}</font>'

    def _folded(self, canvas: Picture, scope: Scope) -> None:
        members, look = self.view.members(scope), self.look
        inside = set(members)
        used = {edge.source for edge in self.graph.edges if edge.source in inside and edge.target not in inside}
        used |= inside & set(self.graph.outputs)
        rows = [f'<font point-size="{look.name_size:g}"><b>{html(scope.name, 40) or NOTHING}</b></font>']
        rows.append(
            f'<font point-size="{look.small_size:g}" color="{look.muted}">{_count(len(members), "node")}</font>'
        )
        if len(used) == 1:
            value = self.graph.values[used.pop()]
            rows += [self._value(value), self._gradient(value)]
        fill, border = look.cluster(len(scope.path) - 1)
        style = {"fillcolor": fill, "color": border, "penwidth": "2", "peripheries": "2"}
        canvas.node(f"s{members[0]}", label=_table(rows), **style)

    def _edge(self, source: str, target: str, edges: list[Edge]) -> None:
        """The lines between two boxes: one for each use, or one for all when a box is a folded scope."""
        if source.startswith("n") and target.startswith("n"):
            for edge in edges:
                self.canvas.edge(source, target, **self._line(self.flows[edge]))
        elif len(edges) == 1:
            self.canvas.edge(source, target, **self._line(self.flows[edges[0]]))
        else:
            self.canvas.edge(source, target, **self._lines([self.flows[edge] for edge in edges]))

    def _lines(self, flows: list[Flow]) -> dict[str, str]:
        """One line for several uses: their sum, or the mark of no path when none of them has one."""
        sent = [flow.contribution for flow in flows if flow.contribution is not None]
        if sent:
            return self._flow(f"{_count(len(flows), 'use')}, sum", sum(sent))
        if all(flow.local is None for flow in flows):
            return self._not_taken(self.graph.nodes[flows[0].edge.target], flows[0].edge.position)
        return self._quiet("")

    def _line(self, flow: Flow) -> dict[str, str]:
        if flow.local is None:
            return self._not_taken(self.graph.nodes[flow.edge.target], flow.edge.position)
        if flow.upstream is None or flow.contribution is None:
            target = self.graph.nodes[flow.edge.target]
            assert target.op is not None
            return self._quiet("taken" if target.op.chooses_between() else "")
        return self._flow(f"{number(flow.local)} × {number(flow.upstream)}", flow.contribution)

    def _flow(self, words: str, contribution: float) -> dict[str, str]:
        colour, style = self.look.flow(contribution)
        ink = self.look.not_computed if colour == self.look.no_path else colour
        label = self._label(f"{html(words)} = <b>{number(contribution)}</b>", ink)
        return {
            "label": label,
            "color": colour,
            "style": style,
            "penwidth": f"{width(contribution):g}",
            "dir": "back",
        }

    def _not_taken(self, node: Node, position: int) -> dict[str, str]:
        line = self._quiet(why_no_path(node, position))
        return {**line, "style": self.look.no_path_style, "dir": "both", "arrowhead": "none", "arrowtail": "tee"}

    def _quiet(self, words: str) -> dict[str, str]:
        label = self._label(html(words), self.look.not_computed) if words else ""
        return {"label": label, "color": self.look.no_path, "penwidth": "1", "arrowsize": "0.5"}

    def _label(self, words: str, ink: str) -> str:
        # Beside a vertical line the words would touch it; above a horizontal one they would not.
        gap = "&#160;&#160;" if self.rankdir in ("TB", "BT") else ""
        return f'<<font color="{ink}">{gap}{words}</font>>'

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

    def _legend(self) -> str:
        look = self.look
        words = [("value", look.value), ("gradient", look.gradient)]
        shown = [self.flows[edge] for edges in self.view.edges().values() for edge in edges]
        flows = [flow.contribution for flow in shown if flow.contribution is not None]
        if any(flow > 0 for flow in flows):
            words.append(("◂— positive", look.positive))
        if any(flow < 0 for flow in flows):
            words.append(("◂- - negative", look.negative))
        if any(flow.local is None for flow in shown):
            words.append(("· · · no path", look.not_computed))
        if any(value.grad_state == "not computed" for value in map(self.graph.values.__getitem__, self.view.numbers)):
            words.append(("– gradient not computed", look.not_computed))
        parts = "    ".join(f'<font color="{colour}">{text}</font>' for text, colour in words)
        return f'<<font point-size="{look.small_size:g}">{parts}</font>>'


def operation_text(node: Node) -> str:
    """How a node's operation is written, with the constants among its operands: ``×``, ``× 0.7``, ``max(·, 3)``."""
    assert node.op is not None
    constants = [None if isinstance(arg, int) else number(arg) for arg in node.args]
    if not any(constants):
        return node.op.symbol
    if node.op.notation == "infix":
        return " ".join(part for part in (constants[0], node.op.symbol, constants[1]) if part)
    return f"{node.op.symbol}({', '.join(text or '·' for text in constants)})"


def why_no_path(node: Node, position: int) -> str:
    """Why an operand of this node gets no gradient: ``not taken`` by a choice, ``dead``, or never a path."""
    assert node.op is not None
    if len(node.op.inputs) == 1 and node.op.chooses(position):
        return "dead"
    return "not taken" if node.op.chooses(position) else "no path"


def _count(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


def _table(rows: Sequence[str]) -> str:
    """An HTML-like label of centred rows; empty ones are left out."""
    cells: Iterator[str] = (f"<tr><td>{row}</td></tr>" for row in rows if row)
    return f'<<table border="0" cellborder="0" cellspacing="0" cellpadding="1">{"".join(cells)}</table>>'
