"""A graph laid out, as the SVG that the page paints: outlines, words and marks at a moment, without colour or font."""

from __future__ import annotations

from collections.abc import Sequence, Set
from html import escape

from autodiff import Edge, Scope
from autodiff.language.formulas import has_none
from viz.graph.look import Looks
from viz.graph.paint import Laid, line_id
from viz.graph.titles import headed, operation_pieces
from viz.graph.view import View
from viz.ink.text import count, visible
from viz.ink.theme import LIGHT
from viz.layout.layout import Box, Curve
from viz.layout.svg import SVG, element, head, inner, outline, stroke, tee
from viz.page.style import classed

__all__ = ["MARGIN", "drawn"]

MARGIN = 4.0
SENDING = {"positive", "negative", "zero", "several"}  # a line ends in an arrowhead, and elsewhere at the box


def drawn(laid: Laid, looks: Looks, scale: float = 1) -> str:
    """The SVG of a graph: groups of the classes ``cluster``, ``edge`` and ``node``, the last two with their ids.

    The last two texts of a node are those of its value and its gradient. Where no script runs, this is what one sees:
    the moment of ``looks``, ``scale`` pixels for a point.
    """
    layout, view = laid.layout, laid.view
    parts = [_cluster(scope, layout.clusters[name]) for name, scope in laid.clusters.items()]
    for (source, target), uses in view.edges().items():
        for edges in view.lines(source, target, uses):
            parts.append(_line(edges, layout.lines[line_id(edges)], looks))
    folded = {f"s{view.members(scope)[0]}": scope for scope in dict.fromkeys(view.hidden_in.values())}
    for name, box in layout.boxes.items():
        if name in folded:
            parts.append(_folded(name, view, folded[name], box, looks))
        elif name[0] == "n":
            parts.append(_box(laid, int(name[1:]), box, looks))
    wide, high = layout.width + 2 * MARGIN, layout.height + 2 * MARGIN
    size = {"data_size": f"{wide:.2f} {high:.2f}", "viewBox": f"0 0 {wide:.1f} {high:.1f}"}
    graph = element("g", "".join(parts), class_="graph", transform=f"translate({MARGIN:g} {MARGIN:g})")
    return element(
        "svg", graph, **size, width=scale * wide, height=scale * high, role="group", aria_label="Graph", xmlns=SVG
    )


def _cluster(scope: Scope, box: Box) -> str:
    title = element("text", escape(visible(scope.name)), x=box.words[0].middle, y=box.words[0].y)
    return element("g", _rectangle(box) + title, class_=f"cluster {_level(scope)}")


def _box(laid: Laid, number: int, box: Box, looks: Looks) -> str:
    node = laid.view.graph.nodes[number]
    name, is_bold = headed(node, laid.labels[number])
    shown = element("tspan", escape(name), font_weight="bold" if is_bold else None)
    told = (
        element("tspan", escape(text), class_="gr-constant") if is_constant else escape(text)
        for text, is_constant in operation_pieces(node)
    )
    title = f"{shown} {''.join(told)}".strip()
    words = [element("text", title, x=box.middle, y=box.words[0].y)]
    return element(
        "g",
        _rectangle(box) + "".join([*words, *_numbers(box, looks.words(number))]),
        id=f"n{number}",
        class_=_classes("node", looks.box_marks((number,), number)),
    )


def _folded(name: str, view: View, scope: Scope, box: Box, looks: Looks) -> str:
    members, speaker = view.members(scope), view.speaker(scope)
    hidden = count(len(members), "node")
    titles = element("tspan", escape(view.title(scope)), font_weight="bold"), hidden
    words = [element("text", title, x=box.middle, y=place.y) for title, place in zip(titles, box.words, strict=False)]
    shapes = _rectangle(inner(box)) + element("path", d=outline(box))
    told = ("", "") if speaker is None else looks.words(speaker)
    numbers = _numbers(box, told) if len(box.words) > len(titles) else []
    marks = _classes("node", looks.box_marks(members, speaker, folded=True), _level(scope))
    return element("g", shapes + "".join([*words, *numbers]), id=name, class_=marks)


def _line(edges: Sequence[Edge], curve: Curve, looks: Looks) -> str:
    marks, words = looks.line_marks(edges), looks.line_words(edges)
    pen = looks.line(edges).pen if marks & {"positive", "negative", "zero"} else None  # its magnitude
    shape = stroke(curve) if marks & SENDING else stroke(curve).replace("M", f"M{head(curve).split()[1]}L", 1)
    parts = [element("path", d=shape, stroke_width=pen and f"{pen:.2f}"), element("polygon", points=head(curve))]
    if any((op := looks.graph.nodes[edge.target].op) and has_none(op.partials[edge.position]) for edge in edges):
        parts.append(element("polyline", points=tee(curve)))
    if curve.words:
        told = escape(f"{words.text} = " if words.text and words.result else words.text)
        result = element("tspan", escape(words.result), font_weight="bold") if words.result else ""
        parts.append(element("text", told + result, x=curve.words.middle, y=curve.words.y))
    return element("g", "".join(parts), id=line_id(edges), class_=_classes("edge", marks))


def _numbers(box: Box, words: Sequence[str]) -> list[str]:
    """Value and gradient, which the page writes anew at every step."""
    places = zip(box.words[-2:], words, ("gr-value", "gr-gradient"), strict=True)
    return [element("text", escape(text), x=box.middle, y=place.y, class_=name) for place, text, name in places]


def _rectangle(box: Box) -> str:
    return element("rect", x=box.x, y=box.y, width=box.width, height=box.height, rx=6.0)


def _level(scope: Scope) -> str:
    """The class of a scope's shade; the deepest shades repeat."""
    return f"gr-level-{min(len(scope.path), len(LIGHT.cluster_fills)) - 1}"


def _classes(group: str, marks: Set[str], *more: str) -> str:
    """The group's class, and those of its marks, of which the style sheet knows."""
    return " ".join([group, *more, *map(classed, sorted(marks - {"box", "line"}))])
