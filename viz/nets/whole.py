"""A whole network on one picture: what each layer computed, and where one output's gradient goes, back to the input."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from autodiff import Value
from autodiff.ground.foreign import plain
from autodiff.ground.text import NAME, quoted, visible
from autodiff.habits.answers import answered
from viz.ink.theme import OWN, Theme
from viz.ink.theme import theme as theme_of
from viz.layout.picture import Picture
from viz.layout.place import Place, placed
from viz.nets.board import TooWideError, board, figures_in
from viz.nets.facts import Network, read
from viz.nets.fields import Field
from viz.nets.plan import columns_of, fields_of
from viz.nets.samples import samples_in, samples_of
from viz.nets.slopes import beside, sloped
from viz.nets.strip import strip
from viz.nets.told import counted
from viz.nets.trails import trails
from viz.pools.sheet import Sheet

__all__ = ["network"]


@answered
def network(
    output: Value | Sequence[Value],
    *,
    fit: str | tuple[float, float | None] | None = "column",
    layers: Iterable[str | int] | None = None,
    channels: Iterable[int] | None = None,
    crop: tuple[range, range] | None = None,
    upstream: float | None = None,
    slopes: bool = False,
    theme: str | Theme = "light",
    background: str | None = OWN,
    legend: bool = True,
) -> Picture:
    """Draw the network that computed a Value: each layer as maps of cells, values above, the gradient below.

    Layers of ``autodiff.nn`` and pools know themselves; :func:`autodiff.layer` says it of a grid of your own. Below
    stands, in the same places, the gradient of ``output`` (``upstream`` is what it begins with): a dot is *no path*, a
    boxed 0 a zero that was computed. Some ways are drawn: of units that chose one of the cells that they read, as a
    max does, two that meet in one cell, whose sum is written out, and one that ends where a relu is off. ``fit`` is
    that of :func:`viz.draw`; ``layers`` are the names, or the numbers from 0, of those to show, ``channels`` the
    numbers of the channels, ``crop`` the rows and the columns of each map, such as (range(8), range(4, 12)). Cells are
    as large as the place allows: those that have no room for figures go by colour, a bar for a minus. With ``slopes``
    each factor of δᵢ = θ′(zᵢ) Σⱼ δⱼ wᵢⱼ has a map of its own: what arrives at an activation, its θ′, and what it hands
    on, one product written out; θ′ has a row of its own, or stands between the other two where more figures have room
    then.

    Of several outputs, ``network([y1, y2])``, and of a loss over several samples there is a strip: input and answer of
    each, with their gradients, and the gradient of the first weights as the sum of the samples' parts, which is their
    ``.grad``. ``ValueError`` where no layer is known, where there is no room even so, and for ``slopes`` where there is
    no activation, or a strip.

    >>> from autodiff import nn
    >>> body = nn.Conv2d(1, 2, 3, rng=0), nn.ReLU(), nn.MaxPool2d(2)
    >>> model = nn.Sequential(*body, nn.Flatten(), nn.Linear(8, 2, rng=1))
    >>> image = [[[Value(float(i == j)) for j in range(6)] for i in range(6)]]
    >>> picture = network(model(image)[0], fit="slide")
    >>> picture.save_svg("network.svg")  # doctest: +SKIP
    >>> x = [Value(0.5, "x0"), Value(-1.0, "x1")]
    >>> picture = network(nn.MLP(2, [3, 1], nonlin="tanh")(x), slopes=True)
    >>> images = [[[[Value(float(i == j + k)) for j in range(6)] for i in range(6)]] for k in range(3)]
    >>> picture = network([model(image)[0] for image in images])
    """
    look, place = theme_of(theme, background), placed(fit)
    given: Any = output if isinstance(output, Value) else plain(output)
    outputs = [*given] if isinstance(given, (list, tuple)) else [output]
    if len(outputs) == 1:
        net = sloped(outputs[0], upstream) if slopes else read(outputs[0], upstream)
        samples = samples_in(net)
    else:
        samples = samples_of(outputs, upstream)
    if slopes and samples:
        raise ValueError("slopes=True shows θ′ for one sample: give its output alone")
    fields = _chosen([*samples[0].fields] if samples else fields_of(net), layers)
    most = max(field.shape[0] for field in fields if field.is_layer)
    seen = None if channels is None else _numbers(channels, most)
    cut = None if crop is None else _ranges(crop)
    if samples:
        names = None if layers is None else [field.name for field in fields]
        return strip([sample.cropped(cut) for sample in samples], names, seen, look, legend, place)
    return _drawn(net, [field.cropped(*cut) for field in fields] if cut else fields, seen, look, legend, place)


def _drawn(
    net: Network, fields: list[Field], channels: list[int] | None, look: Theme, legend: bool, fit: Place
) -> Sheet:
    """The picture for a place; it can be drawn again for another one."""
    shown = {n for field in fields for at, n in field.nodes.items() if at[0] in field.seen(channels)}
    told, drawn = trails(net, look, shown), []
    for form in [fields, beside(net, fields)] if "slope" in net.kinds else [fields]:
        try:
            drawn.append(board(net, columns_of(net, look, form, channels), told, look, fit, legend))
        except TooWideError as error:
            refused = error
    if not drawn:
        raise refused
    sheet = Sheet(look, max(drawn, key=figures_in))
    sheet.described = f"Where the gradient of {net.name} goes", counted(net)
    sheet.again = partial(_drawn, net, fields, channels, look, legend)
    return sheet


def _numbers(channels: Iterable[int], most: int) -> list[int]:
    found = [*channels] if isinstance(channels, Iterable) and not isinstance(channels, str) else [channels]
    if not found or any(isinstance(c, bool) or not isinstance(c, int) or c < 0 for c in found):
        raise ValueError(f"channels= are whole numbers from 0, such as [0, 1]; got {quoted(channels)}")
    if min(found) >= most:
        raise ValueError(f"channels= are numbers from 0 to {most - 1} here; got {quoted(channels)}")
    return found


def _ranges(crop: object) -> tuple[range, range]:
    parts = [*crop] if isinstance(crop, (tuple, list)) else []
    if len(parts) != 2 or not all(
        isinstance(part, range) and part.step == 1 and 0 <= part.start < part.stop for part in parts
    ):
        raise ValueError(
            f"crop= is a range of rows and one of columns, such as (range(8), range(4, 12)); got {quoted(crop)}"
        )
    return parts[0], parts[1]


def _chosen(fields: list[Field], layers: Iterable[str | int] | None) -> list[Field]:
    """These layers, each with its weights."""
    if layers is None:
        return fields
    given = [layers] if isinstance(layers, (str, int)) else [*layers]
    wished = [visible(one, NAME) if isinstance(one, str) else one for one in given]
    units = [field for field in fields if field.is_layer]
    names = [field.name for field in units]
    numbers = range(len(names))
    strange = [one for one in wished if one not in names and (isinstance(one, bool) or one not in numbers)]
    if strange or not wished:
        got = quoted(strange[0] if strange else layers)
        raise ValueError(f"layers= are names or numbers of {', '.join(map(quoted, names))}; got {got}")
    kept = [field for k, field in enumerate(units) if field.name in wished or k in wished]
    found: list[Field] = []
    waiting: list[Field] = []
    for field in fields:
        waiting.append(field)
        if field.is_layer:
            if any(field is one for one in kept):
                found += waiting if found else [field]
            waiting = []
    return found
