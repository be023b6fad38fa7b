"""How a node and a use look at a moment: the words in a box, the line of a flow, and the legend of both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from autodiff import Edge, Flow, Graph, Moment, Node, Scope
from autodiff.facts.words import operation_text, why_no_path
from autodiff.recording.value import NO_PATH
from autodiff.table.ieee import agree
from viz.ink.text import html
from viz.ink.theme import Theme, number, width

__all__ = ["BLANK", "Marks", "count", "one_source"]

NOTHING = "&#160;"  # Graphviz refuses markup around no text at all
BLANK = "-0.000"  # as wide as a number may get; a page writes its own over it

Line = dict[str, str]


class Marks:
    """The look of a graph's parts at one moment; without a moment every place is kept blank, for a page to fill."""

    def __init__(
        self,
        graph: Graph,
        moment: Moment | None,
        names: Mapping[int, str],
        look: Theme,
        vertical: bool,
        gradients: bool = True,
    ) -> None:
        self.graph, self.moment, self.names, self.look, self.vertical = graph, moment, names, look, vertical
        self.gradients = gradients  # if not, boxes show values alone
        self._arrived: dict[int, list[float]] = {}
        for flow in moment.flows.values() if moment else ():
            if flow.contribution is not None:
                self._arrived.setdefault(flow.edge.source, []).append(flow.contribution)

    def box(self, node: Node) -> Line:
        """The attributes of a node's box: name and operation, the value above, the gradient below."""
        look, state = self.look, self._state(node.number)
        quiet = state in ("no path", "zero", "unreached")
        border = look.leaf_border if node.op is None else look.node_border
        if quiet:
            border = look.no_path
        pen = "1" if quiet else "1.4"
        if state == "nan" or self._is_current(node.number):
            border, pen = look.highlight, "3" if self._is_current(node.number) else "1.8"
        rows = [self._title(node), self.value(node.number), *self.gradient(node.number)]
        fill = look.leaf_fill if node.op is None else look.node_fill
        return {"label": table(rows), "fillcolor": fill, "color": border, "penwidth": pen}

    def _state(self, place: int) -> str:
        if self.moment is None:
            return "value"
        value, gradient = self.moment.values[place], self.moment.gradients[place]
        if value is None:
            return "unreached"
        if value != value:
            return "nan"
        if gradient is NO_PATH or gradient == 0:
            return "no path" if gradient is NO_PATH else "zero"
        return "value"

    def _is_current(self, place: int) -> bool:
        return self.moment is not None and self.moment.current is not None and self.moment.current.node == place

    def _title(self, node: Node) -> str:
        name = self.names.get(node.number)
        bold = f"<b>{html(name, 40)}</b>" if name else ""
        muted = font(html(operation_text(node)), self.look.muted) if node.op else ""
        if not bold and not muted:
            return ""
        return font(f"{bold}{' ' * bool(bold and muted)}{muted}", "", self.look.name_size)

    def value(self, place: int) -> str:
        """The words of a node's value."""
        value = None if self.moment is None else self.moment.values[place]
        text = BLANK if self.moment is None else "·" if value is None else number(value)
        return font(text, self.look.muted if text == "·" else self.look.value, self.look.value_size)

    def gradient(self, place: int) -> list[str]:
        """The words of a node's gradient: a number, 0, "no path", or a dash where none was computed."""
        look = self.look
        if not self.gradients:
            return []
        if self.moment is None:
            return [font(BLANK, look.gradient, look.gradient_size)]
        gradient = self.moment.gradients[place]
        if gradient is None:
            return [font("–", look.not_computed, look.gradient_size)]
        if gradient is NO_PATH:
            return [font("no path", look.not_computed, look.small_size)]
        rows = [font(number(gradient), look.gradient, look.gradient_size)]
        here = sum(self._arrived.get(place, [0.0]))
        if place not in self.graph.outputs and not agree(gradient, here):
            rows.append(font(f"{number(here)} of it here", look.not_computed, look.small_size))
        return rows

    def lines(self, edges: Sequence[Edge]) -> Line:
        """The attributes of one line for these uses: a single one, or all that join a folded box."""
        if self.moment is None:
            return {"label": self._label(f"{BLANK} × {BLANK} = {BLANK}", self.look.muted), "dir": "back"}
        flows = [self.moment.flows[edge] for edge in edges if edge in self.moment.flows]
        if len(edges) == 1:
            return self._line(flows[0]) if flows else self._quiet("")
        sent = [flow.contribution for flow in flows if flow.contribution is not None]
        if sent:
            if one_source(edges):
                return self._flow(f"{count(len(edges), 'use')}, sum", sum(sent))
            # They end at different nodes: a sum would mean nothing.
            return self._flow(f"{count(len(edges), 'use')}, largest", max(sent, key=abs))
        if flows and all(flow.local is None for flow in flows):
            return self._not_taken(flows[0])
        return self._quiet("")

    def _line(self, flow: Flow) -> Line:
        current = self.moment is not None and self.moment.current is not None and self.moment.current.edge == flow.edge
        if flow.local is None:
            op = self.graph.nodes[flow.edge.target].op
            assert op is not None
            if not self.gradients and not op.chooses_between():
                return self._quiet("")  # a use like any other where no gradient is told of
            return self._not_taken(flow, current)
        if flow.upstream is None or flow.contribution is None:
            op = self.graph.nodes[flow.edge.target].op
            assert op is not None
            return self._quiet("taken" if op.chooses_between() else "")
        return self._flow(f"{number(flow.local)} × {number(flow.upstream)}", flow.contribution, current)

    def _flow(self, words: str, contribution: float, current: bool = False) -> Line:
        colour, style = self.look.flow(contribution)
        ink = self.look.not_computed if colour == self.look.no_path else colour
        label = self._label(f"{html(words)} = <b>{number(contribution)}</b>", ink, current)
        pen = f"{width(contribution):g}"
        return {"label": label, "color": colour, "style": style, "penwidth": pen, "dir": "back"}

    def _not_taken(self, flow: Flow, current: bool = False) -> Line:
        line = self._quiet(why_no_path(self.graph.nodes[flow.edge.target], flow.edge.position), current)
        return {**line, "style": self.look.no_path_style, "dir": "both", "arrowhead": "none", "arrowtail": "tee"}

    def _quiet(self, words: str, current: bool = False) -> Line:
        label = self._label(html(words), self.look.not_computed, current) if words else ""
        # Once gradients flow, an arrowhead means their direction, so what carries none has no arrowhead.
        head = {"dir": "none"} if self._arrived else {}
        return {"label": label, "color": self.look.no_path, "penwidth": "1", "arrowsize": "0.5", **head}

    def _label(self, words: str, ink: str, current: bool = False) -> str:
        # Beside a vertical line the words would touch it; above a horizontal one they would not.
        text = font(f"{'&#160;&#160;' if self.vertical else ''}{words}", ink)
        if current:
            frame = f'border="1" cellborder="0" color="{self.look.highlight}" bgcolor="{self.look.background}"'
            return f"<<table {frame}><tr><td>{text}</td></tr></table>>"
        return f"<{text}>"

    def folded(self, scope: Scope, members: Sequence[int], shows: int | None) -> Line:
        """The attributes of the box of a folded scope; ``shows`` is the node whose numbers it bears."""
        look = self.look
        rows = [font(f"<b>{html(scope.name, 40) or NOTHING}</b>", "", look.name_size)]
        rows.append(font(count(len(members), "node"), look.muted, look.small_size))
        if shows is not None:
            rows += [self.value(shows), *self.gradient(shows)]
        fill, border = look.cluster(len(scope.path) - 1)
        return {"label": table(rows), "fillcolor": fill, "color": border, "penwidth": "2", "peripheries": "2"}

    def legend(self, numbers: Iterable[int], edges: Iterable[Edge]) -> str:
        """A line that says what the colours and lines of these nodes and uses mean."""
        if self.moment is None:
            return ""
        look, words = self.look, [("value", self.look.value)]
        if not self.gradients:
            return f"<{font(f'<br/>{font(*words[0])}', '', look.small_size)}>"
        words.append(("gradient", look.gradient))
        shown = [flow for edge in edges if (flow := self.moment.flows.get(edge))]
        sent = [flow.contribution for flow in shown if flow.contribution is not None]
        if any(flow > 0 for flow in sent):
            words.append(("◂— positive", look.positive))
        if any(flow < 0 for flow in sent):
            words.append(("◂- - negative", look.negative))
        if any(flow.local is None for flow in shown):
            words.append(("· · · no path", look.not_computed))
        if any(self.moment.gradients[place] is None for place in numbers):
            words.append(("– gradient not computed", look.not_computed))
        parts = "    ".join(font(text, colour) for text, colour in words)
        # The empty line keeps the legend away from the lowest box.
        return f"<{font(f'<br/>{parts}', '', look.small_size)}>"


def font(text: str, colour: str, size: float | None = None) -> str:
    """The markup of a piece of text in this colour and size."""
    look = (f' color="{colour}"' if colour else "") + (f' point-size="{size:g}"' if size else "")
    return f"<font{look}>{text}</font>"


def table(rows: Sequence[str]) -> str:
    """An HTML-like label of centred rows; empty ones are left out."""
    cells = "".join(f"<tr><td>{row}</td></tr>" for row in rows if row)
    return f'<<table border="0" cellborder="0" cellspacing="0" cellpadding="1">{cells}</table>>'


def count(number_of: int, what: str) -> str:
    """``1 node``, ``2 nodes``."""
    return f"{number_of} {what}{'s' * (number_of != 1)}"


def one_source(edges: Sequence[Edge]) -> bool:
    """Whether the contributions of these uses add up, for they all go to one node."""
    return len({edge.source for edge in edges}) == 1
