"""Choices: a row's ``if``s with their rule for nan, found by what they answer, not by how the row says it.

A tree of ``if``s over comparisons is looked at for every order of what it compares, nan among them. Then the fewest
instructions ``a if x > y else b`` are sought that answer the same for each: one for relu, max or a slope of theirs.
Where a nan is compared and the answer is calculated from it, any nan of the comparison will do.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache
from itertools import product
from typing import Any

from autodiff.programs.routine import Routine

__all__ = ["TESTS", "Choices", "Tree"]

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "nan": lambda x, y: x != x or y != y,
}
# The instructions ``d x y a b``: d = a where x and y compare so (or one of them, by its place, is nan), else b.
TESTS: dict[str, tuple[str, int | None]] = {f"if {sign}": (sign, None) for sign in (">", ">=", "==", "nan")}
TESTS |= {f"if {sign} or {'xy'[k]} nan": (sign, k) for sign in (">", ">=") for k in (0, 1)}

_SPREAD_NAN = {"+", "-", "*", "/", "neg", "abs", "sqrt"}  # nan, whenever an operand is
_LARGEST = 64  # orders that are looked at
_MOST = 3  # instructions that are sought; a larger choice is made comparison by comparison

Tree = Any  # a leaf or an operand by its number; or an operation's name, and its parts


class Choices:
    """The choices of a routine: ``find`` says what an ``if`` comes to."""

    def __init__(self, routine: Routine, uses: dict[int, int]) -> None:
        self.routine, self.uses = routine, uses

    def find(self, place: int) -> Tree | None:
        """``(test, x, y, a, b)``, where a and b are places or such choices again; None if it is to stay an ``if``."""
        form = _Form(self.routine, self.uses)
        tree = form.tree(place)
        if tree is None:
            return None
        found = _fewest(tree, tuple(form.numbers), tuple(form.nans()))
        is_shared = self.uses[self.routine[place].args[0]] > 1
        if isinstance(found, int) or (is_shared and _count(found) > 2):
            return None  # to compare once, and to choose by the answer, is less
        return form.placed(found)


class _Form:
    """A choice with its operands numbered as they come, so that all choices of a form are looked at once."""

    def __init__(self, routine: Routine, uses: dict[int, int]) -> None:
        self.routine, self.uses = routine, uses
        self.known: dict[int, int] = {}
        self.numbers: list[float | None] = []  # of constants
        self.comparisons = 0

    def tree(self, place: int) -> Tree | None:
        """The choice; None where a condition is no comparison, or there are too many."""
        _, (condition, x, y), _ = self.routine[place]
        test = self._condition(condition)
        if test is None or self.comparisons > 12:
            return None
        return ("if", test, self._branch(x), self._branch(y))

    def _branch(self, place: int) -> Tree:
        op = self.routine[place].op
        inner = self.uses[place] == 1 and op == "if" and not self.routine.is_uniform(place)
        tree = self.tree(place) if inner and self.comparisons < 6 else None
        return self._operand(place) if tree is None else tree

    def _condition(self, place: int) -> Tree | None:
        op, args, _ = self.routine[place]
        if op in ("and", "or", "not"):
            parts = [self._condition(arg) for arg in args]
            return None if None in parts else (op, *parts)
        if op not in _COMPARISONS:
            return None
        self.comparisons += 1
        return (op, *map(self._operand, args))

    def _operand(self, place: int) -> int:
        if place not in self.known:
            instruction = self.routine[place]
            self.known[place] = len(self.known)
            self.numbers.append(instruction.payload if instruction.op == "const" else None)
        return self.known[place]

    def nans(self) -> Iterator[frozenset[int]]:
        """Of which operands each is calculated, so that it is nan where they are."""
        return (frozenset(self._nan_from(place, 4)) for place in self.known)

    def _nan_from(self, place: int, depth: int) -> Iterator[int]:
        op, args, _ = self.routine[place]
        if place in self.known:
            yield self.known[place]
        if op in _SPREAD_NAN and depth:
            for arg in args:
                yield from self._nan_from(arg, depth - 1)

    def placed(self, found: Tree) -> Tree:
        """With the places instead of the numbers."""
        places = list(self.known)

        def walk(tree: Tree) -> Tree:
            if isinstance(tree, int):
                return places[tree]
            test, x, y, a, b = tree
            return (test, places[x], places[y], walk(a), walk(b))

        return walk(found)


@lru_cache(10_000)
def _fewest(tree: Tree, numbers: tuple[float | None, ...], nans: tuple[frozenset[int], ...]) -> Tree:
    """The choice in as few instructions as are sought, or one by one."""
    pairs = sorted(set(_pairs(tree)))
    orders = _orders(sorted({operand for pair in pairs for operand in pair}), numbers)
    answers = [_answer(tree, order) for order in orders]
    candidates = list(dict.fromkeys([*(operand for pair in pairs for operand in pair), *answers]))
    fits = {
        c: _mask(_is_as_good(c, answer, order, nans) for answer, order in zip(answers, orders, strict=True))
        for c in candidates
    }
    tests = [(name, x, y, _mask(_holds(name, order[x], order[y]) for order in orders)) for name, x, y in _tests(pairs)]

    @cache
    def sought(here: int, most: int) -> Tree | None:
        for candidate, fit in fits.items():
            if not here & ~fit:
                return candidate
        for name, x, y, holds in tests if most else ():
            if here & holds and here & ~holds:
                for first in range(most):
                    a, b = sought(here & holds, first), sought(here & ~holds, most - 1 - first)
                    if a is not None and b is not None:
                        return (name, x, y, a, b)
        return None

    found = (sought((1 << len(orders)) - 1, most) for most in range(_MOST + 1)) if orders else iter(())
    return next((one for one in found if one is not None), None) or _one_by_one(*tree[1:])


def _pairs(tree: Tree) -> Iterator[tuple[int, int]]:
    """What is compared with what."""
    if not isinstance(tree, int):
        if tree[0] in _COMPARISONS:
            yield tree[1:]
        for part in tree[1:]:
            yield from _pairs(part)


def _orders(compared: list[int], numbers: tuple[float | None, ...]) -> list[dict[int, float]]:
    """Every order of what is compared: where each stands among the others, or nan; none, if there are too many."""
    free = [operand for operand in compared if numbers[operand] is None]
    known = sorted({x for operand in compared if (x := numbers[operand]) is not None and x == x})
    step = len(free) + 1  # between two constants, and at both ends, there is a place for each
    places = [math.nan, *map(float, range(1, step * (len(known) + 1)))]
    if len(places) ** len(free) > _LARGEST:
        return []
    fixed = {
        operand: float(step * (known.index(x) + 1)) if x == x else math.nan
        for operand in compared
        if (x := numbers[operand]) is not None
    }
    return [fixed | dict(zip(free, order, strict=True)) for order in product(places, repeat=len(free))]


def _answer(tree: Tree, order: dict[int, float]) -> Tree:
    """The leaf that a choice comes to."""
    while not isinstance(tree, int):
        _, condition, x, y = tree
        tree = x if _is_true(condition, order) else y
    return tree


def _is_true(condition: Tree, order: dict[int, float]) -> bool:
    op, *parts = condition
    if op in _COMPARISONS:
        return _COMPARISONS[op](*(order[part] for part in parts))
    answers = [_is_true(part, order) for part in parts]
    return all(answers) if op == "and" else any(answers) if op == "or" else not answers[0]


def _is_as_good(candidate: int, answer: int, order: dict[int, float], nans: tuple[frozenset[int], ...]) -> bool:
    """Whether it is the answer, or nan as that is."""
    here = {operand for operand, x in order.items() if x != x}
    return candidate == answer or not (here.isdisjoint(nans[candidate]) or here.isdisjoint(nans[answer]))


def _mask(answers: Iterable[bool]) -> int:
    return sum(1 << i for i, answer in enumerate(answers) if answer)


def _tests(pairs: list[tuple[int, int]]) -> Iterator[tuple[str, int, int]]:
    """The instructions that may tell them apart, plain ones first."""
    both = list(dict.fromkeys(pair for x, y in pairs for pair in ((x, y), (y, x), (x, x))))
    for name in TESTS:
        yield from ((name, x, y) for x, y in both if x != y or name == "if nan")


def _holds(name: str, x: float, y: float) -> bool:
    sign, other = TESTS[name]
    return _COMPARISONS[sign](x, y) or (other is not None and math.isnan((x, y)[other]))


def _count(tree: Tree) -> int:
    return 0 if isinstance(tree, int) else 1 + _count(tree[3]) + _count(tree[4])


def _one_by_one(condition: Tree, x: Tree, y: Tree) -> Tree:
    """A choice for each comparison, one in another."""
    op, *parts = condition
    if op == "and":
        return _one_by_one(parts[0], ("if", parts[1], x, y), y)
    if op == "or":
        return _one_by_one(parts[0], x, ("if", parts[1], x, y))
    if op == "not":
        return _one_by_one(parts[0], y, x)
    a, b = (tree if isinstance(tree, int) else _one_by_one(*tree[1:]) for tree in (x, y))
    if op == "!=":
        return ("if ==", *parts, b, a)
    return (f"if {op}", *parts, a, b) if op[0] in ">=" else (f"if {op.replace('<', '>')}", *parts[::-1], a, b)
