"""Where the first nan of a pass arose, or the first inf: of what everything after it was computed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from autodiff.facts.steps import Snapshot, Step, Steps, steps
from autodiff.graph import Graph
from autodiff.ground.markup import preformatted
from autodiff.language.notation import numeral
from autodiff.recording.value import Value

__all__ = ["NORM", "Origin", "first_nan", "norm_of", "origin_at", "remark_on"]

# What is said beside inf × 0 behind a root at 0.
NORM = "(the slope of a root is inf at 0, and inf × 0 is nan; a norm whose slope at 0 is 0 is hypot(x, y, ...))"


@dataclass(frozen=True)
class Origin:
    """Where a nan or an inf arose; ``print`` it. ``value`` is the Value that has it, as its number or its gradient.

    ``step`` is the fact by which it came, ``name`` what its node is called; ``before`` is the step by which the first
    inf came, where a nan followed it.
    """

    value: Value
    name: str
    step: Step
    before: Step | None
    text: str

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        first = self.text.partition("\n")[0]
        return f"<Origin: {first if len(first) <= 160 else first[:159] + '…'}>"

    def _repr_html_(self) -> str:
        return preformatted(self.text)


def first_nan(output: Value, labels: Mapping[int, str] | None = None, *, seed: float | None = None) -> Origin | None:
    """Where the first nan of computing ``output`` and its gradient arose; where there is none, the first inf.

    None where every number is finite. ``labels`` and ``seed`` are those of :func:`steps`; no Value is changed.

    >>> x = Value(0.0, "x")
    >>> print(first_nan(x * x.log()))
    the first nan arose in v2: v2 = 0 × (-inf) = nan
      before it came an inf, in v1: v1 = log(0) = -inf
    >>> print(first_nan(x * 2))
    None
    """
    told = steps(output, labels, seed=seed)
    numbers = [step.after for step in told]
    place = _first(numbers)
    if place is None:
        return None
    step, inf = told[place], _first(numbers[:place])
    before = None if inf is None else told[inf]
    lines = [f"the first {'nan' if math.isnan(_number(step)) else numeral(_number(step))} arose in {_told(told, step)}"]
    if before is not None:
        lines.append(f"  before it came an inf, in {_told(told, before)}")
    if norm_of(told, step):
        lines.append(f"  {NORM}")
    return Origin(told.graph.values[step.node], told.labels[step.node], step, before, "\n".join(lines))


def norm_of(told: Steps, step: Step) -> bool:
    """Whether a step is ``inf × 0`` behind a root at 0, as in the gradient of ``sqrt(x * x + y * y)``."""
    if step.edge is None or step.contribution is None or not math.isnan(step.contribution):
        return False
    factors = {abs(x) for x in (step.local, step.upstream) if x is not None}
    return factors == {0.0, math.inf} and any(_is_root(told, each) for each in told[told.forward : step.index])


def _is_root(told: Steps, step: Step) -> bool:
    """Whether a step sends an inf through a root at 0."""
    return step.edge is not None and step.local is not None and _root_at_zero(told, step.edge.target, step.local)


def remark_on(told: Steps, nodes: Sequence[int], slopes: Sequence[float]) -> str:
    """What is added to a path that is ``inf × 0`` for it leads through a root at 0."""
    roots = (_root_at_zero(told, node, slope) for node, slope in zip(nodes, slopes, strict=False))
    return f" {NORM}" if 0 in slopes and any(roots) else ""


def _root_at_zero(told: Steps, place: int, slope: float) -> bool:
    """Whether a node is a root at 0, whose slope is inf."""
    node = told.graph.nodes[place]
    if node.op is None or not math.isinf(slope):
        return False
    half = node.op.name == "power" and told.telling.operands(node.number)[1] == 0.5
    return (node.op.name == "sqrt" or half) and told.telling.data[node.number] == 0


def origin_at(graph: Graph, now: Snapshot) -> int | None:
    """The number of the node at which the first nan of a snapshot arose, else the first inf; None: all is finite."""
    numbers = [*now.values, *now.gradients]
    if all(x is None or math.isfinite(x) for x in numbers):
        return None
    events = [*_events(graph, now)]
    place = _first([number for _, number in events])
    return None if place is None else events[place][0]


def _events(graph: Graph, now: Snapshot) -> Iterator[tuple[int, float | None]]:
    """Numbers of nodes, and what they came to, in the order of the steps."""
    yield from enumerate(now.values)
    yield from ((output, now.gradients[output]) for output in graph.outputs)
    sums: dict[int, float] = {}
    arrivals: list[list[tuple[int, float]]] = [[] for _ in graph]
    for edge in graph.edges:
        flow = now.flows.get(edge)
        if flow is not None and flow.contribution is not None:
            arrivals[edge.target].append((edge.source, flow.contribution))
    for arrived in reversed(arrivals):
        for source, contribution in arrived:
            sums[source] = sums.get(source, 0.0) + contribution
            yield source, sums[source]
    yield from enumerate(now.gradients)  # what a leaf has of another pass


def _first(numbers: Sequence[float | None]) -> int | None:
    """The place of the first nan, else of the first inf."""
    for strange in (math.isnan, math.isinf):
        for place, number in enumerate(numbers):
            if number is not None and strange(number):
                return place
    return None


def _number(step: Step) -> float:
    assert step.after is not None
    return step.after


def _told(told: Steps, step: Step) -> str:
    what = "" if step.phase == "forward" else "the gradient of "
    return f"{what}{told.labels[step.node]}: {step.sentence}"
