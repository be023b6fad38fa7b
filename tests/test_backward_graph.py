"""The backward pass drawn as a graph of its own: choices are one box, and its numbers are the recorded ones."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import gallery
import pytest
from drawn import Drawn, read
from test_legible import along

from autodiff import Graph, Value, clamp, grad, max_pool1d, max_pool2d, maximum, minimum, nn, relu, softmax, where
from viz import LIGHT, draw
from viz.layout.labels import Room
from viz.layout.place import LEAST, PLACES


def leaves(*numbers: float) -> list[Value]:
    return [Value(number, f"x{i}") for i, number in enumerate(numbers)]


def pooled2d() -> Value:
    x = [[Value(float((7 * r + 3 * c) % 10), f"x{r}{c}") for c in range(3)] for r in range(3)]
    p = max_pool2d(x, kernel_size=2, stride=1)
    return p[0][0] + 2 * p[0][1] - p[1][0]


MAKERS: dict[str, Callable[[], Value]] = {
    "a max": lambda: maximum(*leaves(3.0, 5.0)) * 2,
    "a min of four": lambda: minimum(*leaves(3.0, 5.0, -1.0, 2.0)) * -2,
    "a relu that is off": lambda: relu(Value(-1.0, "x")) * 3 + 1,
    "a clamp": lambda: clamp(Value(7.0, "x"), 0.0, 1.0) ** 2,
    "a branch": lambda: where(*leaves(1.0, 2.0, 3.0)) * 2,
    "an absolute value": lambda: abs(Value(-2.0, "x")) * Value(3.0, "w"),
    "a pool": gallery.pooled,
    "a pool in rows": pooled2d,
    "a sine": lambda: (Value(3.0, "x") ** 2).sin(),
    "a neuron": gallery.neuron,
    "cross entropy": gallery.entropy,
    "softmax": lambda: softmax(*leaves(0.5, 1.0, -1.0))[0] * 3,
    "log of softmax": lambda: -softmax(*leaves(0.5, 1.0))[1].log(),
    "a sum": lambda: sum(leaves(1.0, 2.0, 3.0), Value(0.0, "z")) * 2,
}
ALL = pytest.mark.parametrize("name", MAKERS)
SMALL = pytest.mark.parametrize("name", [name for name in MAKERS if name != "a pool in rows"])


def drawn(name: str, **wished: Any) -> tuple[Value, Any]:
    y = MAKERS[name]()
    y.name = "y"
    return y, draw(y, backward="graph", names=False, **wished)


def gradient_box(shown: Drawn, name: str) -> list[str]:
    """The rows of the box of the gradient in a leaf; several leaves may share it."""
    (rows,) = (box.rows for box in shown.boxes.values() if re.search(rf"∂y/∂{re.escape(name)}(?![\w\[])", box.rows[0]))
    return rows


@ALL
def test_the_gradient_of_every_leaf_is_told_and_is_the_recorded_one(name: str) -> None:
    y, picture = drawn(name, fit=None)
    shown = read(picture)
    for leaf in Graph(y).values:
        if leaf.op is None and leaf is not y:
            told = float(gradient_box(shown, leaf.name or "")[-1].replace("−", "-"))
            assert told == pytest.approx(grad(y, leaf).data, rel=1e-3), leaf.name
            assert leaf.grad_state == "not computed"


@pytest.mark.slow
@SMALL
def test_no_text_is_smaller_than_can_be_read(name: str) -> None:
    picture = drawn(name)[1]
    size = tuple(map(float, re.findall(r'<svg width="([\d.]+)pt" height="([\d.]+)pt"', picture.svg())[0]))
    least = min(map(float, re.findall(r'font-size="([\d.]+)"', picture.svg())))
    assert PLACES["column"].scale(size) * least >= LEAST - 1e-6  # type: ignore[arg-type]
    assert "peripheries" not in picture.source  # and nothing had to be folded away


@pytest.mark.slow
@SMALL
def test_no_forward_line_runs_through_the_backward_pass(name: str) -> None:
    y, picture = drawn(name)
    laid, forward = picture.painter.laid, len(Graph(y))
    (frame,) = (n for n, scope in laid.clusters.items() if scope.name == "backward pass")
    box = laid.layout.clusters[frame]
    room = Room(box.x, box.y, box.x + box.width, box.y + box.height)
    for edge in laid.view.graph.edges:
        line = laid.layout.lines.get(f"e{edge.target}_{edge.position}")
        if line is not None and edge.target < forward:
            assert not any(map(room.holds, along(line))), edge


@pytest.mark.parametrize(("name", "most"), [("a pool", 21), ("a max", 6), ("a relu that is off", 5)])
def test_what_decides_stands_in_no_box_of_its_own(name: str, most: int) -> None:
    shown, opened = read(drawn(name)[1]), read(drawn(name, collapse=False)[1])
    assert len(shown.boxes) <= most < len(opened.boxes)
    words = " ".join(row for box in shown.boxes.values() for row in box.rows)
    assert "where" not in words
    assert "≠" not in words
    assert "through v" in words
    assert "≠" in " ".join(row for box in opened.boxes.values() for row in box.rows)


@pytest.mark.slow
@ALL
def test_its_legend_lists_the_lines_that_are_drawn_and_no_others(name: str) -> None:
    y = MAKERS[name]()
    y.backward()
    shown = read(draw(y, backward="graph", names=False))
    inks = {line.look["color"] for line in shown.lines}
    for ink, word in ((LIGHT.positive, "positive"), (LIGHT.negative, "negative")):
        assert (ink in inks) == (word in shown.legend), word
    assert any(line.look.get("style") == "dotted" for line in shown.lines) == ("nothing flows" in shown.legend)


def test_a_softmax_is_written_as_on_paper() -> None:
    for name in ("softmax", "cross entropy", "log of softmax"):
        y, picture = drawn(name)
        words = [box.rows[0] for box in read(picture).boxes.values()]
        inputs = [leaf.name for leaf in Graph(y).values if leaf.op is None]
        for leaf in inputs:
            assert sum(f"exp({leaf} − max)" in row for row in words) == 1, (name, leaf)
        assert sum(bool(re.fullmatch(r"v\d+: max", row)) for row in words) == 1
        assert not [row for row in words if "clamp" in row or "stop" in row or "e308" in row]


def test_gradients_are_purple_and_values_green() -> None:
    y, picture = drawn("a neuron")
    theme = picture.theme
    for name, box in read(picture).boxes.items():
        ink = re.search(rf'{name} \[label=<<.*?<font color="(#\w+)" point-size="12">', picture.source)
        assert ink is not None
        assert ink[1] == (theme.gradient if int(name[1:]) >= len(Graph(y)) else theme.value), box.rows
    assert "gradient" in picture.svg()


def test_a_gradient_that_is_a_forward_number_or_a_constant_has_a_box() -> None:
    a, b = Value(2.0, "a"), Value(5.0, "b")
    y = a * b
    y.name = "y"
    shown = read(draw(y, backward="graph", names=False))
    assert gradient_box(shown, "a")[-1] == "5"
    assert gradient_box(shown, "b")[-1] == "2"
    z = a + b
    z.name = "y"
    shown = read(draw(z, backward="graph", names=False))
    assert gradient_box(shown, "a")[-1] == gradient_box(shown, "b")[-1] == "1"


def test_parts_and_folds_are_those_of_any_graph() -> None:
    y = max_pool1d(leaves(3.0, 0.0, 4.0, 2.0, 0.0), kernel_size=3, stride=2)[0] * 2
    assert "backward pass" in draw(y, backward="graph", collapse="backward pass", names=False).source
    part = [name for name in read(draw(y, backward="graph", depth=1, names=False)).boxes if "_" not in name]  # no dots
    assert len(part) < len(read(draw(y, backward="graph")).boxes)
    wide = draw(nn.MLP(2, [3, 1])([0.5, -1.0]), backward="graph", theme="auto")
    assert wide.svg()


def test_a_backward_graph_is_that_of_one_output() -> None:
    x = Value(3.0)
    with pytest.raises(ValueError, match="one output"):
        draw([x * 2, x * 3], backward="graph")
    with pytest.raises(ValueError, match="give one of the two"):
        draw(x * 2, backward="graph", step=1)
    with pytest.raises(ValueError, match="must be 'flow'"):
        draw(x * 2, backward="sideways")
