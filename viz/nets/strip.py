"""A batch of samples as a strip: the same network on several inputs, beside one another, and the sum of their parts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from viz.ink.theme import Theme
from viz.layout.place import Place
from viz.nets.fields import Cells, Field
from viz.nets.reckoned import total
from viz.nets.samples import Sample, Shared, shared_by
from viz.nets.tiles import Band, Page, Tile, best_of
from viz.pools.marks import Run
from viz.pools.sheet import Sheet

__all__ = ["strip"]

TOLD = 8  # samples that are counted one by one
UPRIGHT = 12  # cells of a vector that are laid across


def strip(
    samples: Sequence[Sample],
    names: Sequence[str] | None,
    channels: Sequence[int] | None,
    look: Theme,
    legend: bool,
    fit: Place,
) -> Sheet:
    """The picture for a place; it can be drawn again for another one."""
    chosen = [*names] if names else list(dict.fromkeys((samples[0].fields[0].name, samples[0].fields[-1].name)))
    shared, net = shared_by(samples), samples[0].net
    alone = all(sample.net is net for sample in samples)
    title = f"Where does the gradient of {net.name} go, sample by sample?" if alone else "Where does each gradient go?"
    said = counted(samples)
    pages = []
    for winners in [[]] if names else [[], _chosen_by_pools(samples, chosen)]:
        bands = _bands(samples, chosen, winners, channels, look)
        bands += [_summed(samples, shared, channels, look)] if shared else []
        told = [(Run(said, look.text),), *([_sum(samples, shared, look)] if shared else [])]
        pages.append(Page(title, bands, told, "not in its graph", look))
    shown = Sheet(look, best_of(pages, fit, "give fewer samples, or take fit='slide'", legend))
    shown.described = title, said
    shown.again = partial(strip, samples, names, channels, look, legend)
    return shown


def counted(samples: Sequence[Sample]) -> str:
    """How many cells of the first layer get gradient with each sample, and how many with all."""
    first = samples[0].fields[0]
    got = [{at for at, n in s.fields[0].nodes.items() if n in s.net.gradients} for s in samples]
    count, every = math.prod(first.shape), len(set.intersection(*got))
    name = samples[0].called.get(first.name, first.name)
    if every == count:
        return f"All {count} cells of {name} get gradient with every sample."
    each = ", ".join(f"{len(cells)} with {sample.name}" for sample, cells in zip(samples, got, strict=True))
    if len(samples) > TOLD:
        each = f"{min(map(len, got))} to {max(map(len, got))} with each"
    return f"Of {count} cells of {name} get gradient: {each}; {every} with every one."


def _chosen_by_pools(samples: Sequence[Sample], chosen: Sequence[str]) -> list[str]:
    """The layers of which units chose one cell: their gradient shows the winners."""
    found = dict.fromkeys(s.net.home[winner][0].layer for s in samples for winner in s.net.choices.values())
    return [name for name in found if name not in chosen and name in [field.name for field in samples[0].fields]]


def _bands(
    samples: Sequence[Sample],
    chosen: Sequence[str],
    winners: Sequence[str],
    channels: Sequence[int] | None,
    look: Theme,
) -> list[Band]:
    """Values forward, gradients backward."""
    order = [field.name for field in samples[0].fields]

    def called(name: str) -> str:
        return samples[0].called.get(name, name)

    back = sorted({*chosen, *winners}, key=lambda name: -order.index(name))
    bands = []
    for k, name in enumerate(chosen):
        titles = [sample.name if k == 0 else "" for sample in samples]
        heading = Run(f"{called(name)}: values", look.value, True)
        bands.append(Band((heading,), _tiles(samples, name, "value", channels, titles, look), name))
    for name in back:
        said = "gradient of the cells that were chosen" if name in winners else "gradient"
        heading = Run(f"{called(name)}: {said}", look.gradient, True)
        bands.append(Band((heading,), _tiles(samples, name, "gradient", channels, [""] * len(samples), look), name))
    return bands


def _tiles(
    samples: Sequence[Sample], name: str, kind: str, channels: Sequence[int] | None, titles: Sequence[str], look: Theme
) -> list[Tile | None]:
    """One layer of each sample."""
    found: list[Tile | None] = []
    for k, (sample, title) in enumerate(zip(samples, titles, strict=True)):
        field = next((field for field in sample.fields if field.name == name), None)
        shown = sample.net.shown(field, kind) if field else {}
        named = {at: (f"{told[0]}{k}_{told[1:]}", x) for at, (told, x) in shown.items()}
        found.append(_across(field, named, kind, channels, _bold(title, look)) if field else None)
    return found


def _bold(words: str, look: Theme) -> tuple[Run, ...]:
    return (Run(words, look.text, True),) if words else ()


def _across(field: Field, shown: Cells, kind: str, channels: Sequence[int] | None, title: tuple[Run, ...]) -> Tile:
    """The channels that are shown; short vectors lie across."""
    seen = field.seen(channels)
    _, rows, columns = field.shape
    cells = {(seen.index(c), i, j): told for (c, i, j), told in shown.items() if c in seen}
    if columns == 1 and rows <= UPRIGHT:
        return Tile((len(seen), 1, rows), {(c, j, i): told for (c, i, j), told in cells.items()}, kind, title)
    return Tile((len(seen), rows, columns), cells, kind, title)


# -- The sum of the parts


def _summed(samples: Sequence[Sample], shared: Shared, channels: Sequence[int] | None, look: Theme) -> Band:
    """Each sample's part of the weights' gradient, and their sum."""
    tiles = []
    columns: list[tuple[str, Mapping[int, float | None]]] = [(str(k), part) for k, part in enumerate(shared.parts)]
    columns += [("rest", shared.rest)] if shared.rest else []
    for k, (name, part) in enumerate([*columns, ("sum", shared.whole)]):
        shown = {at: (f"w{name}_{n}", part.get(n)) for at, n in shared.field.nodes.items()}
        title = {"rest": "from elsewhere", "sum": "sum"}.get(name, "")
        tile = _across(shared.field, shown, "gradient", channels, _bold(title, look))
        tiles.append(replace(tile, sign="=" if name == "sum" else "+" if k else ""))
    return Band((Run(f"{shared.field.name}: gradient", look.gradient, True),), tiles)


def _sum(samples: Sequence[Sample], shared: Shared, look: Theme) -> tuple[Run, ...]:
    """The largest gradient of a weight as the sum of the samples' parts."""
    known = {n: x for n, x in shared.whole.items() if x is not None}
    if not known:
        return (Run(f"No path leads to {shared.field.name}.", look.text),)
    number = max(known, key=lambda n: abs(known[n]))
    parts = [x for part in (*shared.parts, shared.rest) if (x := part.get(number)) is not None]
    name = samples[0].net.graph.nodes[number].name or "the largest"
    return (Run(f"gradient of {name} = ", look.gradient, True), Run(total(parts, known[number]), look.text))
