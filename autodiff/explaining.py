"""Where a gradient came from, in words and numbers: each contribution, its reason, and the paths it took."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add, mul

from autodiff.graph import Edge, Graph
from autodiff.ieee import agree
from autodiff.notation import number
from autodiff.steps import Step, Steps
from autodiff.value import Value, describe, last_root
from autodiff.words import operation_text, why_no_path

__all__ = ["Explanation", "Path", "explain"]

PATHS = 12  # how many paths are written out; there can be exponentially many
LONGEST = 24  # how many nodes of a path are


@dataclass(frozen=True)
class Path:
    """One way from the output back to a node: the nodes on it, and the slopes whose product is its contribution."""

    nodes: tuple[int, ...]
    slopes: tuple[float, ...]

    @property
    def contribution(self) -> float:
        """The product of the slopes."""
        return reduce(mul, self.slopes, 1.0)


@dataclass(frozen=True)
class Explanation:
    """Where the gradient of a node came from; ``print`` it, or read ``steps``, ``refused`` and ``paths``.

    ``steps`` are the contributions that arrived, ``refused`` the uses that had no path, ``paths`` the first few
    ways back from the output.
    """

    name: str
    gradient: float | None
    steps: tuple[Step, ...]
    refused: tuple[Step, ...]
    paths: tuple[Path, ...]
    text: str

    def __str__(self) -> str:
        return self.text


def explain(value: Value, output: Value | None = None, names: Mapping[int, str] | None = None) -> Explanation:
    """Tell where the gradient of ``value`` came from: every contribution, why it came, and the paths it took.

    ``output`` is what was differentiated, by default what ``backward()`` was last called on. The gradient is that
    of this one output; no Value is changed. ``ValueError`` when ``output`` does not depend on ``value``.

    >>> from autodiff.pooling import max_pool1d
    >>> x = [Value(v, f"x{i}") for i, v in enumerate((3, 0, 4, 2, 0))]
    >>> p = max_pool1d(x, kernel_size=3, stride=2)
    >>> print(explain(x[2], 0.7 * p[0] + 0.9 * p[1]))
    x2.grad = 0.9 (won window 1) + 0.7 (won window 0) = 1.6
      output + → × 0.9 → max → max → x2: 1 × 0.9 × 1 × 1 = 0.9
      output + → × 0.7 → max → x2: 1 × 0.7 × 1 = 0.7
    """
    if not isinstance(value, Value):
        raise TypeError(f"explain tells of a Value, got {type(value).__name__}")
    if output is None:
        output = last_root()
        if output is None:
            raise ValueError("nothing to explain yet: call backward() first, or name the output: explain(x, output)")
    told = Steps(output, names)
    try:
        place = told.graph.number(value)
    except ValueError:
        raise ValueError(
            f"{describe(output)} was not computed from {describe(value)}; name the output: explain(x, output)"
        ) from None
    arrived = [step for step in told if step.phase == "backward" and step.node == place and step.edge is not None]
    sent = tuple(step for step in arrived if step.local is not None)
    refused = tuple(step for step in arrived if step.local is None)
    gradient = 1.0 if place == told.graph.outputs[0] else sent[-1].after if sent else None
    paths = tuple(path for path, _ in zip(_paths(told, place), range(PATHS), strict=False))
    name = told.labels[place]
    text = _text(told, place, sent, refused, paths)
    if gradient is not None and value.grad_state in ("zero", "value") and not agree(value.grad, gradient):
        text += f"\n  ({name}.grad holds {number(value.grad)}: other backward passes, seeds or numbers are in it)"
    return Explanation(name, gradient, sent, refused, paths, text)


def _text(told: Steps, place: int, sent: tuple[Step, ...], refused: tuple[Step, ...], paths: tuple[Path, ...]) -> str:
    name = told.labels[place]
    aside = ", ".join(_refusal(told.graph, step.edge) for step in refused if step.edge)
    if place == told.graph.outputs[0]:
        return f"{name}.grad = 1: it is the output itself"
    if not sent:
        return f"{name} got nothing: {aside or 'no gradient reached any node that uses it'}"
    parts = [f"{number(step.contribution or 0.0)} ({_origin(told.graph, step.edge)})" for step in sent if step.edge]
    total = reduce(add, [step.contribution or 0.0 for step in sent])
    lines = [f"{name}.grad = {' + '.join(parts)}{f' = {number(total)}' if len(parts) > 1 else ''}"]
    if aside:
        lines.append(f"  nothing from: {aside}")
    lines += [f"  {_path_text(told, path)}" for path in paths]
    if len(paths) == PATHS:
        lines.append(f"  (only the first {PATHS} paths are written out)")
    return "\n".join(lines)


def _origin(graph: Graph, edge: Edge) -> str:
    """Why a contribution came: ``won window 1`` for a choice, else the operation it came through."""
    target = graph.nodes[edge.target]
    assert target.op is not None
    place = target.scope.name if target.scope else target.name or operation_text(target)
    return f"won {place}" if target.op.chooses_between() else f"through {operation_text(target)}"


def _refusal(graph: Graph, edge: Edge) -> str:
    target = graph.nodes[edge.target]
    where = f" in {target.scope.name}" if target.scope else ""
    return f"{operation_text(target)}{where} ({why_no_path(target, edge.position)})"


def _path_text(told: Steps, path: Path) -> str:
    words = [*_shortened([_station(told.graph, node) for node in path.nodes[:-1]]), told.labels[path.nodes[-1]]]
    product = " × ".join(_shortened(list(map(number, path.slopes))))
    return f"output {' → '.join(words)}: {product} = {number(path.contribution)}"


def _shortened(words: list[str]) -> list[str]:
    """The first and the last of a long row."""
    return words if len(words) <= LONGEST else [*words[: LONGEST // 2], "…", *words[-(LONGEST // 2) :]]


def _station(graph: Graph, place: int) -> str:
    node = graph.nodes[place]
    text = operation_text(node) if node.op else ""
    return " ".join(part for part in (node.name, text) if part)


def _paths(told: Steps, place: int) -> Iterator[Path]:
    """The paths from the output to a node, one by one, in the order in which their gradient flowed."""
    uses: dict[int, list[Step]] = {}
    for step in told:
        if step.phase == "backward" and step.edge is not None and step.local is not None:
            uses.setdefault(step.node, []).append(step)
    output = told.graph.outputs[0]
    stack: list[tuple[int, tuple[int, ...], tuple[float, ...]]] = [(place, (place,), ())]
    while stack:
        node, nodes, slopes = stack.pop()
        if node == output:
            if slopes:
                yield Path(nodes, slopes)
            continue
        for step in reversed(uses.get(node, [])):
            assert step.edge is not None
            assert step.local is not None
            stack.append((step.edge.target, (step.edge.target, *nodes), (step.local, *slopes)))
