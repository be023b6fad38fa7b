"""The moving picture of all steps."""

from __future__ import annotations

import itertools
import re
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import gallery
import pytest

from autodiff import Value, max_pool1d, steps
from viz import animate
from viz.layout.place import LEAST, PLACES

SVG = "{http://www.w3.org/2000/svg}"


def score() -> Value:
    x = [Value(v, f"x{i}") for i, v in enumerate((3, 0, 4, 2, 0))]
    p = max_pool1d(x, kernel_size=3, stride=2)
    return 0.7 * p[0] + 0.9 * p[1]


def film(tmp_path: Path, output: Value, **options: object) -> str:
    return animate(output, tmp_path / "film.svg", names=False, **options).read_text(encoding="utf-8")  # type: ignore[arg-type]


def test_an_animation_is_style_alone(tmp_path: Path) -> None:
    text = film(tmp_path, score())
    tags = {element.tag.removeprefix(SVG) for element in ElementTree.fromstring(text).iter()}
    assert not tags & {"script", "a", "foreignObject", "animate", "image"}
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")


def told_in(text: str, sentences: list[str]) -> list[str]:
    """The sentences below a film, each in one or more lines."""
    lines = [element.text or "" for element in ElementTree.fromstring(text).iter(f"{SVG}text")]
    below = " ".join(lines)
    found = [(below.rfind(sentence), sentence) for sentence in sentences]
    return [sentence for at, sentence in sorted(found) if at >= 0]


@pytest.mark.slow
def test_every_sentence_has_its_time(tmp_path: Path) -> None:
    y = score()
    text = film(tmp_path, y, seconds=1)
    told = steps(y)
    sentences = [step.sentence for step in told]
    assert told_in(text, sentences) == sentences
    assert f"{len(told) + 2}s step-end infinite" in text


@pytest.mark.parametrize(
    ("wished", "first", "last"),
    [
        ({}, 0, 22),
        ({"start": "backward"}, 12, 22),
        ({"start": 12, "stop": -2}, 12, 21),
        ({"start": -3}, 20, 22),
        ({"stop": "backward"}, 0, 12),
        ({"start": 5, "stop": 5}, 5, 5),
    ],
)
def test_it_begins_and_ends_where_it_is_told(tmp_path: Path, wished: dict[str, Any], first: int, last: int) -> None:
    sentences = [step.sentence for step in steps(score())]
    text = film(tmp_path, score(), **wished)
    assert told_in(text, sentences) == sentences[first : last + 1]
    assert f"{last - first + 1} steps" in text


@pytest.mark.parametrize("word", ["start", "stop"])
@pytest.mark.parametrize("wrong", [23, -24, 1.0, True, "forward", None])
def test_a_step_that_is_none_is_refused_by_its_name(tmp_path: Path, word: str, wrong: object) -> None:
    with pytest.raises(ValueError, match=f"{word} is a step from 0 to 22, or from the end, or 'backward'; got"):
        animate(score(), tmp_path / "film.svg", **{word: wrong})  # type: ignore[arg-type]


def test_an_end_before_the_beginning_and_a_loop_of_three_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="stop=3 comes before start=-2"):
        animate(score(), tmp_path / "film.svg", start=-2, stop=3)
    with pytest.raises(ValueError, match="loop is True"):
        animate(score(), tmp_path / "film.svg", loop=3)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_it_plays_again_and_again_or_once(tmp_path: Path) -> None:
    again, once = film(tmp_path, score()), film(tmp_path, score(), loop=False)
    assert "infinite" in again
    assert "infinite" not in once
    assert "step-end" in once


def test_what_is_not_computed_yet_is_empty_or_told(tmp_path: Path) -> None:
    words = [element.text for element in ElementTree.fromstring(film(tmp_path, score())).iter(f"{SVG}text")]
    assert not {"·", "…"} & {*words}
    assert "–" in words
    assert "– gradient not computed" in words
    bare = [element.text for element in ElementTree.fromstring(film(tmp_path, score(), legend=False)).iter()]
    assert "– gradient not computed" not in bare


GRAPHS = {"a pool": gallery.pooled, "micrograd's": gallery.micrograd, "a network": gallery.network}
GRAPHS |= {"a neuron": gallery.neuron, "cross entropy": gallery.entropy}


@pytest.mark.slow
@pytest.mark.parametrize("name", GRAPHS)
def test_no_text_of_a_film_is_smaller_than_can_be_read(tmp_path: Path, name: str) -> None:
    text = film(tmp_path, GRAPHS[name]())
    size = re.findall(r'<svg width="([\d.]+)pt" height="([\d.]+)pt"', text)[0]
    least = min(map(float, re.findall(r'font-size="([\d.]+)"', text)))
    assert PLACES["column"].scale((float(size[0]), float(size[1]))) * least >= LEAST - 1e-6


def test_at_rest_it_shows_the_last_step(tmp_path: Path) -> None:
    text = film(tmp_path, score())
    shown = set(re.findall(r"\.(g\w+-k\d+)\{opacity:1;", text))
    group = re.search(r'<g class="node"><title>n2</title>.*?</g>', text, re.DOTALL)
    assert group is not None
    texts = dict(re.findall(r'class="(g\w+-k\d+)">([^<]*)</text>', group[0]))
    assert [words for name, words in texts.items() if name in shown] == ["4", "1.6"]


def test_whoever_asked_for_less_motion_gets_none(tmp_path: Path) -> None:
    text = film(tmp_path, score())
    rule = re.search(r"prefers-reduced-motion:reduce\)\{\[class\^=(\S+?)\]\{animation:none!important\}\}", text)
    assert rule is not None
    moving = set(re.findall(r"@keyframes (\S+?)\{", text))
    assert moving
    assert all(name.startswith(rule[1]) for name in moving)


def test_names_are_text_and_nothing_else(tmp_path: Path) -> None:
    text = film(tmp_path, Value(2.0, '<script>alert("x")</script>&{') * 3)
    assert "<script" not in text
    assert ElementTree.fromstring(text) is not None


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_a_step_takes_time(tmp_path: Path, seconds: float) -> None:
    with pytest.raises(ValueError, match="more than 0"):
        animate(score(), tmp_path / "film.svg", seconds=seconds)


def test_an_animation_is_svg_gif_or_pdf(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"saved as \.svg, \.gif or \.pdf; got the path .*film\.mp4'"):
        animate(score(), tmp_path / "film.mp4")
    assert not list(tmp_path.iterdir())


def test_without_a_file_a_film_shows_and_saves_itself(tmp_path: Path) -> None:
    film = animate(score(), names=False)
    assert (
        film.save_svg(tmp_path / "a.svg").read_text("utf-8") == film.svg() == film._repr_mimebundle_()["image/svg+xml"]
    )
    assert film.save(tmp_path / "b.svg").read_bytes() == animate(score(), tmp_path / "c.svg", names=False).read_bytes()
    assert "Film of 23 steps" in repr(film)
    with pytest.raises(ValueError, match=r"save_gif writes GIF, but .* ends in \.svg"):
        film.save_gif(tmp_path / "d.svg")


def test_what_is_too_long_to_watch_is_refused(tmp_path: Path) -> None:
    y = Value(1.0)
    for _ in range(300):
        y = y + 1
    with pytest.raises(ValueError, match="too long to watch"):
        animate(y, tmp_path / "film.svg")
    assert not (tmp_path / "film.svg").exists()


@pytest.mark.slow
def test_a_gif_has_a_frame_for_each_step_and_nothing_moves_but_what_changes(tmp_path: Path) -> None:
    Image, ImageChops = (pytest.importorskip(f"PIL.{module}") for module in ("Image", "ImageChops"))

    y = Value(3.0, "x") * 2 + 1
    with Image.open(animate(y, tmp_path / "film.gif", names=False)) as frames:
        assert frames.n_frames == len(steps(y))
        assert frames.info["loop"] == 0
        pictures = []
        for k in range(frames.n_frames):
            frames.seek(k)
            pictures.append(frames.convert("RGB"))
    assert len({picture.size for picture in pictures}) == 1
    boxes = [ImageChops.difference(a, b).getbbox() for a, b in itertools.pairwise(pictures)]
    assert all(boxes)


@pytest.mark.slow
def test_a_gif_has_the_legend_of_the_film(tmp_path: Path) -> None:
    Image = pytest.importorskip("PIL.Image")
    sizes = []
    for legend in (True, False):
        with Image.open(animate(score(), tmp_path / "film.gif", start=-2, legend=legend)) as frames:
            sizes.append(frames.size)
    assert sizes[0][1] > sizes[1][1]


def test_a_gif_plays_a_part_once(tmp_path: Path) -> None:
    Image = pytest.importorskip("PIL.Image")
    made = animate(Value(3.0, "x") * 2 + 1, tmp_path / "film.gif", start="backward", loop=False, background=None)
    with Image.open(made) as frames:
        assert frames.n_frames == 3
        assert "loop" not in frames.info
        assert frames.convert("RGB").getpixel((0, 0)) == (255, 255, 255)


def test_without_pillow_a_gif_says_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match=r"gradroute\[gif\]"):
        animate(Value(1.0) * 2, tmp_path / "film.gif")
