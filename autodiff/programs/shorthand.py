"""Small functions that rolled sources call, and tables of places in few words."""

from __future__ import annotations

import builtins
import re
import textwrap
from collections.abc import Sequence

__all__ = ["OWN", "free", "helper", "runs", "table_text"]

HELPERS = {
    "places": '''
def places(start, *axes):
    """A table of places: so many steps of so much along each axis."""
    return start + sum(np.ix_(*(step * np.arange(count) for count, step in axes)))
''',
    "uses": '''
def uses(places, size):
    """For each of so many cells, which numbers were read from it; a number past the last stands for none."""
    found = [np.flatnonzero(places.ravel() == cell) for cell in range(size)]
    most = max(map(len, found))
    return np.array([[*each, *[places.size] * (most - len(each))] for each in found])
''',
    "padded": '''
def padded(x):
    """The same with one cell more, a 0: what lies outside of a map."""
    return {m}.concatenate([x, {m}.zeros_like(x[..., :1])], -1)
''',
    "gathered": '''
def gathered(d, uses):
    """The way back of reading: each cell takes the sum of what was read from it."""
    d = {m}.concatenate([d, {m}.zeros_like(d[..., :1])], -1)
    return d[..., uses].sum(-1)
''',
    "placed": '''
def placed(d, before, after):
    """The way back of reading a part: zeros before it and after it."""
    return {pad}
''',
    # The first of several wins, and its is the gradient, as in the graph.
    "max_of": '''
def max_of(cells):
    """The largest along the last axis; of several, the first, to which all of the gradient goes."""
    return {m}.{take}(cells, cells.argmax(-1)[..., None], -1)[..., 0]
''',
    "min_of": '''
def min_of(cells):
    """The smallest along the last axis; of several, the first, to which all of the gradient goes."""
    return {m}.{take}(cells, cells.argmin(-1)[..., None], -1)[..., 0]
''',
    "max_back": '''
def max_back(cells, d):
    """The gradient of ``max_of``: to the first of the winners alone."""
    return {m}.where(cells.argmax(-1)[..., None] == {m}.arange(cells.shape[-1]), d[..., None], 0.0)
''',
    "min_back": '''
def min_back(cells, d):
    """The gradient of ``min_of``: to the first of the winners alone."""
    return {m}.where(cells.argmin(-1)[..., None] == {m}.arange(cells.shape[-1]), d[..., None], 0.0)
''',
}
_PADS = {
    "torch": "torch.nn.functional.pad(d, (before, after))",
    "jnp": "jnp.pad(d, [(0, 0)] * (d.ndim - 1) + [(before, after)])",
    "np": "np.pad(d, [(0, 0)] * (d.ndim - 1) + [(before, after)])",
}


def helper(name: str, module: str) -> str:
    """The text of one of these functions, for a module of arrays: "np", "jnp" or "torch"."""
    take = "take_along_dim" if module == "torch" else "take_along_axis"
    return HELPERS[name].lstrip().format(m=module, pad=_PADS[module], take=take)


def table_text(numbers: Sequence[int], shape: Sequence[int]) -> str:
    """A table of places as an expression: in steps, or else number for number."""
    axes = runs(numbers)
    if not axes:
        text = textwrap.fill(", ".join(map(str, numbers)), 110, initial_indent="    ", subsequent_indent="    ")
        text = f"np.array([\n{text}\n])" if len(text) > 100 else f"np.array([{text.strip()}])"
        return text + (f".reshape({', '.join(map(str, shape))})" if len(shape) > 1 else "")
    text = f"places({numbers[0]}, {', '.join(map(str, axes))})"
    return text + (f".reshape({', '.join(map(str, shape))})" if [*shape] != [count for count, _ in axes] else "")


def runs(numbers: Sequence[int]) -> list[tuple[int, int]] | None:
    """How often, and by what, each axis steps in a table of numbers; None where the steps differ.

    >>> runs([3, 4, 5, 13, 14, 15])
    [(2, 10), (3, 1)]
    """
    axes: list[tuple[int, int]] = []
    numbers = [*numbers]
    while len(numbers) > 1:
        step = numbers[1] - numbers[0]
        count = next((i for i in range(1, len(numbers)) if numbers[i] - numbers[i - 1] != step), len(numbers))
        if len(numbers) % count or count == 1 or len(axes) > 5:
            return None
        first = numbers[::count]
        if numbers != [start + i * step for start in first for i in range(count)]:
            return None
        axes.insert(0, (count, step))
        numbers = first
    return axes


# What a rolled source calls its own: functions, what they take, and names of arrays that go in and out.
OWN = frozenset(
    {*dir(builtins), *HELPERS, "jax", "jnp", "np", "torch", "program", "layers", "flat", "value", "value_and_grad"}
    | {"values", "gradients", "d", "back", "one", "each", "row", "rows", "x", "p"}
)


def free(name: str, letter: str) -> str:
    """A name with this letter before it, where a rolled source might call something else so: gradients, tables.

    >>> free("d_v", "w"), free("at0", "w"), free("v", "w")
    ('w_d_v', 'w_at0', 'v')
    """
    return f"{letter}_{name}" if name in OWN or re.fullmatch(r"d_\w*|at\d+|t\d+", name) else name
