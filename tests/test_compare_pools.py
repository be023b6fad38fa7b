"""viz.compare of pools: what changed is framed and told, the winners are true, and both stand in the same places."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import viz
from autodiff import StaleError, Value, avg_pool1d, max_pool1d, max_pool2d, routes
from autodiff.language.notation import numeral, writing
from viz.layout import engines
from viz.layout.layout import Box
from viz.layout.place import LEAST, PLACES
from viz.pairs.pools import PoolChanges, Pooled, told_of_pools
from viz.pools.marks import Plate, Words

NUMBERS = st.integers(-20, 20).map(lambda n: n / 4)
FIVE = st.lists(NUMBERS, min_size=5, max_size=5)
WEIGHTS = 0.7, 0.9


def row(numbers: Sequence[float], weights: Sequence[float] | None = WEIGHTS) -> list[Value]:
    x = [Value(v, f"x{i}") for i, v in enumerate(numbers)]
    p = max_pool1d(x, kernel_size=3, stride=2)
    if weights:
        (weights[0] * p[0] + weights[1] * p[1]).backward()
    return p


def square(edits: dict[tuple[int, int], float], side: int = 6, kernel: int = 3, stride: int = 2) -> list[list[Value]]:
    cells = [[Value(edits.get((r, c), (7 * r + 3 * c) % 10 - 2)) for c in range(side)] for r in range(side)]
    p = max_pool2d(cells, kernel, stride)
    total = Value(0.0)
    for i, line in enumerate(p):
        for j, output in enumerate(line):
            total = total + output * (i + j + 1) * (-1) ** j
    total.backward()
    return p


def compared(before: Any, after: Any, **options: Any) -> Any:
    return viz.compare(before, after, names=False, **options)


def plates(picture: Any, pattern: str) -> dict[str, Box]:
    """The first plate of each name, where it stands."""
    found: dict[str, Box] = {}
    for mark in picture.drawing.marks:
        if isinstance(mark, Plate) and re.fullmatch(pattern, mark.name):
            found.setdefault(mark.name, mark.box)
    return found


def words(picture: Any, pattern: str = ".*") -> Iterator[tuple[str, str]]:
    for mark in picture.drawing.marks:
        if isinstance(mark, Words) and re.fullmatch(pattern, mark.name):
            yield mark.name, "".join(run.text for run in mark.runs)


def told(picture: Any) -> str:
    """The sentences below the picture."""
    lines: dict[str, list[str]] = {}
    for name, line in words(picture, r"told_\d+"):
        lines.setdefault(name, []).append(line)
    return " ".join(" ".join(parts) for parts in lines.values())


def winner(numbers: Sequence[float], first: int) -> int:
    return max(range(first, first + 3), key=lambda i: numbers[i])  # the first of equals


def gradients(numbers: Sequence[float]) -> dict[int, float]:
    found: dict[int, float] = {}
    for first, weight in zip((0, 2), WEIGHTS, strict=True):
        found[winner(numbers, first)] = found.get(winner(numbers, first), 0.0) + weight
    return found


@pytest.mark.slow
@settings(max_examples=40)
@given(FIVE, FIVE)
def test_what_is_framed_and_told_is_what_changed(before: list[float], after: list[float]) -> None:
    picture = compared(row(before), row(after))
    old, new = gradients(before), gradients(after)
    frames = set(plates(picture, r"after_changed_(in|grad)_.*"))
    assert frames == {
        *(f"after_changed_in_0_{i}" for i in range(5) if before[i] != after[i]),
        *(f"after_changed_grad_0_{i}" for i in range(5) if old.get(i) != new.get(i)),
    }
    was = dict(words(picture, r"after_was_(in|grad)_.*"))
    with writing(picture_figures(picture)):
        expected = {f"after_was_in_{i}": f"was {numeral(before[i])}" for i in range(5) if before[i] != after[i]}
        for i in range(5):
            if old.get(i) != new.get(i):
                expected[f"after_was_grad_{i}"] = f"was {numeral(old[i]) if i in old else 'no path'}"
    assert was == expected
    said = told(picture)
    for letter, first in (("A", 0), ("B", 2)):
        won, lost = winner(after, first), winner(before, first)
        assert (f"Window {letter} is won by x{won} = " in said) == (won != lost)
        assert (f", not x{lost} = " in said) or won == lost
        assert f"Window {letter} is won by" not in said or won != lost


def picture_figures(picture: Any) -> Any:
    made = picture.again.args[0]  # the changes
    return viz_made(made).facts[1].figures


def viz_made(changes: Any) -> Any:
    from viz.pairs.both import BothPools

    return BothPools(changes, ("", ""), True, None)


@pytest.mark.slow
@settings(max_examples=15)
@given(FIVE, FIVE)
def test_what_is_alike_stands_in_the_same_places_in_the_same_shades(before: list[float], after: list[float]) -> None:
    picture = compared(row(before), row(after))
    for kind in (r"in_0_\d", r"grad_0_\d", r"card_0_\d"):
        one, other = plates(picture, f"before_{kind}"), plates(picture, f"after_{kind}")
        pairs = [(one[name.replace("after", "before")], box) for name, box in other.items()]
        # Of a cell without a path the first plate is its dot, which is in the middle.
        shifts = {(round(b.middle - a.middle, 6), round(b.y + b.height / 2 - a.y - a.height / 2, 6)) for a, b in pairs}
        assert len(shifts) == 1
    fills: dict[float, set[str | None]] = {}
    seen = set()
    for mark in picture.drawing.marks:
        if isinstance(mark, Plate) and mark.name not in seen and re.fullmatch(r"(before|after)_in_0_\d", mark.name):
            seen.add(mark.name)
            number = (after if mark.name[0] == "a" else before)[int(mark.name[-1])]
            fills.setdefault(number, set()).add(mark.fill)
    assert all(len(shades) == 1 for shades in fills.values())


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6, 12))
def test_ways_of_gradients_move_nothing(seed: int) -> None:
    draw = random.Random(seed)
    rows, columns, kernel = draw.randint(2, 8), draw.randint(2, 8), (draw.randint(1, 2), draw.randint(1, 2))
    cells = [[draw.randint(-9, 9) for _ in range(columns)] for _ in range(rows)]
    pools = []
    for _ in range(2):
        p = max_pool2d([[Value(x) for x in line] for line in cells], kernel, 1 + seed % 2)
        sum((output * draw.choice((1, -2, 0)) for line in p for output in line), Value(0.0)).backward()
        pools.append(p)
        cells[draw.randrange(rows)][draw.randrange(columns)] = 20
    picture = compared(*pools, fit=draw.choice([*PLACES]))
    shifts = set()
    for kind in (r"in_\d+_\d+", r"card_\d+_\d+"):
        one = plates(picture, f"before_{kind}")
        for name, box in plates(picture, f"after_{kind}").items():
            other = one[name.replace("after", "before")]
            shifts.add((round(box.x - other.x, 1) + 0.0, round(box.y - other.y, 1) + 0.0))
    assert len(shifts) == 1


def test_one_window_changes_its_winner_and_all_of_it_is_told() -> None:
    picture = compared(row((3, 0, 4, 2, 0)), row((3, 0, 4, 6, 0)))
    assert told(picture) == (
        "x3 was 2, is 6. Window B is won by x3 = 6, not x2 = 4 as before; its gradient 0.9 goes there. "
        "The output of B was 4, is 6. x2 got 1.6, gets 0.7; x3 gets 0.9, and no path led there before."
    )
    assert picture.described[0] == "before: x3 = 2, after: x3 = 6"
    assert set(plates(picture, "after_changed_out_.*")) == {"after_changed_out_B"}


def test_what_comes_back_may_be_another() -> None:
    assert told(compared(row((3, 0, 4, 2, 0)), row((3, 0, 4, 2, 0), (1, 0.9)))) == (
        "What comes back to A was 0.7, is 1. x2 got 1.6, gets 1.9."
    )
    assert told(compared(row((3, 0, 4, 2, 0), None), row((3, 0, 4, 2, 0)))).startswith(
        "Before, no backward pass had come back to the pool."
    )
    assert told(compared(row((3, 0, 4, 2, 0)), row((3, 0, 4, 2, 0)))) == (
        "Nothing differs: the same values, and the same gradients."
    )


@given(FIVE, FIVE)
@settings(max_examples=30, deadline=None)
def test_where_no_pass_has_come_back_nothing_is_told_of_gradients(before: list[float], after: list[float]) -> None:
    changes = PoolChanges(*(Pooled(routes(row(numbers, None)), {}, {}) for numbers in (before, after)))
    assert not changes.gradients
    assert not re.search(r"gets|gradient it got|another gradient", " ".join(told_of_pools(changes)))


def test_leaves_that_have_added_up_two_passes_are_told() -> None:
    def passed(times: int) -> list[Value]:
        p = row((3, 0, 4, 2, 0), None)
        score = 0.7 * p[0] + 0.9 * p[1]
        for _ in range(times):
            score.backward()
        return p

    assert told(compared(passed(1), passed(2))) == (
        "What the pool sends back is the same. x2.grad was 1.6, is 3.2: leaves add up what all passes send."
    )
    assert told(compared(passed(2), passed(2))) == "Nothing differs: the same values, and the same gradients."


def test_routes_keep_the_moment_before_an_update() -> None:
    x = [Value(v, f"x{i}") for i, v in enumerate((3, 0, 4, 2, 0))]
    p = max_pool1d(x, kernel_size=3, stride=2)
    (p[0] + p[1]).backward()
    before = routes(p)
    x[3].data = 6.0
    with pytest.raises(StaleError, match=r"keep the numbers of before an update with before = routes\(p\)"):
        compared(p, p)
    q = max_pool1d(x, kernel_size=3, stride=2)
    (q[0] + q[1]).backward()
    assert "Window B is won by x3 = 6, not cell 2 = 4 as before" in told(compared(before, q))


def test_a_maximum_and_an_average_of_the_same_cells() -> None:
    x = [Value(v, f"x{i}") for i, v in enumerate((3, 0, 4, 2, 0))]
    q = avg_pool1d(x, 3, 2)
    (q[0] + q[1]).backward()
    picture = compared(row((3, 0, 4, 2, 0)), q)
    assert told(picture).startswith(
        "The pools differ: max pool 3, stride 2 before, average pool 3, stride 2 after. 5 of 5 cells"
    )
    assert not plates(picture, "after_changed_in_.*")


def test_grids_of_different_sizes_are_told_apart() -> None:
    picture = compared(row((3, 0, 4, 2, 0)), row((3, 0, 4, 2, 0, 1, 2)))
    assert "The grids differ: 1 × 5 cells before, 1 × 7 after." in told(picture)
    assert not plates(picture, "after_changed_.*")


def test_of_many_windows_those_that_changed_are_shown_on_both_sides() -> None:
    picture = compared(square({}, 10, 2, 1), square({(4, 4): 20.0}, 10, 2, 1))
    letters = {
        side: {name.split("_")[2] for name, _ in words(picture, f"{side}_window_.*")} for side in ("before", "after")
    }
    assert letters["before"] == letters["after"]
    assert letters["after"] >= {"AE", "AF", "AN", "AO"}  # the four windows of cell (4, 4)
    assert "Window AE is won by cell (4, 4) = 20, not" in told(picture)


CASES = {
    "a row": lambda: (row((3, 0, 4, 2, 0)), row((-3, 1.25, 4, 6, 0))),
    "a row of long numbers": lambda: (row((3.125, -1234.5, 4, 2, 0)), row((0.0625, 1, 4.5, 6, -2000))),
    "a square": lambda: (square({}), square({(2, 2): 12.0})),
    "a large square": lambda: (square({}, 12, 2, 2), square({(4, 4): 12.0}, 12, 2, 2)),
    "one cell": lambda: (max_pool1d([Value(1.0)], 1), max_pool1d([Value(2.0)], 1)),
}


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("case", CASES)
def test_no_text_is_smaller_than_can_be_read(case: str, place: str) -> None:
    svg = compared(*CASES[case](), fit=place).svg()
    wide, high = map(float, re.findall(r'<svg width="([\d.]+)pt" height="([\d.]+)pt"', svg)[0])
    _, _, across, down = map(float, re.findall(r'viewBox="([^"]*)"', svg)[0].split())
    least = min(map(float, re.findall(r'font-size="([\d.]+)"', svg)))
    assert PLACES[place].scale((across, down)) * least >= LEAST - 1e-6
    assert wide / across == pytest.approx(high / down, rel=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("case", CASES)
def test_no_words_overlap(case: str, place: str) -> None:
    drawing = compared(*CASES[case](), fit=place).drawing
    marks = [mark for mark in drawing.marks if isinstance(mark, Words)]
    for one, other in combinations(marks, 2):
        a, b = one.box, other.box
        across = a.x < b.x + b.width - 0.01 and b.x < a.x + a.width - 0.01
        assert not (across and a.y < b.y + b.height - 0.01 and b.y < a.y + a.height - 0.01), (one, other)
    for mark in marks:
        assert 0 <= mark.box.x <= mark.box.x + mark.box.width <= drawing.width, mark
        assert 0 <= mark.box.y <= mark.box.y + mark.box.height <= drawing.height, mark


def test_letters_lie_above_frames() -> None:
    marks = compared(row((3, 0, 4, 2, 0)), row((3, 0, 4, 6, 0))).drawing.marks
    frame = next(k for k, mark in enumerate(marks) if mark.name == "after_changed_out_B")
    letter = next(k for k, mark in enumerate(marks) if mark.name == "after_card_0_1_letter")
    assert frame < letter
    assert all(mark.name != "after_card_0_1_letter" for mark in marks[:frame])


def test_the_legend_lists_what_is_in_either() -> None:
    legend = [text for _, text in words(compared(row((3, 0, 4, 2, 0)), row((3, 0, 4, 6, 0), (-1, 0.9))), "legend")]
    assert legend[0] == "yellow frame: changed"
    assert "gradient below 0" in legend
    assert len(legend) == len(set(legend))
    assert not [*words(compared(row((3, 0, 4, 2, 0)), row((3, 0, 4, 6, 0)), legend=False), "legend")]


def test_it_is_a_picture_as_the_others_are() -> None:
    picture = compared(row((3, 0, 4, 2, 0)), row((3, 0, 4, 6, 0)))
    assert picture.svg() == compared(row((3, 0, 4, 2, 0)), row((3, 0, 4, 6, 0))).svg()
    assert "was 1.6" in picture.source
    assert engines.layout(picture.source, "svg")[:5] == b"<?xml"
    dark, auto = (compared(row((3, 0, 4, 2, 0)), row((3, 0, 4, 6, 0)), theme=look).svg() for look in ("dark", "auto"))
    assert viz.DARK.background in dark
    assert "prefers-color-scheme:dark" in auto
    assert "(lr)" in compared(row((3, 0, 4, 2, 0)), row((3, 0, 4, 6, 0)), titles=("a", "b (lr)")).svg()
    with pytest.raises(TypeError, match="titles are two texts"):
        compared(row((3, 0, 4, 2, 0)), row((3, 0, 4, 6, 0)), titles="ab")


def test_one_pool_and_something_else_are_compared_as_graphs() -> None:
    p = row((3, 0, 4, 2, 0))
    assert "cluster_before" in compared(p, p[0]).source
    with pytest.raises(TypeError, match="compare takes a Value"):
        compared(routes(p), p[0])


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(st.tuples(st.integers(0, 3), st.integers(0, 3)), NUMBERS, min_size=1, max_size=4))
def test_a_cell_tells_what_it_was_where_it_has_room(edits: dict[tuple[int, int], float]) -> None:
    before, after = square({}, 4, 2, 2), square(edits, 4, 2, 2)
    picture = compared(before, after)
    old = {(r, c): (7 * r + 3 * c) % 10 - 2 for r in range(4) for c in range(4)}
    cells = plates(picture, r"after_in_.*")
    for mark in picture.drawing.marks:
        if isinstance(mark, Words) and (found := re.fullmatch(r"after_was_in_(\d)_(\d)", mark.name)):
            cell = int(found[1]), int(found[2])
            assert old[cell] != edits[cell]
            assert mark.runs[0].text == f"was {numeral(old[cell]).replace('-', '−')}"
            box, ink = cells[f"after_in_{cell[0]}_{cell[1]}"], mark.box
            assert box.x < ink.x < ink.x + ink.width < box.x + box.width
            assert box.y < ink.y < ink.y + ink.height < box.y + box.height
            assert mark.size * 4 / 3 >= 10.5


def test_a_number_that_lost_stands_under_the_one_that_is_there() -> None:
    told_in = dict(words(compared(square({}, 4, 2, 2), square({(0, 1): -3.0, (3, 3): 2.0}, 4, 2, 2)), r"after_was_.*"))
    assert told_in == {"after_was_in_0_1": "was 1", "after_was_in_3_3": "was −2"}


def test_a_description_has_four_sentences_at_most() -> None:
    edits = {(r, c): float(10 + r + c) for r in range(6) for c in range(2)}
    picture = compared(square({}), square(edits))
    for said in (picture.described[1], compared(row((3, 0, 4, 2, 0)), row((3, 5, 4, 2, 9))).described[1]):
        assert len(re.findall(r"[.] |[.]$", said)) <= 4, said
    assert all(part in told(picture) for part in picture.described[1].split(". ")[:3])


def test_what_outputs_were_stands_at_their_cards() -> None:
    before, after = row((3, 0, 4, 2, 0), (0.7, 0.9)), row((3, 5, 4, 2, 9), (0.7, -1.9))
    picture = compared(before, after)
    said = dict(words(picture, "after_was_(out|up)_.*"))
    assert said == {"after_was_out_A": "was 4", "after_was_out_B": "was 4", "after_was_up_B": "was 0.9"}
    cards = plates(picture, "after_card_.*")
    for mark in picture.drawing.marks:
        if mark.name in said:
            card = cards[f"after_card_0_{'AB'.index(mark.name[-1])}"]
            assert abs(mark.box.y + mark.box.height / 2 - card.y - card.height / 2) < card.height
            assert mark.box.x >= card.x + card.width or mark.box.x + mark.box.width <= card.x
