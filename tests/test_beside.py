"""Where words stand: beside their own line and clear of everything, found on layouts that no engine made."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from viz.layout.labels import Crowd, Room, beside, clear, titles, way_along
from viz.layout.layout import Box, Curve, Layout, Place, Point

MIDDLE = (500.0, 500.0)
angles = st.floats(0, 2 * math.pi)
sizes = st.tuples(st.floats(5, 80), st.floats(5, 20))


def straight(a: Point, b: Point, words: Place | None = None) -> Curve:
    """The straight line from a to b, evenly run through."""
    (ax, ay), (bx, by) = a, b
    return Curve(tuple((ax + (bx - ax) * k / 3, ay + (by - ay) * k / 3) for k in range(4)), (), words)


def through_the_middle(angle: float, half: float = 200.0, words: Place | None = None) -> Curve:
    (x, y), (east, south) = MIDDLE, (math.cos(angle), math.sin(angle))
    return straight((x - half * east, y - half * south), (x + half * east, y + half * south), words)


def layout(*lines: Curve, boxes: tuple[Box, ...] = (), frames: tuple[Box, ...] = (), side: float = 1000.0) -> Crowd:
    return Crowd(
        Layout(
            side,
            side,
            {f"box {i}": box for i, box in enumerate(boxes)},
            {f"frame {i}": box for i, box in enumerate(frames)},
            {f"line {i}": line for i, line in enumerate(lines)},
        )
    )


def corners(room: Room) -> list[Point]:
    return [*itertools.product((room.left, room.right), (room.top, room.bottom))]


def distances(room: Room, angle: float) -> list[float]:
    """How far the corners are from the line through the middle, on its left below 0."""
    (x, y), (east, south) = MIDDLE, (math.cos(angle), math.sin(angle))
    return [(a - x) * -south + (b - y) * east for a, b in corners(room)]


@given(angles, sizes)
def test_words_of_a_lone_line_stand_beside_its_middle_a_small_step_from_it(angle: float, size: Point) -> None:
    """Their nearest corner is 3½ points from the line, however it runs; what is in the middle is its own middle."""
    room = beside(layout(through_the_middle(angle)), {"line 0": size})["line 0"]
    assert (room.right - room.left, room.bottom - room.top) == pytest.approx(size)
    far = distances(room, angle)
    assert max(far) < 0 or min(far) > 0  # all on one side
    assert min(map(abs, far)) == pytest.approx(3.5)
    along = (room.centre[0] - MIDDLE[0]) * math.cos(angle) + (room.centre[1] - MIDDLE[1]) * math.sin(angle)
    assert abs(along) < 1.01  # a line is known by points that are two apart


@given(angles, sizes)
def test_where_one_side_is_taken_words_stand_at_the_other(angle: float, size: Point) -> None:
    line = layout(through_the_middle(angle))
    first = beside(line, {"line 0": size})["line 0"]
    second = beside(line, {"line 0": size}, taken=[first])["line 0"]
    assert not second.meets(first)
    assert max(distances(first, angle)) * max(distances(second, angle)) < 0
    assert second.centre == pytest.approx([2 * m - c for m, c in zip(MIDDLE, first.centre, strict=True)], abs=2.1)


@given(angles, sizes, st.lists(st.tuples(st.floats(300, 700), st.floats(300, 700)), max_size=6))
def test_words_that_can_be_clear_of_boxes_are(angle: float, size: Point, places: list[Point]) -> None:
    """A line of 400 points among a few small boxes has room enough."""
    boxes = tuple(Box(x, y, 12.0, 8.0) for x, y in places)
    room = beside(layout(through_the_middle(angle), boxes=boxes), {"line 0": size})["line 0"]
    assert not any(room.meets(Room(b.x, b.y, b.x + b.width, b.y + b.height)) for b in boxes)
    assert max(distances(room, angle)) < 0 or min(distances(room, angle)) > 0


@pytest.mark.parametrize("gap", [2.6, 8.9, 9.1, 30.0])
def test_where_the_engine_put_words_they_stay_if_they_are_clear_and_near(gap: float) -> None:
    """At most 9 points from the line, which goes straight down to the left of them."""
    told = Place(500.0 + gap, 454.2, 40.0, 12.0)
    room = beside(layout(through_the_middle(math.pi / 2, words=told)), {"line 0": (40.0, 12.0)})["line 0"]
    assert (room.centre == pytest.approx((520.0 + gap, 450.0))) is (gap < 9.0)


def test_words_that_the_engine_put_on_another_line_move_away() -> None:
    told = Place(506.0, 500.0, 40.0, 12.0)
    crossing = straight((526.0, 300.0), (526.0, 700.0))
    room = beside(layout(through_the_middle(math.pi / 2, words=told), crossing), {"line 0": (40.0, 12.0)})["line 0"]
    assert room.right < 500.0


def test_words_stay_in_the_picture() -> None:
    """Beside a line at the left border there is room at its right alone, and below the upper one below."""
    for a, b in (((2.0, 100.0), (2.0, 900.0)), ((100.0, 2.0), (900.0, 2.0))):
        for one, other in ((a, b), (b, a)):
            room = beside(layout(straight(one, other)), {"line 0": (60.0, 12.0)})["line 0"]
            assert room.left >= 0
            assert room.top >= 0


def test_words_in_a_crowd_rather_meet_a_line_than_words_and_rather_words_than_a_box() -> None:
    """All is full of boxes but for two places, in which there is a line, or other words, or nothing."""
    size, line = (20.0, 10.0), straight((40.0, 60.0), (80.0, 60.0))
    above, below = Box(0.0, 0.0, 120.0, 58.0), Box(0.0, 62.0, 120.0, 58.0)
    words_below = Room(0.0, 62.0, 120.0, 120.0)

    def side(boxes: tuple[Box, ...], *more: Curve, taken: tuple[Room, ...] = ()) -> str:
        room = beside(layout(line, *more, boxes=boxes, side=120.0), {"line 0": size}, taken)["line 0"]
        return "above" if room.bottom < 60.0 else "below"

    assert side((above,)) == "below"
    assert side((below,)) == "above"
    assert side((above,), taken=(words_below,)) == "below"  # words rather than a box
    lines = [straight((y, 70.0), (y, 75.0)) for y in (45.0, 55.0, 65.0, 75.0)]
    assert side((), *lines, taken=(Room(0.0, 0.0, 120.0, 58.0),)) == "below"  # lines rather than words


@pytest.mark.slow
@given(st.lists(st.tuples(st.floats(0, 300), st.floats(0, 300)), min_size=4, max_size=4), st.booleans())
def test_a_way_runs_along_its_curve_from_the_arrowhead_to_the_end(points: list[Point], headed: bool) -> None:
    head = ((1.0, 2.0), (3.0, 4.0)) if headed else ()
    way = way_along(Curve(tuple(points), head, None))
    assert way[: len(head)] == [*head]
    way = way[len(head) :]
    steps = len(way) - 1
    assert steps >= 4
    for k, found in enumerate(way):  # de Casteljau: the means of means of means
        means = points
        while len(means) > 1:
            means = [
                tuple(a + (b - a) * k / steps for a, b in zip(p, q, strict=True))  # type: ignore[misc]
                for p, q in itertools.pairwise(means)
            ]
        assert found == pytest.approx(means[0], abs=1e-9)


@given(st.floats(20, 900), angles)
def test_the_points_of_a_straight_way_are_two_apart(length: float, angle: float) -> None:
    east, south = math.cos(angle), math.sin(angle)
    way = way_along(straight((0.0, 0.0), (length * east, length * south)))
    gaps = [math.dist(a, b) for a, b in itertools.pairwise(way)]
    assert max(gaps) == pytest.approx(min(gaps))
    assert gaps[0] * (abs(east) + abs(south)) == pytest.approx(2.0, rel=0.06)


def test_rooms_that_touch_do_not_meet() -> None:
    one = Room(0.0, 0.0, 10.0, 10.0)
    assert one.centre == (5.0, 5.0)
    for x, y in itertools.product((-10.0, -9.0, 0.0, 9.0, 10.0), repeat=2):
        other = Room(x, y, x + 10.0, y + 10.0)
        assert one.meets(other) is other.meets(one) is (max(abs(x), abs(y)) < 10.0)
    assert one.grown(2.0) == Room(-2.0, -2.0, 12.0, 12.0)
    assert [one.holds((x, 5.0)) for x in (-1.0, 0.0, 5.0, 10.0, 11.0)] == [False, False, True, False, False]
    assert [one.holds((5.0, y), by=2.0) for y in (-2.0, -1.0, 11.0, 12.0)] == [False, True, True, False]


FRAME = Box(100.0, 200.0, 300.0, 150.0)


def title(*lines: Curve, size: Point = (60.0, 12.0)) -> Room:
    return titles(layout(*lines, frames=(FRAME,)), {"frame 0": size})["frame 0"]


def test_a_title_stands_in_the_middle_of_the_upper_side() -> None:
    assert title() == Room(220.0, 202.75, 280.0, 214.75)
    assert title(size=(500.0, 12.0)).left == 102.75  # one that is wider than its frame begins at its left


def test_a_title_makes_way_for_lines_along_the_upper_side_then_at_others() -> None:
    aside = title(straight((250.0, 150.0), (250.0, 300.0)))
    assert (aside.top, aside.bottom) == (202.75, 214.75)
    assert aside.right < 250.0 or aside.left > 250.0
    assert FRAME.x < aside.left < aside.right < FRAME.x + FRAME.width
    assert abs(aside.centre[0] - 250.0) < 30.0 + 2.5 + 2 * 294.5 / 24  # no further than it must, by steps of the side
    fence = [straight((100.0 + 20 * k, 190.0), (100.0 + 20 * k, 230.0)) for k in range(16)]
    below = title(*fence)
    assert (below.top, below.bottom) == (350.0 - 2.75 - 12.0, 350.0 - 2.75)
    assert below.centre[0] == 250.0
    fence += [straight((100.0 + 20 * k, 320.0), (100.0 + 20 * k, 360.0)) for k in range(16)]
    beside_it = title(*fence)
    assert beside_it.left == 102.75
    assert beside_it.centre[1] == 275.0


def test_two_titles_of_one_place_do_not_meet() -> None:
    frames = (FRAME, Box(100.0, 200.0, 300.0, 150.0))
    one, other = titles(layout(frames=frames), {"frame 0": (60.0, 12.0), "frame 1": (60.0, 12.0)}).values()
    assert not one.meets(other)


@pytest.mark.parametrize(
    "frame", [(450, 500, 100, 300), (450, 200, 100, 300), (500, 450, 300, 100), (200, 450, 300, 100)], ids=str
)
def test_words_stand_on_no_border_of_a_frame(frame: tuple[int, int, int, int]) -> None:
    """Any of its four sides goes through where they would stand."""
    x, y, wide, high = map(float, frame)
    line = through_the_middle(math.pi / 2 if wide < high else 0.0)
    room = beside(layout(line, frames=(Box(x, y, wide, high),)), {"line 0": (40.0, 12.0)})["line 0"]
    for across in (x, x + wide):
        assert not (room.left < across < room.right and room.top < y + high and y < room.bottom)
    for down in (y, y + high):
        assert not (room.top < down < room.bottom and room.left < x + wide and x < room.right)


def test_words_of_a_short_line_go_before_those_of_a_long_one() -> None:
    """The long one has room elsewhere."""
    long, short = straight((500.0, 100.0), (500.0, 900.0)), straight((520.0, 495.0), (520.0, 505.0))
    alone = beside(layout(long, short), {"line 1": (14.0, 10.0)})["line 1"]
    both = beside(layout(long, short), {"line 0": (14.0, 10.0), "line 1": (14.0, 10.0)})
    assert both["line 1"] == alone
    assert not both["line 0"].meets(alone)


@given(angles, sizes, st.floats(-40.0, 40.0))
def test_words_that_are_struck_through_are_left_out_and_no_others(angle: float, size: Point, aside: float) -> None:
    crowd = layout(through_the_middle(angle))
    x, y = MIDDLE[0] - math.sin(angle) * aside, MIDDLE[1] + math.cos(angle) * aside
    room = Room(x - size[0] / 2, y - size[1] / 2, x + size[0] / 2, y + size[1] / 2)
    far = distances(room, angle)
    kept = clear(crowd, {"word": room})
    if min(far) < -1.0 and max(far) > 1.0:
        assert kept == {}
    elif min(map(abs, far)) > 2.2 and min(far) * max(far) > 0:
        assert kept == {"word": room}


def test_of_words_that_meet_one_stays() -> None:
    one, other, free = Room(10, 10, 50, 20), Room(40, 12, 80, 22), Room(10, 40, 50, 50)
    kept = clear(layout(), {"one": one, "other": other, "free": free})
    assert len(kept) == 2
    assert "free" in kept
    assert clear(layout(), {"one": one}, [other]) == {}
    assert clear(layout(), {"out": Room(-10, 10, 30, 20)}) == {}
