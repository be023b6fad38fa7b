"""A step in a sentence, made when somebody reads it."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property

from autodiff.facts.decisions import branch
from autodiff.facts.words import (
    SENTENCES,
    call_template,
    filled,
    formula_template,
    is_arithmetic,
    labels,
    reason,
    tie_of,
    why_no_path,
)
from autodiff.graph import Edge, Node
from autodiff.language.notation import numeral
from autodiff.table.operations import Operation

__all__ = ["Telling"]


class Telling:
    """What is said of the steps of one graph.

    It has the numbers of the moment in which the steps were taken, and neither Values nor steps, so that a step may
    keep it: no cycle, and no graph that lives on because a step does.
    """

    def __init__(
        self,
        nodes: Sequence[Node],
        given: Mapping[int, str] | None,
        data: Sequence[float],
        constants: Collection[int] = (),
    ) -> None:
        self.nodes, self.given, self.data, self.constants = nodes, dict(given or {}), data, constants

    @cached_property
    def labels(self) -> list[str]:
        """What each node is called."""
        return labels(self.nodes, self.given)

    def called(self, place: int) -> str:
        """What a node is called in a sentence: a constant is its number."""
        return numeral(self.data[place]) if place in self.constants else self.labels[place]

    def operands(self, place: int) -> list[float]:
        """The numbers that a node was computed from."""
        data = self.data
        return [data[arg] if isinstance(arg, int) else arg for arg in self.nodes[place].args]

    def value(self, place: int) -> str:
        """A value that is computed, or a leaf's; of a choice also what it was decided by."""
        op, value = self.nodes[place].op, self.data[place]
        words = {"name": self.labels[place], "value": numeral(value)}
        if op is None:
            return SENTENCES["constant" if place in self.constants else "leaf"].format(**words)
        numbers = self.operands(place)
        words["call"] = filled(call_template(op), [numeral(x) for x in numbers])
        words["reason"] = self._choice(op, numbers, value)
        return SENTENCES["choice" if words["reason"] else "forward"].format(**words)

    def seed(self, place: int, given: float) -> str:
        """The gradient that a pass begins with."""
        return SENTENCES["seed" if given == 1 else "given"].format(name=self.labels[place], value=numeral(given))

    def arrival(self, edge: Edge, local: float, upstream: float, before: float | None, after: float) -> str:
        """A contribution that arrives over a use, and where its slope comes from."""
        words = {"name": self.labels[edge.source], "local": numeral(local), "upstream": numeral(upstream)}
        words |= {"after": numeral(after), "before": "" if before is None else numeral(before)}
        return SENTENCES["first" if before is None else "more"].format(**words) + self._slope(edge, local)

    def refusal(self, edge: Edge) -> str:
        """A use that has no path, and why."""
        words = {"name": self.labels[edge.source], "target": self.labels[edge.target], "reason": ""}
        op, numbers, out = self._at(edge)
        _, test, holds = branch(op, edge.position, numbers, out)
        if test is None:
            return SENTENCES["never"].format(**words)
        tie = tie_of(op, edge.position, numbers, out)
        words["reason"] = tie or reason(op, test, numbers, out, holds)
        return SENTENCES["tied" if tie else "off" if len(op.inputs) == 1 else "refused"].format(**words)

    def tie(self, edge: Edge) -> str:
        """What is said of a use whose operand tied with others; empty where it did not."""
        op, numbers, out = self._at(edge)
        return tie_of(op, edge.position, numbers, out)

    def why_no_path(self, edge: Edge) -> str:
        """Why a use has no path, in a word or two; a tie is called one."""
        op, numbers, out = self._at(edge)
        return tie_of(op, edge.position, numbers, out) or why_no_path(self.nodes[edge.target], edge.position)

    def _at(self, edge: Edge) -> tuple[Operation, list[float], float]:
        """The operation that makes a use, with its numbers."""
        op = self.nodes[edge.target].op
        assert op is not None
        return op, self.operands(edge.target), self.data[edge.target]

    def _choice(self, op: Operation, numbers: Sequence[float], value: float) -> str:
        """What decided a choice: that equals tied, else the words of its first conditional partial."""
        positions = range(len(op.partials) if op.is_choice else 0)
        ties = filter(None, (tie_of(op, position, numbers, value) for position in positions))
        found = (branch(op, position, numbers, value) for position in positions)
        reasons = (reason(op, test, numbers, value, holds) for _, test, holds in found if test is not None)
        return next(ties, None) or next(reasons, "")

    def _slope(self, edge: Edge, local: float) -> str:
        """Where the local derivative comes from: its formula with the names of this graph, or the decision."""
        op, numbers, out = self._at(edge)
        formula, test, holds = branch(op, edge.position, numbers, out)
        if is_arithmetic(formula):
            test = None
        elif test is None and not isinstance(formula, ast.Name):
            return ""  # a slope that is always 1, or -1
        names = [self.called(arg) if isinstance(arg, int) else numeral(arg) for arg in self.nodes[edge.target].args]
        call = filled(call_template(op), names)
        text = filled(formula_template(op, formula), names, call)
        if text != numeral(local):
            text = SENTENCES["value"].format(formula=text, local=numeral(local))
        words = {
            "call": call if op.notation == "call" else f"({call})",
            "operand": names[edge.position],
            "formula": text,
        }
        if test is None:
            return SENTENCES["slope"].format(**words)
        tie = tie_of(op, edge.position, numbers, out)
        return SENTENCES["since"].format(**words, reason=tie or reason(op, test, numbers, out, holds))
