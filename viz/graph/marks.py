"""Looks painted as DOT: the attributes of boxes and lines, and the legend of both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from autodiff import Edge, Graph, Node, Scope, Snapshot
from autodiff.facts.words import SENTENCES, operation_text
from autodiff.language.ieee import agree
from autodiff.recording.reverse import NO_PATH
from viz.graph.look import Look, Looks, count
from viz.ink.text import html
from viz.ink.theme import Theme, numeral

__all__ = ["NOTHING", "Marks", "font"]

NOTHING = "&#160;"  # Graphviz refuses markup around no text at all

Line = dict[str, str]

HEADS: Mapping[str, Line] = {
    "back": {"dir": "back"},
    "tee": {"dir": "both", "arrowhead": "none", "arrowtail": "tee", "arrowsize": "0.5"},
    "none": {"dir": "none", "arrowsize": "0.5"},
    "forth": {"arrowsize": "0.5"},
}


class Marks:
    """The looks of a graph's parts at one moment as DOT; without a snapshot each place is blank, for a page to fill."""

    def __init__(
        self,
        graph: Graph,
        snapshot: Snapshot | None,
        labels: Mapping[int, str],
        look: Theme,
        vertical: bool,
        gradients: bool = True,
    ) -> None:
        self.graph, self.snapshot, self.labels, self.look, self.vertical = graph, snapshot, labels, look, vertical
        self.gradients = gradients  # if not, boxes show values alone
        self.looks = Looks(graph, snapshot, gradients)
        self._arrived: dict[int, list[float]] = {}
        for flow in snapshot.flows.values() if snapshot else ():
            if flow.contribution is not None:
                self._arrived.setdefault(flow.edge.source, []).append(flow.contribution)

    def box(self, node: Node) -> Line:
        """The attributes of a node's box: name and operation, the value above, the gradient below."""
        found = self.looks.box((node.number,), node.number)
        rows = [self._title(node), *self._numbers(node.number, found)]
        return {"label": table(rows), **self._outline(found)}

    def folded(self, scope: Scope, members: Sequence[int], shows: int | None) -> Line:
        """The attributes of the box of a folded scope; ``shows`` is the node whose numbers it bears."""
        look, found = self.look, self.looks.box(members, shows, folded=True)
        rows = [font(f"<b>{html(scope.name, 40) or NOTHING}</b>", "", look.name_size)]
        rows.append(font(count(len(members), "node"), look.muted, look.small_size))
        if shows is not None:
            rows += self._numbers(shows, found)
        return {"label": table(rows), **self._outline(found, len(scope.path) - 1)}

    def _outline(self, found: Look, level: int = 0) -> Line:
        theme = self.look
        assert found.fill is not None
        assert found.ink is not None
        line = {"fillcolor": theme.colour(found.fill, level), "color": theme.colour(found.ink, level)}
        line["penwidth"] = f"{found.pen:g}"
        if found.dash != "solid":
            line["style"] = f"rounded,filled,{found.dash}"
        return {**line, "peripheries": "2"} if found.double else line

    def _title(self, node: Node) -> str:
        name = self.labels.get(node.number)
        bold = f"<b>{html(name, 40)}</b>" if name else ""
        muted = font(html(operation_text(node)), self.look.muted) if node.op else ""
        if not bold and not muted:
            return ""
        return font(f"{bold}{' ' * bool(bold and muted)}{muted}", "", self.look.name_size)

    def _numbers(self, place: int, found: Look) -> list[str]:
        """The rows of a node's value and gradient."""
        look, (value, gradient) = self.look, self.looks.words(place)
        assert found.value is not None
        assert found.gradient is not None
        rows = [font(value, look.colour(found.value), look.value_size)]
        if not self.gradients:
            return rows
        size = look.small_size if found.small else look.gradient_size
        return [*rows, font(gradient, look.colour(found.gradient), size), *self._partly(place)]

    def _partly(self, place: int) -> list[str]:
        """How much of a gradient is the sum of the flows in this picture, where that is not all of it."""
        gradient = None if self.snapshot is None else self.snapshot.gradients[place]
        if gradient is None or gradient is NO_PATH or place in self.graph.outputs:
            return []
        arrived = self._arrived.get(place, [])
        here = sum(arrived)
        if agree(gradient, here):
            return []
        # A sum that is larger than the gradient, or of the other sign, is no part of it: of another pass the rest is.
        is_part = 0 < here <= gradient or gradient <= here < 0
        said = f"{numeral(here)} {'of it' if is_part else 'came'} here" if arrived else "none of it here"
        return [font(said, self.look.not_computed, self.look.small_size)]

    def lines(self, edges: Sequence[Edge]) -> Line:
        """The attributes of one line for these uses: a single one, or all that join a folded box."""
        words = self.looks.line_words(edges)
        if self.snapshot is None:
            return {"label": self._label(str(words), self.look.muted), "dir": "back"}
        found = self.looks.line(edges)
        assert found.ink is not None
        assert found.label is not None
        assert found.dash is not None
        assert found.head is not None
        said = f"{html(words.text)} = <b>{words.result}</b>" if words.result else html(words.text)
        label = self._label(said, self.look.colour(found.label), bool(found.framed)) if said else ""
        line = {"label": label, "color": self.look.colour(found.ink), "penwidth": f"{found.pen:g}"}
        dash = self.look.style(found.dash)
        if dash != "solid" or found.head == "back":
            line["style"] = dash
        return {**line, **HEADS[found.head]}

    def _label(self, words: str, ink: str, framed: bool = False) -> str:
        # Beside a vertical line the words would touch it; above a horizontal one they would not.
        text = font(f"{'&#160;&#160;' if self.vertical else ''}{words}", ink)
        if framed:
            frame = f'border="1" cellborder="0" color="{self.look.highlight}" bgcolor="{self.look.background}"'
            return f"<<table {frame}><tr><td>{text}</td></tr></table>>"
        return f"<{text}>"

    def legend(self, numbers: Iterable[int], edges: Iterable[Edge]) -> str:
        """A line that says what the colours and lines of these nodes and uses mean."""
        if self.snapshot is None:
            return ""
        look, words = self.look, [("value", self.look.value)]
        if not self.gradients:
            return f"<{font(f'<br/>{font(*words[0])}', '', look.small_size)}>"
        words.append(("gradient", look.gradient))
        shown = [flow for edge in edges if (flow := self.snapshot.flows.get(edge))]
        sent = [flow.contribution for flow in shown if flow.contribution is not None]
        if any(flow > 0 for flow in sent):
            words.append(("◄— positive", look.positive))
        if any(flow < 0 for flow in sent):
            words.append(("◄- - negative", look.negative))
        if any(self.snapshot.gradients[place] is None for place in numbers):
            words.append(("– gradient not computed", look.not_computed))
        parts = "    ".join(font(text, colour) for text, colour in words)
        if any(flow.local is None for flow in shown):
            parts += f"<br/>{font('· · · ' + SENTENCES['no path'], look.not_computed)}"
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
