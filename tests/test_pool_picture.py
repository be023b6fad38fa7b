"""The picture of a pool shows who won, what came back, and what never could; and it can be read."""

from __future__ import annotations

import dataclasses
import itertools
import math
import random
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import pytest

import viz
from autodiff import Value, avg_pool1d, max_pool1d, nn
from autodiff.facts.routes import PoolRoutes, Window, routes
from autodiff.pooling import plan
from viz.ink.theme import DARK, LIGHT, Theme, contrast
from viz.layout.layout import Box
from viz.layout.place import LEAST, PLACES
from viz.pools.facts import Facts
from viz.pools.grids import picture
from viz.pools.heat import SHADES, Heat, shades
from viz.pools.lattice import Lattice, cut, meets, segments
from viz.pools.marks import Plate, Way, Words, bends
from viz.pools.sheet import Sheet
from viz.pools.ways import Gulf

Table = list[list[float]]
TICKET: Table = [[3, 1, 0, 2, 5], [0, 4, 9, 1, 0], [1, 2, 3, 3, 1], [6, 0, 1, 2, 2], [2, 5, 0, 8, 1]]


def pooled(
    values: Table, kernel: int, stride: int, upstream: list[float | None] | None = None, padding: int = 0,
    kind: str = "max",
) -> PoolRoutes:  # fmt: skip
    """Routes worked out the slow way, without the engine."""
    rows, columns = len(values), len(values[0])
    high, low = (1 if rows == 1 else kernel), (0 if rows == 1 else padding)
    shape = ((rows + 2 * low - high) // stride + 1, (columns + 2 * padding - kernel) // stride + 1)
    windows = []
    for number in range(shape[0] * shape[1]):
        place = divmod(number, shape[1])
        top, left = place[0] * stride - low, place[1] * stride - padding
        inside = [(r, c) for r in range(top, top + high) for c in range(left, left + kernel)]
        cells = tuple((r, c) for r, c in inside if 0 <= r < rows and 0 <= c < columns)
        flow = upstream[number] if upstream else None
        best = max(cells, key=lambda cell: values[cell[0]][cell[1]])
        chosen, share = ((best,), 1.0) if kind == "max" else (cells, 1 / (high * kernel))
        value = sum(values[r][c] for r, c in chosen) * share
        sent = {} if flow is None else dict.fromkeys(chosen, flow * share)
        slopes = dict.fromkeys(chosen, share)
        windows.append(Window(number, place, cells, value, flow, sent, slopes))
    table = tuple(map(tuple, values))
    return PoolRoutes(kind, (high, kernel), (stride, stride), (low, padding), table, shape, tuple(windows))


def grid(rows: int, columns: int) -> Table:
    dice = random.Random(rows * columns)
    return [[float(dice.randint(0, 9)) for _ in range(columns)] for _ in range(rows)]


class Drawn:
    """A picture, asked by the names of its marks."""

    def __init__(self, sheet: viz.Picture) -> None:
        assert isinstance(sheet, Sheet)
        self.sheet = sheet
        self.marks = sheet.drawing.marks

    def of(self, name: str) -> list[str]:
        """All words of a name, in the order of writing."""
        return ["".join(r.text for r in m.runs) for m in self.marks if isinstance(m, Words) and m.name == name]

    def number(self, name: str) -> str:
        return self.of(name)[0] if self.of(name) else ""

    def letters(self, name: str) -> list[str]:
        return self.of(name)[1:]

    def plates(self, name: str) -> list[Plate]:
        return [m for m in self.marks if isinstance(m, Plate) and m.name == name]

    def ways(self, begin: str) -> list[Way]:
        return [m for m in self.marks if isinstance(m, Way) and m.name.startswith(begin)]

    @property
    def text(self) -> str:
        return " ".join("".join(r.text for r in m.runs) for m in self.marks if isinstance(m, Words))

    @property
    def sums(self) -> list[str]:
        return [text for k in range(9) if (text := " ".join(self.of(f"sum_{k}")))]


@pytest.fixture
def row() -> Drawn:
    return Drawn(picture(pooled([[3, 0, 4, 2, 0]], 3, 2, [0.7, 0.9])))


@pytest.fixture
def ticket() -> Drawn:
    return Drawn(viz.pool(TICKET, kernel_size=3, stride=2, upstream=[0.7, 0.9, -0.5, 0.4]))


# -- What is told


def test_two_windows_that_chose_the_same_cell_add_up_in_it(row: Drawn) -> None:
    assert row.number("grad_0_2") == "1.6"
    assert row.letters("grad_0_2") == row.letters("in_0_2") == ["A", "B"]
    assert row.sums == ["4 won A and B: 0.7 + 0.9 = 1.6"]


def test_value_and_gradient_of_an_output_are_one_card(ticket: Drawn) -> None:
    assert [ticket.number(f"out_{r}_{c}") for r in (0, 1) for c in (0, 1)] == ["9", "9", "6", "8"]
    assert [ticket.number(f"up_{r}_{c}") for r in (0, 1) for c in (0, 1)] == ["0.7", "0.9", "−0.5", "0.4"]
    for r, c in itertools.product((0, 1), (0, 1)):
        (card, *_), (upper,), (lower,) = (ticket.plates(f"{name}_{r}_{c}") for name in ("card", "out", "up"))
        assert card.box.y < upper.box.y < lower.box.y < card.box.y + card.box.height
        assert card.box.x < upper.box.x == lower.box.x


def test_a_window_has_one_colour_and_letter_at_its_frame_its_winner_its_output_and_its_route(ticket: Drawn) -> None:
    for k, letter in enumerate("ABCD"):
        colour = LIGHT.windows[k]
        assert {way.ink for way in ticket.ways(f"window_{letter}")} == {colour}
        assert {way.ink for way in ticket.ways(f"route_{letter}")[1:]} == {colour}
        (frame,) = [p for p in ticket.plates(f"card_{k // 2}_{k % 2}") if p.line == colour]
        assert frame.box.width > 20
        assert ticket.of(f"window_{letter}") == [letter]
    marks = ticket.plates("grad_1_2")[1:]
    assert [p.fill for p in marks] == list(LIGHT.windows[:2])


def test_no_colour_repeats_and_beyond_the_palette_letters_alone_decide() -> None:
    facts = Facts(pooled(grid(1, 30), 1, 1, [1.0] * 30), windows=" ".join(chr(65 + k) for k in range(20)))
    drawn = Drawn(picture(facts.routes, windows=[w.letter for w in facts.shown]))
    inks = [drawn.ways(f"window_{w.letter}")[0].ink for w in facts.shown]
    assert len(set(inks[: len(LIGHT.windows)])) == len(LIGHT.windows) >= 9
    assert set(inks[len(LIGHT.windows) :]) == {LIGHT.muted}


def test_a_cell_that_lost_is_a_dot_and_costs_no_row(ticket: Drawn) -> None:
    assert [plate.dot for plate in ticket.plates("grad_0_0")] == [True]
    assert ticket.number("grad_0_0") == ""
    assert "no path: nothing flows, so the derivative is 0" in ticket.text
    tall = Drawn(viz.pool([[0.0] * 5] * 4 + [[1.0] * 5], kernel_size=5, fit=(400, None)))
    lattice = Heights([plate for r in range(5) for plate in tall.plates(f"grad_{r}_4")])
    assert lattice.apart[:3] == pytest.approx([lattice.apart[0]] * 3)
    assert lattice.apart[0] < 20


class Heights:
    def __init__(self, plates: list[Plate]) -> None:
        middles = [plate.box.y + plate.box.height / 2 for plate in plates]
        self.apart = [b - a for a, b in itertools.pairwise(middles)]


def test_a_true_zero_is_written_as_a_number() -> None:
    drawn = Drawn(picture(pooled([[1, 2, 3, 4]], 2, 2, [0.0, 1.0])))
    assert drawn.number("grad_0_1") == "0"
    assert drawn.plates("grad_0_1")[0].fill == LIGHT.background
    assert drawn.plates("grad_0_1")[0].line
    assert drawn.plates("grad_0_0")[0].dot
    assert "it came, and is 0" in drawn.text


def test_a_gradient_that_was_not_computed_is_a_third_thing() -> None:
    drawn = Drawn(picture(pooled([[1, 2, 3, 4]], 2, 2, [None, 1.0])))
    assert [drawn.number(name) for name in ("up_0_0", "grad_0_1", "grad_0_0")] == ["?", "?", ""]
    assert drawn.plates("grad_0_1")[0].dash == "dashed"
    assert "gradient not computed" in drawn.text
    assert not drawn.ways("route_A")


def test_a_sign_is_told_by_colour_by_dash_and_by_a_true_minus() -> None:
    drawn = Drawn(picture(pooled([[1, 2, 3, 4]], 2, 2, [-1.0, 1.0])))
    assert (drawn.number("grad_0_1"), drawn.number("grad_0_3")) == ("−1", "1")
    assert drawn.plates("grad_0_1")[0].fill in shades(LIGHT, "negative")
    assert drawn.plates("grad_0_3")[0].fill in shades(LIGHT, "positive")
    assert [drawn.ways(f"route_{k}")[-1].dash for k in "AB"] == ["dashed", "solid"]


def test_a_larger_gradient_takes_a_wider_route() -> None:
    drawn = Drawn(picture(pooled([[1, 2, 3, 4, 5, 6]], 2, 2, [0.1, -10.0, 1.0])))
    assert [drawn.ways(f"route_{k}")[-1].pen for k in "ABC"] == [1.4, 2.6, 2.0]


def test_a_route_leads_from_its_card_to_its_winner(ticket: Drawn) -> None:
    for k, cell in enumerate(("grad_1_2", "grad_1_2", "grad_3_0", "grad_4_3")):
        *_, way = ticket.ways(f"route_{'ABCD'[k]}")
        card, goal = ticket.plates(f"card_{k // 2}_{k % 2}")[0].box, ticket.plates(cell)[0].box
        (x, y), (tip, level) = way.points[0], way.points[-1]
        assert meets(card, Box(x, y, 0, 0), 0.1)
        assert tip == pytest.approx(goal.x)
        assert goal.y < level < goal.y + goal.height


def test_padding_is_narrow_and_never_wins() -> None:
    drawn = Drawn(picture(pooled([[-1, -2, -3], [-4, -5, -6], [-7, -8, -9]], 3, 2, [1.0] * 4, padding=1)))
    assert drawn.plates("pad_m1_m1")[0].dash == "dashed"
    assert drawn.plates("pad_m1_m1")[0].box.width < drawn.plates("in_0_0")[0].box.width / 2
    assert [drawn.number(f"out_{r}_{c}") for r in (0, 1) for c in (0, 1)] == ["−1", "−2", "−4", "−5"]
    assert "padding never wins" in drawn.text


def test_what_ceil_mode_reaches_beyond_the_border_is_no_padding() -> None:
    x = [Value(float(i)) for i in range(3)]
    p = avg_pool1d(x, kernel_size=2, stride=2, ceil_mode=True)
    drawn = Drawn(picture(routes("avg", x, p, kernel_size=2, stride=2, ceil_mode=True)))
    assert p[1].data == 2.0
    assert drawn.plates("pad_0_3")
    assert "outside: the windows reach beyond the grid" in drawn.text
    assert "padding" not in drawn.text


@pytest.mark.parametrize(("counts", "words"), [(True, "padding counts as 0"), (False, "padding is not counted")])
def test_an_average_says_what_its_padding_does(counts: bool, words: str) -> None:
    p = avg_pool1d([Value(1.0), Value(2.0), Value(6.0)], 3, 1, padding=1, count_include_pad=counts)
    assert words in Drawn(viz.pool(p)).text


def test_an_average_gives_every_cell_its_share_and_frames_them_there_too() -> None:
    drawn = Drawn(picture(pooled([[1, 2], [3, 4]], 2, 2, [2.0], kind="avg")))
    assert [drawn.number(f"grad_{r}_{c}") for r in (0, 1) for c in (0, 1)] == ["0.5"] * 4
    assert "average pool 2×2, stride 2. 1 window; each cell of a window gets 1/4 of what comes back" in drawn.text
    assert drawn.of("back_A") == ["A"]
    assert not [p for p in drawn.plates("in_0_0") if p.line]  # nobody wins


def test_the_dilation_is_told_and_its_cells_are_joined() -> None:
    drawn = Drawn(viz.pool(grid(5, 5), kernel_size=2, stride=1, dilation=2, windows="A"))
    assert "max pool 2×2, stride 1, dilation 2." in drawn.text
    cells = [drawn.plates(f"in_{r}_{c}")[0].box for r in (0, 2) for c in (0, 2)]
    pieces = [piece for way in drawn.ways("window_A") for piece in segments(way.points)]
    joined = [{k for k, cell in enumerate(cells) if meets(piece, cell)} for piece in pieces]
    assert {0, 1, 2, 3} == set().union(*joined)
    assert {(0, 1), (2, 3), (0, 2), (1, 3)} <= {tuple(sorted(both)) for both in joined if len(both) == 2}


def test_sums_that_are_not_shown_are_counted() -> None:
    drawn = Drawn(picture(pooled(grid(4, 4), 2, 1, [0.4] * 9, kind="avg")))
    assert len(drawn.sums) == 4
    assert "8 more cells add up what they get" in drawn.text


@pytest.mark.slow
def test_equal_addends_are_multiplied() -> None:
    drawn = Drawn(viz.pool([[9.0 * (r == c == 2) for c in range(5)] for r in range(5)], kernel_size=3, stride=1))
    assert drawn.sums == ["9 won A, B, C, D, E, F, G, H and I: 9 × 1 = 9"]
    drawn = Drawn(viz.pool([*range(4)], kernel_size=3, stride=1, padding=1, kind="avg"))
    assert drawn.sums[0].endswith(": 0.333 + 0.333 + 0.333 ≈ 1")


def test_the_legend_lists_what_is_drawn_and_nothing_else() -> None:
    def told(**words: Any) -> str:
        drawn = Drawn(viz.pool([[1, 2], [3, 4]], kernel_size=2, **words))
        return " | ".join(drawn.of("legend"))

    assert "below 0" not in told()
    assert "a wider line" in told()
    assert "dashed: below 0; a wider line: a larger gradient" in told(upstream=-1)
    assert "dashed: below 0; a wider frame: a larger gradient" in told(upstream=-1, kind="avg")
    assert "won" not in told(kind="avg")
    assert "no path" not in told(kind="avg")
    assert "tie" not in told()
    assert "padding" not in told()
    assert "padding counts as 0" in told(kind="avg", padding=1)


def test_infinite_and_undefined_numbers_are_drawn() -> None:
    values: Table = [[math.inf, -math.inf], [-1e300, 1.2345678e-10]]
    drawn = Drawn(picture(pooled(values, 1, 1, [math.nan, math.inf, -math.inf, -0.0])))
    assert [drawn.number(f"in_{r}_{c}") for r in (0, 1) for c in (0, 1)] == ["inf", "−inf", "−1e300", "1.23e−10"]
    assert [drawn.number(f"grad_{r}_{c}") for r in (0, 1) for c in (0, 1)] == ["nan", "inf", "−inf", "0"]


def test_the_first_nan_wins_also_before_a_gradient_came() -> None:
    window = dataclasses.replace(pooled([[1, 2, 3]], 3, 3).windows[0], slopes={})
    bad = PoolRoutes("max", (1, 3), (3, 3), (0, 0), ((1.0, math.nan, 3.0),), (1, 1), (window,))
    assert Drawn(picture(bad)).letters("in_0_1") == ["A"]


def test_figures_are_as_many_as_tell_who_won() -> None:
    assert Drawn(viz.pool([0.123441, 0.123442], kernel_size=2)).of("in_0_1")[0] == "0.123442"
    assert Drawn(viz.pool([0.12344, 0.5], kernel_size=2)).of("in_0_0")[0] == "0.123"
    assert Drawn(viz.pool([0.12344, 0.5], kernel_size=2, digits=2)).of("in_0_0")[0] == "0.12"


# -- Which windows


def test_nine_windows_are_all_told_of_and_of_more_a_few() -> None:
    assert len(Facts(pooled(grid(5, 5), 3, 1)).shown) == 9
    few = Facts(pooled(grid(6, 6), 3, 1))
    assert 2 <= len(few.shown) <= 6
    assert "16 windows, of which " + ", ".join(w.letter for w in few.shown) + " are shown" in few.counted


def test_of_many_windows_those_that_meet_come_first() -> None:
    values = [[0.0] * 6 for _ in range(6)]
    values[2][2] = 9.0
    facts = Facts(pooled(values, 2, 1, [1.0] * 25))
    assert {w.output for w in facts.shown} >= {(1, 1), (1, 2), (2, 1), (2, 2)}


@pytest.mark.parametrize(
    "asked", ["A F P", "afp", ["A", "F", "P"], [(0, 0), (1, 1), (3, 3)], "P, F; A", ["A", (1, 1), "p"]]
)
def test_windows_are_chosen_by_letters_or_places(asked: Any) -> None:
    facts = Facts(pooled(grid(5, 5), 2, 1), windows=asked)
    assert [w.letter for w in facts.shown] == ["A", "F", "P"]


def test_a_letter_of_two_is_a_window_where_there_is_one() -> None:
    assert [w.letter for w in Facts(pooled(grid(1, 30), 1, 1), windows="AB").shown] == ["AB"]
    assert [w.letter for w in Facts(pooled(grid(1, 20), 1, 1), windows="AB").shown] == ["A", "B"]
    assert [w.number for w in Facts(pooled(grid(1, 20), 1, 1), windows=[3]).shown] == [3]


@pytest.mark.parametrize("asked", ["Z", [(9, 9)], [1.5], [], "", ["A", "?"], [(0,)]])
def test_a_window_that_is_none_is_refused_with_those_there_are(asked: Any) -> None:
    with pytest.raises(ValueError, match="windows= names the windows to show"):
        viz.pool(grid(3, 3), kernel_size=2, stride=1, windows=asked)


# -- Channels


def test_one_of_several_channels_is_drawn() -> None:
    image = [[[Value(float(4 * r + c + 100 * k)) for c in range(4)] for r in range(4)] for k in range(2)]
    outputs = nn.MaxPool2d(2)(image)
    assert "105" in viz.pool(outputs, channel=1).source
    assert viz.pool(outputs, channel=0).source == viz.pool(outputs[0]).source
    assert viz.pool(image, kernel_size=2, channel=-1).source == viz.pool(image[1], kernel_size=2).source
    assert viz.pool(image[:1], kernel_size=2).source == viz.pool(image[0], kernel_size=2).source
    assert viz.pool(image, outputs, kernel_size=2, channel=1).source == viz.pool(outputs, channel=1).source
    for wrong, error in ((2, ValueError), (True, TypeError), ("a", TypeError)):
        with pytest.raises(error, match="channel"):
            viz.pool(outputs, channel=wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="2 channels, and a picture shows one: draw one with channel=0"):
        viz.pool(outputs)
    with pytest.raises(TypeError, match="channel=0 chooses one of several grids"):
        viz.pool(3, kernel_size=2, channel=0)


# -- By colour


@pytest.fixture
def large() -> Drawn:
    values = [[float((r - 14) ** 2 + (c - 14) ** 2 < 90) for c in range(28)] for r in range(28)]
    sent = [(-1.0) ** k * (1 + k % 3) for k in range(196)]
    return Drawn(viz.pool(values, kernel_size=2, upstream=sent, windows="A AB CV"))


def test_a_large_grid_is_shown_by_colour_and_chosen_windows_in_numbers(large: Drawn) -> None:
    assert not large.of("in_0_0")
    assert len({large.plates(f"in_{r}_14")[0].fill for r in range(28)}) == 2
    assert large.of("up_0_0") == ["1"]
    assert "196 windows, of which A, AB, CV are shown" in large.text
    assert "values from 0 to 1" in large.text
    assert "won its window" in large.text
    assert len([m for m in large.marks if isinstance(m, Plate) and m.name.startswith("map_")]) == 196


def test_the_sign_of_a_number_that_is_not_written_is_a_bar(large: Drawn) -> None:
    facts = Facts(routes_of(large))
    for (r, c), total in facts.totals.items():
        assert len(large.plates(f"grad_{r}_{c}")) == 1 + (total < 0)
    assert "gradient below 0 (a bar: below 0)" in large.text


def routes_of(drawn: Drawn) -> PoolRoutes:
    again = drawn.sheet.again
    assert again is not None
    found: PoolRoutes = again.args[0]  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize("values", [[[0.0] * 33], [[0.0]] * 33])
def test_a_larger_grid_is_refused_with_its_size_and_the_limit(values: Table) -> None:
    with pytest.raises(ValueError, match=r"33.*too large.*at most 32 by 32"):
        viz.pool(values, kernel_size=1)


def test_an_empty_grid_is_refused() -> None:
    with pytest.raises(ValueError, match="empty grid"):
        picture(PoolRoutes("max", (1, 1), (1, 1), (0, 0), (), (0, 0), ()))


# -- It can be read: a family of pools in every place


def pools(seed: int) -> tuple[Any, dict[str, Any]]:
    dice = random.Random(seed)
    while True:
        flat, kind = dice.random() < 0.3, dice.choice(["max", "max", "avg"])
        sides = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16]
        rows, columns = (1, dice.randint(1, 14)) if flat else (dice.choice(sides), dice.choice(sides))
        size = dice.choice([1, 2, 2, 3, 3, 4, 5])
        words: dict[str, Any] = {
            "kernel_size": size if flat or dice.random() < 0.6 else (dice.choice([1, 2, 3]), size),
            "stride": dice.choice([None, 1, 2, 3]),
            "padding": dice.choice([0, 0, 1, 2]),
            "ceil_mode": dice.random() < 0.3,
        }
        dilation = dice.choice([1, 1, 1, 2, 3]) if kind == "max" else 1
        number = dice.choice(
            [
                lambda: dice.randint(0, 9),
                lambda: round(dice.uniform(-3, 3), 2),
                lambda: dice.gauss(0, 1) * 10 ** dice.randint(-4, 4),
                lambda: dice.choice([0, 1]),
            ]
        )
        cells: Any = [[number() for _ in range(columns)] for _ in range(rows)]
        cells = cells[0] if flat else cells
        try:
            shape = plan(cells, 1 if flat else 2, *list(words.values())[:3], dilation, words["ceil_mode"]).shape
            shape.windows()
        except ValueError:
            continue
        count = shape.rows.count * shape.columns.count
        sent = dice.choice([None, lambda: dice.uniform(-3, 3), lambda: dice.choice([0, 1, -1, 0.5, -0.25])])
        upstream = None if sent is None else [sent() for _ in range(count)]
        more = {"dilation": dilation} if kind == "max" else {}
        return cells, {**words, **more, "kind": kind, "upstream": upstream}


def texts(sheet: Sheet) -> Iterator[tuple[str, str, Box]]:
    for mark in sheet.drawing.marks:
        if isinstance(mark, Words):
            yield mark.name, "".join(run.text for run in mark.runs), mark.box


def faults(sheet: Sheet) -> list[str]:
    """Words on words, on lines, on marks of others, or off the paper; marks on marks."""
    words, drawing = [*texts(sheet)], sheet.drawing
    found = [f"{a[:2]} on {b[:2]}" for a, b in itertools.combinations(words, 2) if meets(a[2], b[2])]
    for way in (mark for mark in drawing.marks if isinstance(mark, Way)):
        half = way.pen / 2
        for s in segments(way.points):
            line = Box(s.x - half, s.y - half, s.width + way.pen, s.height + way.pen)
            found += [f"{name} {text} on {way.name}" for name, text, box in words if meets(box, line)]
    marks = [m for m in drawing.marks if isinstance(m, Plate) and m.name.startswith(("window_", "back_"))]
    found += [f"{a.name} on {b.name}" for a, b in itertools.combinations(marks, 2) if meets(a.box, b.box)]
    for name, text, box in words:
        found += [f"{name} {text} under {mark.name}" for mark in marks if mark.name != name and meets(box, mark.box)]
        if box.x < 0 or box.y < 0 or box.x + box.width > drawing.width or box.y + box.height > drawing.height:
            found.append(f"{name} {text} outside")
    return found


def least(sheet: Sheet) -> float:
    return min(mark.size for mark in sheet.drawing.marks if isinstance(mark, Words))


SAMPLE = [*range(12), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(12, 160))]


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("seed", SAMPLE)
def test_words_are_large_enough_and_clear_of_everything(seed: int, place: str) -> None:
    cells, words = pools(seed)
    sheet = viz.pool(cells, fit=place, **words)
    assert isinstance(sheet, Sheet)
    assert faults(sheet) == []
    size = sheet.drawing.width * sheet.scale, sheet.drawing.height * sheet.scale
    assert least(sheet) >= LEAST - 1e-6
    assert least(sheet) * sheet.scale * PLACES[place].scale(size) >= LEAST - 1e-6


CASES: dict[str, dict[str, Any]] = {
    "2 by 2": {"cells": [[1, 2], [3, 4]], "kernel_size": 2},
    "padding and dilation": {"cells": grid(4, 4), "kernel_size": 2, "stride": 1, "padding": 1, "dilation": 2},
    "twelve averages": {"cells": [*range(12)], "kernel_size": 3, "stride": 1, "kind": "avg"},
    "16 by 16": {"cells": grid(16, 16), "kernel_size": 3, "stride": 2, "padding": 1},
    "nine windows in one cell": {"cells": [[0] * 5, [0] * 5, [0, 0, 9, 0, 0], [0] * 5, [0] * 5], "kernel_size": 3,
                                 "stride": 1, "upstream": [0.5, -1, 2, 0.3, 0.7, -0.2, 1, 1.5, -2]},
    "wide numbers": {"cells": [[-1.2345e-10, 123456.0, -0.33333, 9.87654e100] * 2] * 2, "kernel_size": 2,
                     "upstream": [-1.2345e-100] * 4},
    "a column": {"cells": [[3], [1], [2], [5]], "kernel_size": (2, 1), "stride": 1},
    "28 by 28": {"cells": grid(28, 28), "kernel_size": 2},
    "averages of the same cells": {"cells": [[2, 0, -3], [3, -2, 1]], "kernel_size": 5, "stride": 1, "padding": 2,
                                   "kind": "avg", "upstream": [2, 2.3, -0.46, 1.7, 2, 1.3]},
    "a dilated row": {"cells": [*range(14)], "kernel_size": 3, "stride": 1, "dilation": 3},
    "neighbours in a large grid": {"cells": grid(24, 28), "kernel_size": 3, "stride": 1,
                                   "windows": [(r, c) for r in (4, 5, 6) for c in (7, 8, 9)]},
    "32 cells in a row": {"cells": [*range(32)], "kernel_size": 5, "stride": 3},
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("place", [*PLACES, (700, 394), (400, None)])
@pytest.mark.parametrize("case", CASES)
def test_pools_of_every_kind_can_be_read(case: str, place: Any) -> None:
    sheet = viz.pool(fit=place, **CASES[case])
    assert isinstance(sheet, Sheet)
    assert faults(sheet) == []
    assert least(sheet) >= LEAST - 1e-6
    if place == "column":
        assert sheet.drawing.width <= PLACES[place].width + 1e-6


def test_a_slide_is_filled() -> None:
    wide, high = svg_size(viz.pool(TICKET, kernel_size=3, stride=2, fit="slide").svg())
    assert max(wide / 960, high / 540) == pytest.approx(1.0, abs=0.01)


def svg_size(svg: str) -> tuple[float, float]:
    found = re.search(r'<svg width="([\d.]+)pt" height="([\d.]+)pt"', svg)
    assert found
    return float(found[1]), float(found[2])


# -- What is stated is so


def exact(text: str) -> Decimal:
    return Decimal(text.replace("−", "-"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(60))
def test_every_number_and_every_sum_of_a_picture_is_so(seed: int) -> None:
    cells, words = pools(seed)
    drawn = Drawn(viz.pool(cells, **words))
    facts = Facts(routes_of(drawn))
    for text in drawn.sums:
        left, equal, right = re.split(r" ([=≈]) ", text.split(": ")[-1]) if "together" not in text else ("0", "=", "0")
        times, _, one = left.rpartition(" × ")
        parts = [one] * int(times) if times else re.findall(r"(?:^|[+−] )−?[\d.e−]+", left)
        total = sum(exact(part.replace(" ", "").lstrip("+")) for part in parts)
        assert (total == exact(right)) is (equal == "=")
        assert float(total) == pytest.approx(float(exact(right)), rel=0.02 * len(parts), abs=0.02)
    for (r, c), total in facts.totals.items():
        if written := drawn.number(f"grad_{r}_{c}"):
            assert float(exact(written)) == pytest.approx(total, rel=6e-3)
            assert total == pytest.approx(sum(sent for sent, _ in facts.addends[r, c]))
            assert (written[0] == "−") is (total < 0)
    for window in facts.routes.windows:
        name = "{}_{}_{}".format("out", *window.output)
        if written := drawn.number(name):
            assert float(exact(written)) == pytest.approx(window.value, rel=6e-3, abs=1e-12)
        if facts.is_max and (letters := drawn.letters("in_{}_{}".format(*facts.winner(window)))):
            shown = window.number in facts.colours
            assert window.letter in letters or not shown or any(letter[0] == "+" for letter in letters)
    got = len({cell for cell, total in facts.totals.items()})
    assert len(facts.lost) + len(facts.unknown) + got == facts.rows * facts.columns


# -- SVG, PNG, DOT


def words_in(svg: str) -> list[str]:
    root = ElementTree.fromstring(svg)
    return sorted(" ".join("".join(t.itertext()).split()) for t in root.iter("{http://www.w3.org/2000/svg}text"))


@pytest.mark.slow
def test_what_graphviz_draws_of_it_says_the_same(engine: str) -> None:
    sheet = viz.pool(TICKET, kernel_size=3, stride=2, upstream=[0.7, 0.9, -0.5, 0.4])
    said = "".join("".join(words_in(sheet.svg())).split())
    drawn = "".join("".join(words_in(sheet.pipe(format="svg", encoding="utf-8"))).split())
    assert sorted(said) == sorted(drawn)
    assert sheet.png().startswith(b"\x89PNG")


def test_the_picture_needs_no_engine_for_its_svg_and_is_always_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(viz.layout.engines, "_engines", lambda large=False: iter(()))  # type: ignore[attr-defined]
    made = [viz.pool(grid(4, 4), kernel_size=2, upstream=[1.0, -1.0, 0.0, 2.0]) for _ in range(2)]
    assert made[0].svg() == made[1].svg()
    assert made[0].source == made[1].source


def test_the_dark_picture_is_dark_and_says_the_same() -> None:
    light, dark = (viz.pool([3, 0, 4, 2, 0], kernel_size=3, stride=2, theme=look).svg() for look in ("light", "dark"))
    assert DARK.background in dark
    assert words_in(light) == words_in(dark)
    assert f'fill="{LIGHT.background}"' not in dark


def test_the_page_of_a_pdf_gets_a_picture_of_its_width() -> None:
    wide = viz.pool(TICKET, kernel_size=3, stride=2)
    narrow = wide._in_width(440)
    assert isinstance(wide, Sheet)
    assert isinstance(narrow, Sheet)
    assert wide.drawing.width > 440 >= narrow.drawing.width
    assert narrow._in_width(440) is narrow


# -- The parts


def test_cells_lie_side_by_side() -> None:
    cells = Lattice(10, 20, (40, 40), (30, 30), 5)
    assert cells.cell(0, 0) == Box(10, 20, 40, 30)
    assert cells.span((0, 0), (1, 1)) == Box(10, 20, 85, 65)
    assert cells.cell(2, 0).height == cells.narrow


def test_a_way_is_cut_where_marks_stand() -> None:
    ring = [(0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 9.0), (0.0, 0.0)]
    pieces = cut(ring, [Box(-1, -1, 3, 3), Box(8, 4, 2, 2)])
    assert pieces == [((2, 0), (9, 0), (9, 4)), ((9, 6), (9, 9), (0, 9), (0, 2))]


def test_a_way_is_straight_between_its_round_corners() -> None:
    points = bends([(0, 0), (20, 0), (20, 20)])
    assert (points[0], points[-1]) == ((0, 0), (20, 20))
    assert len(points) % 3 == 1
    assert all(x == 20 or y == 0 for x, y in (points[3], points[6]))


def test_ways_do_not_run_on_each_other() -> None:
    gulf = Gulf("row", 0.0, 1, 8.0, 5.0)
    for k, goal in enumerate((80, 20, 50)):
        gulf.add(k, goal, Box(-40, 40 * k, 40, 30), Box(60, goal, 20, 30), 5.0, None)
    pieces = [[*segments(way)] for way in gulf.ways().values()]
    for one, two in itertools.combinations(pieces, 2):
        for a, b in itertools.product(one, two):
            flat = (a.width == b.width == 0) or (a.height == b.height == 0)
            assert not (flat and meets(a, b, 3.0))


def test_heat_is_linear_unless_one_number_dwarfs_the_others() -> None:
    assert Heat([0, 1, 2])(1) == 0.5
    assert Heat([0, 1, 2, 1e300])(1) == pytest.approx(1 / 3)
    assert Heat([-1.7e308, 0, 1.7e308])(0.0) == 0.5
    assert Heat([1, 2])(math.inf) == 1
    assert Heat([1, 2])(-math.inf) == 0
    assert 0 <= Heat([7])(7) <= 1
    assert Heat([])(math.inf) == 1


@pytest.mark.parametrize("look", [LIGHT, DARK, dataclasses.replace(LIGHT, positive="#8a2be2", background="#fffff0")])
@pytest.mark.parametrize("colour", ["value", "positive", "negative"])
def test_numbers_can_be_read_on_every_shade(look: Theme, colour: str) -> None:
    found = shades(look, colour)
    assert len(set(found)) == SHADES
    assert min(contrast(look.ink(shade), shade) for shade in found) >= 4.5
    bright = [contrast(shade, look.background) for shade in found]
    assert bright == sorted(bright)


# -- Themes


@pytest.mark.parametrize("part", ["value_size", "small_size"])
@pytest.mark.parametrize("kind", ["max", "avg"])
def test_a_theme_with_larger_words_makes_them_larger_in_the_pool(part: str, kind: str) -> None:
    def sizes(theme: Theme) -> list[float]:
        cells = [[1.25, 3, 2], [0, -5, 4]]
        source = viz.pool(cells, kernel_size=2, stride=1, kind=kind, theme=theme, fit=None).source
        return sorted(float(size) for size in re.findall(r'point-size="([\d.]+)"', source))

    usual, large = sizes(LIGHT), sizes(dataclasses.replace(LIGHT, **{part: 2 * getattr(LIGHT, part)}))
    assert sum(large) / len(large) > sum(usual) / len(usual)


def test_a_pool_has_paper_a_legend_and_a_theme_as_is_wished() -> None:
    def made(**wished: object) -> viz.Picture:
        return viz.pool([3, 1, -2], kernel_size=2, stride=1, upstream=[1, -1], **wished)  # type: ignore[arg-type]

    assert 'bgcolor="#ffffff"' in made().source
    assert "bgcolor=transparent" in made(background=None).source
    assert 'bgcolor="#fffff0"' in made(background="#fffff0").source
    assert "no path: nothing" in made().source
    assert "no path: nothing" not in made(legend=False).source
    both = made(theme="auto")
    assert "prefers-color-scheme:dark" in both.svg()
    assert DARK.value in both.svg()
    assert DARK.value not in both.source


def test_the_ways_of_a_cell_are_in_colour_over_the_faded_rest() -> None:
    x = [Value(v, f"x{i}") for i, v in enumerate((3.0, 0.0, 4.0, 2.0, 0.0, 7.0, 1.0))]
    p = max_pool1d(x, kernel_size=3, stride=2)
    (0.7 * p[0] - 0.9 * p[1] + p[2]).backward()

    def fills(**wish: Any) -> dict[str, set[str | None]]:
        found: dict[str, set[str | None]] = {}
        for mark in viz.pool(p, **wish).drawing.marks:  # type: ignore[attr-defined]
            if isinstance(mark, Plate):
                found.setdefault(mark.name, set()).add(mark.fill)
        return found

    whole, way, lost = fills(), fills(path=x[2]), fills(paths=[(0, 1)])
    assert {name for name in way if way[name] == whole[name] and name.startswith("in_")} >= {"in_0_2"}
    for name in ("in_0_0", "in_0_5", "grad_0_5", "out_0_2", "up_0_2"):
        assert way[name] != whole[name], name
    for name in ("grad_0_2", "out_0_0", "out_0_1", "up_0_1"):
        assert way[name] == whole[name], name
    assert lost["out_0_0"] == whole["out_0_0"]
    assert lost["grad_0_2"] != whole["grad_0_2"]
    inks = {m.ink for m in viz.pool(p, path=x[1]).drawing.marks if getattr(m, "name", "") == "route_A"}  # type: ignore[attr-defined]
    assert LIGHT.no_path in inks  # what its window sends goes to another cell
    assert "the ways of cell 2;" in viz.pool(p, path=x[2]).source
    assert viz.pool(p, path=2).source == viz.pool(p, paths=[x[2]]).source == viz.pool(p, path=(0, 2)).source


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ({"path": Value(1.0)}, "no cell of this pool"),
        ({"path": (9, 9)}, "no cell of this pool"),
        ({"path": 1, "paths": [2]}, "not both"),
        ({"path": 1, "windows": "A"}, "leave windows= out"),
        ({"path": "x"}, "take cells of the pool"),
        ({"path": True}, "take cells of the pool"),
        ({"paths": [[1]]}, "take cells of the pool"),
        ({"path": 4}, "no window of this pool covers"),
    ],
)
def test_a_way_from_what_is_no_cell_is_refused(wish: dict[str, Any], told: str) -> None:
    with pytest.raises((TypeError, ValueError), match=told):
        viz.pool([3, 0, 4, 2, 0], kernel_size=2, **wish)
