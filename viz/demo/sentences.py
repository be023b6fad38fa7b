"""What the pictures say, in sentences: where each gradient came from."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add

from autodiff import Graph, Value
from autodiff.facts.routes import PoolRoutes
from autodiff.facts.telling import Telling
from autodiff.facts.words import SENTENCES, operation_text
from autodiff.ground.text import NAME
from viz.ink.text import visible
from viz.ink.theme import numeral

__all__ = ["largest_sentence", "leaf_sentences", "off_sentences", "pool_sentences", "weights_sentence"]


def pool_sentences(routes: PoolRoutes) -> list[str]:
    """One sentence for each cell that a pool sent gradient to: from which windows, and the sum.

    >>> from autodiff import Value, max_pool1d, routes
    >>> x = [Value(v) for v in (3, 0, 4, 2, 0)]
    >>> p = max_pool1d(x, kernel_size=3, stride=2)
    >>> (0.7 * p[0] + 0.9 * p[1]).backward()
    >>> pool_sentences(routes("max", x, p, kernel_size=3, stride=2))
    ['cell (0,2) got 0.7 from window A and 0.9 from window B = 1.6']
    """
    got: dict[tuple[int, int], list[tuple[float, str]]] = {}
    for window in routes.windows:
        for cell, contribution in window.contributions.items():
            got.setdefault(cell, []).append((contribution, f"from window {window.letter}"))
    return [f"cell ({row},{column}) got {_sum(got[row, column])}" for row, column in sorted(got)]


def off_sentences(relus: Sequence[Sequence[Value]], routes: PoolRoutes) -> list[str]:
    """One sentence for each relu that a pool sent gradient to and that is off: the gradient goes no further.

    >>> from autodiff import Value, max_pool1d, relu, routes
    >>> x = [relu(Value(v)) for v in (-3, -1, -2)]
    >>> p = max_pool1d(x, kernel_size=3)
    >>> p[0].backward(0.7)
    >>> off_sentences([x], routes(p))
    ['cell (0,0) hands nothing on: its relu is off at -3, so the gradient of window A ends there']
    """
    winners: dict[tuple[int, int], list[str]] = {}
    for window in routes.windows:
        for cell in window.contributions:
            winners.setdefault(cell, []).append(window.letter)
    told = []
    for (row, column), letters in sorted(winners.items()):
        (read,) = relus[row][column].parents
        if read.data <= 0:
            among = "window " + letters[0] if len(letters) == 1 else "windows " + ", ".join(letters)
            why = f"its relu is off at {numeral(read.data)}"
            told.append(f"cell ({row},{column}) hands nothing on: {why}, so the gradient of {among} ends there")
    return told


def weights_sentence(weights: Sequence[float], outputs: Sequence[Value], own: bool) -> str:
    """Where the numbers come from that arrive at the pool's outputs.

    >>> p = [Value(4.0, "p0"), Value(4.0, "p1")]
    >>> weights_sentence([0.7, 0.9], p, own=True)
    'score = 0.7·p0 + 0.9·p1, with the weights 0.7, 0.9 of your own: each is the gradient that arrives there'
    """
    more = len(outputs) > 3
    terms = [f"{numeral(w)}·{visible(str(p.name), NAME)}" for w, p in zip(weights, outputs, strict=True)]
    said = (" + ".join(terms[:3]) + " + ..." * more).replace("+ -", "− ")
    listed = ", ".join(map(numeral, weights[:3])) + ", ..." * more
    one = len(outputs) == 1
    whose = " of your own" if own else ", which stands for a next layer" if one else ", which stand for a next layer"
    which = ("weight", "it") if one else ("weights", "each")
    return f"score = {said}, with the {which[0]} {listed}{whose}: {which[1]} is the gradient that arrives there"


def largest_sentence(numbers: Sequence[Sequence[float]], routes: PoolRoutes) -> str:
    """Why the largest cell wins nothing, where it lies in no window; empty where it lies in one.

    >>> from autodiff import Value, max_pool1d, routes
    >>> x = [3, 0, 4, 2, 9, 8, 9.5]
    >>> p = max_pool1d([Value(v) for v in x], kernel_size=2, stride=4)
    >>> largest_sentence([x], routes(p)).partition(".")[0]
    'The largest cell, (0,6) = 9'
    """
    covered = {cell for window in routes.windows for cell in window.cells}
    known = {(r, c): x for r, row in enumerate(numbers) for c, x in enumerate(row) if x == x}
    top = max(known.values(), default=0.0)
    at = [cell for cell, x in known.items() if x == top]
    if not at or not covered.isdisjoint(at):
        return ""
    row, column = (max(cell[axis] for cell in covered) for axis in (0, 1))
    beyond = at[0][0] > row or at[0][1] > column
    why = f"the windows end at row {row} and column {column}" if beyond else "the windows stand apart"
    told = f"The largest cell, ({at[0][0]},{at[0][1]}) = {numeral(top)}, lies in no window: {why}."
    return f"{told} N{SENTENCES['no path'][1:]}."


def leaf_sentences(graph: Graph) -> list[str]:
    """One sentence for each named leaf: what it got over each of its uses, and the sum.

    >>> from autodiff import expression
    >>> y = expression("max(a*b, c) + a", a=2, b=-3, c=10)
    >>> y.backward()
    >>> for sentence in leaf_sentences(Graph(y)):
    ...     print(sentence)
    a got 1 through '+' (no path through '×') = 1
    b got nothing: no path through '×'
    c got 1 through 'max' = 1
    """
    sentences = []
    flows = graph.flows()
    telling = Telling(graph.nodes, None, [value.data for value in graph.values])
    for leaf in graph.leaves:
        sent, refused = [], []
        for flow in flows:
            if flow.edge.source == leaf:
                target = graph.nodes[flow.edge.target]
                through = f"through '{operation_text(target)}'"
                if flow.contribution is not None:
                    sent.append((flow.contribution, through))
                else:
                    reason = "no path" if flow.local is not None else telling.why_no_path(flow.edge)
                    kind, tied, winner = reason.partition(": ")
                    refused.append(f"{kind} {through}{tied}{winner}")
        if leaf in graph.outputs:
            sent.append((1.0, "as the result itself"))
        name = visible(graph.nodes[leaf].name or f"leaf {leaf}", 40)
        sentences.append(f"{name} got {_account(sent, refused)}")
    return sentences


def _account(sent: list[tuple[float, str]], refused: list[str]) -> str:
    aside = ", ".join(dict.fromkeys(refused))
    if not sent:
        return f"nothing: {aside or 'no use'}"
    return _sum(sent, f" ({aside})" if aside else "")


def _sum(parts: list[tuple[float, str]], aside: str = "") -> str:
    addends = [f"{numeral(contribution)} {origin}" for contribution, origin in parts]
    total = reduce(add, (contribution for contribution, _ in parts))
    listed = addends[0] if len(addends) == 1 else ", ".join(addends[:-1]) + " and " + addends[-1]
    return f"{listed}{aside} = {numeral(total)}"
