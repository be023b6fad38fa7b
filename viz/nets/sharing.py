"""The gradient of a weight that is used at many positions: at each of them δ times what lies under it, summed up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from autodiff import Value
from autodiff.ground.foreign import plain
from autodiff.ground.grids import is_listable
from autodiff.ground.text import quoted
from autodiff.habits.answers import answered
from viz.ink.theme import OWN, Theme
from viz.ink.theme import theme as theme_of
from viz.layout.picture import Picture
from viz.layout.place import Place, placed
from viz.nets.facts import Network, read
from viz.nets.fields import Cells, Field, Place3
from viz.nets.figures import figured
from viz.nets.reckoned import total
from viz.nets.tiles import Band, Page, Tile, best_of
from viz.nets.uses import Use, by_layer, places_of, uses_of
from viz.pools.marks import Run
from viz.pools.sheet import Sheet

__all__ = ["weight"]


@answered
def weight(
    output: Value,
    weight: Any,
    *,
    fit: str | tuple[float, float | None] | None = "column",
    upstream: float | None = None,
    theme: str | Theme = "light",
    background: str | None = OWN,
    legend: bool = True,
) -> Picture:
    """Draw how the gradient of a weight adds up over the positions where it is used, as a kernel's is at every one.

    At each position δ, what came back there, times what the weight is multiplied by is one part; the parts' sum is the
    weight's ``.grad`` after ``output.backward()``. A dot is *no path*: a cell that lost its window, a relu that is off.
    ``weight`` is a Value, or a kernel, a list of rows of them: then each has a map of its parts, and its sum below. The
    keywords are those of :func:`viz.network`. ``ValueError`` where no layer is known, for a Value that the output was
    not computed from, and for what is no leaf.

    >>> from autodiff import nn
    >>> conv = nn.Conv2d(1, 1, 2, rng=0)
    >>> model = nn.Sequential(conv, nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4, 1, rng=1))
    >>> image = [[[Value(float(i == j)) for j in range(5)] for i in range(5)]]
    >>> picture = weight(model(image)[0], conv.weight[0][0][1][0])
    >>> picture.save_svg("weight.svg")  # doctest: +SKIP
    """
    look, place = theme_of(theme, background), placed(fit)
    net = read(output, upstream, name="weight")
    rows = _numbers(net, weight)
    pages, said = _of_one(net, rows[0][0], look) if isinstance(weight, Value) else _of_kernel(net, rows, look)
    return _drawn(pages, said, look, legend, place)


def _drawn(pages: Sequence[Page], said: str, look: Theme, legend: bool, fit: Place) -> Sheet:
    """The picture for a place; it can be drawn again for another one."""
    shown = Sheet(look, best_of(pages, fit, "take fit='slide', or one weight of the kernel", legend))
    shown.described = pages[0].title, said
    shown.again = partial(_drawn, pages, said, look, legend)
    return shown


def _numbers(net: Network, weight: Any) -> list[list[int]]:
    """The nodes of a weight, or of a kernel's rows."""
    given: Any = weight if isinstance(weight, Value) else plain(weight)
    rows: list[Any] = [[given]] if isinstance(given, Value) else [*given] if is_listable(given) else []
    if rows and all(isinstance(cell, Value) for cell in rows):
        rows = [rows]
    found = [[*row] if is_listable(row) else [row] for row in rows]
    if not found or not all(isinstance(cell, Value) for row in found for cell in row):
        raise TypeError(
            "weight is a Value, or a kernel, a list of rows of them, such as conv.weight[0][0]; got "
            f"{quoted(weight, 60)}"
        )
    numbers = [[net.graph.number(cell) for cell in row] for row in found]
    for cell in (n for row in numbers for n in row):
        if net.graph.nodes[cell].op is not None:
            raise ValueError(f"{_name(net, cell)} is computed: a weight is a leaf")
    return numbers


def _name(net: Network, number: int) -> str:
    return net.graph.nodes[number].name or "the weight"


# -- One weight


def _of_one(net: Network, number: int, look: Theme) -> tuple[list[Page], str]:
    """What it is multiplied by, δ, and their products, for each map that it helps to compute; in two forms."""
    uses, name = uses_of(net, [number])[number], _name(net, number)
    groups = by_layer(uses)
    bands, places = [], _places(net, number, uses, look)
    for group in groups:
        sent = [use.sent for use in group if use.sent is not None]
        tiles = [
            _tile(group, "d", look, title=_delta(net, group)),
            _tile(group, "x", look, title=_factor(net, number, group), sign="×"),
            _tile(group, "c", look, title="their products", sign="="),
        ]
        added = f", in sum {figured(sum(sent), 3)}" if len(groups) > 1 else ""
        heading = Run(f"{_where(group)} that {name} helps to compute{added}", look.gradient, True)
        bands.append(Band((heading,), tiles))
    said = _counted(net, number, uses)
    told = _sum(net, number, uses, look), (Run(said, look.text),)
    forms = [[Band((), places), *bands]] if places else [bands]
    if len(bands) == 1:
        forms.append([Band(bands[0].heading, [*places, *bands[0].tiles])])
    return [Page(f"How does the gradient of {name} add up?", form, told, UNREAD, look) for form in forms], said


UNREAD = "not used there"


def _places(net: Network, number: int, uses: Sequence[Use], look: Theme) -> list[Tile]:
    """Where it is: the layer that it reads with the cells that it meets, the kernel, and the kernel's gradient."""
    tiles: list[Tile] = []
    met = [net.home[arg] for use in uses for arg in net.operands(use.target) if arg != number and arg in net.home]
    if met and len({id(field) for field, _ in met}) == 1:
        field = met[0][0]
        tile = _layer(net, field, met[0][1][0], "value", field.name, look, [at for _, at in met])
        tiles.append(replace(tile, below=(Run("framed: what it meets", look.muted),)))
    for field, at in [(f, at) for f in _kernels(net) for at, n in f.nodes.items() if n == number][:1]:
        tiles.append(_layer(net, field, at[0], "value", field.name, look, [at]))
        tiles.append(_layer(net, field, at[0], "gradient", f"gradient of {field.name}", look, [at]))
    return tiles


def _kernels(net: Network) -> list[Field]:
    return [field for fields in net.weights.values() for field in fields]


def _layer(
    net: Network, field: Field, channel: int, kind: str, title: str, look: Theme, framed: Sequence[Place3] = ()
) -> Tile:
    """One channel of a layer or of weights."""
    shown = {(0, i, j): told for (c, i, j), told in net.shown(field, kind).items() if c == channel}
    places = tuple((0, i, j) for c, i, j in framed if c == channel)
    return Tile((1, *field.shape[1:]), shown, kind, (Run(title, look.text, True),), framed=places)


def _tile(group: Sequence[Use], kind: str, look: Theme, title: str, sign: str = "", below: str = "") -> Tile:
    """One number of each use, at the place of the cell that it helps to compute."""
    shape, places = places_of(group)
    shown: Cells = {at: (f"{kind}{use.target}", _of(use, kind)) for at, use in places.items()}
    under = (Run(below, look.text, True),) if below else ()
    ramp = "value" if kind == "x" else "gradient"
    return Tile(shape, shown, ramp, (Run(title, look.text, True),), under, sign)


def _where(group: Sequence[Use]) -> str:
    """The cells that they help to compute."""
    if not group[0].is_alone:
        return f"at each cell of {group[0].field.name}"
    return f"at the cell of {group[0].field.layer}" + (f", {len(group)} times," if len(group) > 1 else "")


def _of(use: Use, kind: str) -> float | None:
    return {"x": use.local, "d": use.arrived, "c": use.sent}[kind]


def _delta(net: Network, group: Sequence[Use]) -> str:
    """Where δ is: at the cells that it helps to compute, or within them, before a function."""
    at_cells = all(use.arrived == net.gradients.get(use.field.nodes[use.at]) for use in group)
    return f"δ {'at' if at_cells else 'within'} {group[0].field.layer}"


def _factor(net: Network, number: int, group: Sequence[Use]) -> str:
    """What it is multiplied by."""
    ops = {net.graph.nodes[use.target].op for use in group}
    if {op.name for op in ops if op} <= {"multiply"}:
        met = {net.home[a][0].layer for use in group for a in net.operands(use.target) if a != number and a in net.home}
        return f"{met.pop()} under it" if len(met) == 1 else "what it is multiplied by"
    return "slope of each use"


def _counted(net: Network, number: int, uses: Sequence[Use]) -> str:
    got = sum(use.sent is not None for use in uses)
    times = "once" if len(uses) == 1 else f"{len(uses)} times"
    said = f"{_name(net, number)} is used {times}"
    if got == len(uses):
        return f"{said}, and every use sends it a part." if got > 1 else f"{said}."
    send = "sends" if got == 1 else "send"
    return f"{said}: {got} of these {send} it a part, to the other {len(uses) - got} there is no path."


def _sum(net: Network, number: int, uses: Sequence[Use], look: Theme) -> tuple[Run, ...]:
    """The parts that are not 0, and what they make."""
    parts, whole = [use.sent for use in uses if use.sent], net.gradients.get(number)
    if whole is None:
        return (Run(f"No path leads to {_name(net, number)}.", look.text),)
    return (Run(f"gradient of {_name(net, number)} = ", look.gradient, True), Run(total(parts, whole), look.text))


# -- A kernel


def _of_kernel(net: Network, rows: Sequence[Sequence[int]], look: Theme) -> tuple[list[Page], str]:
    """A map of the parts of each weight, at the weight's place; in two forms."""
    uses = uses_of(net, [n for row in rows for n in row])
    grouped = {number: by_layer(found) for number, found in uses.items()}
    most = max(map(len, grouped.values()))
    factors = _factors(net, rows, grouped, look)
    bands = []
    for k in range(most):
        for i, row in enumerate(rows):
            tiles = [_part(net, n, grouped[n], k, look) for n in row]
            heading = (Run(_heading(grouped[row[0]], k, most), look.gradient, True),) if i == 0 else ()
            bands.append(Band(heading, tiles))
    forms = [[Band((), factors), *bands]]
    if len(bands) >= len(factors):  # or as a column before them
        before = [*factors, *[None] * (len(bands) - len(factors))]
        forms.append([Band(band.heading, [one, *band.tiles]) for one, band in zip(before, bands, strict=True)])
    every = [use for found in uses.values() for use in found]
    lost = sum(use.sent is None for use in every)
    said = f"{len(every)} products" + (
        f"; to {lost} of them there is no path." if lost else ", each of which has gradient."
    )
    told = [(Run(said, look.text),)]
    return [Page("How do the gradients of these weights add up?", form, told, UNREAD, look) for form in forms], said


def _heading(groups: Sequence[Sequence[Use]], k: int, most: int) -> str:
    which = f" ({k + 1} of {most})" if most > 1 else ""
    group = groups[min(k, len(groups) - 1)]
    if group[0].is_alone:
        return f"δ × what each weight is multiplied by for {group[0].field.layer}{which}, and their sum"
    return f"δ × what lies under each weight, at each cell of {group[0].field.name}{which}, and their sum"


def _part(net: Network, number: int, groups: Sequence[Sequence[Use]], k: int, look: Theme) -> Tile | None:
    if k >= len(groups):
        return None
    sent = [use.sent for use in groups[k] if use.sent is not None]
    whole = net.gradients.get(number, 0.0) if len(groups) == 1 else sum(sent)
    return _tile(groups[k], "c", look, _name(net, number), below=f"Σ = {figured(whole, 3)}" if sent else "no path")


def _factors(net: Network, rows: Sequence[Sequence[int]], grouped: Any, look: Theme) -> list[Tile]:
    """What the weights read, δ, which is the same for all of them, and their gradients."""
    first = [use for groups in grouped.values() for use in groups[0]]
    met = [net.home[a] for use in first for a in net.operands(use.target) if a in net.home]
    tiles: list[Tile] = []
    if len({(id(field), at[0]) for field, at in met}) == 1:
        tiles.append(_layer(net, met[0][0], met[0][1][0], "value", met[0][0].name, look))
    cells = {(id(use.field), use.at): use for use in first}  # of several uses of a cell one: δ is the same
    if len({field for field, _ in cells}) == 1 and all(
        use.arrived == cells[id(use.field), use.at].arrived for use in first
    ):
        shown: Cells = {(0, *use.at[1:]): (f"d{use.target}", use.arrived) for use in cells.values()}
        title = (Run(_delta(net, first), look.text, True),)
        tiles.append(Tile((1, *first[0].field.shape[1:]), shown, "gradient", title))
    shape = 1, len(rows), max(map(len, rows))
    numbers = {(0, i, j): (f"g{n}", net.gradients.get(n)) for i, row in enumerate(rows) for j, n in enumerate(row)}
    tiles.append(Tile(shape, numbers, "gradient", (Run("their gradients", look.text, True),)))
    return tiles
