"""A graph laid out, as the SVG that the page paints: outlines and words, without a colour, a font or a number."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from html import escape

from autodiff import Edge, Scope
from autodiff.language.formulas import has_none
from viz.graph.paint import Laid, line_id
from viz.graph.titles import headed, operation_pieces
from viz.graph.view import View
from viz.ink.text import count, visible
from viz.ink.theme import LIGHT
from viz.layout.layout import Box, Curve
from viz.layout.svg import SVG, element, head, inner, outline, stroke, tee
from viz.page.style import classed

__all__ = ["drawn"]

MARGIN = 4.0


def drawn(laid: Laid) -> str:
    """The SVG of a graph: groups of the classes ``cluster``, ``edge`` and ``node``, the last two with their ids.

    The last two texts of a node are those of its value and its gradient.
    """
    layout, view = laid.layout, laid.view
    parts = [_cluster(scope, layout.clusters[name]) for name, scope in laid.clusters.items()]
    for (source, target), uses in view.edges().items():
        for edges in view.lines(source, target, uses):
            parts.append(_line(view, edges, layout.lines[line_id(edges)]))
    folded = {f"s{view.members(scope)[0]}": scope for scope in dict.fromkeys(view.hidden_in.values())}
    for name, box in layout.boxes.items():
        if name in folded:
            parts.append(_folded(name, view, folded[name], box))
        elif name[0] == "n":
            parts.append(_box(laid, int(name[1:]), box))
    size = f"{layout.width + 2 * MARGIN:.2f} {layout.height + 2 * MARGIN:.2f}"
    graph = element("g", "".join(parts), class_="graph", transform=f"translate({MARGIN:g} {MARGIN:g})")
    return element("svg", graph, data_size=size, role="group", aria_label="Graph", xmlns=SVG)


def _cluster(scope: Scope, box: Box) -> str:
    title = element("text", escape(visible(scope.name)), x=box.words[0].middle, y=box.words[0].y)
    return element("g", _rectangle(box) + title, class_=f"cluster {_level(scope)}")


def _box(laid: Laid, number: int, box: Box) -> str:
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
        _rectangle(box) + "".join([*words, *_numbers(box)]),
        id=f"n{number}",
        class_=_marked("node", laid.view.ways.box_marks([number]) if laid.view.ways else ()),
    )


def _folded(name: str, view: View, scope: Scope, box: Box) -> str:
    hidden = count(len(view.members(scope)), "node")
    titles = element("tspan", escape(view.title(scope)), font_weight="bold"), hidden
    words = [element("text", title, x=box.middle, y=place.y) for title, place in zip(titles, box.words, strict=False)]
    shapes = _rectangle(inner(box)) + element("path", d=outline(box))
    numbers = _numbers(box) if len(box.words) > len(titles) else []
    return element(
        "g",
        shapes + "".join([*words, *numbers]),
        id=name,
        class_=_marked(
            f"node gr-folded {_level(scope)}", view.ways.box_marks(view.members(scope)) if view.ways else ()
        ),
    )


def _line(view: View, edges: Sequence[Edge], curve: Curve) -> str:
    parts = [element("path", d=stroke(curve)), element("polygon", points=head(curve))]
    if any((op := view.graph.nodes[edge.target].op) and has_none(op.partials[edge.position]) for edge in edges):
        parts.append(element("polyline", points=tee(curve)))
    if curve.words:
        parts.append(element("text", "", x=curve.words.middle, y=curve.words.y))
    return element(
        "g", "".join(parts), id=line_id(edges), class_=_marked("edge", view.ways.line_marks(edges) if view.ways else ())
    )


def _numbers(box: Box) -> list[str]:
    """The places of value and gradient, which the page fills."""
    return [
        element("text", "", x=box.middle, y=place.y, class_=name)
        for place, name in zip(box.words[-2:], ("gr-value", "gr-gradient"), strict=True)
    ]


def _rectangle(box: Box) -> str:
    return element("rect", x=box.x, y=box.y, width=box.width, height=box.height, rx=6.0)


def _marked(classes: str, marks: Collection[str]) -> str:
    """The classes of a box or a line, with those of marks that it bears at every moment."""
    return " ".join([classes, *map(classed, marks)])


def _level(scope: Scope) -> str:
    """The class of a scope's shade; the deepest shades repeat."""
    return f"gr-level-{min(len(scope.path), len(LIGHT.cluster_fills)) - 1}"
