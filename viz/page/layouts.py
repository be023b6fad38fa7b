"""The layouts that a page carries, as it has no engine: for a wide frame, a narrow one, folded, and of insides."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from autodiff import Edge, Node, Scope, Snapshot
from autodiff.facts.words import why_no_path
from autodiff.language.formulas import has_none
from autodiff.language.notation import figures
from viz.graph.dot import Drawing
from viz.graph.drawing import advice
from viz.graph.folding import Collapse, is_fold
from viz.graph.look import Looks, Words
from viz.graph.paint import Laid
from viz.graph.part import Part, foldings, with_ways
from viz.graph.rows import Rows, Style
from viz.graph.sketch import Sketch
from viz.graph.view import View, view
from viz.ink.ruler import width_of
from viz.page.drawn import MARGIN
from viz.page.insides import Inside, Kind, inside

__all__ = ["Blank", "Frame", "Whole", "laid_out"]


class Blank(Rows):
    """The rows of a graph whose numbers will change, with room at a line for what comes over it, or why nothing can."""

    ended: Snapshot | None = None  # the last moment: what comes there has all the room that it needs

    def _like(self, snapshot: Snapshot | None, view: View | None) -> Rows:
        other = super()._like(snapshot, view)
        assert isinstance(other, Blank)
        other.ended = self.ended
        return other

    @cached_property
    def _last(self) -> Looks:
        return self._like(self.ended, self.view).looks

    def shortened(self, edges: Sequence[Edge], words: Words) -> Words:
        """The longest that may stand there in short; of what comes back to a score, all that is told."""
        if edges[0] in self.looks.differences:
            blank = figures().blank
            bare = blank.lstrip("-−")  # a probability, and a target
            return Words(f"p − y = {bare} − {bare}", blank)
        said = super().shortened(edges, words)
        if said.text or not said.result:
            return said
        target, position = self.graph.nodes[edges[0].target], edges[0].position
        refused = len(edges) == 1 and _may_refuse(target, position)
        texts = [why_no_path(target, position)] if refused else []
        results = [said.result, self._last.line_words(edges).result]
        size = self.theme.small_size
        wide = [(width_of(text, size), Words(text)) for text in texts]
        wide += [(width_of(text, size, bold=True), Words("", text)) for text in results]
        return max(wide, key=lambda pair: pair[0])[1]


def _may_refuse(node: Node, position: int) -> bool:
    """Whether nothing may come over a use, for some numbers or all."""
    return node.op is not None and has_none(node.op.partials[position])


@dataclass(frozen=True)
class Frame:
    """The room for a graph in CSS pixels, and how large the card is that stands in one of its corners (0: below it)."""

    width: float
    height: float
    card: tuple[float, float] = (0.0, 0.0)

    def fits(self, size: tuple[float, float]) -> bool:
        """Whether a drawing of a size is seen whole."""
        return size[0] <= self.width and size[1] <= self.height

    def holds(self, laid: Laid) -> bool:
        """Whether a graph is seen whole, in the middle, and the card covers no box of it."""
        layout, (wide, high) = laid.layout, self.card
        if not self.fits((layout.width, layout.height)):
            return False
        left, top = (self.width - layout.width) / 2, (self.height - layout.height) / 2
        beside = wide <= self.width - layout.width or high <= self.height - layout.height
        corners = [(x, y) for x in (-left, self.width - left - wide) for y in (-top, self.height - top - high)]
        return beside or any(
            all(
                b.x > x + wide or b.x + b.width < x or b.y > y + high or b.y + b.height < y
                for b in layout.boxes.values()
            )
            for x, y in corners
        )


BESIDE, ABOVE = (2 * side for side in MARGIN)
WIDE = Frame(1060 - BESIDE, 596 - ABOVE, (428, 124))
MIDDLE = Frame(750 - BESIDE, 516 - ABOVE, (308, 108))
NARROW = Frame(390 - BESIDE, 620 - ABOVE)
OVER_GRID = replace(NARROW, height=410 - ABOVE)  # with a pool's grid of one row below it

LYING = (
    Style("short", "LR", "stack", True, 0.25, 0.36),
    Style("short", "LR", "stack", True, 0.22, 0.24),
    Style("needed", "LR", "stack", True, 0.22, 0.2),
)
STANDING = (
    Style("short", "TB", "stack", True, 0.16, 0.26),
    Style("needed", "TB", "stack", True, 0.12, 0.2),
    Style("needed", "TB", "two", True, 0.1, 0.18),
    Style("needed", "TB", "row", True, 0.1, 0.16),
)
OFF = 1.12  # a sketch is seldom further off
SOME = 150  # boxes: of more no layout can be seen whole, and one is enough
BELOW_INSIDE = 40  # pixels of a card below it
INSIDE, INSIDES = 60, 20  # boxes of what a folded scope opens into, and how many scopes open


@dataclass(frozen=True)
class Whole:
    """A graph laid out for a page: all of it, in one or several shapes, and with scopes folded, if that helps.

    What stands in the folded scopes is laid out, too, each for itself.
    """

    laid: tuple[Laid, ...]
    rows: tuple[Rows, ...]
    folded: int | None = None  # which of them is the folded one
    insides: Mapping[Scope, Inside] = field(default_factory=dict)

    @property
    def folded_view(self) -> View | None:
        """What is shown where scopes are folded so that it fits."""
        return None if self.folded is None else self.laid[self.folded].view


def laid_out(rows: Rows, part: Part, rankdir: str, timeout: float, grid: bool = False) -> Whole:
    """At most three layouts of a part of a graph, with a grid beside it or not; every number in ``rows`` is blank."""
    search = _Search(rows, part, rankdir, timeout)
    shown = search.view(part.collapse or False)
    found, folded = _found(search, shown, (OVER_GRID, NARROW) if grid else (NARROW,)), None
    # A narrow frame shows it whole, and a middle one: then no scope needs to be folded.
    if not (len(found) > 1 and NARROW.holds(found[1][0]) and any(MIDDLE.holds(one) for one, _ in found)):
        folded = None if part.collapse else search.folded()
        third = folded or (search.first(shown, MIDDLE, (*LYING, *STANDING)) if len(found) > 1 else None)
        found += [third] if third is not None else []
    # Each layout once.
    once = list({(id(laid.view), rows.style): (laid, rows) for laid, rows in found}.values())
    insides = search.insides(shown, [laid.view for laid, _ in once])
    last = None if folded is None else len(once) - 1
    return Whole(tuple(laid for laid, _ in once), tuple(rows for _, rows in once), last, insides)


def _found(search: _Search, shown: View, narrow: Sequence[Frame]) -> list[tuple[Laid, Rows]]:
    """For a wide frame, and for a narrow one; of what is large, one for all."""
    if shown.boxes() > SOME:
        return [search.scrolled(shown, LYING[:1])]
    wide = search.first(shown, WIDE, (*LYING, *STANDING)) or search.scrolled(shown, LYING)
    tried = (search.first(shown, frame, (*STANDING, *LYING)) for frame in narrow)
    return [wide, next(filter(None, tried), None) or search.scrolled(shown, STANDING)]


def _folds(shown: View) -> list[Scope]:
    """The scopes that a view folds; a formula is told by its name, and does not open."""
    return [scope for scope in dict.fromkeys(shown.hidden_in.values()) if is_fold(scope)]


@dataclass
class _Search:
    """Looks for the layouts in which most is said."""

    rows: Rows
    part: Part
    rankdir: str
    timeout: float

    def view(self, folds: Collapse) -> View:
        """What is shown where these scopes are folded."""
        part = self.part
        shown = view(part.graph, part.around, part.depth, part.reached, folds, part.max_nodes)
        return part.on_paper(with_ways(shown, part.path))

    def first(self, shown: View, frame: Frame, rungs: Sequence[Style]) -> tuple[Laid, Rows] | None:
        """The first rung at which a graph is seen whole in a frame."""
        sketch, rows = Sketch(shown, self.rows.of(shown)), self.rows.of(shown)
        for style in self._turned(rungs):
            wide, high = sketch.sheet(style).size()
            if frame.fits((wide / OFF, high / OFF)):
                laid = self._laid(shown, rows.in_style(style))
                if frame.holds(laid):
                    return laid, rows.in_style(style)
        return None

    def scrolled(self, shown: View, rungs: Sequence[Style]) -> tuple[Laid, Rows]:
        """The layout of what is too large: so narrow, where it stands, that it is moved in one direction alone."""
        rows, rungs = self.rows.of(shown), self._turned(rungs)
        sketch = Sketch(shown, rows)
        style = sketch.hurried(rungs[0])
        if sketch.is_small and style.vertical:
            style = next((one for one in rungs if sketch.sheet(one).size()[0] <= NARROW.width), style)
        return self._laid(shown, rows.in_style(style)), rows.in_style(style)

    def folded(self) -> tuple[Laid, Rows] | None:
        """With so few scopes folded that it is seen whole in a narrow frame; else in a wide one."""
        last = None
        for folds in list(foldings(self.part.graph, None))[1:]:
            shown = self.view(folds)
            if not shown.hidden_in or shown.boxes() > SOME:
                continue
            for frame, rungs in ((NARROW, STANDING), (MIDDLE, (*LYING, *STANDING))):
                if found := self.first(shown, frame, rungs):
                    if MIDDLE.holds(found[0]):
                        return found
                    last = found
        return last

    def insides(self, whole: View, views: Sequence[View]) -> dict[Scope, Inside]:
        """What stands in the scopes that these views fold, and in those that are folded there again."""
        shown: dict[Scope, View] = {}
        waiting = deque((scope, one) for one in views for scope in _folds(one))
        while waiting and len(shown) < INSIDES:
            scope, around = waiting.popleft()
            found = None if scope in shown else inside(whole, scope, around.members(scope), INSIDE)
            if found is not None:
                shown[scope] = self.part.on_paper(with_ways(found, self.part.path))
                waiting += [(inner, found) for inner in _folds(found)]
        return dict(zip(shown, self._alike([*shown.values()]), strict=True))

    def _alike(self, views: Sequence[View]) -> list[Inside]:
        """These insides; what looks alike is laid out once, where the names are widest."""
        kinds = [Kind.of(one, self.rows.labels) for one in views]
        found: dict[int, Inside] = {}
        for place in sorted(range(len(views)), key=lambda place: -kinds[place].width):
            alike = (one for one, other in found.items() if other.laid and kinds[one].holds(kinds[place]))
            like = None if self.part.path is not None else next(alike, None)
            found[place] = Inside(views[place], self.soon(views[place]) if like is None else None, like)
        return [found[place] for place in range(len(views))]

    def soon(self, shown: View) -> tuple[Laid, Rows]:
        """The first layout that should be seen whole, as far as a sketch can tell."""
        rows, rungs = self.rows.of(shown), self._turned((*LYING, *STANDING))
        sketch = Sketch(shown, rows)
        for frame in (MIDDLE, WIDE):
            frame = replace(frame, height=frame.height - BELOW_INSIDE)
            for style in rungs:
                if frame.fits(sketch.sheet(style).size()):
                    return self._laid(shown, rows.in_style(style)), rows.in_style(style)
        return self.scrolled(shown, LYING)

    def _turned(self, rungs: Sequence[Style]) -> list[Style]:
        if self.rankdir == "auto":
            return list(rungs)
        return list(dict.fromkeys(replace(rung, rankdir=self.rankdir) for rung in rungs))

    def _laid(self, shown: View, rows: Rows) -> Laid:
        return Drawing(shown, rows).laid(
            self.timeout,
            advice(self.part.graph, bool(self.part.collapse), self.part.around is not None, self.part.depth),
        )
