"""A picture is saved as its name says, and nothing else ever stands under that name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import viz
from autodiff import Value
from viz.layout.kinds import ending


def product() -> Value:
    y = Value(2.0, "a") * Value(3.0, "b")
    y.backward()
    return y


PICTURES: dict[str, Callable[[], viz.Picture]] = {
    "draw": lambda: viz.draw(product(), names=False),
    "pool": lambda: viz.pool([3, 0, 4, 2, 0], kernel_size=3, stride=2),
    "backward": lambda: viz.draw(product(), names=False, backward="graph"),
}
EACH = pytest.mark.parametrize("make", PICTURES.values(), ids=PICTURES)


def kind_of(data: bytes) -> str:
    marks = {b"<svg": "svg", b"\x89PNG": "png", b"digraph": "dot", b"// ": "dot", b"<!doctype html>": "html"}
    return next(kind for mark, kind in marks.items() if data.startswith(mark))


NAMES = {
    "svg": ["a.svg", "a.SVG", "a.b.svg", "a.png.svg", "Ä b.Svg", ".svg"],
    "png": ["a.png", "A.PNG", "a.svg.png", "a.gv.png", ".png", "a.png.", "a.png "],
    "dot": ["a.dot", "a.gv", "a.GV", "a", "v.d/a", "png", "a.png.gv"],
}


@pytest.mark.slow
@EACH
@pytest.mark.parametrize("kind", NAMES)
def test_the_ending_decides(make: Callable[[], viz.Picture], kind: str, tmp_path: Path) -> None:
    for name in NAMES[kind]:
        for path in (os.path.join(tmp_path, name), tmp_path / name):
            assert make().save(path) == str(path)
            assert kind_of(Path(path).read_bytes()) == kind


@pytest.mark.parametrize("name", ["a.svg", "a.png", "a.gv"])
def test_a_folder_is_an_argument_as_with_graphviz(name: str, tmp_path: Path) -> None:
    picture = viz.draw(product(), names=False)
    assert picture.save(name, tmp_path / "new" / "folder") == str(tmp_path / "new" / "folder" / name)
    assert picture.save("b.svg") == str(tmp_path / "new" / "folder" / "b.svg")  # the folder stays, as there
    assert picture.save(filename=Path("c.png"), directory=str(tmp_path)) == str(tmp_path / "c.png")


def test_a_picture_has_the_bytes_of_save_svg_and_save_png(tmp_path: Path) -> None:
    picture = viz.draw(product(), names=False)
    for name, save in (("a.svg", picture.save_svg), ("a.png", picture.save_png)):
        picture.save(tmp_path / name)
        assert (tmp_path / name).read_bytes() == save(tmp_path / f"other.{name[2:]}").read_bytes()


def test_an_existing_file_is_skipped_where_that_is_asked(tmp_path: Path) -> None:
    for name in ("a.svg", "a.gv"):
        (tmp_path / name).write_text("mine")
        viz.draw(product(), names=False).save(tmp_path / name, skip_existing=True)
        assert (tmp_path / name).read_text() == "mine"


REFUSED = [
    "a.jpg",
    "a.jpeg",
    "a.gif",
    "a.html",
    "a.htm",
    "a.eps",
    "a.webp",
    "a.txt",
    "a.json",
    "a.svgz",
    "a.png.eps",
    ".eps",
]


@EACH
@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_had_is_refused_with_the_way_out(
    make: Callable[[], viz.Picture], name: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"a picture is saved as \.svg, \.png, \.pdf, \.dot or \.gv; got") as refusal:
        make().save(name, tmp_path / "folder")
    assert "\n" not in str(refusal.value)
    assert ("nothing was written" in str(refusal.value), os.listdir(tmp_path)) == (True, [])
    ways = {"html": "viz.step", "htm": "viz.step", "gif": "viz.animate", "jpg": ".png", "jpeg": ".png"}
    assert ways.get(ending(name), "") in str(refusal.value)


PLACES: dict[str, Callable[[Path], Any]] = {
    "page": lambda path: viz.step(product(), names=False).save(path),
    "film": lambda path: viz.animate(product(), path, names=False),
}


@pytest.mark.parametrize(
    ("what", "name"), [("page", "a.html"), ("page", "a.HTM"), ("film", "a.svg"), ("film", "a.SVG")]
)
def test_a_page_and_a_film_are_saved_by_their_ending(what: str, name: str, tmp_path: Path) -> None:
    assert PLACES[what](tmp_path / name) == tmp_path / name
    assert kind_of((tmp_path / name).read_bytes()) == ending(name).replace("htm", "html").replace("htmll", "html")


@pytest.mark.parametrize("what", PLACES)
@pytest.mark.parametrize("name", ["a.png", "a.dot", "a.gv", "a.mp4", "a", ".png"])
def test_a_page_and_a_film_are_nothing_else(what: str, name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"is saved as .* and nothing was written"):
        PLACES[what](tmp_path / name)
    assert os.listdir(tmp_path) == []


def test_a_page_is_not_written_under_the_name_of_a_picture(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"save_html writes HTML, but .* ends in \.png"):
        viz.step(product(), names=False).save_html(tmp_path / "a.png")


def test_render_saves_its_source_as_graphviz_does(tmp_path: Path) -> None:
    picture = viz.draw(product(), names=False)
    assert picture.render("graph", directory=tmp_path, format="png") == str(tmp_path / "graph.png")
    assert kind_of((tmp_path / "graph").read_bytes()) == "dot"
    assert picture.render(outfile=tmp_path / "other.svg") == str(tmp_path / "other.svg")
    assert {p.name: kind_of(p.read_bytes()) for p in tmp_path.iterdir()} == {
        "graph": "dot",
        "graph.png": "png",
        "other.gv": "dot",
        "other.svg": "svg",
    }
