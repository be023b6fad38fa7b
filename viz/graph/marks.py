"""Looks painted as DOT: the attributes of boxes and lines, and the legend of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from autodiff import Edge, Node, Scope
from viz.graph.folding import is_fold
from viz.graph.legend import Entry
from viz.graph.look import BOX, WAYS, Look
from viz.graph.rows import Row, Rows, Run
from viz.ink.text import html
from viz.ink.theme import Theme

__all__ = ["NOTHING", "SAMPLES", "Marks", "font", "legend_label"]

NOTHING = "&#160;"  # Graphviz refuses markup around no text at all

Line = dict[str, str]

HEADS: Mapping[str, Line] = {
    "back": {"dir": "back"},
    "tee": {"dir": "both", "arrowhead": "none", "arrowtail": "tee", "arrowsize": "0.5"},
    "none": {"dir": "none", "arrowsize": "0.5"},
    "forth": {"arrowsize": "0.5"},
}


# A line of the legend in characters, where nothing else can be drawn.
SAMPLES: Mapping[str, str] = {
    **dict.fromkeys(WAYS, "— "),
    "positive": "◄— ",
    "negative": "◄- - ",
    "refused": "· · · ",
}


class Marks:
    """The looks of a graph's parts at one moment as DOT; blank without a snapshot."""

    def __init__(self, rows: Rows, plain: bool = False) -> None:
        self.rows, self.looks, self.look, self.snapshot = rows, rows.looks, rows.theme, rows.snapshot
        self.plain = plain or rows.snapshot is None  # every line has the same head then, for a layout alone

    def box(self, node: Node) -> Line:
        """The attributes of a node's box."""
        found = self.looks.box((node.number,), node.number)
        return {"label": table(self.rows.box(node, found)), **self._outline(found)}

    def folded(self, scope: Scope, members: Sequence[int], shows: int | None) -> Line:
        """The attributes of the box of a folded scope; ``shows`` is the node whose numbers it bears."""
        found = self.looks.box(members, shows, folded=is_fold(scope))
        rows = self.rows.folded(scope, members, shows, found)
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

    def lines(self, edges: Sequence[Edge]) -> Line:
        """The attributes of one line for these uses: a single one, or all that join a folded box."""
        found = self.looks.line(edges)
        label = self._label(self.rows.line(edges, found), bool(found.framed))
        if self.plain:
            return {"label": label, "dir": "back"}
        assert found.ink is not None
        assert found.dash is not None
        assert found.head is not None
        line = {"label": label, "color": self.look.colour(found.ink), "penwidth": f"{found.pen:g}"}
        dash = self.look.style(found.dash)
        if dash != "solid" or found.head == "back":
            line["style"] = dash
        return {**line, **HEADS[found.head]}

    def _label(self, row: Row, framed: bool = False) -> str:
        if not row:
            return ""
        # Beside a vertical line the words would touch it; above a horizontal one they would not.
        text = ("&#160;" if self.rows.style.vertical else "") + markup(row)
        if framed:
            frame = f'border="1" cellborder="0" color="{self.look.highlight}" bgcolor="{self.look.background}"'
            return f"<<table {frame}><tr><td>{text}</td></tr></table>>"
        return f"<{text}>"


def legend_label(entries: Sequence[Entry], look: Theme) -> str:
    """The legend as a label of the graph."""
    squares = (font("■ ", look.colour(BOX[entry.box].fill or "muted")) if entry.box else "" for entry in entries)
    words = (font(f"{SAMPLES.get(entry.line, '')}{html(entry.text)}", entry.ink) for entry in entries)
    parts = "    ".join(map("".join, zip(squares, words, strict=True)))
    # The empty line keeps the legend away from the lowest box.
    return f"<{font(f'<br/>{parts}', '', look.small_size)}>" if parts else ""


def font(text: str, colour: str, size: float | None = None) -> str:
    """The markup of a piece of text in this colour and size."""
    look = (f' color="{colour}"' if colour else "") + (f' point-size="{size:g}"' if size else "")
    return f"<font{look}>{text}</font>"


def markup(row: Row) -> str:
    """The markup of one row."""
    return "".join(font(f"<b>{_text(run)}</b>" if run.bold else _text(run), run.ink, run.size) for run in row)


def _text(run: Run) -> str:
    return html(run.text).replace("\xa0", "&#160;")


def table(rows: Sequence[Row]) -> str:
    """An HTML-like label of centred rows."""
    cells = "".join(f"<tr><td>{markup(row)}</td></tr>" for row in rows) or f"<tr><td>{NOTHING}</td></tr>"
    return f'<<table border="0" cellborder="0" cellspacing="0" cellpadding="1">{cells}</table>>'
