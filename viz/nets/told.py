"""Where a network's gradient went, in a sentence of counted facts."""

from __future__ import annotations

import math

from viz.nets.facts import Network

__all__ = ["counted"]


def counted(net: Network) -> str:
    """How many units chose how many cells, how many of these hand nothing on, and how much of the input is reached."""
    told = []
    by_layer: dict[int, list[int]] = {}
    for unit in net.choices:
        by_layer.setdefault(net.fields.index(net.home[unit][0]), []).append(unit)
    for place, units in by_layer.items():
        winners = {net.choices[unit] for unit in units}
        source = net.home[next(iter(winners))][0]
        off = sum(net.stops(winner) for winner in winners)
        chose, chosen = _count(len(units), "window"), _count(len(winners), "cell")
        said = f"{chose} of {net.fields[place].name} chose {chosen} of {source.name}"
        if off:
            said += (
                f", of which {off} {'is' if off == 1 else 'are'} off and {'hands' if off == 1 else 'hand'} nothing on"
            )
        told.append(said)
    first = net.fields[0]
    got = [net.gradients[n] for n in first.nodes.values() if n in net.gradients]
    zeros, total = sum(x == 0 for x in got), math.prod(first.shape)
    said = f"{len(got)} of {_count(total, 'cell')} of {first.name} get{'s' if len(got) == 1 else ''} gradient"
    said += f", {zeros} of them a computed 0" if zeros else ""
    said += f"; to the other {total - len(got)} there is no path" if len(got) < total else ""
    return ". ".join([*told, *net.said(), said]) + "."


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")
