"""What Python tells the page: every message in one place.

Their twin for the page's scripts is ``static/contract.js``, generated from here by docs/build.py; nothing loads it.
"""

from __future__ import annotations

from typing import Any, Literal, TypedDict

__all__ = [
    "MESSAGES",
    "Condition",
    "Facts",
    "Figures",
    "Fold",
    "Formula",
    "Grid",
    "Line",
    "MapNodes",
    "Net",
    "Node",
    "Opened",
    "Operation",
    "Page",
    "Partial",
    "PoolOf",
    "Shown",
    "Told",
    "Window",
]

Number = float | str  # "nan", "inf" and "-inf" are text: JSON has no such numbers
Formula = Any  # a number, a name, None, or [sign, part, ...]


class _Node(TypedDict):
    label: str


class Node(_Node, total=False):
    """A node: its label; a leaf's number, or what computes it: operation, operands ([3.0] is a constant) and words.

    ``constant`` is one that has a box of its own.
    """

    value: Number
    constant: bool
    scope: list[str]
    op: str
    text: str
    args: list[int | list[Number]]
    refusals: list[str]


# A condition: some of others, all of them, one denied, or a comparison with the words for each way it ends.
Condition = TypedDict(
    "Condition",
    {
        "any": list["Condition"],
        "all": list["Condition"],
        "not": "Condition",
        "compare": list[Formula],
        "holds": str,
        "fails": str,
        "nan": str,
    },
    total=False,
)

# A partial derivative: a tree of conditions, or, at its ends, a formula (None: no path) with its notation.
Partial = TypedDict(
    "Partial",
    {
        "test": Condition,
        "then": "Partial",
        "else": "Partial",
        "formula": Formula,
        "text": str,
        "flow": str,
        "arithmetic": bool,
        "name": bool,
    },
    total=False,
)


class Operation(TypedDict):
    """A row of the table: formulas as nested lists, and templates of text and markup."""

    inputs: list[str]
    symbol: str
    notation: str
    call: str
    value: Formula
    math: str
    choice: bool
    rivals: list[int]
    ties: list[str]
    partials: list[Partial]


class _Fold(TypedDict):
    name: str
    called: str
    members: list[int]
    speaker: int | None
    inside: int | None


class Fold(_Fold, total=False):
    """A folded scope: its name, and as sentences say it, the nodes in it, and the one whose numbers its box bears.

    ``inside`` is its place among the ``insides`` of the page, if it can be opened; ``plain`` is a formula of one node,
    which is told like any node.
    """

    plain: bool


class _Line(TypedDict):
    uses: list[str]
    adds: bool


class Line(_Line, total=False):
    """A line of several uses ("7_0": operand 0 of node 7), or into a folded scope; ``adds``: to one node.

    ``difference`` is what ``p − y`` at a score is made of: the uses that send p, those that send −y, the log's node.
    """

    difference: list[Any]


class Figures(TypedDict):
    """How numbers are written: so many figures, in full from ``least`` on, with this minus."""

    digits: int
    least: float
    minus: str


class Facts(TypedDict):
    """The graph itself: structure, numbers and how they are written, and its operations' formulas."""

    nodes: list[Node]
    output: int
    seed: Number
    figures: Figures
    operations: dict[str, Operation]
    sentences: dict[str, str]


class Shown(TypedDict):
    """What of a graph is folded, by the id of its box, and joined, by the id of its line, where it is laid out."""

    folds: dict[str, Fold]
    lines: dict[str, Line]


class Opened(Shown):
    """What is shown where a scope is opened: the nodes that are ``seen`` there.

    Its drawing may be that of the one that it is ``like``, with other names of frames, as they are drawn, and of nodes.
    """

    seen: list[int]
    like: int | None
    frames: list[str]
    names: list[str]


class Page(Facts):
    """All that the page knows of a graph, beside the SVG: names of the leaves, what is folded and joined, the shell.

    ``unseen`` are the nodes without a box, where a part is shown; ``folded`` is of the layout in which more is folded,
    so that it fits, ``insides`` are of the scopes that open; ``notation`` is the MathML of names, by label.
    """

    shell: str
    scale: dict[str, float]
    leaves: dict[int, str]
    notation: dict[str, str]
    folds: dict[str, Fold]
    unseen: list[int]
    lines: dict[str, Line]
    folded: Shown | None
    insides: list[Opened]


class Window(TypedDict):
    """A window of a pool: its output's node, its nodes, and the uses that send to each of its cells ("0,2")."""

    letter: str
    output: int | None
    place: list[int]
    members: list[int]
    uses: list[list[Any]]
    frame: list[int]
    choice: bool


class Grid(TypedDict):
    """The grid of a pool: a node and a number in each cell, and the windows over them."""

    title: str
    cells: list[list[list[Any]]]
    shape: list[int]
    colours: int
    windows: list[Window]


class Told(TypedDict):
    """What a page is opened with."""

    data: Page
    grid: Grid | None
    theme: Literal["auto", "light", "dark"]
    start: int


class PoolOf(TypedDict):
    """What a max pool is, whose windows read the map of this number."""

    source: int
    kernel: int
    stride: int
    padding: int


class MapNodes(TypedDict):
    """A map of a network: channels, rows and columns of cells, in whose order it has nodes (-1: not in the graph).

    ``layer`` is the number of the layer that it is, or is computed with; ``made`` how many channels weights make;
    ``pool`` is of a max pool that can be another one.
    """

    name: str
    kind: str
    shape: list[int]
    layer: int
    made: int
    nodes: str
    pool: PoolOf | None


class Net(TypedDict):
    """A whole network in flat arrays, as text: of each node its operation (0: a leaf) and its operands.

    An operand is a node, or, below 0, one of the constants. ``looks`` has colours of cells, and of numbers in them.
    """

    operations: dict[str, Operation]
    ops: str
    args: str
    constants: str
    leaves: str
    output: int
    seed: Number
    name: str
    figures: Figures
    sentences: dict[str, str]
    maps: list[MapNodes]
    looks: dict[str, dict[str, list[list[str]]]]
    shell: str


MESSAGES: tuple[Any, ...] = (
    Node,
    Condition,
    Partial,
    Operation,
    Fold,
    Line,
    Figures,
    Facts,
    Shown,
    Opened,
    Page,
    Window,
    Grid,
    Told,
    PoolOf,
    MapNodes,
    Net,
)
