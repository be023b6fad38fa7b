"""A graph as a sequence of steps. Each is a fact: a value computed, or a gradient contribution arriving."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, overload

from autodiff.facts.telling import Telling
from autodiff.graph import Edge, Flow, Graph
from autodiff.ground.markup import ends, table
from autodiff.ground.text import quoted
from autodiff.habits.answers import answered, got
from autodiff.language.ieee import real
from autodiff.recording.reverse import NO_PATH, held, peek, seed_of, topological
from autodiff.recording.value import Value
from autodiff.writing.phrases import is_own

__all__ = ["Snapshot", "Step", "Steps", "require_labels", "steps"]


@dataclass(frozen=True)
class Step:
    """One fact. ``phase`` is "forward" or "backward", ``node`` the number of the node whose number changes.

    Forward, ``after`` is the node's value. Backward, ``before`` and ``after`` are its gradient (None: none yet),
    ``edge`` the use that sent the contribution ``local * upstream``; ``local`` is None where there is no path, and
    the step of the output itself has no edge. ``print(step)`` says it in a sentence, which is made when it is read.
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

    if not TYPE_CHECKING:  # for type checkers the sentence is a field, and no other name is one

        def __getattr__(self, name: str) -> str:
            """The sentence of a step of :class:`Steps`, asked for the first time."""
            known = vars(self)
            if name != "sentence" or "_telling" not in known:
                return object.__getattribute__(self, name)  # raises as it does anywhere
            known["sentence"] = said = self._said(known["_telling"])
            return said

    def _said(self, telling: Telling) -> str:
        if self.phase == "forward":
            return telling.value(self.node)
        if self.edge is not None and self.local is None:
            return telling.refusal(self.edge)
        assert self.after is not None
        if self.edge is None:
            return telling.seed(self.node, self.after)
        assert self.local is not None
        assert self.upstream is not None
        return telling.arrival(self.edge, self.local, self.upstream, self.before, self.after)

    def __reduce__(self) -> tuple[type[Step], tuple[Any, ...]]:
        """A copy and a pickle have the sentence, and nothing of the graph."""
        return Step, tuple(getattr(self, each.name) for each in fields(self))


# What a step does not know, unless it is told.
_UNKNOWN = dict.fromkeys(("edge", "before", "after", "local", "upstream", "contribution"))


@dataclass
class Snapshot:
    """What is known after some steps: the numbers so far (None: not reached yet), and the flows that have arrived.

    ``gradients`` hold None where nothing has arrived, and ``NO_PATH`` where, at the end, nothing ever will.
    """

    values: list[float | None]
    gradients: list[float | None]
    flows: dict[Edge, Flow] = field(default_factory=dict)
    current: Step | None = None

    @classmethod
    def of(cls, graph: Graph) -> Snapshot:
        """What the Values themselves hold: their data, and what ``backward()`` left."""
        flows = {flow.edge: flow for flow in graph.flows()}
        return cls([*map(peek, graph.values)], [*map(held, graph.values)], flows)

    @classmethod
    def made(cls, graph: Graph) -> Snapshot:
        """What the Values held when the Graph was made, whatever has become of them since."""
        data, gradients = graph.made
        return cls([*data], [*gradients], {flow.edge: flow for flow in graph.flows(made=True)})

    def lost(self, graph: Graph) -> set[int]:
        """The nodes that nothing can reach any more: every use is refused, or leads to one of them."""
        open_still = set(graph.outputs)
        for edge in reversed(graph.edges):
            flow = self.flows.get(edge)
            if edge.target in open_still and (flow is None or flow.local is not None):
                open_still.add(edge.source)
        return {number for number, gradient in enumerate(self.gradients) if gradient is NO_PATH} | (
            {*range(len(graph))} - open_still
        )


class Steps(Sequence[Step]):
    """The steps of a frozen graph, first forward, then backward; ``forward`` is the number of forward steps.

    The gradients are computed here, for themselves: no Value is changed. ``seed`` is what they begin with. Of a Graph
    instead of its output some leaves may be ``constants``: no step sends a gradient there.
    """

    def __init__(
        self,
        output: Value | Graph,
        labels: Mapping[int, str] | None = None,
        seed: float | None = None,
        constants: Collection[int] = (),
    ) -> None:
        self.graph = output if isinstance(output, Graph) else Graph(output)
        last = self.graph.values[self.graph.outputs[0]]
        topological([last])  # refuses changed data
        self.seed = seed_of(last) if seed is None else real(seed)
        self.telling = Telling(self.graph.nodes, labels, [value.data for value in self.graph.values], constants)
        self._steps: list[Step] = []
        for place, value in enumerate(self.telling.data):
            self._add("forward", place, after=value)
        self.forward = len(self._steps)
        self._run_backward()

    @property
    def labels(self) -> list[str]:
        """What each node is called: its name, the one given for it, or ``v7``."""
        return self.telling.labels

    def own_name(self, place: int) -> str:
        """The name that somebody gave a node, as it is told from others; empty where nobody did."""
        return self.labels[place] if is_own(place, self.labels[place]) else ""

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

    def _repr_html_(self) -> str:
        first, between, last = ends(len(self))
        rows = [(str(step.index), step.phase, step.sentence) for step in map(self._steps.__getitem__, (*first, *last))]
        if between:
            rows.insert(len(first), ("…", "", f"{between} steps more"))
        return table(("step", "phase", "what happens"), rows)

    def _add(self, phase: str, node: int, **facts: float | Edge | None) -> None:
        step = object.__new__(Step)  # without its sentence
        vars(step).update(_UNKNOWN, index=len(self._steps), phase=phase, node=node, _telling=self.telling, **facts)
        self._steps.append(step)

    def _run_backward(self) -> None:
        """Every use of a node that a gradient reaches, in the order of ``backward()``."""
        telling, output = self.telling, self.graph.outputs[0]
        gradients = {output: self.seed}
        self._add("backward", output, after=self.seed)
        uses: list[list[Edge]] = [[] for _ in self.graph]
        for edge in self.graph.edges:
            if edge.source not in telling.constants:
                uses[edge.target].append(edge)
        for node in reversed(self.graph.nodes):
            if node.op is None or node.number not in gradients:
                continue
            numbers, out = telling.operands(node.number), telling.data[node.number]
            slopes = node.op.local_derivatives(*numbers, out)
            sent = node.op.contributions(*numbers, out, gradients[node.number])
            for edge in uses[node.number]:
                self._send(edge, slopes[edge.position], sent[edge.position], gradients)

    def _send(self, edge: Edge, local: float | None, flow: float | None, gradients: dict[int, float]) -> None:
        """One use: what it contributes to the gradient of its operand."""
        up, before = gradients[edge.target], gradients.get(edge.source)
        if flow is None:  # no path, whatever the slope would be
            self._add("backward", edge.source, edge=edge, before=before, after=before, upstream=up)
            return
        gradients[edge.source] = after = flow if before is None else before + flow
        facts = {"before": before, "after": after, "local": local, "upstream": up, "contribution": flow}
        self._add("backward", edge.source, edge=edge, **facts)

    def _learn(self, step: Step, now: Snapshot) -> None:
        """A snapshot after one more step."""
        now.current = step
        if step.phase == "forward":
            now.values[step.node] = step.after
            self._decide(step.node, now)
            return
        now.gradients[step.node] = step.after
        if step.edge is not None:
            now.flows[step.edge] = Flow(step.edge, step.local, step.upstream, step.contribution)
        if step.index == len(self) - 1:
            ended = (NO_PATH if gradient is None else gradient for gradient in now.gradients)
            now.gradients = [None if n in self.telling.constants else gradient for n, gradient in enumerate(ended)]

    def _decide(self, place: int, now: Snapshot) -> None:
        """A choice is known as soon as it is computed: which operand was taken, before any gradient."""
        op = self.graph.nodes[place].op
        if op is not None and op.is_choice:
            slopes = op.local_derivatives(*self.telling.operands(place), self.telling.data[place])
            for position, arg in enumerate(self.graph.nodes[place].args):
                if isinstance(arg, int):
                    edge = Edge(arg, place, position)
                    now.flows[edge] = Flow(edge, slopes[position], None, None)

    def _begin(self) -> Snapshot:
        """The snapshot before the first step."""
        return Snapshot([None] * len(self.graph), [None] * len(self.graph))

    def snapshot(self, index: int) -> Snapshot:
        """What is known after step number ``index`` (negative numbers count from the end)."""
        now = self._begin()
        for step in self._steps[: self._steps[index].index + 1]:
            self._learn(step, now)
        return now

    def snapshots(self) -> Iterator[Snapshot]:
        """What is known after each step in turn; each snapshot is made of the one before it.

        >>> x = Value(3.0, "x")
        >>> [snapshot.values for snapshot in steps(x + 1).snapshots()]
        [[3.0, None], [3.0, 4.0], [3.0, 4.0], [3.0, 4.0]]
        """
        now = self._begin()
        for step in self._steps:
            self._learn(step, now)
            yield Snapshot([*now.values], [*now.gradients], dict(now.flows), step)


@answered
def steps(output: Value, labels: Mapping[int, str] | None = None, *, seed: float | None = None) -> Steps:
    """Every fact of computing ``output`` and its gradient, one by one; the gradients of the Values stay as they are.

    ``labels`` names nodes, by number; unnamed ones are else ``v7``. ``seed`` is the gradient that arrives at the
    output: by default that of the pass that was run (``output.backward(0.7)``), or 1 where none was. ``StaleError``
    when data were changed after they had been used, ``TypeError`` for anything but a Value.

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
        raise TypeError(f"steps are taken of a Value, got {got(output)}")
    require_labels(labels)
    return Steps(output, labels, seed)


def require_labels(labels: object) -> None:
    """Refuse what is no mapping from numbers of nodes to names: a seed perhaps, given by its place."""
    wanted = "labels= is a dict from numbers of nodes to names, such as {0: 'x'}"
    if labels is not None and not isinstance(labels, Mapping):
        raise TypeError(
            f"{wanted}, got {type(labels).__name__} {quoted(labels, 40)}; the gradient that the pass begins with "
            "is seed=0.7"
        )
    for number, name in (labels or {}).items():
        if type(number) is not int or not isinstance(name, str):
            raise TypeError(f"{wanted}, got {quoted(number, 40)}: {quoted(name, 40)}; a Value is named by x.name = 'x'")
