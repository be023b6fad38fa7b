"""What a program cannot take over from its graph: numbers that were written by hand, branches that Python took."""

from __future__ import annotations

from math import inf
from typing import Any

from autodiff.habits.answers import got, warn
from autodiff.recording.reverse import born, describe, read_at, staleness, topological
from autodiff.recording.value import Value

__all__ = ["FrozenBranchWarning", "check_leaves", "refuse_overwritten", "warn_of_frozen_branches"]


class FrozenBranchWarning(UserWarning):
    """A number was read while the graph was recorded: a Python ``if`` on it is not part of the program."""


def check_leaves(outputs: list[Any], inputs: list[Value], params: list[Any]) -> None:
    """Refuse what is no Value, inputs and parameters that are computed, and those that stand twice."""
    for node in (*outputs, *inputs, *params):
        if not isinstance(node, Value):
            tip = "; for one of several outputs write Program(scores[k], ...)" if hasattr(node, "__len__") else ""
            raise TypeError(f"a Program is made of Values, got {got(node)}{tip}")
    if not outputs:
        raise ValueError("a Program needs at least one output")
    leaves = [*inputs, *params]
    for leaf in leaves:
        if leaf.op is not None:
            raise ValueError(f"{describe(leaf)} is computed; inputs and params must be leaves")
    twice = next((leaf for i, leaf in enumerate(leaves) if leaf in leaves[:i]), None) if len(leaves) < 64 else None
    if twice is not None or len(set(leaves)) < len(leaves):
        raise ValueError(f"{describe(twice) if twice else 'a leaf'} stands twice among inputs and params")


def refuse_overwritten(nodes: list[Value]) -> None:
    """A program computes everything anew, so that stale nodes do no harm; a computed number that was written does."""
    for node in nodes:
        if node.op is not None and staleness(node) == inf:
            topological([node])  # raises StaleError


def warn_of_frozen_branches(nodes: list[Value], inputs: set[Value]) -> None:
    """Warn of a number that was read after the first computed node was recorded, and before the last one was.

    An input that was read at the very moment before the first one counts too: ``y = x * 2 if x.data > 0 else -x``.
    """
    computed = [node for node in nodes if node.op is not None]
    if not computed:
        return
    first, last = born(computed[0]), born(computed[-1])
    for node in nodes:
        if first < read_at(node) < last or (node in inputs and read_at(node) == first - 1):
            warn(
                f"the .data of {describe(node)} was read while this graph was being recorded. If a Python `if` or "
                "`max()` depended on it, only the branch taken then is in the program; use where(condition, x, y), "
                "maximum() or minimum(), which are decided anew for every sample",
                FrozenBranchWarning,
            )
            return
