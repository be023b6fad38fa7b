"""Where a gradient came from, in words and numbers: each contribution, its reason, and the paths it took."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import islice
from operator import add, mul
from typing import Any, TypeVar

from autodiff.facts.nans import remark_on
from autodiff.facts.steps import Step, Steps, require_labels
from autodiff.facts.words import operation_text
from autodiff.graph import Node
from autodiff.ground.markup import preformatted
from autodiff.ground.text import NAME, visible
from autodiff.habits.answers import answered, got
from autodiff.language.ieee import agree
from autodiff.language.notation import numeral
from autodiff.recording.reverse import describe, last_root, seed_of
from autodiff.recording.scopes import Scope, enclosing
from autodiff.recording.value import Value

__all__ = ["Explanation", "Path", "explain"]

_T = TypeVar("_T")

# There can be exponentially many paths, and uses without end: so many of each are written out.
PATHS, USES, LONGEST = 12, 12, 24


@dataclass(frozen=True)
class Path:
    """One way from the output back to a node: the nodes on it, and the slopes whose product is its share.

    ``seed`` is the gradient that arrives at the output.
    """

    nodes: tuple[int, ...]
    slopes: tuple[float, ...]
    seed: float = 1.0

    @property
    def contribution(self) -> float:
        """The product of the slopes, and of what arrives at the output."""
        return reduce(mul, self.slopes, self.seed)


@dataclass(frozen=True, repr=False)
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

    def __repr__(self) -> str:
        first = self.text.partition("\n")[0]
        return f"<Explanation: {first if len(first) <= 160 else first[:159] + '…'}>"

    def _repr_html_(self) -> str:
        return preformatted(self.text)


@answered
def explain(
    value: Value, output: Value | None = None, labels: Mapping[int, str] | None = None, *, seed: float | None = None
) -> Explanation:
    """Tell where the gradient of ``value`` came from: every contribution, why it came, and the paths it took.

    ``output`` is what was differentiated, by default what ``backward()`` was last called on; ``seed`` is the gradient
    that arrived there, by default that of the pass that was run, else 1. What is told is that pass alone; no Value is
    changed. The text is cut where it would be too long to read. ``ValueError`` when ``output`` does not depend on
    ``value``.

    >>> from autodiff.pooling import max_pool1d
    >>> x = [Value(v, f"x{i}") for i, v in enumerate((3, 0, 4, 2, 0))]
    >>> p = max_pool1d(x, kernel_size=3, stride=2)
    >>> print(explain(x[2], 0.7 * p[0] + 0.9 * p[1]))
    x2.grad = 0.9 (won window B) + 0.7 (won window A) = 1.6
      output + → × 0.9 → max → max → x2: 1 × 0.9 × 1 × 1 = 0.9
      output + → × 0.7 → max → x2: 1 × 0.7 × 1 = 0.7
    """
    if not isinstance(value, Value):
        raise TypeError(f"explain tells of a Value, got {got(value)}")
    if output is None:
        output = last_root()
        if output is None:
            raise ValueError("nothing to explain yet: call backward() first, or name the output: explain(x, output)")
    if not isinstance(output, Value):
        raise TypeError(f"explain(x, output) takes the Value that was differentiated, got {got(output)}")
    require_labels(labels)
    told = Steps(output, labels, seed)
    try:
        place = told.graph.number(value)
    except ValueError:
        raise ValueError(
            f"{describe(output)} was not computed from {describe(value)}; name the output: explain(x, output)"
        ) from None
    return _Teller(told, place).explanation(value)


class _Teller:
    """One explanation under way."""

    def __init__(self, told: Steps, place: int) -> None:
        self.told, self.graph, self.place = told, told.graph, place
        self.name = told.labels[place]
        # What arrived over the uses of each node, and what was refused there.
        self.sent: dict[int, list[Step]] = {}
        self.lost: dict[int, list[Step]] = {}
        for step in told[told.forward :]:
            if step.edge is not None:
                (self.lost if step.local is None else self.sent).setdefault(step.node, []).append(step)
        self.dead_ends = self._dead_ends()
        told_of = {self._target(step).scope for step in (*self.sent.get(place, ()), *self.dead_ends)}
        self.namesakes = Counter(scope.name for scope in told_of if scope is not None)

    def explanation(self, value: Value) -> Explanation:
        sent, refused = (tuple(steps.get(self.place, ())) for steps in (self.sent, self.lost))
        is_output = self.place == self.graph.outputs[0]
        gradient = self.told.seed if is_output else sent[-1].after if sent else None
        paths = tuple(islice(self._paths(), PATHS))
        lines = [*self._arrived(sent, paths), *self._besides(value, gradient)]
        return Explanation(self.told.labels[self.place], gradient, sent, refused, paths, "\n".join(lines))

    def _arrived(self, sent: Sequence[Step], paths: Sequence[Path]) -> Iterator[str]:
        name = self.name
        aside = self._listed(self.dead_ends, self._refusal)
        if self.place == self.graph.outputs[0]:
            begins = "" if self.told.seed == 1 else ", and the pass begins with this gradient"
            yield f"{name}.grad = {numeral(self.told.seed)}: it is the output itself{begins}"
            return
        if not sent:
            yield f"{name} got nothing: {aside or 'no gradient reached any node that uses it'}"
            return
        total = reduce(add, [step.contribution or 0.0 for step in sent])
        parts = self._listed(sent, lambda step: f"{numeral(step.contribution or 0.0)} ({self._origin(step)})", " + ")
        yield f"{name}.grad = {parts}{f' = {numeral(total)}' if len(sent) > 1 else ''}"
        if aside:
            yield f"  nothing from: {aside}"
        yield from (f"  {self._path_text(path)}" for path in paths)
        if len(paths) == PATHS:
            yield f"  (only the first {PATHS} paths are written out)"

    def _listed(self, steps: Sequence[Step], say: Callable[[Step], str], between: str = ", ") -> str:
        """The first of many steps, said one by one, and how many there are besides."""
        said = [say(step) for step in steps[:USES]]
        more = len(steps) - USES
        return between.join([*said, f"{more} more"] if more > 0 else said)

    def _besides(self, value: Value, gradient: float | None) -> Iterator[str]:
        """What ``.grad`` holds besides what this pass brought, and how to be rid of it."""
        held = value.grad if value.grad_state in ("zero", "value") else None
        if gradient is None or held is None or agree(held, gradient):
            return
        name = self.name
        if held == 0:
            yield f"  ({name}.grad holds 0: this pass was not run, or it was zeroed since)"
            return
        output = self.graph.values[self.graph.outputs[0]]
        was_run = output.grad_state in ("zero", "value") and agree(seed_of(output), self.told.seed)
        if value.op is None and was_run and math.isfinite(held) and math.isfinite(gradient):
            yield (
                f"  ({name}.grad holds {numeral(held)}: {numeral(held - gradient)} of it was there before, or came "
                f"with another pass; leaves add up until they are zeroed, with {name}.grad = 0 or zero_grad())"
            )
        else:
            yield f"  ({name}.grad holds {numeral(held)}, of another backward pass)"

    def _origin(self, step: Step) -> str:
        """Why a contribution came: ``won window B`` for a choice, else the scope or the operation it came through."""
        target = self._target(step)
        assert target.op is not None
        if target.op.is_choice:
            which = self._where(target.scope) or self.told.own_name(target.number) or _short(operation_text(target))
            return ", ".join(filter(None, [f"won {which}", self._tie(step)]))
        entered = _entered(target.scope, self.graph.nodes[self.place].scope)
        return f"through {', '.join(map(_short, entered)) or self._operation(target)}"

    def _tie(self, step: Step | None) -> str:
        """That equals tied in the choice that was won, or in one behind it in the same window of a pool."""
        while step is not None:
            assert step.edge is not None
            if told := self.told.telling.tie(step.edge):
                return told
            scope, uses = self._target(step).scope, self.sent.get(step.edge.target, [])
            on = (use for use in uses if scope is not None and scope.part and self._target(use).scope is scope)
            step = next(on, None)
        return ""

    def _refusal(self, step: Step) -> str:
        assert step.edge is not None
        target = self._target(step)
        return f"{self._operation(target)} ({self.told.telling.why_no_path(step.edge)})"

    def _operation(self, node: Node) -> str:
        """What a node does, and in which scope."""
        return _short(operation_text(node)) + (f" in {self._where(node.scope)}" if node.scope else "")

    def _target(self, step: Step) -> Node:
        """The node whose use of its operand a step is."""
        assert step.edge is not None
        return self.graph.nodes[step.edge.target]

    def _where(self, scope: Scope | None) -> str:
        """A scope's name, with those around it where others that are told of are called alike."""
        if scope is None:
            return ""
        around = _entered(scope, self.graph.nodes[self.place].scope) if self.namesakes[scope.name] > 1 else []
        return ", ".join(map(_short, around)) or _short(scope.name)

    def _dead_ends(self) -> list[Step]:
        """The uses at which ways on from the node end: a gradient came to them, and was refused.

        Between the node and such a use nothing has a gradient.
        """
        uses: dict[int, list[int]] = {}
        for edge in self.graph.edges:
            if edge.target not in self.sent and edge.target != self.graph.outputs[0]:
                uses.setdefault(edge.source, []).append(edge.target)
        seen, front = {self.place}, deque([self.place])
        found: list[Step] = []
        while front:
            node = front.popleft()
            found += self.lost.get(node, [])
            further = [target for target in dict.fromkeys(uses.get(node, ())) if target not in seen]
            seen.update(further)
            front += further
        return found

    def _paths(self) -> Iterator[Path]:
        """The paths from the output to a node, one by one, in the order in which their gradient flowed.

        A path under way is a chain of links back to the node, so that it grows at no cost.
        """
        output, seed = self.graph.outputs[0], self.told.seed
        stack: list[_Link] = [(self.place, None, None)]
        while stack:
            link = stack.pop()
            if link[0] == output and link[1] is not None:
                yield Path(*_unrolled(link), seed)
            for step in reversed(self.sent.get(link[0], [])):
                assert step.edge is not None
                stack.append((step.edge.target, step.local, link))

    def _path_text(self, path: Path) -> str:
        stations = [self._station(node) for node in _shortened(path.nodes[:-1], -1)]
        slopes = [numeral(slope) if slope is not None else "…" for slope in _shortened(path.slopes, None)]
        product = " × ".join([numeral(path.seed)] * (path.seed != 1) + slopes)
        told = f"output {' → '.join([*stations, self.name])}: {product} = {numeral(path.contribution)}"
        return told + remark_on(self.told, path.nodes, path.slopes)

    def _station(self, place: int) -> str:
        if place < 0:
            return "…"
        node = self.graph.nodes[place]
        return f"{self.told.own_name(place)} {_short(operation_text(node)) if node.op else ''}".strip()


_Link = tuple[int, float | None, Any]


def _unrolled(link: _Link | None) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """The nodes and the slopes of a path, from the output on."""
    nodes, slopes = [], []
    while link is not None:
        node, slope, link = link
        nodes.append(node)
        if slope is not None:
            slopes.append(slope)
    return tuple(nodes), tuple(slopes)


def _shortened(row: Sequence[_T], gap: _T) -> list[_T]:
    """The first and the last of a long row."""
    return [*row] if len(row) <= LONGEST else [*row[: LONGEST // 2], gap, *row[-(LONGEST // 2) :]]


def _entered(scope: Scope | None, outside: Scope | None) -> list[str]:
    """The names of the scopes that one is in and the other is not, outer before inner; of many the innermost."""
    around = set(enclosing([outside]))
    return [inner.name for inner in enclosing([scope]) if inner not in around][-3:]


def _short(text: str) -> str:
    return visible(text, NAME)
