"""What an optimiser remembers, in the layout of torch's ``state_dict()``: out, and in again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from autodiff.ground.text import quoted
from autodiff.language.ieee import real
from autodiff.optim.parameters import cells, shape

__all__ = ["load", "saved"]

Entry = Mapping[str, Any]  # what is remembered of one tensor, by torch's names


def saved(optimizer: Any) -> dict[str, Any]:
    """Its keywords, and what it remembers of each tensor that it moved."""
    counts = optimizer.counts if isinstance(optimizer.counts, list) else [optimizer.counts] * len(optimizer.params)
    rows = dict(zip(optimizer.kept, map(cells, optimizer.state), strict=False))
    state: dict[int, dict[str, Any]] = {}
    start = 0
    for number, (_, nest) in enumerate(optimizer.tensors):
        part = slice(start, start := start + len(cells(nest)))
        steps = [float(count) for count in counts[part]]
        if rows and any(steps):
            state[number] = {"step": steps[0] if len(set(steps)) == 1 else _shaped(nest, iter(steps))}
            state[number] |= {name: _shaped(nest, iter(row[part])) for name, row in rows.items()}
    group = {"lr": optimizer.rate} | {name: getattr(optimizer, name) for name in optimizer.options}
    group |= {"decoupled_weight_decay": optimizer.decoupled} if hasattr(optimizer, "decoupled") else {}
    group |= {"param_names": [name for name, _ in optimizer.tensors], "params": [*range(len(optimizer.tensors))]}
    return {"state": state, "param_groups": [group], "steps": optimizer.steps}


def load(optimizer: Any, state: Mapping[str, Any]) -> None:
    """Take it over: all, or nothing."""
    group, entries = _read(state)
    _compare_kinds(optimizer, group)
    _compare_names(optimizer, group)
    options = {name: group[name] for name in optimizer.options if name in group}
    rate = optimizer.lr if callable(optimizer.lr) else float(group["lr"])
    fresh = type(optimizer)(optimizer.params, rate, **options)
    counts, *rows = _rows(optimizer, entries, fresh.kept)
    if any(counts):
        fresh.counts = [*map(int, counts)] if len(set(counts)) > 1 else int(counts[0])
        fresh.state = tuple(rows)
    fresh.steps = int(state.get("steps", max(counts, default=0)))
    fresh.tensors = optimizer.tensors
    vars(optimizer).update(vars(fresh))


def _read(state: Any) -> tuple[Entry, list[Entry]]:
    """The one group of a state, and the entry of each tensor in it, empty where nothing is remembered."""
    try:
        groups, found = state["param_groups"], state["state"]
        if len(groups) != 1:
            raise ValueError(f"the state has {len(groups)} groups of parameters, and an optimiser has one")
        entries = {int(number): entry for number, entry in found.items()}  # in JSON the numbers are text
        return groups[0], [entries.get(number, {}) for number in groups[0]["params"]]
    except (TypeError, KeyError, AttributeError):
        raise TypeError(f"a state is what state_dict() of an optimiser answers, got {type(state).__name__}") from None


def _compare_kinds(optimizer: Any, group: Entry) -> None:
    """Options that the group lacks, or has of a kind that this optimiser does not have, are another optimiser's."""
    differ = [name for name in (*optimizer.options, "lr") if name not in group and name != "maximize"]
    decoupled = getattr(optimizer, "decoupled", False)
    if group.get("decoupled_weight_decay", decoupled) != decoupled:  # torch tells it since 2.6
        differ.append("decoupled_weight_decay")
    if group.get("amsgrad"):
        differ.append("amsgrad")
    if differ:
        raise ValueError(
            f"the state is of another optimiser than {type(optimizer).__name__}: see its {quoted(differ[0])}"
        )


def _compare_names(optimizer: Any, group: Entry) -> None:
    names = group.get("param_names") or []
    if len(names) == len(optimizer.tensors):
        for number, ((mine, _), other) in enumerate(zip(optimizer.tensors, names, strict=True)):
            if None not in (mine, other) and mine != other:
                raise ValueError(
                    f"parameter {number} is {quoted(mine)} here, and {quoted(other)} in what is to be loaded"
                )


def _rows(optimizer: Any, entries: list[Entry], kept: tuple[str, ...]) -> list[list[float]]:
    """Counts and memories of all numbers: of our tensors, of each Value, or of tensors with as many numbers."""
    if not any(entries):  # nothing is remembered, of whatever shapes
        return [[0.0] * len(optimizer.params) for _ in range(1 + len(kept))]
    if len(entries) == len(optimizer.tensors):
        targets: list[Any] = [nest for _, nest in optimizer.tensors]
    else:
        targets = [*optimizer.params] if len(entries) == len(optimizer.params) else [None] * len(entries)
    rows: list[list[float]] = [[] for _ in range(1 + len(kept))]
    for number, (target, entry) in enumerate(zip(targets, entries, strict=True)):
        for row, part in zip(rows, _parts(number, target, entry, kept), strict=True):
            row += part
    if len(rows[0]) != len(optimizer.params):
        raise ValueError(f"there are {len(optimizer.params)} numbers here, and {len(rows[0])} in what is to be loaded")
    return rows


def _parts(number: int, target: Any, entry: Entry, kept: tuple[str, ...]) -> list[list[float]]:
    """The counts and memories of one tensor; without an entry it was never moved."""
    found = [name for name, nest in entry.items() if nest is not None and name != "step"]
    if entry and sorted(found) != sorted(kept):
        had, has = ", ".join(found) or "nothing", ", ".join(kept) or "nothing"
        raise ValueError(f"of parameter {number} {has} is remembered here, and {had} in what is to be loaded")
    if not found:
        size = 1 if target is None else len(cells(target))
        return [[0.0] * size for _ in range(1 + len(kept))]
    for name in kept:
        if target is not None and shape(entry[name]) != shape(target):
            here, there = shape(target), shape(entry[name])
            raise ValueError(f"parameter {number} has the shape {here} here, and {there} in what is to be loaded")
    rows = [[real(cell) for cell in cells(entry[name])] for name in kept]
    steps = [real(cell) for cell in cells(entry.get("step", 1.0))]
    return [steps * len(rows[0]) if len(steps) == 1 else steps, *rows]


def _shaped(nest: Any, numbers: Iterator[float]) -> Any:
    """The numbers in lists of the shape of the nest."""
    return [_shaped(part, numbers) for part in nest] if isinstance(nest, (list, tuple)) else next(numbers)
