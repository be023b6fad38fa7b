"""The grid picture of a pool shows who won, what came back, and what never could."""

import dataclasses
import math
import random
import re
import shutil
from xml.etree import ElementTree

import pytest

import viz
from autodiff import Value, avg_pool1d
from autodiff.facts.routes import PoolRoutes, Window, routes
from viz.ink.theme import DARK, LIGHT, THEMES, Theme
from viz.layout.picture import Picture
from viz.pools.canvas import Grid, route
from viz.pools.cells import fitted, measure
from viz.pools.grids import Heat, picture

SVG = "{http://www.w3.org/2000/svg}"
Table = list[list[float]]
Upstream = list[float | None]


def pooled(
    values: Table, kernel: int, stride: int, upstream: Upstream | None = None, padding: int = 0, kind: str = "max"
) -> PoolRoutes:
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
        windows.append(Window(number, place, cells, value, flow, sent))
    table = tuple(map(tuple, values))
    return PoolRoutes(kind, (high, kernel), (stride, stride), (low, padding), table, shape, tuple(windows))


def grid(rows: int, columns: int) -> Table:
    dice = random.Random(rows * columns)
    return [[float(dice.randint(0, 9)) for _ in range(columns)] for _ in range(rows)]


class Drawn:
    """A rendered picture, asked by the names of its nodes."""

    def __init__(self, picture: Picture) -> None:
        self.svg = picture.svg()
        self.groups = {
            (group.findtext(SVG + "title") or "").strip(): group
            for group in ElementTree.fromstring(self.svg).iter(SVG + "g")
            if group.get("class") in ("node", "edge")
        }

    def words(self, name: str) -> str:
        """All that is written in a node, without the tags of windows."""
        texts = ["".join(text.itertext()) for text in self.groups[name].iter(SVG + "text")]
        return re.sub(r"\s+", " ", " ".join(t for t in texts if not re.fullmatch(r"w\d+|\+\d+", t))).strip()

    def tags(self, name: str) -> list[str]:
        texts = ["".join(text.itertext()) for text in self.groups[name].iter(SVG + "text")]
        return [text for text in texts if re.fullmatch(r"w\d+", text)]

    def shape(self, name: str) -> ElementTree.Element:
        return next(e for e in self.groups[name].iter() if e.tag in (SVG + "polygon", SVG + "path"))

    def box(self, name: str) -> tuple[float, float, float, float]:
        data = self.shape(name).get("points") or self.shape(name).get("d") or ""
        numbers = [float(n) for n in re.findall(r"-?[\d.]+", data)]
        return min(numbers[::2]), min(numbers[1::2]), max(numbers[::2]), max(numbers[1::2])

    def colours(self, name: str) -> list[str]:
        return [e.get("fill", "") for e in self.groups[name].iter(SVG + "text")]


@pytest.fixture(params=["dot", "graphviz-pure"], autouse=True)
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each Graphviz that is installed, one at a time."""
    if request.param == "dot" and not shutil.which("dot"):
        pytest.skip("no system Graphviz")
    if request.param == "graphviz-pure":
        monkeypatch.setenv("PATH", "")


@pytest.fixture
def row() -> Drawn:
    return Drawn(picture(pooled([[3, 0, 4, 2, 0]], 3, 2, [0.7, 0.9])))


def test_two_windows_that_chose_the_same_cell_add_up_in_it(row: Drawn) -> None:
    assert row.words("grad_0_2") == "0.7 + 0.9 = 1.6"
    assert row.tags("grad_0_2") == row.tags("in_0_2") == ["w0", "w1"]


def test_the_sum_stands_under_the_cell_that_won(row: Drawn) -> None:
    won, got = row.box("in_0_2"), row.box("grad_0_2")
    assert (won[0], won[2]) == pytest.approx((got[0], got[2]), abs=0.1)
    assert won[3] < got[1]


def test_an_addend_stands_on_the_colour_of_its_window(row: Drawn) -> None:
    fills = [e.get("fill") for e in row.groups["grad_0_2"].iter(SVG + "polygon")]
    assert fills.count(LIGHT.window(0)) == fills.count(LIGHT.window(1)) == 2
    assert row.shape("out_0_1_frame0").get("stroke") == LIGHT.window(1)


def test_a_cell_that_lost_says_that_there_is_no_path(row: Drawn) -> None:
    assert [row.words(f"grad_0_{column}") for column in (0, 1, 3, 4)] == ["no path"] * 4
    assert "no path: nothing flows, so the derivative is 0" in row.words("legend")


def test_arrows_run_to_the_output_and_back_to_the_winner(row: Drawn) -> None:
    assert {"in_0_2->out_0_0", "in_0_2->out_0_1", "up_0_0->grad_0_2", "up_0_1->grad_0_2"} <= set(row.groups)


def test_the_values_and_the_titles_are_written(row: Drawn) -> None:
    assert [row.words(f"in_0_{column}") for column in range(5)] == ["3", "0", "4", "2", "0"]
    assert [row.words(f"out_0_{column}") for column in range(2)] == ["4", "4"]
    assert [row.words(f"up_0_{column}") for column in range(2)] == ["0.7", "0.9"]
    assert row.words("forwards_rule") == "max pool 3 → stride 2"
    assert row.words("backwards_left") == "gradient of the input"


def test_a_true_zero_is_written_as_a_number() -> None:
    drawn = Drawn(picture(pooled([[1, 2, 3, 4]], 2, 2, [0.0, 1.0])))
    assert drawn.words("grad_0_1") == "0"
    assert drawn.words("grad_0_0") == "no path"
    assert drawn.shape("grad_0_1").get("fill") != drawn.shape("grad_0_0").get("fill")


def test_a_gradient_that_was_not_computed_is_a_third_thing() -> None:
    drawn = Drawn(picture(pooled([[1, 2, 3, 4]], 2, 2, [None, 1.0])))
    assert [drawn.words(name) for name in ("up_0_0", "grad_0_1", "grad_0_0")] == ["?", "?", "no path"]
    assert drawn.shape("up_0_0").get("stroke-dasharray")
    assert "not computed" in drawn.words("legend")
    assert "up_0_0->grad_0_1" not in drawn.groups


def test_a_negative_gradient_flows_dashed() -> None:
    drawn = Drawn(picture(pooled([[1, 2, 3, 4]], 2, 2, [-1.0, 1.0])))
    lines = [drawn.shape(f"up_0_{n}->grad_0_{2 * n + 1}").get("stroke-dasharray") for n in range(2)]
    assert lines[0]
    assert not lines[1]


def test_overlapping_windows_have_outlines_that_never_coincide() -> None:
    drawn = Drawn(picture(pooled(grid(8, 8), 3, 2, [1.0] * 9)))
    boxes = [drawn.box(f"window_{number}_0") for number in range(9)]
    assert len(boxes) == len(set(boxes)) == 9
    for one, other in ((0, 1), (1, 2), (3, 4)):  # neighbours across share no upper and no lower line
        assert abs(boxes[one][1] - boxes[other][1]) > 1.5
        assert abs(boxes[one][3] - boxes[other][3]) > 1.5
    for one, other in ((0, 3), (3, 6), (1, 4)):  # nor neighbours down a line at the left or the right
        assert abs(boxes[one][0] - boxes[other][0]) > 1.5
        assert abs(boxes[one][2] - boxes[other][2]) > 1.5


def test_an_outline_holds_just_the_cells_of_its_window() -> None:
    routes = pooled(grid(8, 8), 3, 2, [1.0] * 9)
    drawn = Drawn(picture(routes))
    for window in routes.windows:
        left, top, right, bottom = drawn.box(f"window_{window.number}_0")
        for row in range(8):
            for column in range(8):
                box = drawn.box(f"in_{row}_{column}")
                inside = left < box[0] and top < box[1] and box[2] < right and box[3] < bottom
                outside = box[2] <= left or right <= box[0] or box[3] <= top or bottom <= box[1]
                assert inside if (row, column) in window.cells else outside


def test_many_windows_go_by_colour_and_tag_instead_of_arrows() -> None:
    drawn = Drawn(picture(pooled(grid(8, 8), 3, 2, [1.0] * 9)))
    assert not [name for name in drawn.groups if "->" in name]
    assert drawn.tags("out_2_1") == ["w7"]
    assert drawn.tags("window_7_tag") == ["w7"]


def test_what_ceil_mode_reaches_beyond_the_border_is_no_padding() -> None:
    x = [Value(float(i)) for i in range(3)]
    p = avg_pool1d(x, kernel_size=2, stride=2, ceil_mode=True)
    drawn = Drawn(picture(routes("avg", x, p, kernel_size=2, stride=2, ceil_mode=True)))
    assert p[1].data == 2.0
    assert drawn.words("pad_0_3") == "outside"
    assert "padding" not in drawn.words("legend")


def test_a_window_reaches_over_the_border_into_padding_that_never_wins() -> None:
    drawn = Drawn(picture(pooled([[-1, -2, -3], [-4, -5, -6], [-7, -8, -9]], 3, 2, [1.0] * 4, padding=1)))
    assert drawn.words("pad_m1_m1") == "padding"
    assert drawn.shape("pad_m1_m1").get("stroke-dasharray")
    assert drawn.box("window_0_0")[0] < drawn.box("pad_m1_m1")[0]
    assert [drawn.words(f"out_{r}_{c}") for r in (0, 1) for c in (0, 1)] == ["-1", "-2", "-4", "-5"]
    assert "padding never wins" in drawn.words("legend")


def test_an_average_gives_every_cell_its_share_and_nobody_wins() -> None:
    drawn = Drawn(picture(pooled([[1, 2], [3, 4]], 2, 2, [2.0], kind="avg")))
    assert [drawn.words(f"grad_{r}_{c}") for r in (0, 1) for c in (0, 1)] == ["0.5"] * 4
    assert drawn.words("forwards_rule") == "average pool 2×2 → stride 2"
    assert not [name for name in drawn.groups if name.startswith("in_") and "frame" in name]


def test_overlapping_averages_are_written_as_sums() -> None:
    drawn = Drawn(picture(pooled(grid(3, 3), 2, 1, [0.4, 0.8, 1.2, 1.6], kind="avg")))
    assert drawn.words("grad_0_1") == "0.1 + 0.2 = 0.3"
    assert drawn.words("grad_1_1") == "0.1 + 0.2 + 0.3 + 0.4 = 1"


def test_more_than_four_addends_are_counted() -> None:
    values = [[0.0] * 5 for _ in range(5)]
    values[2][2] = 9.0
    drawn = Drawn(picture(pooled(values, 3, 1, [0.5] * 9)))
    assert drawn.words("grad_2_2") == "9 addends = 4.5"


def test_infinite_and_undefined_numbers_are_drawn() -> None:
    values: Table = [[math.inf, -math.inf], [-1e300, 1.2345678e-10]]
    drawn = Drawn(picture(pooled(values, 1, 1, [math.nan, math.inf, -math.inf, -0.0])))
    shown = [drawn.words(f"in_{r}_{c}") for r in (0, 1) for c in (0, 1)]
    assert shown == ["inf", "-inf", "-1e300", "1.23e-10"]
    assert [drawn.words(f"grad_{r}_{c}") for r in (0, 1) for c in (0, 1)] == ["nan", "inf", "-inf", "0"]


def test_the_first_nan_wins_also_before_a_gradient_came() -> None:
    routes = pooled([[1, 2, 3]], 3, 3)
    window = routes.windows[0]
    bad = PoolRoutes("max", (1, 3), (3, 3), (0, 0), ((1.0, math.nan, 3.0),), (1, 1), (window,))
    assert Drawn(picture(bad)).tags("in_0_1") == ["w0"]


@pytest.mark.parametrize("look", list(THEMES))
@pytest.mark.parametrize(("kernel", "stride"), [(2, 2), (3, 1)])
@pytest.mark.slow
def test_sixteen_by_sixteen_cells_can_be_drawn(look: str, kernel: int, stride: int) -> None:
    drawn = picture(pooled(grid(16, 16), kernel, stride, [0.5] * 196), look)
    assert len(Drawn(drawn).groups) > 600


@pytest.mark.parametrize("values", [[[0.0] * 17], [[0.0]] * 17])
def test_a_larger_grid_is_refused_with_its_size_and_the_limit(values: Table) -> None:
    with pytest.raises(ValueError, match=r"17.*too large.*at most 16 by 16"):
        picture(pooled(values, 1, 1))


def test_an_empty_grid_is_refused() -> None:
    with pytest.raises(ValueError, match="empty grid"):
        picture(PoolRoutes("max", (1, 1), (1, 1), (0, 0), (), (0, 0), ()))


def test_the_dark_picture_is_dark_and_says_the_same() -> None:
    routes = pooled([[3, 0, 4, 2, 0]], 3, 2, [0.7, 0.9])
    light, dark = Drawn(picture(routes)), Drawn(picture(routes, "dark"))
    assert DARK.background in dark.svg
    assert LIGHT.background not in dark.svg.replace(DARK.background, "")
    assert {name: light.words(name) for name in light.groups} == {name: dark.words(name) for name in dark.groups}


@pytest.mark.slow
def test_the_picture_is_a_png_too_and_always_the_same() -> None:
    routes = pooled(grid(4, 4), 2, 2, [1.0, -1.0, 0.0, None])
    assert picture(routes).png().startswith(b"\x89PNG")
    assert picture(routes).source == picture(routes).source
    assert picture(routes).svg() == picture(routes).svg()


def test_no_number_is_wider_than_its_cell() -> None:
    values = [[-1.2345e-10, 123456.0, -0.33333, 9.87654e100] * 4] * 2
    drawn = Drawn(picture(pooled(values, 2, 2, [-1.2345e-100] * 8)))
    for name, group in drawn.groups.items():
        if re.fullmatch(r"(in|out|up|grad)_\d+_\d+", name):
            left, _, right, _ = drawn.box(name)
            for text in group.iter(SVG + "text"):
                assert measure("".join(text.itertext()), float(text.get("font-size", "0"))) <= right - left


def test_an_arrow_bends_over_from_lane_to_lane_and_ends_at_its_tip() -> None:
    points = route((0, 0), (50, -20), (100, -30), (140, 0))
    assert (points[0], points[-1]) == ((0, 0), (140, 0))
    assert len(points) % 3 == 2  # whole Bézier pieces, and the tip
    assert min(y for _, y in points) == -30


def test_cells_lie_side_by_side() -> None:
    cells = Grid(10, 20, 40, 30, 5, 6)
    assert cells.centre(0, 0) == (30, 35)
    assert cells.span((0, 0), (1, 1)) == (10, 20, 95, 86)


def test_heat_is_linear_unless_one_number_dwarfs_the_others() -> None:
    assert Heat([0, 1, 2])(1) == 0.5
    assert Heat([0, 1, 2, 1e300])(1) == pytest.approx(1 / 3)
    assert Heat([-1.7e308, 0, 1.7e308])(0.0) == 0.5
    assert Heat([1, 2])(math.inf) == 1
    assert Heat([1, 2])(-math.inf) == 0
    assert 0 <= Heat([7])(7) <= 1
    assert Heat([])(math.inf) == 1


def test_text_shrinks_to_its_room_but_stays_text() -> None:
    assert fitted("1", 100, 15) == 15
    assert measure("-1.23e-10", fitted("-1.23e-10", 40, 15)) <= 40
    assert fitted("x" * 500, 10, 15) >= 6


# -- Themes


@pytest.mark.parametrize("part", ["value_size", "small_size"])
@pytest.mark.parametrize("kind", ["max", "avg"])
def test_a_theme_with_larger_words_makes_them_larger_in_the_pool(part: str, kind: str) -> None:
    def sizes(theme: Theme) -> list[float]:
        cells = [[1.25, 3, 2], [0, -5, 4]]
        source = viz.pool(cells, kernel_size=2, stride=1, kind=kind, theme=theme).source
        return sorted(float(size) for size in re.findall(r'point-size="([\d.]+)"', source))

    usual, large = sizes(LIGHT), sizes(dataclasses.replace(LIGHT, **{part: 2 * getattr(LIGHT, part)}))
    assert sum(large) / len(large) > sum(usual) / len(usual)
    assert (large[-1] if part == "value_size" else large[0]) > (usual[-1] if part == "value_size" else usual[0])


def test_a_pool_has_paper_a_legend_and_a_theme_as_is_wished() -> None:
    def made(**wished: object) -> Picture:
        return viz.pool([3, 1, -2], kernel_size=2, stride=1, upstream=[1, -1], **wished)  # type: ignore[arg-type]

    assert 'bgcolor="#ffffff"' in made().source
    assert "bgcolor=transparent" in made(background=None).source
    assert 'bgcolor="#fffff0"' in made(background="#fffff0").source
    assert "no path: nothing" in made().source
    assert "no path: nothing" not in made(legend=False).source
    both = made(theme="auto")
    assert "prefers-color-scheme:dark" in both.svg()
    assert DARK.value_ramp[-1] in both.svg()
    assert DARK.value_ramp[-1] not in both.source
