"""What a box and a line look like at a moment. All of it is decided here, from facts alone, and nowhere else.

Facts about a box or a line are *marks* ("leaf", "no path", "current"). The two tables say what each mark looks like,
the strongest first; what a mark leaves open, the marks below it decide. Colours are named by their part in a Theme.
DOT, film, GIF and page only paint what stands here; the style sheet of the page is generated from these very tables.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from math import isinf, isnan

from autodiff import Edge, Flow, Graph, Node, Snapshot
from autodiff.facts.nans import origin_at
from autodiff.facts.words import operation_text, why_no_path
from autodiff.language.notation import figures
from autodiff.recording.reverse import NO_PATH
from viz.graph.constants import kind_of
from viz.graph.folding import Difference
from viz.ink.text import count
from viz.ink.theme import THINNEST, numeral, width

__all__ = ["BOX", "LINE", "MOST_WAYS", "WAYS", "Look", "Looks", "Words", "look", "one_source"]


MOST_WAYS = 8  # have a colour of their own


@dataclass(frozen=True)
class Look:
    """What a mark decides; None leaves it open. Colours and ``dash`` are fields of a Theme, or a line style by name."""

    fill: str | None = None
    ink: str | None = None  # of a border, of a line and its head
    pen: float | None = None
    dash: str | None = None
    double: bool | None = None  # whether a box has two borders
    value: str | None = None  # inks of the words: of a value, of a gradient, of what stands at a line
    gradient: str | None = None
    small: bool | None = None  # whether the gradient's words are small
    label: str | None = None
    framed: bool | None = None  # whether what stands at a line is framed
    silent: bool | None = None  # whether nothing stands there
    head: str | None = None  # "back" (the gradient's way), "tee" (it ends at the loser), "forth" (a value's), "none"


# Of what ways that are shown over the rest lead through: a colour for each, another for several, the rest is faded.
WAYS = {**{f"way {number}": f"way_{number}" for number in range(MOST_WAYS)}, "ways": "text"}

# A gradient that is zero looks like any number; "waiting" is one that was not computed.
BOX: Mapping[str, Look] = {
    "current": Look(ink="highlight", pen=3, dash="solid"),
    "changed": Look(ink="highlight", pen=2),  # a choice that an edit has decided differently
    "edited": Look(ink="highlight", pen=2),
    "origin": Look(ink="highlight", pen=4),  # where the first nan arose, else the first inf
    **{mark: Look(ink=ink, pen=2) for mark, ink in WAYS.items()},
    "faded": Look(ink="no_path", pen=THINNEST, value="muted", gradient="muted"),  # no way leads through it
    "nan": Look(ink="highlight", pen=1.8, dash="dashed"),
    "inf": Look(ink="highlight", pen=1.8, dash="solid"),
    "folded": Look("cluster_fill", "node_border", 1.2, double=True),
    "unreached": Look(ink="no_path", pen=1, value="muted"),
    "no path": Look(ink="no_path", pen=1, gradient="not_computed", small=True),
    "waiting": Look(gradient="not_computed"),
    "constant": Look("background", "no_path", 1, value="constant"),
    "derivative": Look(value="gradient"),  # a gradient that is a node itself
    "parameter": Look("parameter_fill", "parameter_border"),
    "leaf": Look("leaf_fill", "leaf_border"),
    "box": Look("node_fill", "node_border", 1.4, "solid", False, "value", "gradient", False),
}

# The pen of a contribution is its magnitude, on one scale for all pictures.
LINE: Mapping[str, Look] = {
    "now": Look(framed=True),  # the use over which this step sends
    "feeds": Look(ink="value", pen=2.4),  # an operand of the node that this step computes
    **{mark: Look(ink=ink, pen=2, label=ink) for mark, ink in WAYS.items()},
    "faded": Look(ink="cluster_border", pen=THINNEST, silent=True),
    "positive": Look(ink="positive", dash="positive_style", label="positive", head="back"),
    "negative": Look(ink="negative", dash="negative_style", label="negative", head="back"),
    "zero": Look(ink="no_path", dash="positive_style", label="not_computed", head="back"),  # computed; nan, too
    "several": Look(ink="node_border", pen=1.4, label="muted", head="back"),  # to different nodes, or of both signs
    "refused": Look(ink="no_path", pen=1, dash="no_path_style", label="not_computed", head="tee"),
    "settled": Look(head="none"),  # a head means that a gradient flows: elsewhere it does, here not
    "line": Look(None, "no_path", 1, "solid", label="not_computed", framed=False, silent=False, head="forth"),
}


def look(table: Mapping[str, Look], marks: Collection[str]) -> Look:
    """The look of what bears these marks: each attribute is what its strongest mark says.

    >>> found = look(BOX, {"box", "leaf", "no path"})
    >>> found.fill, found.ink, found.pen
    ('leaf_fill', 'no_path', 1)
    """
    decided: dict[str, str | float | bool] = {}
    for mark, row in table.items():
        if mark in marks:
            for field in fields(row):
                if (choice := getattr(row, field.name)) is not None:
                    decided.setdefault(field.name, choice)
    return Look(**decided)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Words:
    """What stands at a line: ``text``, and the number that it amounts to, in bold."""

    text: str = ""
    result: str = ""

    def __str__(self) -> str:
        return f"{self.text} = {self.result}" if self.text and self.result else self.text or self.result


class Looks:
    """The marks, looks and words of the parts of a graph at one moment; without a snapshot (None) they are blank.

    ``gradients=False`` is for a picture that tells of no gradient: a use is refused there only by a choice.
    """

    def __init__(
        self,
        graph: Graph,
        snapshot: Snapshot | None,
        gradients: bool = True,
        folds: Mapping[int, Sequence[int]] | None = None,
    ) -> None:
        self.graph, self.snapshot, self.gradients = graph, snapshot, gradients
        self.folds = folds or {}  # of a node that a folded scope hides, all that it hides
        self.differences: Mapping[Edge, Difference] = {}  # uses that say what their gradient is made of
        self._flows: Mapping[Edge, Flow] = {} if snapshot is None else snapshot.flows
        self._seen: dict[frozenset[str], Look] = {}  # few sets of marks are borne by many
        self._marks: dict[tuple[Edge, ...], frozenset[str]] = {}  # asked for by a sketch, the legend and painters
        self._lines: dict[tuple[Edge, ...], Look] = {}
        self._flowing = any(flow.contribution is not None for flow in self._flows.values())  # then a head points there
        self.origin = None if snapshot is None else origin_at(graph, snapshot)

    def box_marks(self, members: Collection[int], speaker: int | None, folded: bool = False) -> set[str]:
        """The marks of the box of a node, or of a folded scope's ``members``; it bears the numbers of ``speaker``."""
        kind = {"folded"} if folded else set() if speaker is None else kind_of(self.graph, speaker)
        marks, snapshot = {"box"} | kind, self.snapshot
        if snapshot is None:
            return marks
        if snapshot.current is not None and snapshot.current.node in members:
            marks.add("current")
        if self.origin in members:
            marks.add("origin")
        if speaker in self.derivatives:
            marks.add("derivative")
        if speaker is None or "constant" in marks:
            return marks
        return marks | _number_marks(snapshot.values[speaker], snapshot.gradients[speaker])

    @cached_property
    def derivatives(self) -> Collection[int]:
        """The nodes of a backward pass that is drawn as a graph: the first output is not computed from them."""
        forward = set() if self.gradients else {self.graph.outputs[0]}
        for edge in reversed(() if self.gradients else self.graph.edges):
            if edge.target in forward:
                forward.add(edge.source)
        return () if self.gradients else {node.number for node in self.graph} - forward

    def box(self, members: Collection[int], speaker: int | None, folded: bool = False) -> Look:
        """What a box looks like; see :meth:`box_marks`."""
        return self._look(BOX, self.box_marks(members, speaker, folded))

    def _look(self, table: Mapping[str, Look], marks: Collection[str]) -> Look:
        found = self._seen.get(borne := frozenset(marks))  # no set of a line's marks is one of a box's
        if found is None:
            found = self._seen[borne] = look(table, borne)
        return found

    def words(self, place: int) -> tuple[str, str]:
        """The words of a node's value and of its gradient."""
        if self.snapshot is None:
            return figures().blank, figures().blank
        value, gradient = self.snapshot.values[place], self.snapshot.gradients[place]
        told = "–" if gradient is None else "no path" if gradient is NO_PATH else numeral(gradient)
        return "·" if value is None else numeral(value), told

    def line_marks(self, edges: Sequence[Edge]) -> frozenset[str]:
        """The marks of the line of these uses: a single one, or all that join a folded box."""
        if (found := self._marks.get(uses := tuple(edges))) is None:
            found = self._marks[uses] = frozenset(self._borne_by(edges))
        return found

    def _borne_by(self, edges: Sequence[Edge]) -> set[str]:
        marks = {"line"} | ({"settled"} if self._flowing else set())
        current = None if self.snapshot is None else self.snapshot.current
        if current is not None and current.edge in edges:
            marks.add("now")
        elif current is not None and current.phase == "forward" and any(e.target == current.node for e in edges):
            marks.add("feeds")
        sent = self._sent(edges)
        if not sent:
            refused = any(flow.local is None for edge in edges if (flow := self._flows.get(edge)))
            return marks | ({"refused"} if refused and self._refusal(edges) else set())
        is_mixed = any(part < 0 for part in sent) and any(part > 0 for part in sent)
        if not one_source(edges) or is_mixed:  # painted by no sign that not all of them have
            return marks | {"several"}
        total = sum(sent)
        return marks | {"positive" if total > 0 else "negative" if total < 0 else "zero"}

    def line(self, edges: Sequence[Edge]) -> Look:
        """What the line of these uses looks like; the pen of a contribution is its magnitude."""
        found = self._lines.get(uses := tuple(edges))
        if found is None:
            found, sent = self._look(LINE, self.line_marks(edges)), self._sent(edges)
            is_one = bool(sent) and not {"several", "faded"} & self.line_marks(edges)
            found = replace(found, pen=width(sum(sent))) if is_one else found
            self._lines[uses] = found
        return found

    def line_words(self, edges: Sequence[Edge]) -> Words:
        """What stands at the line of these uses: ``local × upstream = contribution`` where something flowed.

        Into a folded scope it is the contribution alone, for the gradient that was multiplied stands in no box.
        """
        if self.snapshot is None:
            return Words(" × ".join([figures().blank] * 2), figures().blank)
        sent = self._sent(edges)
        if self.line(edges).silent or edges[0].target in self.derivatives:
            return Words()  # the dots of a line say whether something comes, and the box what it goes through
        if not sent:
            return Words(self._refusal(edges) or ("taken" if self._is_taken(edges) else ""))
        if len(edges) > 1:
            uses = count(len(edges), "use")
            return Words(f"{uses}, sum", numeral(sum(sent))) if one_source(edges) else Words(uses)
        if found := self.differences.get(edges[0]):
            return Words(found.told(self._sent, self.snapshot.gradients), numeral(sum(sent)))
        flow = self._flows[edges[0]]
        assert flow.local is not None
        assert flow.upstream is not None
        product = "" if edges[0].target in self.folds else f"{numeral(flow.local)} × {numeral(flow.upstream)}"
        return Words(product, numeral(sum(sent)))

    def _sent(self, edges: Sequence[Edge]) -> list[float]:
        """What these uses sent."""
        flows = (flow for edge in edges if (flow := self._flows.get(edge)))
        return [flow.contribution for flow in flows if flow.contribution is not None]

    def _refusal(self, edges: Sequence[Edge]) -> str:
        """Why nothing can flow over these uses, each reason once; empty where something can, or is not known yet."""
        known = [flow for edge in edges if (flow := self._flows.get(edge))]
        got = self.snapshot.gradients if self.snapshot is not None else []
        shut = [flow for flow in known if flow.local is None or got[flow.edge.target] is NO_PATH]
        if len(shut) < len(known):
            return ""
        reasons = (self._why(flow.edge) or self._inside(flow.edge) for flow in known)
        return "; ".join(dict.fromkeys(filter(None, reasons)))

    def _why(self, edge: Edge) -> str:
        node, flow = self.graph.nodes[edge.target], self._flows.get(edge)
        told = flow is not None and flow.local is None and (self.gradients or _is_choice(node))
        return why_no_path(node, edge.position) if told else ""

    def _inside(self, edge: Edge) -> str:
        """Where the gradient ended inside of the folded scope that this use leads into."""
        reached = {edge.target}
        for member in self.folds.get(edge.target, ()):
            for position, source in enumerate(self.graph.nodes[member].args):
                if isinstance(source, int) and source in reached:  # a constant is a float
                    if why := self._why(Edge(source, member, position)):
                        return f"{operation_text(self.graph.nodes[member])}: {why}"
                    reached.add(member)
        return ""

    def _is_taken(self, edges: Sequence[Edge]) -> bool:
        """Whether a choice has taken this one use, and it is not known yet whether a gradient will come."""
        target = edges[0].target
        chosen = len(edges) == 1 and edges[0] in self._flows and _is_choice(self.graph.nodes[target])
        return chosen and target not in self._lost

    @cached_property
    def _lost(self) -> Collection[int]:
        return () if self.snapshot is None else self.snapshot.lost(self.graph)


def one_source(edges: Sequence[Edge]) -> bool:
    """Whether the contributions of these uses add up, for they all go to one node."""
    return len({edge.source for edge in edges}) == 1


def _is_choice(node: Node) -> bool:
    return node.op is not None and node.op.is_choice


def _number_marks(value: float | None, gradient: float | None) -> set[str]:
    if value is None:
        return {"unreached", "waiting"}
    numbers = [value] if gradient is None else [value, gradient]
    strange = {"nan"} if any(map(isnan, numbers)) else {"inf"} if any(map(isinf, numbers)) else set()
    return strange | ({"waiting"} if gradient is None else {"no path"} if gradient is NO_PATH else set())
