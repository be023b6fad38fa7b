"""Random graphs of all rows and pools against torch: every way to a derivative, at ordinary and at hostile points.

Where torch differs, two sweeps of plain floats judge, with formulas written out here and not read from the table: one
by our rules (no path is not multiplied; a slope that is 0 everywhere stays 0; the first of equals wins), one by
torch's (a refused use sends 0, which is multiplied on; equals share). We must agree with the first at every point,
to 1e-12 of the sum of the magnitudes, or to what rounding errors of 4 units do to it; and torch with the second, or
the point is one of the counted exceptions. ``python tests/test_against_torch.py 10000`` prints the counts.
"""

from __future__ import annotations

import copy
import math
import pickle
import random
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
from programs import HERE

import autodiff as ad
from autodiff import TABLE, Graph, Program, Value, grad, jvp
from autodiff.recording.value import function_of

numpy = pytest.importorskip("numpy")
torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")  # of its own parts, at their import

F = numpy.float64
OFF, FLAT = "off", "flat"  # no path; a slope of 0 everywhere; None: nothing ever flows, in torch neither
Partial = Any
C = 0.7978845608028654


class Row(NamedTuple):
    """The value, and the partials of (operands, value); torch's function, and its partials where its rules differ."""

    value: Callable[..., Any]
    partials: Callable[..., tuple[Partial, ...]]
    torch: Callable[..., Any]
    torch_partials: Callable[..., tuple[Partial, ...]] | None = None


def one(value: Callable[..., Any], slope: Callable[..., Any], function: Callable[..., Any]) -> Row:
    return Row(value, lambda x, out: (slope(x, out),), function)


def compare(function: Callable[..., Any]) -> Row:
    return Row(
        lambda x, y: F(1.0 if function(x, y) else 0.0),
        lambda x, y, out: (None, None),
        lambda x, y: function(x, y).to(torch.float64),
    )


def extremum(wins: Callable[[Any, Any], bool], function: Callable[..., Any]) -> Row:
    def first(x: Any, y: Any) -> bool:
        return bool(wins(x, y) or x == y or x != x)

    def share(x: Any, y: Any) -> Partial:
        return F(0.5) if x == y else OFF if wins(y, x) else 1

    return Row(
        lambda x, y: x if first(x, y) else y,
        lambda x, y, out: (1, OFF) if first(x, y) else (OFF, 1),
        function,
        lambda x, y, out: (share(x, y), share(y, x)),
    )


def erf(x: Any) -> Any:
    return F(math.erf(x))


def erfc(x: Any) -> Any:
    return F(math.erfc(x))


def sigmoid(x: Any) -> Any:
    return 1 / (1 + numpy.exp(-x))


def power_slopes(x: Any, y: Any, out: Any) -> tuple[Partial, ...]:
    return (FLAT if y == 0 else y * x ** (y - 1), FLAT if x == 0 and y >= 0 else out * numpy.log(x))


def clamp_slopes(x: Any, low: Any, high: Any, out: Any) -> tuple[Partial, ...]:
    over = x > high or low > high
    return (OFF if over or x < low else 1, 1 if x < low and not over else OFF, 1 if over else OFF)


def gelu_tanh_slope(x: Any, out: Any) -> Any:
    t = numpy.tanh(C * (x + 0.044715 * x * x * x))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * C * (1 + 0.134145 * x * x)


def toward(x: Any, out: Any) -> Any:
    return np.sign(x) if abs(x) == out == math.inf else x / out


def angle(x: Any, y: Any) -> Any:
    return x * x + y * y


def tensor(x: Any) -> Any:
    return x if isinstance(x, torch.Tensor) else torch.tensor(float(x), dtype=torch.float64)


np, T, NF = numpy, torch, torch.nn.functional
ROWS: dict[str, Row] = {
    "add": Row(lambda x, y: x + y, lambda x, y, out: (1, 1), T.add),
    "subtract": Row(lambda x, y: x - y, lambda x, y, out: (1, F(-1)), T.sub),
    "multiply": Row(lambda x, y: x * y, lambda x, y, out: (y, x), T.mul),
    "divide": Row(lambda x, y: x / y, lambda x, y, out: (1 / y, -out / y), T.div),
    "power": Row(lambda x, y: x**y, power_slopes, T.pow),
    "hypot": Row(
        np.hypot,
        lambda x, y, out: (FLAT, FLAT) if x == y == 0 else (toward(x, out), toward(y, out)),
        T.hypot,
        lambda x, y, out: (x / out, y / out),
    ),
    "atan2": Row(
        np.arctan2,
        lambda y, x, out: (FLAT, FLAT) if x == y == 0 else (x / angle(x, y), -y / angle(x, y)),
        T.atan2,
    ),
    "negative": one(lambda x: -x, lambda x, out: F(-1), T.neg),
    "absolute": one(abs, lambda x, out: F(1 if x > 0 else -1) if x != 0 and x == x else 0 * x, T.abs),
    "sign": one(lambda x: x if x == 0 else np.sign(x), lambda x, out: FLAT, T.sign),
    "exp": one(np.exp, lambda x, out: out, T.exp),
    "expm1": one(np.expm1, lambda x, out: np.exp(x), T.expm1),
    "log": one(np.log, lambda x, out: 1 / x, T.log),
    "log1p": one(np.log1p, lambda x, out: 1 / (1 + x), T.log1p),
    "sqrt": one(np.sqrt, lambda x, out: 0.5 / out, T.sqrt),
    "sin": one(np.sin, lambda x, out: np.cos(x), T.sin),
    "cos": one(np.cos, lambda x, out: -np.sin(x), T.cos),
    "tan": one(np.tan, lambda x, out: 1 + out * out, T.tan),
    "asin": one(np.arcsin, lambda x, out: 1 / np.sqrt((1 - x) * (1 + x)), T.asin),
    "acos": one(np.arccos, lambda x, out: -1 / np.sqrt((1 - x) * (1 + x)), T.acos),
    "atan": one(np.arctan, lambda x, out: 1 / (1 + x * x), T.atan),
    "sinh": one(np.sinh, lambda x, out: np.cosh(x), T.sinh),
    "cosh": one(np.cosh, lambda x, out: np.sinh(x), T.cosh),
    "tanh": one(np.tanh, lambda x, out: 1 - out * out, T.tanh),
    "erf": one(erf, lambda x, out: 1.1283791670955126 * np.exp(-x * x), T.erf),
    "erfc": one(erfc, lambda x, out: -1.1283791670955126 * np.exp(-x * x), T.erfc),
    "relu": one(lambda x: F(0) if x <= 0 else x, lambda x, out: 1 if x > 0 else x if x != x else OFF, T.relu),
    "leaky_relu": one(
        lambda x: x if x > 0 else 0.01 * x, lambda x, out: 1 if x > 0 else F(0.01), lambda x: NF.leaky_relu(x, 0.01)
    ),
    "elu": one(lambda x: x if x > 0 else np.expm1(x), lambda x, out: 1 if x > 0 else np.exp(x), lambda x: NF.elu(x)),
    "sigmoid": one(sigmoid, lambda x, out: out * (1 - out), T.sigmoid),
    "silu": one(lambda x: x * sigmoid(x), lambda x, out: sigmoid(x) * (1 + x * (1 - sigmoid(x))), NF.silu),
    "softplus": one(
        lambda x: np.logaddexp(x, 0.0), lambda x, out: sigmoid(x), lambda x: T.logaddexp(x, torch.zeros_like(x))
    ),
    "gelu": one(
        lambda x: x * (0.5 * erfc(-x * math.sqrt(0.5))),
        lambda x, out: 0.5 * erfc(-x * math.sqrt(0.5)) + x * np.exp(-0.5 * x * x) * 0.3989422804014327,
        lambda x: NF.gelu(x),
    ),
    "gelu_tanh": one(
        lambda x: 0.5 * x * (1 + np.tanh(C * (x + 0.044715 * x * x * x))),
        gelu_tanh_slope,
        lambda x: NF.gelu(x, approximate="tanh"),
    ),
    "maximum": extremum(lambda x, y: x > y, T.maximum),
    "minimum": extremum(lambda x, y: x < y, T.minimum),
    "clamp": Row(lambda x, low, high: high if x > high or low > high else low if x < low else x, clamp_slopes, T.clamp),
    "where": Row(
        lambda c, x, y: x if c > 0 else y,
        lambda c, x, y, out: (None, 1, OFF) if c > 0 else (None, OFF, 1),
        lambda c, x, y: T.where(c > 0, x, y),
    ),
    "identity": one(lambda x: x, lambda x, out: 1, lambda x: x.clone()),
    "stop": one(lambda x: x, lambda x, out: None, lambda x: x.detach()),
    "less": compare(lambda x, y: x < y),
    "less_equal": compare(lambda x, y: x <= y),
    "greater": compare(lambda x, y: x > y),
    "greater_equal": compare(lambda x, y: x >= y),
    "equal": compare(lambda x, y: x == y),
    "not_equal": compare(lambda x, y: x != y),
}
WINDOW = 3  # cells of a pool's window; a pool of four cells has two of them, which overlap


def winner(*cells: Any) -> int:
    """The first of the largest, or the first nan."""
    place = 0
    for i, x in enumerate(cells):
        if cells[place] == cells[place] and (x > cells[place] or x != x):
            place = i
    return place


MAX_WINDOW = Row(
    lambda *cells: cells[winner(*cells)],
    lambda *args: tuple(1 if i == winner(*args[:-1]) else OFF for i in range(WINDOW)),
    lambda *cells: NF.max_pool1d(T.stack(cells)[None, None], WINDOW)[0, 0, 0],
)
AVG_WINDOW = Row(
    lambda *cells: sum(cells[1:], start=cells[0]) / WINDOW,
    lambda *args: (F(1 / WINDOW),) * WINDOW,
    lambda *cells: NF.avg_pool1d(T.stack(cells)[None, None], WINDOW)[0, 0, 0],
)
EVERY = {**ROWS, "max window": MAX_WINDOW, "avg window": AVG_WINDOW}


@dataclass
class Drawn:
    """``inputs`` leaves, then nodes: a row and its operands, places or constants; windows come in pairs of one pool."""

    inputs: int
    nodes: list[tuple[str, list[int | float]]]

    def record(self, point: Sequence[float]) -> tuple[list[Value], Value]:
        leaves = [Value(x) for x in point]
        nodes = list(leaves)
        for name, args in self.nodes:
            operands = [nodes[arg] if isinstance(arg, int) else arg for arg in args]
            if name.endswith("window"):
                pool = ad.max_pool1d if name == "max window" else ad.avg_pool1d
                nodes += pool(operands, WINDOW, stride=1)
            else:
                nodes.append(function_of(TABLE[name])(*operands))
        return leaves, nodes[-1]

    def steps(self) -> list[tuple[Row, list[int | float]]]:
        """What the sweeps go through: each window of a pool on its own."""
        found = []
        for name, args in self.nodes:
            many = len(args) - WINDOW + 1 if name.endswith("window") else 1
            found += [(EVERY[name], args[i : i + WINDOW] if many > 1 else args) for i in range(many)]
        return found


def draw_graph(draw: random.Random) -> Drawn:
    inputs = draw.randrange(1, 4)
    count, nodes = inputs, []
    for _ in range(draw.randrange(2, 13)):
        name = draw.choice([*ROWS, "maximum", "minimum", "where", "relu", "clamp", "max window", "avg window"])
        if name in ("max window", "avg window"):
            nodes.append((name, [draw.randrange(count) for _ in range(WINDOW + 1)]))
            count += 2
            continue
        arity = 3 if name in ("where", "clamp") else len(TABLE[name].inputs) - len(TABLE[name].defaults)
        args: list[int | float] = [draw.randrange(count) for _ in range(arity)]
        if arity > 1 and draw.random() < 0.2:
            args[draw.randrange(arity)] = any_number(draw)
        if draw.random() < 0.7 or not any(isinstance(arg, int) for arg in args):
            args[draw.randrange(arity)] = count - 1
        nodes.append((name, args))
        count += 1
    return Drawn(inputs, nodes)


def any_number(draw: random.Random, hostile: bool = True) -> float:
    if hostile and draw.random() < 0.4:
        return draw.choice([math.inf, -math.inf, math.nan, 0.0, -0.0, 1e300, -1e300, 1e-300, -1e-300])
    return draw.choice([1.0, -1.0, 2.0, 0.5, draw.uniform(-2, 2), draw.uniform(-2, 2)])


class Found(NamedTuple):
    """Value, gradient, the sums of its paths' magnitudes, tangent, its magnitude, and what happened on the way."""

    value: float
    gradient: list[float]
    sizes: list[float]
    tangent: float
    size: float
    seen: set[str]


def sweep(drawn: Drawn, point: Sequence[float], along: Sequence[float], ours: bool = True, noise: Any = None) -> Found:
    """Forwards and back, by our rules or by torch's; ``noise`` draws a rounding error for every number."""

    def rounded(x: Any) -> Any:
        return x if noise is None else x * F(1 + noise.uniform(-4, 4) * 2.0**-53)

    data = [rounded(F(x)) for x in point]
    moves: list[tuple[Any, Any] | None] = [(F(t), abs(F(t))) for t in along]
    taken: list[list[tuple[int, Partial]]] = [[] for _ in point]
    seen: set[str] = set()
    for row, args in drawn.steps():
        operands = [data[arg] if isinstance(arg, int) else F(arg) for arg in args]
        data.append(rounded(F(row.value(*operands))))
        rule = row.partials if ours or row.torch_partials is None else row.torch_partials
        slopes = rule(*operands, data[-1])
        seen |= events(row, operands, slopes)
        taken.append([(arg, s) for arg, s in zip(args, slopes, strict=True) if isinstance(arg, int) and s is not None])
        moves.append(moved(taken[-1], moves, ours))
    flows: dict[int, tuple[Any, Any]] = {len(data) - 1: (F(1), F(1))}
    for place in range(len(data) - 1, len(point) - 1, -1):
        for arg, slope in taken[place] if place in flows else ():
            if slope is OFF and ours:
                continue
            sent = times(slope, flows[place])
            flows[arg] = sent if arg not in flows else (flows[arg][0] + sent[0], flows[arg][1] + sent[1])
    zero = (F(0), F(0))
    met = [abs(x) for x in (*data, *(f for flow in flows.values() for f in flow), *(m for p in moves if p for m in p))]
    met += [abs(s) for uses in taken for _, s in uses if not isinstance(s, str)]
    if any(x > 1e100 or 0 < x < 1e-100 or x != x for x in met):
        seen.add("range")
    ends = [flows.get(i, zero) for i in range(len(point))]
    tangent = moves[-1] or zero
    return Found(data[-1], [f for f, _ in ends], [s for _, s in ends], *tangent, seen)


def times(slope: Partial, flow: tuple[Any, Any]) -> tuple[Any, Any]:
    if isinstance(slope, str):
        return F(0), F(0)
    return slope * flow[0], abs(slope) * flow[1]


def moved(uses: list[tuple[int, Partial]], moves: list[Any], ours: bool) -> tuple[Any, Any] | None:
    """The tangent of a node; None where it stands still."""
    sent = [
        times(slope, moves[arg])
        for arg, slope in uses
        if moves[arg] is not None and not (ours and isinstance(slope, str))
    ]
    return None if not sent else (sum(t for t, _ in sent), sum(s for _, s in sent))


def events(row: Row, operands: Sequence[Any], slopes: Sequence[Partial]) -> set[str]:
    found = {word for word in (OFF, FLAT) if word in [s for s in slopes if isinstance(s, str)]}
    if row in (ROWS["maximum"], ROWS["minimum"], MAX_WINDOW) and len({float(x) for x in operands}) < len(operands):
        found.add("tie")
    if any(x != x for x in operands):
        found.add("nan")
    return found


def by_torch(drawn: Drawn, point: Sequence[float], along: Sequence[float]) -> tuple[list[float], float]:
    def run(leaves: list[Any]) -> Any:
        nodes = list(leaves)
        for row, args in drawn.steps():
            nodes.append(row.torch(*(nodes[arg] if isinstance(arg, int) else tensor(arg) for arg in args)))
        return nodes[-1]

    leaves = [tensor(x).requires_grad_() for x in point]
    out = run(leaves)
    slopes = torch.autograd.grad(out, leaves, allow_unused=True) if out.requires_grad else [None] * len(leaves)
    forward = torch.autograd.forward_ad
    with forward.dual_level():
        dual = run([forward.make_dual(tensor(x), tensor(t)) for x, t in zip(point, along, strict=True)])
        tangent = forward.unpack_dual(dual).tangent
    numbers = [0.0 if s is None else float(s) for s in (*slopes, tangent)]
    return numbers[:-1], numbers[-1]


def copies(y: Value) -> list[Value]:
    restored = Graph.from_json(Graph(y).to_json())
    return [copy.deepcopy(y), pickle.loads(pickle.dumps(y)), restored.values[restored.outputs[0]]]


def by_us(drawn: Drawn, point: Sequence[float], along: Sequence[float]) -> dict[str, list[float]]:
    """The gradient by every way to it (and the tangent, under ``jvp``)."""
    leaves, y = drawn.record(point)
    y.backward()
    found = {"backward": [leaf.grad for leaf in leaves]}
    leaves, y = drawn.record(point)
    found["grad"] = [slope.data for slope in grad(y, leaves)]
    found["grad without a graph"] = [slope.data for slope in grad(y, leaves, create_graph=False)]
    for leaf, x in zip(leaves, range(len(leaves)), strict=True):
        leaf.name = f"x{x}"
    for how, other in zip(("deepcopy", "pickle", "JSON"), copies(y), strict=True):
        other.backward()
        named = {node.name: node.grad for node in Graph(other).values if node.op is None}
        found[how] = [named.get(leaf.name, 0.0) for leaf in leaves]
    found["jvp"] = [jvp(y, leaves, along).data]
    return found


def by_programs(drawn: Drawn, points: Sequence[Sequence[float]]) -> dict[str, list[list[float]]]:
    """The same graph, recorded once, at all the points."""
    leaves, y = drawn.record([0.5] * drawn.inputs)
    return {name: numpy.asarray(Program(y, leaves, backend=name).input_grad(points)).tolist() for name in HERE}


def near(x: float, y: float, size: float, spread: float) -> bool:
    if x == y or (x != x and y != y):
        return True
    return math.isfinite(x) and math.isfinite(y) and abs(x - y) <= 1e-12 * size + 16 * spread + 1e-300


def agree(x: Sequence[float], y: Sequence[float], sizes: Sequence[float], spreads: Sequence[float]) -> bool:
    return all(map(near, x, y, sizes, spreads))


def check(seed: int, counts: Counter[str]) -> None:
    """One graph at one ordinary point and two hostile ones; raises where we are wrong, counts what is an exception."""
    draw = random.Random(seed)
    drawn = draw_graph(draw)
    points = [[any_number(draw, hostile) for _ in range(drawn.inputs)] for hostile in (False, True, True)]
    along = [draw.choice([1.0, -0.5, 2.0]) for _ in range(drawn.inputs)]
    programs = by_programs(drawn, points)
    for i, point in enumerate(points):
        found = by_us(drawn, point, along) | {name: rows[i] for name, rows in programs.items()}
        judge(drawn, point, along, found, counts, f"seed {seed}, {drawn}, at {point}")


def judge(
    drawn: Drawn,
    point: Sequence[float],
    along: Sequence[float],
    found: dict[str, list[float]],
    counts: Counter[str],
    where: str,
) -> None:
    with numpy.errstate(all="ignore"):
        ours, theirs = (sweep(drawn, point, along, rules) for rules in (True, False))
        noisy = [sweep(drawn, point, along, True, random.Random(i)) for i in range(6)]
        spreads = [max(abs(n.gradient[i] - g) for n in noisy) for i, g in enumerate(ours.gradient)]
        spread = max(abs(n.tangent - ours.tangent) for n in noisy)
    counts["points"] += 1
    wanted = dict.fromkeys(found, (ours.gradient, ours.sizes, spreads))
    wanted["jvp"] = ([ours.tangent], [ours.size], [spread])
    for how, numbers in found.items():
        if not agree(numbers, *wanted[how]):
            if unsure([*noisy, ours]):
                counts["decided by rounding"] += 1
                return
            raise AssertionError(f"{how} answers {numbers}, the rules {wanted[how][0]}: {where}")
    if not agree(found["grad"], found["backward"], nothing := [0.0] * drawn.inputs, nothing):
        raise AssertionError(f"grad answers {found['grad']}, backward {found['backward']}: {where}")
    slopes, tangent = by_torch(drawn, point, along)
    for how, mine, its, other, sizes, around in (
        ("gradient", found["backward"], slopes, theirs.gradient, ours.sizes, spreads),
        ("tangent", found["jvp"], [tangent], [theirs.tangent], [ours.size], [spread]),
    ):
        if agree(mine, its, sizes, around):
            continue
        rules = " ".join(sorted(ours.seen - {"range"}))
        if agree(other, its, sizes, around):
            counts[f"{how}: torch by its rules ({rules})"] += 1
        elif ours.seen | theirs.seen:
            counts[f"{how}: torch otherwise ({' '.join(sorted(ours.seen | theirs.seen))})"] += 1
        else:
            raise AssertionError(f"{how}: we say {mine}, torch {its}, by its rules {other}: {where}")


def unsure(noisy: Sequence[Found]) -> bool:
    """Whether rounding errors decide which number is finite, or which use is refused."""
    finite = {tuple(map(math.isfinite, (*run.gradient, run.tangent))) for run in noisy}
    return len(finite) > 1 or len({frozenset(run.seen) for run in noisy}) > 1


@pytest.mark.slow
@pytest.mark.parametrize("block", range(8))
def test_random_graphs_agree_with_torch_or_differ_by_a_rule(block: int) -> None:
    counts: Counter[str] = Counter()
    for seed in range(25 * block, 25 * block + 25):
        check(seed, counts)
    assert counts["points"] == 75


# Values and slopes of cross entropies, beside torch's where those are numbers.
SCORES = [0.0, 1e-300, 0.5, -0.5, 3.0, -3.0, 30.0, -30.0, 1e3, -1e3, math.inf, -math.inf, math.nan]
TARGETS = [0.0, 1.0, 0.25, 0.5, 1e-20]


def slopes_of(function: Callable[..., Any], x: Any, target: Any) -> list[float]:
    y = function(x, target)
    y.backward()
    return [float(number) for number in (y.data, x.grad, target.grad)]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("score", SCORES)
def test_binary_cross_entropy_of_scores_is_torchs_and_right_where_that_is_nan(score: float, target: float) -> None:
    mine = slopes_of(ad.binary_cross_entropy_with_logits, Value(score), Value(target))
    theirs = slopes_of(NF.binary_cross_entropy_with_logits, *(tensor(x).requires_grad_() for x in (score, target)))
    if abs(score) == math.inf:  # certain and right: 0; certain and wrong, or uncertain: inf
        theirs[0] = 0.0 if target == (score > 0) else math.inf
    assert agree(mine, theirs, [1 + abs(x) for x in theirs], [0.0] * 3), (mine, theirs)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("p", [0.3, 0.5, 1e-9, 1 - 1e-9, 0.0, 1.0, 1e-300, 1 - 2.0**-53])
def test_binary_cross_entropy_of_probabilities_is_torchs_but_for_what_that_holds_back(p: float, target: float) -> None:
    """torch holds the logarithms above -100 and the slopes within 1e12: of a certain answer that is right, too."""
    mine = slopes_of(ad.binary_cross_entropy, Value(p), Value(target))
    with numpy.errstate(all="ignore"):
        terms = (0 if target == 0 else -target * np.log(F(p)), 0 if target == 1 else (target - 1) * np.log1p(-F(p)))
        slopes = (0 if target == 0 else -target / F(p), 0 if target == 1 else (1 - target) / (1 - F(p)))
        right = [float(sum(terms)), float(sum(slopes)), float(np.log1p(-F(p)) - np.log(F(p)))]
    assert agree(mine, right, [abs(x) for x in right], [0.0] * 3)
    if 1e-10 < p < 1 - 1e-10:
        theirs = slopes_of(NF.binary_cross_entropy, *(tensor(x).requires_grad_() for x in (p, target)))
        assert agree(mine, theirs, [1e5 * abs(x) for x in theirs], [0.0] * 3), (mine, theirs)


def test_a_certain_answer_that_is_right_costs_nothing_and_has_the_slope_of_its_side() -> None:
    assert slopes_of(ad.binary_cross_entropy, Value(1.0), Value(1.0))[:2] == [0.0, -1.0]
    assert slopes_of(ad.binary_cross_entropy, Value(0.0), Value(0.0))[:2] == [0.0, 1.0]
    assert slopes_of(ad.binary_cross_entropy, Value(0.0), Value(1.0))[:2] == [math.inf, -math.inf]
    tiny = slopes_of(ad.binary_cross_entropy_with_logits, Value(50.0), Value(1.0))[:2]
    assert tiny == [math.log1p(math.exp(-50)), -1 / (1 + math.exp(50))]  # neither is rounded to 0


LOSSES = {"binary_cross_entropy", "binary_cross_entropy_with_logits"}  # compared above, by torch's functions


def test_every_row_is_compared() -> None:
    assert set(ROWS) | LOSSES == {name for name in TABLE if not name.endswith("_")}


if __name__ == "__main__":
    graphs, start = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    totals: Counter[str] = Counter()
    failures = 0
    for seed in range(start, start + graphs):
        try:
            check(seed, totals)
        except AssertionError as error:
            failures += 1
            print(error, flush=True)
    for kind, count in totals.most_common():
        print(f"{count:8} {kind}")
    print(f"{graphs} graphs, {failures} of them with a difference that no rule explains")
