"""Floor 3: a graph as a sequence of steps. Each is a fact: a value computed, or a gradient contribution arriving."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import overload

from autodiff.facts.words import (
    SENTENCES,
    branch,
    call_template,
    filled,
    formula_template,
    is_arithmetic,
    labels,
    reason,
    refusal,
)
from autodiff.graph import Edge, Flow, Graph
from autodiff.recording.reverse import NO_PATH, seed_of, topological
from autodiff.recording.value import Value
from autodiff.table.ieee import real
from autodiff.table.notation import number
from autodiff.table.operations import Operation

__all__ = ["Moment", "Step", "Steps", "require_names", "steps"]


@dataclass(frozen=True)
class Step:
    """One fact. ``phase`` is "forward" or "backward", ``node`` the number of the node whose number changes.

    Forward, ``after`` is the node's value. Backward, ``before`` and ``after`` are its gradient (None: none yet),
    ``edge`` the use that sent the contribution ``local * upstream``; ``local`` is None where there is no path, and
    the step of the output itself has no edge. ``print(step)`` says it in a sentence.
    """

    index: int
    phase: str
    node: int
    edge: Edge | None
    before: float | None
    after: float | None
    local: float | None
    upstream: float | None
    contribution: float | None
    sentence: str

    def __str__(self) -> str:
        return f"{self.index:4d}  {self.phase:8s}  {self.sentence}"


@dataclass
class Moment:
    """What is known after some steps: the numbers so far (None: not reached yet), and the flows that have arrived.

    ``gradients`` hold None where nothing has arrived, and ``NO_PATH`` where, at the end, nothing ever will.
    """

    values: list[float | None]
    gradients: list[float | None]
    flows: dict[Edge, Flow] = field(default_factory=dict)
    current: Step | None = None

    @classmethod
    def of(cls, graph: Graph) -> Moment:
        """The moment that the Values themselves are in: their data, and what ``backward()`` left."""
        flows = {flow.edge: flow for flow in graph.flows()}
        return cls([value._data for value in graph.values], [value._grad for value in graph.values], flows)


class Steps(Sequence[Step]):
    """The steps of a frozen graph, first forward, then backward; ``forward`` is the number of forward steps.

    The gradients are computed here, for themselves: no Value is changed. ``seed`` is what they begin with.
    """

    def __init__(self, output: Value, names: Mapping[int, str] | None = None, seed: float | None = None) -> None:
        topological([output])  # refuses changed data
        self.seed = seed_of(output) if seed is None else real(seed)
        self.graph = Graph(output)
        self.labels = labels(self.graph, names)
        self._data = [value.data for value in self.graph.values]
        self._steps: list[Step] = []
        self._run_forward()
        self.forward = len(self._steps)
        self._run_backward()

    def __len__(self) -> int:
        return len(self._steps)

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> list[Step]: ...
    def __getitem__(self, index: int | slice) -> Step | list[Step]:
        return self._steps[index]

    def __repr__(self) -> str:
        return f"<{self.forward} steps forward, {len(self) - self.forward} backward>"

    def _add(self, phase: str, node: int, sentence: str, **facts: float | Edge | None) -> None:
        known: dict[str, float | Edge | None] = dict.fromkeys(
            ("edge", "before", "after", "local", "upstream", "contribution")
        )
        self._steps.append(Step(len(self._steps), phase, node, sentence=sentence, **{**known, **facts}))  # type: ignore[arg-type]

    def _run_forward(self) -> None:
        for node in self.graph:
            value = self._data[node.number]
            words = {"name": self.labels[node.number], "value": number(value)}
            if node.op is None:
                sentence = SENTENCES["leaf"].format(**words)
            else:
                numbers = self._operands(node.number)
                words["call"] = filled(call_template(node.op), [number(x) for x in numbers])
                words["reason"] = _decision(node.op, numbers, value) if node.op.chooses_between() else ""
                sentence = SENTENCES["choice" if words["reason"] else "forward"].format(**words)
            self._add("forward", node.number, sentence, after=value)

    def _run_backward(self) -> None:
        output = self.graph.outputs[0]
        gradients = {output: self.seed}
        words = {"name": self.labels[output], "value": number(self.seed)}
        self._add("backward", output, SENTENCES["seed" if self.seed == 1 else "given"].format(**words), after=self.seed)
        for node in reversed(self.graph.nodes):
            if node.op is None or node.number not in gradients:
                continue
            numbers, out = self._operands(node.number), self._data[node.number]
            slopes = node.op.locals(*numbers, out)
            sent = node.op.contributions(*numbers, out, gradients[node.number])
            for position, arg in enumerate(node.args):
                if isinstance(arg, int):
                    edge = Edge(arg, node.number, position)
                    self._send(edge, node.op, slopes[position], sent[position], gradients, numbers)

    def _send(
        self,
        edge: Edge,
        op: Operation,
        local: float | None,
        flow: float | None,
        gradients: dict[int, float],
        numbers: list[float],
    ) -> None:
        """One use: what it contributes to the gradient of its operand, in the order of ``backward()``."""
        up, before = gradients[edge.target], gradients.get(edge.source)
        if local is None or flow is None:
            sentence = self._refusal(edge, op, numbers)
            self._add("backward", edge.source, sentence, edge=edge, before=before, after=before, upstream=up)
            return
        gradients[edge.source] = after = flow if before is None else before + flow
        words = {"name": self.labels[edge.source], "local": number(local), "upstream": number(up)}
        words |= {"after": number(after), "before": "" if before is None else number(before)}
        sentence = SENTENCES["first" if before is None else "more"].format(**words) + self._slope(
            edge, op, numbers, local
        )
        self._add(
            "backward",
            edge.source,
            sentence,
            edge=edge,
            before=before,
            after=after,
            local=local,
            upstream=up,
            contribution=flow,
        )

    def _decide(self, place: int, now: Moment) -> None:
        """A choice is known as soon as it is computed: which operand was taken, before any gradient."""
        op = self.graph.nodes[place].op
        if op is not None and op.chooses_between():
            slopes = op.locals(*self._operands(place), self._data[place])
            for position, arg in enumerate(self.graph.nodes[place].args):
                if isinstance(arg, int):
                    edge = Edge(arg, place, position)
                    now.flows[edge] = Flow(edge, slopes[position], None, None)

    def _operands(self, node: int) -> list[float]:
        return [self._data[arg] if isinstance(arg, int) else arg for arg in self.graph.nodes[node].args]

    def _slope(self, edge: Edge, op: Operation, numbers: list[float], local: float) -> str:
        """Where the local derivative comes from: its formula with the names of this graph, or the decision."""
        formula, test, holds = branch(op, edge.position, numbers, self._data[edge.target])
        if is_arithmetic(formula):
            test = None
        elif test is None and not isinstance(formula, ast.Name):
            return ""  # a slope that is always 1, or -1
        names = self._names(edge.target)
        call = filled(call_template(op), names)
        text = filled(formula_template(op, formula), names, call)
        if text != number(local):
            text = SENTENCES["value"].format(formula=text, local=number(local))
        words = {
            "call": call if op.notation == "call" else f"({call})",
            "operand": names[edge.position],
            "formula": text,
        }
        if test is None:
            return SENTENCES["slope"].format(**words)
        return SENTENCES["since"].format(**words, reason=reason(op, test, numbers, self._data[edge.target], holds))

    def _refusal(self, edge: Edge, op: Operation, numbers: list[float]) -> str:
        _, test, holds = branch(op, edge.position, numbers, self._data[edge.target])
        words = {"name": self.labels[edge.source], "target": self.labels[edge.target], "reason": ""}
        if test is not None:
            words["reason"] = reason(op, test, numbers, self._data[edge.target], holds)
        return SENTENCES[refusal(op, test, words["reason"])].format(**words)

    def _names(self, node: int) -> list[str]:
        return [self.labels[arg] if isinstance(arg, int) else number(arg) for arg in self.graph.nodes[node].args]

    def moment(self, index: int) -> Moment:
        """What is known after step number ``index`` (negative numbers count from the end)."""
        step = self._steps[index]
        now = Moment([None] * len(self.graph), [None] * len(self.graph), current=step)
        for known in self._steps[: step.index + 1]:
            if known.phase == "forward":
                now.values[known.node] = known.after
                self._decide(known.node, now)
                continue
            now.gradients[known.node] = known.after
            if known.edge is not None:
                now.flows[known.edge] = Flow(known.edge, known.local, known.upstream, known.contribution)
        if step.index == len(self) - 1:
            now.gradients = [NO_PATH if gradient is None else gradient for gradient in now.gradients]
        return now


def steps(output: Value, names: Mapping[int, str] | None = None, *, seed: float | None = None) -> Steps:
    """Every fact of computing ``output`` and its gradient, one by one; the gradients of the Values stay as they are.

    ``names`` calls unnamed nodes, by number; else they are ``v7``. ``seed`` is the gradient that arrives at the output:
    by default that of the pass that was run (``output.backward(0.7)``), or 1 where none was. ``StaleError`` when data
    were changed after they had been used, ``TypeError`` for anything but a Value.

    >>> x = Value(3.0, "x")
    >>> for step in steps(x * x):
    ...     print(step)
       0  forward   x = 3
       1  forward   v1 = 3 × 3 = 9
       2  backward  v1.grad = 1: the gradient of the output in itself
       3  backward  x.grad = local 3 × upstream 1 = 3 (local: ∂(x × x)/∂x = x = 3)
       4  backward  x.grad: 3 += local 3 × upstream 1 → 6 (local: ∂(x × x)/∂x = x = 3)
    """
    if not isinstance(output, Value):
        raise TypeError(f"steps are taken of a Value, got {type(output).__name__}")
    require_names(names)
    return Steps(output, names, seed)


def require_names(names: object) -> None:
    """Refuse what is no mapping from numbers of nodes to names: a seed perhaps, given by its place."""
    if names is not None and not isinstance(names, Mapping):
        raise TypeError(
            f"names= is a dict from numbers of nodes to names, got {type(names).__name__} {names!r:.40}; the gradient "
            "that the pass begins with is seed=0.7"
        )


def _decision(op: Operation, numbers: Sequence[float], value: float) -> str:
    """What decided a choice, in the words of its first conditional partial."""
    for position in range(len(op.partials)):
        _, test, holds = branch(op, position, numbers, value)
        if test is not None:
            return reason(op, test, numbers, value, holds)
    return ""
