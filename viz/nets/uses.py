"""Each use of a weight: which cell it helps to compute, what it is multiplied by there, and what comes back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from viz.nets.facts import Network
from viz.nets.fields import Field, Place3

__all__ = ["Use", "by_layer", "helped", "places_of", "uses_of"]

ACROSS = 16  # uses beside one another


@dataclass(frozen=True)
class Use:
    """One use of a weight; ``sent`` is ``local`` × ``arrived``, its part of the gradient, None where nothing flows.

    ``local`` is what it is multiplied by, or the slope of what reads it; ``arrived`` is δ there. ``field`` and ``at``
    are the layer and the place of the cell that it helps to compute; ``nth`` counts its uses for that cell.
    """

    target: int
    field: Field
    at: Place3
    nth: int
    local: float | None
    arrived: float | None
    sent: float | None

    @property
    def is_alone(self) -> bool:
        """Whether its cell is part of a vector, where a weight has but one use each time."""
        channels, _, columns = self.field.shape
        return channels == columns == 1


def helped(net: Network) -> dict[int, int]:
    """The cell that each node of no layer helps to compute: the first one, if there are several."""
    found: dict[int, int] = {}
    for number in sorted(net.home):
        stack = [number]
        while stack:
            for arg in net.operands(stack.pop()):
                if arg not in net.home and arg not in found:
                    found[arg] = number
                    stack.append(arg)
    return found


def uses_of(net: Network, weights: Iterable[int]) -> dict[int, list[Use]]:
    """The uses of these leaves in the order in which they were recorded; their parts sum up to the gradient."""
    found: dict[int, list[Use]] = {weight: [] for weight in weights}
    cells = helped(net)
    counts: dict[tuple[int, int], int] = {}
    for node in net.graph.nodes:
        for position, arg in enumerate(node.args):
            if isinstance(arg, int) and arg in found:
                cell = node.number if node.number in net.home else cells[node.number]
                nth = counts[arg, cell] = counts.get((arg, cell), -1) + 1
                found[arg].append(_use(net, node.number, position, cell, nth))
    return found


def _use(net: Network, number: int, position: int, cell: int, nth: int) -> Use:
    node, (field, at) = net.graph.nodes[number], net.home[cell]
    assert node.op is not None
    data = [net.values[arg] if isinstance(arg, int) else arg for arg in node.args]
    made, arrived = net.values[number], net.gradients.get(number)
    local = node.op.local_derivatives(*data, made)[position]
    sent = None if arrived is None else node.op.contributions(*data, made, arrived)[position]
    return Use(number, field, at, nth, local, arrived, sent)


def by_layer(uses: Iterable[Use]) -> list[list[Use]]:
    """Uses that are one map: for cells of one channel of one layer; for vectors those of all times, in their order."""
    found: dict[tuple[object, ...], list[Use]] = {}
    for use in uses:
        key = (use.field.layer,) if use.is_alone else (id(use.field), use.at[0], use.nth)
        found.setdefault(key, []).append(use)
    return [*found.values()]


def places_of(group: Sequence[Use]) -> tuple[Place3, dict[Place3, Use]]:
    """The shape of their map, and where each of them stands: at its cell's place, or one after the other."""
    if not group[0].is_alone:
        return (1, *group[0].field.shape[1:]), {(0, *use.at[1:]): use for use in group}
    across = min(len(group), ACROSS)
    return (1, -(-len(group) // across), across), {(0, *divmod(k, across)): use for k, use in enumerate(group)}
