"""A graph laid out, painted as SVG at one moment or at several: a still, or the frames of a film."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from html import escape
from itertools import groupby, zip_longest

from autodiff import Edge, Scope
from viz.graph.folding import is_fold
from viz.graph.look import Look
from viz.graph.rows import Row, Rows, width_of_row
from viz.graph.view import View
from viz.ink.ruler import width_of
from viz.ink.text import shortened, visible
from viz.ink.theme import DASHES, Theme, blend
from viz.layout.labels import Crowd, Room, beside, clear, titles
from viz.layout.layout import Box, Curve, Layout
from viz.layout.svg import element, head, inner, outline, stroke, tee, way

__all__ = ["INK", "Laid", "Painter", "State", "at_rest", "line_id", "pen"]

State = Mapping[str, str]  # presentation attributes of SVG, which are properties of CSS too
SHARES = (1.0, 0.6, 0.3)  # of a frame's name, as much as has room
INK = 0.74  # the height of a figure, as a share of its size


# Of a line's end its element, the attribute that has its shape, and the heads that it is drawn for.
_ENDS: tuple[tuple[str, str, Callable[[Curve], str], set[str]], ...] = (
    ("polygon", "points", head, {"back"}),
    ("polyline", "points", tee, {"tee"}),
    ("path", "d", way, {"tee", "none", "forth"}),
)


@dataclass(frozen=True)
class Laid:
    """A graph laid out once, for a painter, a page or a film: what is shown, and where.

    A box is called ``n7`` (or ``s4``, a folded scope), a line ``e7_0`` for operand 0 of node 7; ``clusters`` tells
    which scope the frame of that name is.
    """

    view: View
    labels: Mapping[int, str]
    clusters: Mapping[str, Scope]
    layout: Layout


def line_id(edges: Sequence[Edge]) -> str:
    """The id of a line: the use it stands for, or the first of several."""
    return f"e{edges[0].target}_{edges[0].position}"


def at_rest(states: Sequence[State]) -> State:
    """How a thing with one state is written."""
    return {name: text for name, text in states[0].items() if (name, text) != ("opacity", "1") and text != "none"}


@dataclass
class Painter:
    """Paints a graph: ``rows`` are its words at each moment, ``dressed`` writes what a thing is at each."""

    laid: Laid
    rows: Sequence[Rows]
    dressed: Callable[[Sequence[State]], State] = at_rest

    @property
    def theme(self) -> Theme:
        """The look of the picture."""
        return self.rows[0].theme

    def graph(self) -> str:
        """All frames, lines and boxes."""
        layout = self.laid.layout
        parts = [self._cluster(name, scope) for name, scope in self.laid.clusters.items()]
        parts += [self._line(name, edges, layout.lines[name]) for name, edges in self._lines.items()]
        parts += [self._title(self.laid.clusters[name], *said) for name, said in self._named.items()]
        parts += [self._cut(curve) for name, curve in layout.lines.items() if name.startswith("cut_")]
        keys = dict.fromkeys(map(self.laid.view.key, self.laid.view.numbers))
        parts += [self._box(name, layout.boxes[name]) for name in keys]
        parts += [self._stub(box) for name, box in layout.boxes.items() if name[0] in "ba"]
        return "\n".join(parts)

    def in_theme(self, theme: Theme) -> Painter:
        """The same in other colours."""
        other = Painter(self.laid, [rows.in_theme(theme) for rows in self.rows], self.dressed)
        other.labels, other.placed, other._named = self.labels, self.placed, self._named
        return other

    @cached_property
    def _lines(self) -> dict[str, list[Edge]]:
        view = self.laid.view
        joined = ((view.lines(source, target, uses)) for (source, target), uses in view.edges().items())
        return {line_id(edges): edges for lines in joined for edges in lines}

    @cached_property
    def labels(self) -> dict[str, Room]:
        """Where the words of each line stand that can be read there."""
        return clear(self._crowd, self.placed, self.titles.values())

    @cached_property
    def placed(self) -> dict[str, Room]:
        """Where the words of each line stand best, well or not."""
        sizes = {}
        for name, edges in self._lines.items():
            said = [rows.line(edges, rows.looks.line(edges)) for rows in self.rows]
            if wide := max(map(width_of_row, said)):
                sizes[name] = wide, INK * max(run.size for row in said for run in row)
        return beside(self._crowd, sizes, self.titles.values())

    @cached_property
    def _crowd(self) -> Crowd:
        return Crowd(self.laid.layout)

    @property
    def titles(self) -> dict[str, Room]:
        """Where the name of each frame stands."""
        return {name: room for name, (_, room) in self._named.items()}

    @cached_property
    def _named(self) -> dict[str, tuple[str, Room]]:
        """What is said of the name of each frame, and where: as much as can be read there."""
        size, found = self.theme.name_size, dict[str, tuple[str, Room]]()
        for share in SHARES:
            scopes = {name: scope for name, scope in self.laid.clusters.items() if scope.name and name not in found}
            said = {name: shortened(visible(one.name), share) for name, one in scopes.items()}
            sizes = {name: (width_of(text, size), INK * size) for name, text in said.items()}
            taken = [room for _, room in found.values()]
            rooms = clear(self._crowd, titles(self._crowd, sizes, taken), taken)
            found |= {name: (said[name], room) for name, room in rooms.items()}
        return found

    @property
    def leaves_out(self) -> bool:
        """Whether some words have no room in which they could be read."""
        named = [scope for scope in self.laid.clusters.values() if scope.name]
        return len(self.labels) < len(self.placed) or len(self._named) < len(named)

    def _cluster(self, name: str, scope: Scope) -> str:
        fill, border = self.theme.cluster(len(scope.path) - 1)
        frame = element("path", d=outline(self.laid.layout.clusters[name]), fill=fill, stroke=border)
        return element("g", frame, class_="cluster")

    def _title(self, scope: Scope, name: str, room: Room) -> str:
        paper, _ = self.theme.cluster(len(scope.path) - 1)
        look: dict[str, str | float] = {"font_size": self.theme.name_size, "fill": self.theme.muted, **_halo(paper)}
        return element("g", _text(room.centre[0], room.bottom, escape(name), **look), class_="title")

    def _box(self, name: str, box: Box) -> str:
        view = self.laid.view
        number = int(name[1:])
        scope = view.hidden_in.get(number) if name[0] == "s" else None
        members = (number,) if scope is None else view.members(scope)
        shows = number if scope is None else view.speaker(scope)
        level = 0 if scope is None else len(scope.path) - 1
        looks = [rows.looks.box(members, shows, folded=is_fold(scope)) for rows in self.rows]
        states = [{"fill": self._colour(look.fill, level), **self._pen(look, level)} for look in looks]
        shapes = [box, inner(box)] if looks[0].double else [box]
        parts = [element("path", d=outline(shape), **_named(self.dressed(states))) for shape in shapes]
        stacks = []
        for rows, look in zip(self.rows, looks, strict=True):
            if scope is None:
                stacks.append(rows.box(rows.graph.nodes[number], look))
            else:
                stacks.append(rows.folded(scope, members, shows, look))
        baselines = [y for y, _ in groupby(round(place.y, 1) for place in box.words)]
        for y, said in zip(baselines, zip_longest(*stacks, fillvalue=()), strict=False):
            parts += self._stack(box.middle, y, said)
        return element("g", "".join([element("title", name), *parts]), class_="node")

    def _stub(self, box: Box) -> str:
        place = box.words[0]
        return _text(place.middle, place.y, "…", font_size=place.size, fill=self.theme.muted)

    def _cut(self, curve: Curve) -> str:
        """Where the graph goes on beyond what is shown."""
        look = {"fill": "none", "stroke": self.theme.no_path, "stroke_dasharray": "1,5"}
        return element(
            "g", element("path", d=stroke(curve), **look) + element("path", d=way(curve), **look), class_="edge"
        )

    def _line(self, name: str, edges: Sequence[Edge], curve: Curve) -> str:
        looks = [rows.looks.line(edges) for rows in self.rows]
        states = [self._pen(look) for look in looks]
        path = element("path", d=stroke(curve), fill="none", **_named(self.dressed(states)))
        ends, words = self._ends(curve, looks), self._label(name, edges, looks)
        return element("g", "".join([element("title", name), path, *ends, *words]), class_="edge")

    def _ends(self, curve: Curve, looks: Sequence[Look]) -> Iterator[str]:
        """At the operand: an arrowhead where a gradient flows, else the line goes on; a bar where it is refused."""
        for tag, name, shape, heads in _ENDS:
            shown = _times(look.head in heads for look in looks)
            if any(state["opacity"] == "1" for state in shown):
                inks = [
                    {**self._pen(look), "stroke-dasharray": "none", "fill": self._colour(look.ink)} for look in looks
                ]
                states = [{**ink, **now} for ink, now in zip(inks, shown, strict=True)]
                yield element(tag, **{name: shape(curve)}, **_named(self.dressed(states)))

    def _label(self, name: str, edges: Sequence[Edge], looks: Sequence[Look]) -> Iterator[str]:
        if (room := self.labels.get(name)) is None:
            return
        said = [rows.line(edges, look) for rows, look in zip(self.rows, looks, strict=True)]
        yield from self._stack(room.centre[0], room.bottom, said, [bool(look.framed) for look in looks])

    def _stack(self, x: float, y: float, said: Sequence[Row], framed: Sequence[bool] | None = None) -> Iterator[str]:
        """One text for each row that stands here at some time, each shown at its time.

        Rows are told apart by their words, so that a picture has the same parts in any colours.
        """
        keys = [(tuple(run.text for run in row), framed and framed[k]) for k, row in enumerate(said)]
        for key, row in dict(zip(keys, said, strict=True)).items():
            if row:
                always = all(other == key for other in keys)
                times = {} if always else self.dressed(_times(other == key for other in keys))
                halo = "" if key[1] is None else self._halo(bool(key[1]))
                yield from _texts(x, y, row, {**(_halo(halo) if halo else {}), **_named(times)})

    def _halo(self, framed: bool) -> str:
        """What is around the words of a line: paper, if there is any, or what makes them stand out."""
        bright = blend((self.theme.background, self.theme.highlight), 0.35)
        return bright if framed else self.theme.paper or ""

    def _colour(self, part: str | None, level: int = 0) -> str:
        assert part is not None
        return self.theme.colour(part, level)

    def _pen(self, look: Look, level: int = 0) -> dict[str, str]:
        return pen(self.theme, look, level)


def pen(theme: Theme, look: Look, level: int = 0) -> dict[str, str]:
    """How the outline of a box or a line is drawn."""
    assert look.ink is not None
    assert look.dash is not None
    ink = theme.colour(look.ink, level)
    return {"stroke": ink, "stroke-width": f"{look.pen:g}", "stroke-dasharray": _dashes(theme.style(look.dash))}


@lru_cache(maxsize=16)
def _dashes(style: str) -> str:
    return ",".join(f"{length:g}" for length in DASHES[style]) or "none"


def _texts(x: float, y: float, row: Row, more: State) -> Iterator[str]:
    """A row around ``x``: its runs side by side, as wide as they were measured, whichever font is at hand."""
    wide = width_of_row(row)
    at = x - wide / 2
    for run in row:
        look: dict[str, str | float | None] = {
            "font_size": run.size,
            "fill": run.ink,
            "font_weight": "bold" if run.bold else None,
        }
        words, left = run.text.strip(), at + run.width - width_of(run.text.lstrip(), run.size, run.bold)
        at += run.width
        if not words:
            continue
        if len(row) == 1:
            yield _text(x, y, escape(words), **look, **more)
        else:
            fixed: dict[str, str | float] = {
                "textLength": width_of(words, run.size, run.bold),
                "lengthAdjust": "spacingAndGlyphs",
            }
            yield element("text", escape(words), x=left, y=y, **fixed, **look, **more)


def _text(x: float, y: float, words: str, **more: str | float | None) -> str:
    return element("text", words, text_anchor="middle", x=x, y=y, **more)


def _halo(paper: str) -> dict[str, str]:
    """The paper around words that stand on something else."""
    return {"stroke": paper, "stroke_width": "3", "paint_order": "stroke"}


def _named(state: State) -> dict[str, str]:
    return {name.replace("-", "_"): text for name, text in state.items()}


def _times(shown: Iterable[bool]) -> list[State]:
    return [{"opacity": f"{now:d}"} for now in shown]
