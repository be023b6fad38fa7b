"""What a picture shows, in a name and a few sentences made from facts, for those who do not see it."""

from __future__ import annotations

from collections.abc import Iterable

from autodiff import Snapshot
from autodiff.language.notation import numeral, writing
from autodiff.recording.reverse import NO_PATH
from viz.graph.constants import constants_of
from viz.graph.folding import Repeated
from viz.graph.rows import Rows
from viz.graph.view import View
from viz.ink.text import count, listed, visible

__all__ = ["described"]


def described(view: View, rows: Rows, what: str = "Graph") -> tuple[str, str]:
    """The name of a picture of a graph, and what it shows: what is computed, of what, and where the gradient goes."""
    with writing(rows.figures):
        return _described(view, rows, what)


def _described(view: View, rows: Rows, what: str) -> tuple[str, str]:
    graph, snapshot = view.graph, rows.snapshot
    assert snapshot is not None
    leaves = [number for number in graph.leaves if number not in constants_of(graph)]
    outputs = [_told(rows, number, snapshot.values[number]) for number in graph.outputs]
    inputs = [_name(rows, number) for number in leaves if number not in graph.outputs]
    made = f"computed from {listed(inputs)}" if inputs else "an input alone"
    verb = "is" if len(outputs) == 1 else "are"
    sentences = [f"{listed(outputs)} {verb} {made}, in {count(len(graph), 'node')}{_shown(view)}."]
    if rows.gradients:
        sentences += _gradients(rows, snapshot, [number for number in leaves if number in set(view.numbers)])
    else:
        sentences.append("Beside it stands its backward pass as a graph of its own.")
    if snapshot.current is not None and what == "Graph":
        sentences.append(f"This step: {visible(snapshot.current.sentence, 200)}.")
    return f"{what} of {listed(outputs)}", " ".join(sentences)


def _shown(view: View) -> str:
    """How much of the graph is drawn, and as how many boxes."""
    part = f", of which {len(view.numbers)} are shown" if len(view.numbers) < len(view.graph) else ""
    boxes = set(view.hidden_in.values())
    kinds = sum(isinstance(box, Repeated) for box in boxes)
    folds = len(boxes) - kinds
    said = [f"{count(folds, 'scope')} {'is' if folds == 1 else 'are'} folded to one box each"] if folds else []
    said += [f"what repeats is in {'one box' if kinds == 1 else f'{kinds} boxes'}"] if kinds else []
    return "; ".join([part, *said])


def _gradients(rows: Rows, snapshot: Snapshot, leaves: Iterable[int]) -> list[str]:
    """Which inputs a gradient reaches, and which it does not."""
    found = {number: snapshot.gradients[number] for number in leaves}
    lost = [_name(rows, n) for n, gradient in found.items() if gradient is NO_PATH]
    reached = [_told(rows, n, g) for n, g in found.items() if g is not None and g is not NO_PATH]
    open_ = [_name(rows, n) for n, gradient in found.items() if gradient is None]
    if not reached and not lost:
        return ["No gradient has been computed yet."]
    parts = [f"Gradients: {listed(reached)}"] if reached else ["No input gets a gradient"]
    parts += [f"no path leads to {listed(lost)}"] * bool(lost) + [f"that of {listed(open_)} is not computed"] * bool(
        open_
    )
    return ["; ".join(parts) + "."]


def _name(rows: Rows, number: int) -> str:
    return rows.labels[number]


def _told(rows: Rows, number: int, value: float | None) -> str:
    return _name(rows, number) + ("" if value is None else f" = {numeral(value)}")
