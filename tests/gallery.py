"""Every kind of picture once: each function is an example, a test, and an entry of one page that shows them all.

``python tests/gallery.py`` writes the page ``out/gallery.html`` to look at; with ``--keep`` it also keeps what the
pictures say as text in tests/gallery/, which tests/test_gallery.py compares.
"""

from __future__ import annotations

import dataclasses
import math
import random
import sys
from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import viz
from autodiff import (
    Graph,
    Steps,
    Value,
    clamp,
    layer,
    log,
    max_pool1d,
    max_pool2d,
    maximum,
    nn,
    relu,
    scope,
    steps,
    where,
)
from viz import DARK, LIGHT
from viz.demo.digits import digit
from viz.demo.network import digit_network
from viz.graph.look import Looks

KEPT = Path(__file__).with_name("gallery")
GALLERY: dict[str, Callable[[], Any]] = {}


def shown(make: Callable[[], Any]) -> Callable[[], Any]:
    GALLERY[make.__name__] = make
    return make


# -- What is drawn


def pooled() -> Value:
    x = [Value(v, f"x{i}") for i, v in enumerate((3, 0, 4, 2, 0))]
    p = max_pool1d(x, kernel_size=3, stride=2)
    return 0.7 * p[0] + 0.9 * p[1]


def neuron() -> Value:
    with scope("neuron"):
        w0, x0, w1, x1, b = (Value(v, n) for v, n in ((2, "w0"), (-1, "x0"), (-3, "w1"), (-2, "x1"), (-3, "b")))
        return (w0 * x0 + w1 * x1 + b).sigmoid()


def micrograd() -> Value:
    a, b = Value(-4.0, "a"), Value(2.0, "b")
    c, d = a + b, a * b + b**3
    c = c + (c + 1)
    c = c + (1 + c + (-a))
    d = d + (d * 2 + (b + a).relu())
    d = d + (3 * d + (b - a).relu())
    f = (c - d) ** 2
    return f / 2.0 + 10.0 / f


def network() -> Value:
    random.seed(3)
    y: Value = nn.MLP(2, [3, 1])([0.5, -1.0])
    with scope("loss"):
        return (1 - y).relu()


def entropy() -> Value:
    return nn.cross_entropy([Value(v, f"s{i}") for i, v in enumerate((1.0, 2.0, -1.0))], 1)


def done(y: Value, upstream: float = 1.0) -> Value:
    y.backward(upstream)
    return y


def drawn(y: Value, **more: Any) -> Any:
    return viz.draw(y, names=False, **more)


def of(*numbers: float) -> list[Value]:
    return [Value(v, f"x{i}") for i, v in enumerate(numbers)]


@shown
def before_the_backward_pass() -> Any:
    return drawn(pooled())


@shown
def after_it() -> Any:
    return drawn(done(pooled()))


@shown
def in_the_dark() -> Any:
    return drawn(done(pooled()), theme="dark")


@shown
def from_top_to_bottom() -> Any:
    return drawn(done(pooled()), rankdir="TB")


@shown
def without_a_legend() -> Any:
    return drawn(done(pooled()), legend=False)


@shown
def with_a_theme_of_ones_own() -> Any:
    own = dataclasses.replace(LIGHT, cluster_fills=("#fff8f0", "#fff0e0"), cluster_borders=("#e0c8a8", "#d0b088"))
    return drawn(done(neuron()), theme=dataclasses.replace(own, value_size=20))


@shown
def two_uses_of_one_value() -> Any:
    x = Value(3.0, "x")
    return drawn(done(x * x))


@shown
def a_negative_and_a_zero_gradient() -> Any:
    x, y = of(2.0, 0.0)
    return drawn(done(-x * y))


@shown
def the_loser_of_a_max() -> Any:
    return drawn(done(maximum(*of(3.0, 5.0))))


@shown
def a_tie() -> Any:
    return drawn(done(maximum(*of(5.0, 5.0))))


@shown
def a_relu_that_is_off() -> Any:
    return drawn(done(relu(Value(-1.0, "x")) + 1))


@shown
def a_clamp_outside_its_interval() -> Any:
    return drawn(done(clamp(Value(7.0, "x"), 0.0, 1.0)))


@shown
def the_branch_that_was_not_taken() -> Any:
    c, a, b = (Value(v, n) for v, n in ((1.0, "c"), (2.0, "a"), (3.0, "b")))
    return drawn(done(where(c, a, b)))


@shown
def nan_where_it_begins() -> Any:
    return drawn(done(log(Value(-1.0, "x")) * 2))


@shown
def inf() -> Any:
    return drawn(done(1 / Value(0.0, "x")))


@shown
def large_and_small_numbers() -> Any:
    x, y = of(1.5e9, 2.5e-9)
    return drawn(done(x * y))


@shown
def names_that_look_like_markup() -> Any:
    return drawn(done(Value(1.0, "<b>&amp;{0}\\N") * Value(2.0, "a\nb\u202ec")))


@shown
def micrograds_graph() -> Any:
    return drawn(done(micrograd()))


@shown
def a_neuron() -> Any:
    return drawn(done(neuron()))


@shown
def a_neuron_folded() -> Any:
    return drawn(done(neuron()), collapse=True)


@shown
def a_network() -> Any:
    return drawn(done(network()))


@shown
def a_network_folded() -> Any:
    return drawn(done(network()), collapse=True)


def batch(count: int) -> Value:
    """The loss of so many samples, each in a scope of its own."""
    w0, w1, b = (Value(v, n) for v, n in ((0.6, "w0"), (-0.4, "w1"), (0.1, "b")))
    losses = []
    for k in range(count):
        with scope(f"sample {k}"):
            x0, x1 = Value(k % 7 / 7, "x0"), Value(k % 5 / 5, "x1")
            losses.append(((w0 * x0 + w1 * x1 + b).tanh() - 0.25) ** 2)
    total: Value = sum(losses, Value(0.0, "zero"))
    return total


@shown
def the_loss_of_a_batch() -> Any:
    return drawn(done(batch(100)))


@shown
def one_sample_of_a_batch() -> Any:
    return drawn(done(batch(100)), expand="sample 3")


@shown
def cross_entropy() -> Any:
    return drawn(done(entropy()))


@shown
def cross_entropy_folded() -> Any:
    return drawn(done(entropy()), collapse=True)


@shown
def a_part_around_a_node() -> Any:
    y = done(micrograd())
    return drawn(y, around=y.parents[0], depth=2)


@shown
def where_the_gradient_went() -> Any:
    return drawn(done(pooled()), reached=True)


@shown
def gradients_of_two_passes() -> Any:
    y = pooled()
    y.backward()
    return drawn(done(y))


@shown
def a_seed_of_ones_own() -> Any:
    return drawn(done(pooled(), -0.5))


@shown
def the_backward_pass_as_a_graph() -> Any:
    return drawn(maximum(*of(3.0, 5.0)) * 2, backward="graph")


@shown
def a_step_forwards() -> Any:
    return drawn(pooled(), step=7)


@shown
def a_step_backwards() -> Any:
    return drawn(pooled(), step=14)


@shown
def the_last_step() -> Any:
    return drawn(pooled(), step=-1)


@shown
def a_step_in_a_folded_scope() -> Any:
    return drawn(pooled(), step=6, collapse=True)


@shown
def the_grid_of_a_pool() -> Any:
    return viz.pool([3, 0, 4, 2, 0], kernel_size=3, stride=2, upstream=[0.7, 0.9])


@shown
def a_grid_of_rows() -> Any:
    cells = [[(7 * r + 3 * c) % 10 - 2 for c in range(4)] for r in range(4)]
    return viz.pool(cells, kernel_size=2, upstream=[[1, -2], [0.5, 3]])


@shown
def a_grid_with_padding_and_dilation() -> Any:
    cells = [[(7 * r + 3 * c) % 10 - 2 for c in range(4)] for r in range(4)]
    return viz.pool(cells, kernel_size=2, stride=1, padding=1, dilation=2)


@shown
def a_grid_of_averages() -> Any:
    return viz.pool([1, 3, 5, 7], kernel_size=2, stride=1, kind="avg", upstream=[1, 2, 3])


@shown
def a_grid_in_the_dark() -> Any:
    return viz.pool([3, 0, math.nan, 2], kernel_size=2, upstream=[1, -1], theme="dark")


@shown
def a_grid_of_many_windows() -> Any:
    cells = [[(7 * r + 3 * c) % 10 - 2 for c in range(7)] for r in range(5)]
    return viz.pool(cells, kernel_size=3, stride=1, upstream=[[c - r * 0.5 for c in range(5)] for r in range(3)])


@shown
def a_grid_of_windows_that_are_wider_than_high() -> Any:
    cells = [[(5 * r + 4 * c) % 7 for c in range(6)] for r in range(3)]
    return viz.pool(cells, kernel_size=(2, 3), stride=(1, 3), padding=(1, 0), upstream=[[1, -1]] * 4)


@shown
def a_grid_whose_windows_reach_beyond_the_border() -> Any:
    return viz.pool([1, 4, 4, 2], kernel_size=3, stride=2, padding=1, ceil_mode=True, upstream=[0.5, -2, 1])


@shown
def a_grid_of_overlapping_averages() -> Any:
    cells = [[r * 4.25 + c for c in range(4)] for r in range(4)]
    return viz.pool(cells, kernel_size=3, stride=1, padding=1, kind="avg", upstream=[[1] * 4] * 4)


@shown
def a_grid_of_one_cell() -> Any:
    return viz.pool([[1234.5678]], kernel_size=1, upstream=[[-1e-7]])


@shown
def a_column_of_cells() -> Any:
    return viz.pool([[3], [1], [2], [5]], kernel_size=(2, 1), stride=(1, 1), upstream=[[1], [2], [3]])


@shown
def a_large_grid_goes_by_colour_and_tag() -> Any:
    cells = [[(11 * r + 5 * c) % 13 for c in range(12)] for r in range(9)]
    return viz.pool(cells, kernel_size=3, stride=2, upstream=[[(-1) ** (r + c) for c in range(5)] for r in range(4)])


def scored(*numbers: float) -> Value:
    x = of(*numbers)
    p = max_pool1d(x, kernel_size=3, stride=2)
    score: Value = 0.7 * p[0] + 0.9 * p[1]
    score.name = "score"
    return done(score)


@shown
def two_inputs_of_one_graph() -> Any:
    return viz.compare(scored(3, 0, 4, 2, 0), scored(3, 0, 4, 6, 0), names=False, fit="slide")


@shown
def backward_once_and_twice() -> Any:
    y = scored(3, 0, 4, 2, 0)
    before = Graph(y)
    return viz.compare(before, done(y), titles=("backward() once", "twice"), names=False)


@shown
def before_and_after_an_update() -> Any:
    model = nn.MLP(2, [3, 1])
    for k, parameter in enumerate(model.parameters()):
        parameter.data = math.sin(5 * k)

    x = of(0.5, -1.0)

    def loss() -> Value:
        y: Value = (model(x) - 1) ** 2
        y.name = "loss"
        return y

    before = Graph(done(loss()))
    for parameter in model.parameters():
        parameter.data -= 0.2 * parameter.grad
    for leaf in (*model.parameters(), *x):
        leaf.grad = None
    return viz.compare(before, done(loss()), names=False)


@shown
def relu_before_and_after_a_pool() -> Any:
    x, z = of(3, -1, 4, -2, -5), of(3, -1, 4, -2, -5)
    one, other = max_pool1d([relu(v) for v in x], 3, 2), max_pool1d(z, 3, 2)
    titles = "relu, then the pool", "the pool, then relu"
    return viz.compare(done(one[0] + one[1]), done(relu(other[0]) + relu(other[1])), titles=titles, names=False)


@shown
def an_update_in_the_dark() -> Any:
    x, w = Value(2.0, "x"), Value(-0.5, "w")
    before = Graph(done(relu(w * x + 2)))
    w.data, w.grad, x.grad = -2.0, None, None
    return viz.compare(before, done(relu(w * x + 2)), names=False, theme="dark")


@shown
def two_inputs_of_one_pool() -> Any:
    pools = []
    for numbers in ((3, 0, 4, 2, 0), (3, 0, 4, 6, 0)):
        p = max_pool1d(of(*numbers), kernel_size=3, stride=2)
        done(0.7 * p[0] + 0.9 * p[1])
        pools.append(p)
    return viz.compare(*pools, names=False, fit="slide")


@shown
def a_cell_that_wins_four_windows_instead_of_none() -> Any:
    pools = []
    for edit in (0, 12):
        cells = [[Value((7 * r + 3 * c) % 10 - 2 if (r, c) != (2, 2) else edit) for c in range(5)] for r in range(5)]
        p = max_pool2d(cells, kernel_size=3, stride=2)
        done(p[0][0] - 2 * p[0][1] + 0.5 * p[1][0] + 3 * p[1][1])
        pools.append(p)
    return viz.compare(*pools, names=False)


@shown
def a_network_whose_windows_meet() -> Any:
    rows = ((1, 2, 3, 0), (4, 9, 5, 1), (0, 2, 1, 0), (3, 1, 0, 2))
    x = layer("pixels", [[Value(v) for v in row] for row in rows], kind="input")
    h = layer("relu", [[(v - 2).relu() for v in row] for row in x])
    p = max_pool2d(h, kernel_size=3, stride=1)
    score = p[0][0] * 0.1796 + p[0][1] * 0.0599
    score.name = "score"
    return viz.network(score, fit="slide")


@shown
def a_network_of_channels_in_the_dark() -> Any:
    body = nn.Conv2d(1, 2, 3, rng=0), nn.ReLU(), nn.MaxPool2d(2)
    model = nn.Sequential(*body, nn.Flatten(), nn.Linear(8, 2, rng=1), nn.Tanh())
    image = [[[Value(((3 * r + 5 * c) % 7) / 7) for c in range(6)] for r in range(6)]]
    return viz.network(model(image)[0], theme="dark")


@shown
def a_network_with_the_slopes_of_its_relus() -> Any:
    return viz.network(digit_network(digit(4), kernel_size=3, stride=2).score, fit="slide", slopes=True)


@shown
def a_perceptron_with_the_slopes_of_its_tanhs() -> Any:
    model = nn.MLP(3, [4, 4, 1], nonlin="tanh")
    for k, parameter in enumerate(model.parameters()):
        parameter.data = math.sin(5 * k)
    return viz.network(model(of(0.5, -1.0, 0.75)), slopes=True, theme="dark")


@shown
def the_gradient_of_a_weight_over_all_positions() -> Any:
    network = digit_network(digit(4), kernel_size=3, stride=2)
    return viz.weight(network.score, named(network.score, "w(0,1)"), fit="slide")


@shown
def the_gradient_of_a_kernel_over_all_positions() -> Any:
    score = digit_network(digit(4), kernel_size=3, stride=2).score
    kernel = [[named(score, f"w({r},{c})") for c in range(3)] for r in range(3)]
    return viz.weight(score, kernel, theme="dark")


def named(output: Value, name: str) -> Value:
    return next(value for value in Graph(output).values if value.name == name)


def convolutional() -> nn.Sequential:
    body = nn.Conv2d(1, 1, 3, padding=1, rng=0), nn.ReLU(), nn.MaxPool2d(3, stride=2)
    return nn.Sequential(*body, nn.Flatten(), nn.Linear(9, 10, rng=1))


def pixels(which: int) -> Any:
    return [[[Value(x) for x in row] for row in digit(which)]]


@shown
def a_strip_of_digits() -> Any:
    model = convolutional()
    return viz.network([model(pixels(which))[which] for which in (0, 1, 4, 7)], fit="slide")


@shown
def a_strip_of_a_batchs_loss_in_the_dark() -> Any:
    model = convolutional()
    loss = sum((nn.cross_entropy(model(pixels(which)), which) for which in (1, 3, 4)), Value(0.0)) / 3
    loss.name = "loss"
    return viz.network(loss, theme="dark")


@shown
def every_step_of_a_pool() -> Any:
    return steps(pooled())


@shown
def every_step_of_a_network_of_max_pools() -> Any:
    cells = [[Value(float(r * c - 2), f"x{r}{c}") for c in range(3)] for r in range(3)]
    out = max_pool2d(cells, kernel_size=2, stride=1)
    return steps(relu(out[0][0] - out[1][1]) + out[0][1] * -0.5)


# -- What is kept of it


def text_of(picture: Any) -> str:
    """What a picture says, without the places that an engine gives it."""
    if not isinstance(picture, Steps):
        source: str = picture.source
        return source
    lines = []
    for k, step in enumerate(picture):
        looks = Looks(picture.graph, picture.snapshot(k))
        lines.append(str(step))
        lines += [f"    {picture.labels[n.number]}: {_box(looks, n.number)}" for n in picture.graph]
        lines += [f"    {_name(picture, edge)}: {_line(looks, edge)}" for edge in picture.graph.edges]
    return "\n".join(lines) + "\n"


def _box(looks: Looks, number: int) -> str:
    marks = sorted(looks.box_marks((number,), number))
    return f"{' '.join(looks.words(number))} [{', '.join(marks)}]"


def _line(looks: Looks, edge: Any) -> str:
    return f"{looks.line_words([edge])} [{', '.join(sorted(looks.line_marks([edge])))}]"


def _name(told: Steps, edge: Any) -> str:
    return f"{told.labels[edge.source]} → {told.labels[edge.target]}"


def kept(name: str) -> Path:
    return KEPT / f"{name}.txt"


def page() -> str:
    """All of it on one page."""
    parts = ["<!doctype html><meta charset=utf-8><title>gradroute: gallery</title>", f"<style>{_STYLE}</style>"]
    for name, make in GALLERY.items():
        picture = make()
        title = escape(name.replace("_", " "))
        if isinstance(picture, Steps):
            output = picture.graph.values[picture.graph.outputs[0]]
            content = viz.step(output, names=False)._repr_html_()
        else:
            content = picture.svg()
        ground = ' class="dark"' if "dark" in name else ""
        parts.append(f"<figure><figcaption>{title}</figcaption><div{ground}>{content}</div></figure>")
    return "\n".join(parts)


_STYLE = f"""
body {{ font: 14px system-ui; margin: 24px; background: #f6f7f9; }}
figure {{ margin: 0 0 28px; }}
figcaption {{ font-weight: 600; margin-bottom: 6px; }}
div {{ background: {LIGHT.background}; padding: 12px; overflow: auto; }}
div.dark {{ background: {DARK.background}; }}
svg {{ max-width: 100%; height: auto; }}
"""


def main(arguments: list[str]) -> None:
    if "--keep" in arguments:
        KEPT.mkdir(exist_ok=True)
        for old in [*KEPT.glob("*.txt"), *KEPT.glob("*.new")]:
            old.unlink()
        for name, make in GALLERY.items():
            kept(name).write_text(text_of(make()), encoding="utf-8")
    Path("out").mkdir(exist_ok=True)
    Path("out/gallery.html").write_text(page(), encoding="utf-8")
    print(f"{len(GALLERY)} pictures: open out/gallery.html")


if __name__ == "__main__":
    main(sys.argv[1:])
