"""The moving picture of all steps, and the backward pass drawn as a graph of its own."""

from __future__ import annotations

import itertools
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from drawn import read

from autodiff import Graph, Value, grad, max_pool1d, steps
from viz import animate, draw

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


def test_every_sentence_has_its_time(tmp_path: Path) -> None:
    y = score()
    text = film(tmp_path, y, seconds=1)
    told = steps(y)
    words = [element.text for element in ElementTree.fromstring(text).iter(f"{SVG}text")]
    assert [w for w in words if w in {step.sentence for step in told}] == [step.sentence for step in told]
    assert f"{len(told) + 2}s step-end infinite" in text


def test_at_rest_it_shows_the_last_step(tmp_path: Path) -> None:
    text = film(tmp_path, score())
    shown = set(re.findall(r"\.(k\d+)\{opacity:1;", text))
    group = re.search(r'<g class="node" id="n2">.*?</g>', text, re.DOTALL)
    assert group is not None
    texts = dict(re.findall(r'class="(k\d+)">([^<]*)</text>', group[0]))
    assert [words for name, words in texts.items() if name in shown] == ["4", "1.6"]


def test_whoever_asked_for_less_motion_gets_none(tmp_path: Path) -> None:
    assert "prefers-reduced-motion:reduce){*{animation:none!important}}" in film(tmp_path, score())


def test_names_are_text_and_nothing_else(tmp_path: Path) -> None:
    text = film(tmp_path, Value(2.0, '<script>alert("x")</script>&{') * 3)
    assert "<script" not in text
    assert ElementTree.fromstring(text) is not None


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_a_step_takes_time(tmp_path: Path, seconds: float) -> None:
    with pytest.raises(ValueError, match="more than 0"):
        animate(score(), tmp_path / "film.svg", seconds=seconds)


def test_an_animation_is_svg_or_gif(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"saved as \.svg or \.gif; got the path .*film\.mp4'"):
        animate(score(), tmp_path / "film.mp4")
    assert not list(tmp_path.iterdir())


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
        pictures = []
        for k in range(frames.n_frames):
            frames.seek(k)
            pictures.append(frames.convert("RGB"))
    assert len({picture.size for picture in pictures}) == 1
    boxes = [ImageChops.difference(a, b).getbbox() for a, b in itertools.pairwise(pictures)]
    assert all(boxes)


def test_without_pillow_a_gif_says_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match=r"gradroute\[gif\]"):
        animate(Value(1.0) * 2, tmp_path / "film.gif")


def test_the_backward_pass_is_a_graph_of_its_own() -> None:
    x = Value(3.0, "x")
    y = (x * x).sin()
    slope = grad(y, x)
    drawn = read(draw(y, backward="graph"))
    assert len(drawn.boxes) == len(Graph(y, slope))
    assert any(box.rows == ["∂y/∂x +", "−5.467"] for box in drawn.boxes.values())
    assert x.grad_state == "not computed"


def test_a_backward_graph_is_that_of_one_output() -> None:
    x = Value(3.0)
    with pytest.raises(ValueError, match="one output"):
        draw([x * 2, x * 3], backward="graph")
    with pytest.raises(ValueError, match="give one of the two"):
        draw(x * 2, backward="graph", step=1)
    with pytest.raises(ValueError, match="must be 'flow'"):
        draw(x * 2, backward="sideways")
