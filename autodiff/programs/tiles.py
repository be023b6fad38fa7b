"""Tiles: several results from one instruction, which reads every operand once for all of them.

A layer is chains of multiply-adds over the same operands, forwards and backwards, and the gradients of its weights
are sums of products over the samples. Nothing is reordered: each result is rounded as if it stood alone. What is said
here is said in places of the listing, for whoever runs a routine or writes it down.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from autodiff.programs.routine import Routine

__all__ = ["Chain", "Dots", "Tile", "chains", "dots", "tiles"]

MOST = 32  # results of a tile: all of them are held at once, and so are all rows of a tile of products


class Chain(NamedTuple):
    """``start + a * b + ...``, or, without a start, ``a * b + ...``; each ``a`` varies from sample to sample."""

    start: int | None
    terms: list[tuple[int, int]]


class Tile(NamedTuple):
    """Chains over the same operands: ``outputs[j] = starts[j] + operands[0] * factors[0][j] + ...``.

    The factors of several are all uniform, or all vary; no output is needed for another.
    """

    outputs: tuple[int, ...]
    starts: tuple[int | None, ...]
    operands: tuple[int, ...]
    factors: tuple[tuple[int, ...], ...]


class Dots(NamedTuple):
    """Sums over the samples: that of ``rows[j] * columns[k]`` is number ``numbers[j][k]`` of the routine's sums.

    Without rows, that of ``columns[k]`` is number ``numbers[0][k]``.
    """

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    numbers: tuple[tuple[int, ...], ...]


def chains(routine: Routine) -> dict[int, Chain]:
    """Every chain that varies from sample to sample, by its place; a product with a uniform is one of a single term."""
    found: dict[int, Chain] = {}
    inside: set[int] = set()  # products that are terms
    fused = routine.order if "fuse" in routine.listing.passes else []
    instructions, uses = routine.listing.instructions, routine.uses
    varying = [place for place in fused if not routine.is_uniform(place)]
    products = [place for place in varying if instructions[place].op == "*"]
    parts = {place for place in products if uses[place] == 1}
    for place in varying:
        op, args, _ = instructions[place]
        for start, product in (args, args[::-1]) if op == "+" else ():
            if product in parts and start != product:
                chain = found.pop(start) if start in found and uses[start] == 1 else None
                if chain is None:
                    chain = Chain(None, [_term(routine, start)]) if start in parts else Chain(start, [])
                chain.terms.append(_term(routine, product))
                inside.update((start, product) if start in parts else (product,))
                found[place] = chain
                break
    for place in products:
        if place not in inside and any(map(routine.is_uniform, instructions[place].args)):
            found[place] = Chain(None, [_term(routine, place)])
    return found


def _term(routine: Routine, product: int) -> tuple[int, int]:
    """Its factors, first one that varies."""
    b, c = routine[product].args
    return (c, b) if routine.is_uniform(b) else (b, c)


def tiles(routine: Routine, found: dict[int, Chain]) -> list[Tile]:
    """Chains together where they may be: over the same operands, and none of them needed for another."""
    if "tile" not in routine.listing.passes:
        return [_tile([place], found) for place in found]
    depths = routine.depths
    turned = {
        place: Chain(chain.start, [(b, a) for a, b in chain.terms])
        for place, chain in found.items()
        if _varies(routine, chain)
    }
    keys, other_keys = ({p: _key(routine, p, chain) for p, chain in some.items()} for some in (found, turned))
    often = Counter((depths[place], key) for some in (keys, other_keys) for place, key in some.items())
    groups: dict[object, list[int]] = {}
    for place in found:
        key = (depths[place], keys[place])
        other = (depths[place], other_keys.get(place))
        if often[other] > often[key]:
            key, found[place] = other, turned[place]
        groups.setdefault(key, []).append(place)
    return [_tile(group[i : i + MOST], found) for group in groups.values() for i in range(0, len(group), MOST)]


def _varies(routine: Routine, chain: Chain) -> bool:
    """Whether no factor is uniform, so that operands and factors may change places."""
    return not any(routine.is_uniform(factor) for _, factor in chain.terms)


def _key(routine: Routine, place: int, chain: Chain) -> object:
    """What chains of a tile have in common: the operands, and whether the factors are uniform; a mixed one is alone."""
    uniform = [routine.is_uniform(factor) for _, factor in chain.terms]
    return (all(uniform), *(a for a, _ in chain.terms)) if all(uniform) or not any(uniform) else place


def _tile(places: list[int], found: dict[int, Chain]) -> Tile:
    some = [found[place] for place in places]
    factors = tuple(zip(*([factor for _, factor in chain.terms] for chain in some), strict=True))
    return Tile(tuple(places), tuple(c.start for c in some), tuple(operand for operand, _ in some[0].terms), factors)


def dots(routine: Routine) -> list[Dots]:
    """What varies and is summed over the samples: products that are only summed by their factors, and the rest."""
    passes = routine.listing.passes
    varies = {i: place for i, place in enumerate(routine.sums) if not routine.is_uniform(place)}
    pairs = {i: routine[place].args for i, place in varies.items() if "fuse" in passes and _is_dot(routine, place)}
    alone = [(i, place) for i, place in varies.items() if i not in pairs]
    often = Counter(factor for pair in pairs.values() for factor in pair)
    rows: dict[int, list[tuple[int, int]]] = {}  # the others of each factor, and which sums they are
    for i, (b, c) in pairs.items():
        shared, other = (c, b) if often[c] > often[b] else (b, c)
        rows.setdefault(shared, []).append((other, i))
    groups: dict[object, list[int]] = {}
    for row, parts in rows.items():
        parts.sort()
        groups.setdefault(tuple(other for other, _ in parts) if "tile" in passes else row, []).append(row)
    found = [_dots(some, rows) for group in groups.values() for some in _runs(group)]
    return [*found, *_sums(alone, routine.depths if "tile" in passes else None)]


def _is_dot(routine: Routine, place: int) -> bool:
    """Whether it is a product of what varies, and only summed."""
    op, args, _ = routine[place]
    return op == "*" and routine.uses[place] == 1 and not any(map(routine.is_uniform, args))


def _runs(places: list[int]) -> Iterable[list[int]]:
    return (places[i : i + MOST] for i in range(0, len(places), MOST))


def _dots(rows: list[int], parts: dict[int, list[tuple[int, int]]]) -> Dots:
    columns = tuple(other for other, _ in parts[rows[0]])
    return Dots(tuple(rows), columns, tuple(tuple(i for _, i in parts[row]) for row in rows))


def _sums(alone: list[tuple[int, int]], depths: list[int] | None) -> list[Dots]:
    """Sums of what is no product, those of one depth together."""
    groups: dict[int, list[tuple[int, int]]] = {}
    for i, place in alone:
        groups.setdefault(i if depths is None else depths[place], []).append((i, place))
    runs = (group[at : at + MOST] for group in groups.values() for at in range(0, len(group), MOST))
    return [Dots((), tuple(place for _, place in run), (tuple(i for i, _ in run),)) for run in runs]
