"""The flat parameters as arrays of their layers: what is where, and the way back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from math import prod

from autodiff.programs.grouping import Array
from autodiff.programs.rolled import Lines
from autodiff.programs.rolling import Ref
from autodiff.programs.shorthand import free, runs
from autodiff.programs.sources import identifiers
from autodiff.recording.value import Value

__all__ = ["Layers"]


class Layers:
    """The parameters as arrays: those that layers gave a place each in one of their own, others in ``p`` itself."""

    def __init__(
        self, params: Sequence[Value], named: Callable[[], Iterable[tuple[str, Value]]], taken: set[str]
    ) -> None:
        self.named: dict[Value, str] = {}
        with suppress(ValueError):  # a parameter of a Module that is none of its attributes has no name
            self.named = {value: name for name, value in named()}
        self.count = len(params)
        self.homes: dict[Value, tuple[Array, int]] = {}
        self.flat: dict[Array, list[int]] = {}
        whole = Array(len(params), False, (len(params),), "p", True)
        for (shape, name), found in self._planes(params).items():
            letter = name[:1].upper() + name[1:] if len(shape) > 1 else name
            (name,) = identifiers([free(letter, "w")], "w", taken)
            array = Array(len(found), False, shape, name, True)
            self.flat[array] = found
            self.homes.update((params[number], (array, place)) for place, number in enumerate(found))
        self.others = [param for param in params if param not in self.homes]
        self.homes.update((param, (whole, i)) for i, param in enumerate(params) if param not in self.homes)
        self.whole = whole

    def _planes(self, params: Sequence[Value]) -> dict[tuple[tuple[int, ...], str], list[int]]:
        """The numbers of the parameters of each array, by its places, where all of them are there."""
        open_: dict[object, dict[tuple[int, ...], int]] = {}
        found: list[tuple[str, dict[tuple[int, ...], int]]] = []
        for number, param in enumerate(params):
            key, name, place = self._seat(param)
            if place and (key not in open_ or place in open_[key]):
                open_[key] = {}
                found.append((name, open_[key]))
            if place:
                open_[key][place] = number
        whole: dict[tuple[tuple[int, ...], str], list[int]] = {}
        for i, (name, cells) in enumerate(found):
            shape = tuple(1 + max(sides) for sides in zip(*cells, strict=True))
            if len(cells) == prod(shape):
                whole[shape, name if (shape, name) not in whole else f"{name}_{i}"] = [
                    cells[at] for at in sorted(cells)
                ]
        return whole

    def _seat(self, param: Value) -> tuple[object, str, tuple[int, ...]]:
        """The array, its name and the place in it: as its layer says, or as its name does, such as ``W[0,1]``."""
        if param.unit is not None:
            plane, place = param.unit
            return id(plane), re.split(r"\W", param.name or plane.name)[0], place
        name = self.named.get(param, param.name or "")
        told = re.fullmatch(r"([\w.]+)((\[\d+(, *\d+)*\])+)", name)
        if told is None:
            return None, "", ()
        parts = told[1].split(".")
        digit = next((part for part in parts if part.isdigit()), "")
        short = {"weight": "W", "bias": "b"}.get(parts[-1], parts[-1])
        return told[1], short + digit, tuple(map(int, re.findall(r"\d+", told[2])))

    @property
    def names(self) -> list[str]:
        """What a function of the arrays takes."""
        return [*(array.name for array in self.flat), *["p"] * bool(self.others)]

    def pieces(self, lines: Lines) -> list[str]:
        """Lines that take the arrays out of the flat parameters."""
        found = []
        for array, numbers in self.flat.items():
            block = self._block(array)
            if block is None:
                text = lines.read(Ref(self.whole, tuple(numbers), array.shape))
            else:
                start, count, step = block
                own = numbers[0] - start
                size = len(numbers) // count
                row = lines.read(Ref(self.whole, tuple(range(start, start + count * step)), (count, step)))
                text = f"{row}[:, {own}]" if len(array.shape) == 1 else f"{row}[:, {own}:{own + size}]"
                text = text if len(array.shape) < 3 else lines.shaped(text, False, array.shape)
            found.append(f"{array.name} = {text}")
        return found

    def _block(self, array: Array) -> tuple[int, int, int] | None:
        """Start, rows and columns of the part of the flat parameters in which the rows of an array lie with others."""
        axes = runs(self.flat[array])
        if not axes or len(axes) > 2 or (len(axes) == 2 and axes[1][1] != 1):
            return None
        count, step = axes[0]
        if step == 1 or (len(axes) == 1 and len(array.shape) > 1):
            return None
        near = [n[0] for n in self.flat.values() if self._rows(n) == (count, step)]
        start = min(first for first in near if self.flat[array][0] - step < first <= self.flat[array][0])
        return (start, count, step) if start + count * step <= self.count else None

    def _rows(self, numbers: list[int]) -> tuple[int, int] | None:
        axes = runs(numbers)
        return axes[0] if axes else None

    def joined(self, lines: Lines, names: Mapping[Array, str]) -> str:
        """The flat gradient out of those of the arrays."""
        blocks: dict[Array | tuple[int, int, int], list[Array]] = {}
        for array in self.flat:
            blocks.setdefault(self._block(array) or array, []).append(array)
        order: list[int] = []
        texts: list[str] = []
        for block, arrays in blocks.items():
            if isinstance(block, Array):
                order += self.flat[block]
                texts.append(names[block] if len(block.shape) == 1 else f"{names[block]}.reshape(-1)")
                continue
            arrays.sort(key=lambda array: self.flat[array][0])
            _, count, _ = block
            cells = [self.flat[array] for array in arrays]
            order += [n for i in range(count) for own in cells for n in _share(own, i, count)]
            parts = [f"{names[a]}.reshape({count}, -1)" if len(a.shape) != 2 else names[a] for a in arrays]
            texts.append(f"{lines.m}.concatenate([{', '.join(parts)}], -1).reshape(-1)")
        text = texts[0]
        if len(texts) > 1:
            inner = ", ".join(texts) if sum(map(len, texts)) < 80 else "\n    " + ",\n    ".join(texts) + ",\n"
            text = f"{lines.m}.concatenate([{inner}])"
        if order == [*range(self.count)]:
            return text
        place = {number: i for i, number in enumerate(order)}
        if not self.others:
            return f"{text}[{lines.table([place[n] for n in range(self.count)], (self.count,))}]"
        lines.need("padded")
        numbers = [place.get(n, len(order)) for n in range(self.count)]
        return f"padded({text})[{lines.table(numbers, (self.count,))}]"


def _share(numbers: list[int], i: int, count: int) -> list[int]:
    """One of so many equal shares."""
    size = len(numbers) // count
    return numbers[i * size : (i + 1) * size]
