"""A graph laid out, as the SVG that the page paints: outlines, words and marks at a moment, without colour or font."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from functools import cached_property
from html import escape

from autodiff import Edge, Scope
from autodiff.language.formulas import has_none
from viz.graph.constants import constants_of
from viz.graph.folding import is_fold
from viz.graph.look import Looks, Words
from viz.graph.paint import INK, Laid, Painter, line_id
from viz.graph.rows import FULL, Rows, width_of_row
from viz.graph.titles import headed, operation_pieces
from viz.ink.text import count, visible
from viz.ink.theme import LIGHT
from viz.layout.labels import Crowd, Room, alone, vacant
from viz.layout.layout import Box, Place
from viz.layout.svg import SVG, element, head, inner, outline, stroke, tee
from viz.page.style import classed

__all__ = ["MARGIN", "drawn"]

MARGIN = (5.0, 14.0)  # pixels beside it, and above and below it, in which a slider has room
MANY = 150  # boxes: of more only the card says all of a line, and inputs are edited beside the graph
SENDING = {"positive", "negative", "zero", "several"}  # a line ends in an arrowhead, and elsewhere at the box
LETTER = 5.0  # pixels that a letter takes at a line, about
SLIDE, APART = 9.0, 3.0  # pixels: how high an input's slider is, and how far from its box


def drawn(laid: Laid, rows: Rows, looks: Looks, scale: float = 1, kind: str | None = None) -> str:
    """The SVG of a graph: groups of the classes ``cluster``, ``edge`` and ``node``, the last two with their ids.

    The last two texts of a node are those of its value and its gradient. The text of a line stands where its short
    words do, if it has any; ``data-full`` is where all of them are clear of everything, and how many letters they may
    have, ``data-slide`` where an input's slider is. ``kind`` is "folded" or the number of an inside. ``rows`` are
    blank; where no script runs, one sees the moment of ``looks``, ``scale`` pixels for a point.
    """
    return _Drawn(laid, rows, looks).svg(scale, kind)


class _Drawn:
    """A graph under way."""

    def __init__(self, laid: Laid, rows: Rows, looks: Looks) -> None:
        self.laid, self.layout, self.view, self.rows, self.looks = laid, laid.layout, laid.view, rows, looks
        self.painter = Painter(laid, [rows])
        self.is_small = len(self.layout.boxes) <= MANY
        self._longest: dict[str, int] = {}  # letters of all that a line may say
        self.lines: dict[str, list[Edge]] = {
            line_id(line): line
            for (source, target), uses in self.view.edges().items()
            for line in self.view.lines(source, target, uses)
        }

    def svg(self, scale: float, kind: str | None) -> str:
        """All of it."""
        parts = [self._cluster(name, scope) for name, scope in self.laid.clusters.items()]
        parts += [self._line(name, edges) for name, edges in self.lines.items()]
        scopes = {f"s{self.view.members(scope)[0]}": scope for scope in dict.fromkeys(self.view.hidden_in.values())}
        for name, box in self.layout.boxes.items():
            if name in scopes:
                parts.append(self._folded(name, scopes[name], box))
            elif name[0] == "n":
                parts.append(self._box(int(name[1:]), box))
        wide, high = self.layout.width + 2 * MARGIN[0], self.layout.height + 2 * MARGIN[1]
        size = {"data_size": f"{wide:.2f} {high:.2f}", "viewBox": f"0 0 {wide:.1f} {high:.1f}"}
        shown = {"width": scale * wide, "height": scale * high, "data_kind": kind}
        graph = element("g", "".join(parts), class_="graph", transform="translate({:g} {:g})".format(*MARGIN))
        return element("svg", graph, **size, **shown, role="group", aria_label="Graph", xmlns=SVG)

    @cached_property
    def _short(self) -> Mapping[str, Room]:
        """Where the short words of each line stand; in a large graph, where the engine has put them."""
        if self.is_small:
            return self.painter.labels
        places = {name: curve.words for name, curve in self.layout.lines.items() if curve.words is not None}
        return {name: Room(p.x, p.y - INK * p.size, p.x + p.width, p.y) for name, p in places.items()}

    @cached_property
    def _full(self) -> Mapping[str, Room]:
        """Where all that a line says is clear of everything, when it is the only one that says so much."""
        if not self.is_small:
            return {}
        full = self.rows.in_style(FULL)
        said = {name: full.line(edges, full.looks.line(edges)) for name, edges in self.lines.items()}
        self._longest.update((name, sum(len(run.text) for run in row)) for name, row in said.items())
        sizes = {name: (width_of_row(row), INK * row[0].size) for name, row in said.items() if row}
        return alone(Crowd(self.layout), self.layout, sizes, self._short, [*self.painter.titles.values()])

    @cached_property
    def _slides(self) -> Mapping[str, Room]:
        """The sliders of inputs: below their boxes, or above them, where nothing else is."""
        if not self.is_small:
            return {}
        wanted = {}
        for number in self.view.graph.leaves:
            if (box := self.layout.boxes.get(f"n{number}")) is not None:
                below, above = box.y + box.height + APART, box.y - APART - SLIDE
                tops = (above, below) if self.rows.style.vertical else (below, above)
                wanted[f"n{number}"] = [Room(box.x + 2, top, box.x + box.width - 2, top + SLIDE) for top in tops]
        return vacant(Crowd(self.layout), wanted, [*self.painter.titles.values(), *self._short.values()], MARGIN[1])

    def _titled(self, box: Box) -> float:
        """The middle of a box's title, which stands beside the numbers where all are in one row."""
        return box.middle if self.rows.style.box == "stack" else _middle(box.words[:-2])

    def _cluster(self, name: str, scope: Scope) -> str:
        frame = _rectangle(self.layout.clusters[name])
        if (room := self.painter.titles.get(name)) is not None:
            frame += element("text", escape(visible(scope.name)), x=room.centre[0], y=room.bottom)
        return element("g", frame, class_=f"cluster {_level(scope)}")

    def _box(self, number: int, box: Box, name: str = "", does: str = "") -> str:
        node = self.view.graph.nodes[number]
        label, is_bold = headed(node, self.laid.labels[number])
        shown = element("tspan", escape(label), font_weight="bold" if is_bold else None)
        told = (
            element("tspan", escape(text), class_="gr-constant") if is_constant else escape(text)
            for text, is_constant in operation_pieces(node, does)
        )
        title = f"{shown} {''.join(told)}".strip()
        words = _numbers(box, self.looks.words(number))
        if number not in constants_of(self.view.graph):  # whose number is its name
            words.insert(0, element("text", title, x=self._titled(box), y=box.words[0].y))
        room = self._slides.get(f"n{number}")
        marks = _classes("node", self.looks.box_marks((number,), number))
        slide = f"{room.left:.1f} {room.top:.1f} {room.right - room.left:.1f}" if room else None
        return element(
            "g",
            _rectangle(box) + "".join(words),
            id=name or f"n{number}",
            class_=marks,
            data_slide=slide,
        )

    def _folded(self, name: str, scope: Scope, box: Box) -> str:
        view = self.view
        members, speaker = view.members(scope), view.speaker(scope)
        if not is_fold(scope) and speaker is not None:  # told as one node
            return self._box(speaker, box, name, scope.name)
        hidden = count(len(members), "node")
        titles = element("tspan", escape(view.title(scope)), font_weight="bold"), hidden
        if self.rows.style.box == "stack":
            words = [
                element("text", title, x=box.middle, y=place.y) for title, place in zip(titles, box.words, strict=False)
            ]
        else:
            words = [element("text", " ".join(titles), x=_middle(box.words[:2]), y=box.words[0].y)]
        shapes = _rectangle(inner(box)) + element("path", d=outline(box))
        numbers = [] if speaker is None else _numbers(box, self.looks.words(speaker))
        classes = _classes("node", self.looks.box_marks(members, speaker, folded=True), _level(scope))
        return element("g", shapes + "".join([*words, *numbers]), id=name, class_=classes)

    def _line(self, name: str, edges: Sequence[Edge]) -> str:
        curve = self.layout.lines[name]
        marks, looks = self.looks.line_marks(edges), self.looks
        pen = looks.line(edges).pen if marks & {"positive", "negative", "zero"} else None  # its magnitude
        shape = stroke(curve) if marks & SENDING else stroke(curve).replace("M", f"M{head(curve).split()[1]}L", 1)
        parts = [element("path", d=shape, stroke_width=pen and f"{pen:.2f}"), element("polygon", points=head(curve))]
        nodes = self.view.graph.nodes
        if any((op := nodes[edge.target].op) and has_none(op.partials[edge.position]) for edge in edges):
            parts.append(element("polyline", points=tee(curve)))
        return element("g", "".join([*parts, *self._words(name, edges)]), id=name, class_=_classes("edge", marks))

    def _words(self, name: str, edges: Sequence[Edge]) -> Iterator[str]:
        """What stands at a line: all of it at that of the current step, elsewhere what came, or why nothing can."""
        short, full, words = self._short.get(name), self._full.get(name), self.looks.line_words(edges)
        if short is None and full is None:
            return
        room = round(short.right - short.left) if short else 0
        is_full = full is not None and "now" in self.looks.line_marks(edges)
        if not is_full and words.result:
            words = Words("", words.result if room else "")
        elif not is_full and len(words.text) * LETTER > room + 2:
            words = Words()
        told = escape(f"{words.text} = " if words.text and words.result else words.text)
        result = element("tspan", escape(words.result), font_weight="bold") if words.result else ""
        at = full if is_full else short
        place: dict[str, str | float | None] = {"x": at.centre[0], "y": at.bottom} if at else {"data_wide": "0"}
        if short is not None:
            place |= {"data_wide": f"{room:.0f}" if self.is_small else None} | (
                {"data_short": _at(short)} if is_full else {}
            )
        if full is not None:
            place["data_full"] = f"{_at(full)} {self._longest[name]}"
        yield element("text", told + result, **place)


def _at(room: Room) -> str:
    return f"{room.centre[0]:.1f} {room.bottom:.1f}"


def _middle(words: Sequence[Place]) -> float:
    """Half way between the ends of some words."""
    return (min(place.x for place in words) + max(place.x + place.width for place in words)) / 2


def _numbers(box: Box, words: Sequence[str]) -> list[str]:
    """Value and gradient, which the page writes anew at every step; in one row, with how much room each has."""
    places = box.words[-2:]  # of a constant the value alone
    is_shared = len(places) == 2 and abs(places[0].y - places[1].y) < 1
    found = []
    for place, text, name in zip(places, words, ("gr-value", "gr-gradient"), strict=False):
        x, room = (place.middle, f"{place.width:.1f}") if is_shared else (box.middle, None)
        found.append(element("text", escape(text), x=x, y=place.y, class_=name, data_room=room))
    return found


def _rectangle(box: Box) -> str:
    return element("rect", x=box.x, y=box.y, width=box.width, height=box.height, rx=6.0)


def _level(scope: Scope) -> str:
    """The class of a scope's shade; the deepest shades repeat."""
    return f"gr-level-{min(len(scope.path), len(LIGHT.cluster_fills)) - 1}"


def _classes(group: str, marks: Set[str], *more: str) -> str:
    """The group's class, and those of its marks, of which the style sheet knows."""
    return " ".join([group, *more, *map(classed, sorted(marks - {"box", "line"}))])
