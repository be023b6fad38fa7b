"""Where a network's gradient went, in sentences of counted facts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence

from autodiff.ground.windows import Shape
from viz.nets.facts import Network
from viz.nets.fields import Field

__all__ = ["counted", "outside"]

OUTSIDE = 4  # layers that are named of those whose cells are not in the graph


def counted(net: Network) -> str:
    """Who chose how many cells, how many cells hand nothing on, how much of the input is reached."""
    chosen = {id(field): _chosen(net, field) for field in net.fields}
    winners = {winner for units in chosen.values() for winner in units.values()}
    told: list[str] = []
    for field in net.fields:
        told += _chose(net, field, chosen[id(field)])
        told += _stopped(net, [n for n in field.nodes.values() if n not in winners and net.stops(n)], field)
    told += net.said()
    for field in [one for one in net.fields if one.kind == "input"] or net.fields[:1]:
        told.append(_reached(net, field))
    return ". ".join(told) + "."


def _chosen(net: Network, field: Field) -> dict[int, int]:
    """Whom the units of a layer chose, if one of them had a choice: one may have read a single cell, too."""
    units = [unit for unit in field.nodes.values() if unit in net.gradients]
    if not any(unit in net.choices for unit in units):
        return {}
    return {unit: heirs[0] for unit in units if len(heirs := net.heirs(unit)) == 1}


def _chose(net: Network, field: Field, units: Mapping[int, int]) -> Iterator[str]:
    """How many units of a layer chose how many cells of others, and how many of these hand nothing on."""
    if not units:
        return
    every = [unit for unit in field.nodes.values() if net.reads(unit)]
    kind = "window" if all(_is_window(net, unit) for unit in units) else "cell"
    said = f"{_count(len(units), kind)} of {field.name} chose "
    if len(units) < len(every):
        said = f"{len(units)} of {_count(len(every), kind)} of {field.name} got gradient, and chose "
    winners = sorted({*units.values()})
    homes = {id(net.home[n][0]): net.home[n][0] for n in winners}
    parts = [
        f"{_count(sum(n in home.nodes.values() for n in winners), 'cell')} of {home.name}" for home in homes.values()
    ]
    ends = [winner for winner in winners if net.stops(winner)]
    yield said + " and ".join(parts) + (f", of which {len(ends)} {_end(net, ends)}" if ends else "")


def _is_window(net: Network, unit: int) -> bool:
    scope = net.graph.nodes[unit].scope
    return scope is not None and scope.part is not None and isinstance(scope.part.whole, Shape)


def _stopped(net: Network, ends: Sequence[int], field: Field) -> Iterator[str]:
    """How many cells of a layer got gradient and hand nothing on."""
    if ends:
        got = sum(n in net.gradients for n in field.nodes.values())
        yield f"{len(ends)} of {_count(got, 'cell')} of {field.name} that got gradient {_end(net, ends)}"


def _end(net: Network, ends: Sequence[int]) -> str:
    off = all(net.is_off(n) for n in ends)
    if len(ends) == 1:
        return "is off and hands nothing on" if off else "hands nothing on"
    return "are off and hand nothing on" if off else "hand nothing on"


def _reached(net: Network, field: Field) -> str:
    """How much of a layer got gradient."""
    got = [net.gradients[n] for n in field.nodes.values() if n in net.gradients]
    zeros, total = sum(x == 0 for x in got), math.prod(field.shape)
    said = f"{len(got)} of {_count(total, 'cell')} of {field.name} get{'s' if len(got) == 1 else ''} gradient"
    said += f", {zeros} of them a computed 0" if zeros else ""
    rest = "other" if total - len(got) == 1 else f"other {total - len(got)}"
    return said + (f"; to the {rest} there is no path" if len(got) < total else "")


def outside(net: Network, shown: Iterable[tuple[Field, Sequence[int]]]) -> str:
    """How many cells of layers, in these channels, are no part of the output's graph; empty where all are."""
    parts = []
    for field, channels in shown:
        if field.kind == "slope":
            continue
        known = sum(channel in channels for channel, _, _ in field.nodes)
        if missing := len(channels) * math.prod(field.shape[1:]) - known:
            parts.append(f"{missing} of {field.name}")
    if len(parts) > OUTSIDE + 1:
        parts[OUTSIDE:] = [f"{sum(int(part.split(' ')[0]) for part in parts[OUTSIDE:])} elsewhere"]
    return f"not in the graph of {net.name}: {', '.join(parts)}" if parts else ""


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")
