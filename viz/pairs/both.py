"""What is told of two pools, in whatever form: facts of both with the same windows, and numbers written alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from autodiff.language.notation import writing
from viz.ink.figures import figured
from viz.pairs.pools import PoolChanges, told_of_pools
from viz.pools.facts import Facts

__all__ = ["BothPools", "came"]

FEW = 6  # windows of many that are told of


@dataclass(frozen=True)
class BothPools:
    """What is drawn of two pools, in whatever form."""

    changes: PoolChanges
    titles: tuple[str, str]
    legend: bool
    digits: int | None

    @cached_property
    def facts(self) -> tuple[Facts, Facts]:
        """Of both: the same windows are told of, and numbers are written alike."""
        one, other = self.changes.before.routes, self.changes.after.routes
        asked = None
        if self.changes.alike and Facts(other).shown != other.windows:  # of many windows those that changed, above all
            some = [*(b for _, b in self.changes.won), *self.changes.cards, *Facts(other).shown]
            asked = sorted(dict.fromkeys(window.letter for window in some), key=len)[:FEW]
        found = Facts(one, asked if self.changes.alike else None, self.digits), Facts(other, asked, self.digits)
        most = max(found, key=lambda facts: facts.figures.digits).figures.digits
        numbers = [x for facts in found for x in _numbers(facts)]
        for facts in found:
            facts.figures = figured(numbers, most)
        return found

    @cached_property
    def sentences(self) -> list[str]:
        """What is told of both."""
        with writing(self.facts[1].figures):
            return told_of_pools(self.changes)


def came(facts: Facts) -> list[float]:
    """The gradients of a pool: what comes back to its windows, and what its cells get."""
    return [*(w.upstream for w in facts.routes.windows if w.upstream is not None), *facts.totals.values()]


def _numbers(facts: Facts) -> Iterator[float | None]:
    for row in facts.routes.values:
        yield from row
    for window in facts.routes.windows:
        yield from (window.value, window.upstream)
    for some in facts.addends.values():
        yield from (sent for sent, _ in some)
    yield from facts.totals.values()
