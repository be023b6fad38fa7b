"""What the inks and lines of a picture mean: only of what is drawn in it, and of all that is."""

from __future__ import annotations

from dataclasses import dataclass

from autodiff.facts.words import SENTENCES
from viz.graph.look import LINE
from viz.graph.rows import Rows
from viz.graph.view import View

__all__ = ["Entry", "entries"]


@dataclass(frozen=True)
class Entry:
    """One entry: its words and ink, and the mark of the line that stands before it ("": none)."""

    text: str
    ink: str
    line: str = ""


def entries(view: View, rows: Rows) -> list[Entry]:
    """The legend of the shown part of a graph; empty where every number is left blank."""
    theme, snapshot = rows.theme, rows.snapshot
    if snapshot is None:
        return []
    found = [Entry("value", theme.value)]
    if not rows.gradients:
        return found
    found.append(Entry("gradient", theme.gradient))
    lines = (line for (a, b), uses in view.edges().items() for line in view.lines(a, b, uses))
    marks = {mark for line in lines for mark in rows.looks.line_marks(line)}
    for mark, text in (("positive", "positive"), ("negative", "negative"), ("refused", SENTENCES["no path"])):
        if mark in marks:
            found.append(Entry(text, theme.colour(LINE[mark].label or "muted"), mark))
    if any(snapshot.gradients[number] is None for number in view.numbers if number not in view.hidden_in):
        found.append(Entry("– gradient not computed", theme.not_computed))
    if note := _note(rows):
        found.append(Entry(note, theme.muted))
    return found


def _note(rows: Rows) -> str:
    """What was left out to fit."""
    if rows.snapshot is None or not any(flow.contribution is not None for flow in rows.snapshot.flows.values()):
        return ""
    return {
        "full": "",
        "short": "at a line: what it contributes",
        "needed": "at a line: what it contributes, where several meet",
    }[rows.style.detail]
