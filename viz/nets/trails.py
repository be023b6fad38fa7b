"""Ways worth telling: from units that chose one of the cells that they read, back to whom they chose, and on."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from autodiff.facts.words import why_no_path
from autodiff.ground.text import letter
from viz.ink.theme import Theme
from viz.nets.facts import Network
from viz.nets.figures import figured
from viz.nets.plan import Column
from viz.pools.marks import Run

__all__ = ["Trail", "notes", "trails"]

FIGURES = 8  # after the point, at most, in a sum that is written out


@dataclass(frozen=True)
class Trail:
    """The way back from one unit that chose: itself, whom it chose, and on, as long as there is one heir."""

    letter: str
    units: tuple[int, ...]
    read: tuple[int, ...]  # what the last one read, if it hands gradient to several
    stops: bool
    colour: str


def trails(network: Network, look: Theme, shown: Container[int] | None = None) -> list[Trail]:
    """Some ways that tell most: two that meet, and one that ends where a function is off.

    Of a network of which a part is shown, these nodes, they begin and go on in it.
    """
    found: list[Trail] = []
    for k, unit in enumerate(sorted(_telling(network, network.home if shown is None else shown))):
        units = [unit]
        while len(heirs := network.heirs(units[-1])) == 1:
            units.append(heirs[0])
        ink = look.windows[k] if k < len(look.windows) else look.muted
        name = _called(network, unit)
        name += "′" * sum(trail.letter.rstrip("′") == name for trail in found)  # in another layer
        found.append(Trail(name, tuple(units), tuple(heirs), network.stops(units[-1]), ink))
    return found


def _called(network: Network, unit: int) -> str:
    """The letter of a unit among those of its map, counted row by row as a pool's windows are; behind its channel."""
    field, (channel, row, column) = network.home[unit]
    channels, _, columns = field.shape
    return (str(channel) if channels > 1 else "") + letter(row * columns + column)


def _telling(network: Network, shown: Container[int]) -> list[int]:
    """Two units that meet, the largest gradients first, and one whose way ends where a function is off."""
    order = sorted(
        (unit for unit, winner in network.choices.items() if unit in shown and winner in shown),
        key=lambda unit: -abs(network.gradients[unit]),
    )
    meetings = ([unit for unit in units if unit in order] for units in network.meetings.values())
    met = max(meetings, key=lambda units: sum(abs(network.gradients[u]) for u in units), default=[])
    found = met[:2]
    off = [unit for unit in order if network.stops(network.choices[unit])] or _ends(network, shown)
    found += [unit for unit in off[:1] if unit not in found]
    more = [unit for unit in order if unit not in found]
    return found + more[: max(0, (2 if off else 3) - len(found))]


def _ends(network: Network, shown: Container[int]) -> list[int]:
    """Units that are off themselves, the largest gradients first."""
    nodes = (unit for field in network.fields for unit in field.nodes.values() if unit in shown)
    units = [unit for unit in nodes if network.stops(unit)]
    return sorted(units, key=lambda unit: -abs(network.gradients[unit]))


def notes(network: Network, column: Column, told: Sequence[Trail], look: Theme) -> Iterator[list[Run]]:
    """What is written under a layer's gradient: sums where trails meet, and where one ends."""
    numbers = {*column.field.nodes.values()}
    for winner, units in network.meetings.items():
        if winner in numbers and any(trail.units[:1] == (unit,) for trail in told for unit in units):
            yield _sum(network, winner, units, told, look)
    for trail in told:
        if trail.stops and trail.units[-1] in numbers:
            words = f" stops: {_end(network, trail.units[-1])}"
            yield [Run(trail.letter, trail.colour, True), Run(words, look.text)]


def _end(network: Network, unit: int) -> str:
    """Why a unit hands nothing on."""
    number, position = network.refusals(unit)[0]
    node = network.graph.nodes[number]
    assert node.op is not None
    arg = node.args[position]
    at = figured(network.values[arg] if isinstance(arg, int) else arg, 3)
    why = why_no_path(node, position)
    return f"{node.op.name} is off at {at}" if why == "off" else f"{node.op.name} does not take {at}"


def _sum(network: Network, winner: int, units: Sequence[int], told: Sequence[Trail], look: Theme) -> list[Run]:
    """Addends with as many figures after the point as it takes for the sum to be right as it is written."""
    inks = {trail.units[0]: trail.colour for trail in told}
    parts, whole = [network.gradients[unit] for unit in units], network.gradients[winner]
    texts, total, sign = _added(parts, whole)
    runs: list[Run] = []
    for k, (unit, text) in enumerate(zip(units, texts, strict=True)):
        shown = f"({text})" if k and text.startswith("−") else text
        runs += [Run(" + " if k else "", look.text), Run(shown, inks.get(unit, look.muted), True)]
    return [run for run in [*runs, Run(f" {sign} {total}", look.text)] if run.text]


def _added(parts: Sequence[float], whole: float) -> tuple[list[str], str, str]:
    """Addends and sum in writing, and whether they are equal as they are written.

    >>> _added([0.1796, 0.0599], 0.2395)
    (['0.1796', '0.0599'], '0.2395', '=')
    """
    for places in range(1, FIGURES + 1):
        texts, total = [_fixed(x, places) for x in parts], _fixed(whole, places)
        read = [float(text) for text in [*texts, total]]
        near = all(abs(x - y) <= 1e-3 * abs(y) for x, y in zip(read, [*parts, whole], strict=True))
        if near and round(sum(read[:-1]), places) == read[-1]:
            return [text.replace("-", "−") for text in texts], total.replace("-", "−"), "="
    return [figured(x, 3) for x in parts], figured(whole, 3), "≈"


def _fixed(x: float, places: int) -> str:
    text = f"{x:.{places}f}"
    return (text.rstrip("0").rstrip(".") if float(text) else "0") or "0"
