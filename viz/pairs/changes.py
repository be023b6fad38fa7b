"""What differs between two moments, as facts: other numbers, other choices, gradients that were added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from autodiff import Edge, Node
from autodiff.facts.decisions import rivals
from autodiff.language.ieee import agree
from autodiff.recording.reverse import NO_PATH
from viz.pairs.matching import Moment

__all__ = ["Changes", "Choice", "same_number"]

CHAINED = ("maximum", "minimum")  # a window, or max of many, is a chain of these


def same_number(one: float | None, other: float | None) -> bool:
    """Whether two numbers are the same: a nan is a nan, and no number, and no path, are no zero."""
    if one is None or other is None or one is NO_PATH or other is NO_PATH:
        return one is other
    return one == other or (one != one and other != other)


@dataclass(frozen=True)
class Choice:
    """A choice that was decided otherwise: at node ``number``, between operands.

    ``won`` and ``lost`` are the operands that the gradient is passed on to, after and before: the number of a node,
    a constant (a float), or None where it passes nothing. ``sent`` is the gradient that has arrived there since.
    """

    number: int
    won: object
    lost: object
    sent: float | None


@dataclass(frozen=True)
class Changes:
    """Two moments, and for each node of the second the node of the first that stands in its place.

    ``alike`` tells whether the structure is the same, so that every node has a twin.
    """

    before: Moment
    after: Moment
    twins: Mapping[int, int]
    alike: bool

    @cached_property
    def values(self) -> Mapping[int, float | None]:
        """Of each node whose value is another, the value that it had."""
        old, new = self.before.snapshot.values, self.after.snapshot.values
        return {a: old[b] for a, b in self.twins.items() if not same_number(old[b], new[a])}

    @cached_property
    def gradients(self) -> Mapping[int, float | None]:
        """Of each node whose gradient is another, the gradient that it had."""
        old, new = self.before.snapshot.gradients, self.after.snapshot.gradients
        return {a: old[b] for a, b in self.twins.items() if not same_number(old[b], new[a])}

    @cached_property
    def constants(self) -> Sequence[int]:
        """The nodes whose constant operands are others."""
        nodes, old = self.after.graph.nodes, self.before.graph.nodes
        pairs = ((nodes[a], old[b]) for a, b in self.twins.items())
        return [node.number for node, twin in pairs if _constants(node) != _constants(twin)]

    @cached_property
    def choices(self) -> Sequence[Choice]:
        """The choices that were decided otherwise, each chain of maxima told once, at its end."""
        found, later = [], {old: new for new, old in self.twins.items()}
        for a, b in sorted(self.twins.items()):
            node, like = self.after.graph.nodes[a], self.before.graph.nodes[b]
            if node.op is None or like.op is None or node.op.name != like.op.name or self._goes_on(node):
                continue
            won, lost = _passed_to(self.after, a), _passed_to(self.before, b)
            if won is MISSING or lost is MISSING or won == (later.get(lost) if isinstance(lost, int) else lost):
                continue
            gradient = self.after.snapshot.gradients[a]
            found.append(Choice(a, won, lost, None if gradient is NO_PATH else gradient))
        return found

    def _goes_on(self, node: Node) -> bool:
        """Whether a node is a link of a chain of maxima that is told at its end."""
        assert node.op is not None
        nodes = self.after.graph.nodes
        users = self._users.get(node.number, ())
        return node.op.name in CHAINED and any(_links(nodes[user], node) for user in users)

    @cached_property
    def _users(self) -> Mapping[int, Sequence[int]]:
        found: dict[int, list[int]] = {}
        for edge in self.after.graph.edges:
            found.setdefault(edge.source, []).append(edge.target)
        return found

    @cached_property
    def step(self) -> float | None:
        """The factor by which every leaf that is another was moved along its gradient of before, -0.1 say; else None.

        One leaf alone tells nothing: some factor fits it always.
        """
        snapshot, factors = self.before.snapshot, []
        for number, old in self.values.items():
            if self.after.graph.nodes[number].op is None:
                slope, new = snapshot.gradients[self.twins[number]], self.after.snapshot.values[number]
                if not slope or old is None or new is None:
                    return None
                factors.append((new - old) / slope)
        if len(factors) < 2 or not all(abs(factor - factors[0]) <= 1e-6 * abs(factors[0]) for factor in factors):
            return None
        return float(f"{factors[0]:.6g}")  # 0.1, and not what is left of it in the last bits

    @cached_property
    def passes(self) -> tuple[int, int] | None:
        """How many passes the leaves have added up, before and after, where that is all that differs; else None."""
        if not self.alike or self.values or not self.gradients or self.constants:
            return None
        counts = _passes(self.before), _passes(self.after)
        return None if None in counts or counts[0] == counts[1] else counts  # type: ignore[return-value]

    @cached_property
    def added(self) -> Sequence[int]:
        """The leaves that hold what they held before and what this pass has sent: nobody has set them back."""
        arrived, found = arrivals(self.after), []
        for number in self.after.graph.leaves:
            old, new = self.gradients.get(number), self.after.snapshot.gradients[number]
            sent = arrived.get(number)
            if old and new and sent and agree(new, old + sent) and not agree(new, sent):
                found.append(number)
        return found


MISSING = object()


def _constants(node: Node) -> list[float]:
    return [arg for arg in node.args if isinstance(arg, float)]


def _links(user: Node, node: Node) -> bool:
    """Whether two nodes are links of one chain of maxima."""
    return user.op is not None and node.op is not None and user.op.name == node.op.name and user.scope is node.scope


def _passed_to(moment: Moment, number: int) -> object:
    """The one operand that a choice passes the gradient to, None where there is none; MISSING where it is no choice."""
    node = moment.graph.nodes[number]
    while True:
        assert node.op is not None
        between = rivals(node.op)
        if not between:
            return MISSING
        taken = [at for at in between if _takes(moment, node, at)]
        if not taken:  # a constant has no line: it won if none of the others did
            constants = [node.args[at] for at in between if isinstance(node.args[at], float)]
            return constants[0] if len(constants) == 1 and len(between) > 1 else None
        if len(taken) > 1:
            return MISSING
        won = node.args[taken[0]]
        below = moment.graph.nodes[won] if isinstance(won, int) else None
        if below is None or below.op is None or node.op.name not in CHAINED or not _links(below, node):
            return won
        node = below


def _takes(moment: Moment, node: Node, position: int) -> bool:
    """Whether a choice passes its gradient on to this operand."""
    source = node.args[position]
    return isinstance(source, int) and moment.snapshot.flows[Edge(source, node.number, position)].local is not None


def arrivals(moment: Moment) -> dict[int, float]:
    """What the flows of a moment bring to each node, added up."""
    found: dict[int, float] = {}
    for edge, flow in moment.snapshot.flows.items():
        if flow.contribution is not None:
            found[edge.source] = found.get(edge.source, 0.0) + flow.contribution
    return found


def _passes(moment: Moment) -> int | None:
    """How many times what one pass sends every leaf holds; None where that is no whole number, the same for all."""
    sent = arrivals(moment)
    counts = set()
    for number in moment.graph.leaves:
        held, one = moment.snapshot.gradients[number], sent.get(number)
        if one:
            times = round((held or 0.0) / one)
            if not agree(held or 0.0, times * one):
                return None
            counts.add(times)
    return counts.pop() if len(counts) == 1 else None
