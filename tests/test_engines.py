"""A picture is laid out by the Graphviz at hand, and says one clear thing when it cannot be."""

import os
import stat
import struct
import sys
from pathlib import Path

import graphviz
import pytest

from viz import engines
from viz.engines import LayoutError, LayoutTimeout, LayoutUnavailable, engine_name, layout
from viz.picture import Picture, clean, write

DOT = "digraph { a -> b }"
posix = pytest.mark.skipif(os.name != "posix", reason="the stand-in for dot is a script")


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """No system Graphviz."""
    monkeypatch.setenv("PATH", "")


@pytest.fixture
def nothing(monkeypatch: pytest.MonkeyPatch, alone: None) -> None:
    """No Graphviz at all."""
    monkeypatch.setattr(engines, "_pure", lambda: None)


def stand_in(folder: Path, monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Put a program named dot on the PATH that does what ``code`` says."""
    program = folder / "dot"
    program.write_text(f"#!{sys.executable}\nimport sys, time\n{code}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder))


def size(png: bytes) -> tuple[int, int]:
    wide, high = struct.unpack(">II", png[16:24])
    return wide, high


def test_the_wheel_lays_out_without_a_system_graphviz(alone: None) -> None:
    assert engine_name() == "graphviz-pure"
    assert b"<svg" in layout(DOT, "svg")
    assert layout(DOT, "png").startswith(b"\x89PNG")


@posix
def test_the_system_dot_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, monkeypatch, "print(sys.argv[1:], end='')")
    assert engine_name() == "dot"
    assert layout(DOT, "svg", "neato", dpi=192) == b"['-Kneato', '-Tsvg', '-Gdpi=192']"


@posix
def test_of_a_large_graph_the_wheel_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, monkeypatch, "print('dot', end='')")
    large = f"digraph {{ a -> b }} /* {' ' * engines.LARGE} */"
    assert b"<svg" in layout(large, "svg")
    monkeypatch.setattr(engines, "_pure", lambda: None)
    assert layout(large, "svg") == b"dot"


@posix
def test_the_wheel_helps_out_when_the_system_dot_is_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, monkeypatch, "sys.exit('Format: \"svg\" not recognized')")
    assert b"<svg" in layout(DOT, "svg")


@posix
def test_when_all_refuse_the_first_one_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, monkeypatch, "sys.exit('the first')")
    with pytest.raises(LayoutError, match="dot could not lay out the picture: the first"):
        layout("digraph { ", "svg")


@posix
def test_warnings_are_swallowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    stand_in(tmp_path, monkeypatch, "print('Warning: tut tut', file=sys.stderr); print('picture', end='')")
    assert layout(DOT, "svg") == b"picture"
    assert capfd.readouterr() == ("", "")


@posix
def test_a_slow_layout_is_stopped_and_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, monkeypatch, "time.sleep(60)")
    with pytest.raises(LayoutTimeout, match=r"longer than 0.2 s.*around=.*depth=.*collapse") as caught:
        layout(DOT, "svg", timeout=0.2)
    assert caught.value.dot == DOT


def test_graphviz_explains_a_refusal_in_its_own_words() -> None:
    with pytest.raises(LayoutError, match="syntax error") as caught:
        layout("digraph { ", "svg")
    assert caught.value.dot == "digraph { "
    assert type(caught.value) is LayoutError


def test_without_any_graphviz_there_is_one_hint_and_the_dot_text(nothing: None) -> None:
    assert engine_name() is None
    with pytest.raises(LayoutUnavailable, match="pip install graphviz-pure") as caught:
        layout(DOT, "svg")
    assert caught.value.dot == DOT
    assert isinstance(caught.value, RuntimeError)


def test_fixed_positions_are_kept(alone: None) -> None:
    text = 'digraph { layout=nop2; a [pos="0,0"]; b [pos="300,40"] }'
    plain = layout(text, "plain").decode().splitlines()
    places = [line.split()[2:4] for line in plain if line.startswith("node")]
    (x0, y0), (x1, y1) = [(float(x), float(y)) for x, y in places]
    assert (x1 - x0, y1 - y0) == pytest.approx((300 / 72, 40 / 72), abs=1e-3)


@pytest.fixture
def picture() -> Picture:
    drawn = Picture("dark")
    drawn.edge("n0", "n1")
    return drawn


def test_a_picture_is_a_digraph_that_needs_no_dot(alone: None, picture: Picture, tmp_path: Path) -> None:
    assert isinstance(picture, graphviz.Digraph)
    assert picture.pipe() == picture.svg().encode()
    assert picture.pipe(encoding="utf-8") == picture.svg()
    assert picture.pipe("png").startswith(b"\x89PNG")
    made = picture.render("drawn", directory=tmp_path, format="png", cleanup=True)
    assert Path(made).read_bytes().startswith(b"\x89PNG")
    assert Path(picture.render(outfile=tmp_path / "other.svg")).read_text().startswith("<svg")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["drawn.png", "other.gv", "other.svg"]


def test_render_can_refuse_to_overwrite(picture: Picture, tmp_path: Path) -> None:
    picture.render(outfile=tmp_path / "drawn.svg")
    with pytest.raises(graphviz.FileExistsError):
        picture.render(outfile=tmp_path / "drawn.svg", raise_if_result_exists=True)


def test_a_notebook_shows_svg(picture: Picture) -> None:
    assert picture._repr_mimebundle_() == {"image/svg+xml": picture.svg()}


def test_a_notebook_shows_a_wide_picture_as_wide_as_its_page(picture: Picture) -> None:
    picture.node("wide", width="20")
    (shown,) = picture._repr_mimebundle_().values()
    assert str(shown).startswith('<svg width="700pt" height=')
    assert str(shown).partition("viewBox")[2] == picture.svg().partition("viewBox")[2] != ""


def test_as_text_a_picture_says_how_to_see_it(picture: Picture) -> None:
    assert repr(picture) == "<Picture: run it in a notebook to see it, or .save_svg(path)>"


def test_a_notebook_without_graphviz_shows_the_hint_and_the_dot_text(nothing: None, picture: Picture) -> None:
    (text,) = picture._repr_mimebundle_().values()
    assert "pip install graphviz-pure" in str(text)
    assert picture.source in str(text)


def test_saving_answers_with_the_path(picture: Picture, tmp_path: Path) -> None:
    assert picture.save_svg(tmp_path / "p.svg").read_text(encoding="utf-8") == picture.svg()
    assert picture.save_png(str(tmp_path / "p.png")).read_bytes() == picture.png()
    with pytest.raises(ValueError, match=r"save_svg writes SVG, but '.*q\.png' ends in \.png"):
        picture.save_svg(tmp_path / "q.png")
    assert not (tmp_path / "q.png").exists()
    assert picture.save_dot(tmp_path / "p.dot").read_text(encoding="utf-8") == picture.source
    assert len(list(tmp_path.iterdir())) == 3


def test_a_png_grows_with_its_scale(picture: Picture) -> None:
    once, twice = size(picture.png(1)), size(picture.png(2))
    assert twice == pytest.approx((2 * once[0], 2 * once[1]), abs=3)


def test_a_folder_that_is_not_there_is_named(picture: Picture, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="missing") as caught:
        picture.save_dot(tmp_path / "missing" / "p.dot")
    assert isinstance(caught.value, FileNotFoundError)


def test_a_failed_save_leaves_the_old_file_and_no_litter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = write(tmp_path / "p.dot", b"old")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(PermissionError, match=r"could not write the file.*p\.dot"):
        write(old, b"new")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_subgraphs_and_copies_take_over_the_look_without_repeating_it(picture: Picture) -> None:
    with picture.subgraph(name="cluster_0") as scope:
        scope.node("n1")
    assert picture.source.count("bgcolor") == 1
    assert picture.copy().source == picture.source  # type: ignore[no-untyped-call]


def test_the_same_picture_gives_the_same_bytes(picture: Picture) -> None:
    assert picture.svg() == picture.svg()
    assert picture.png() == picture.png()


def test_links_that_somebody_drew_are_taken_out() -> None:
    drawn = Picture()
    drawn.node("n0", URL="javascript:alert(1)", target="_top")
    drawn.edge("n0", "n1", href="https://example.org", tooltip="kept")
    svg = drawn.svg()
    assert "javascript" not in svg
    assert "example.org" not in svg
    assert "<title>kept</title>" in svg


def test_nothing_of_the_machine_stays_in_the_svg() -> None:
    assert clean('<?xml version="1.0"?>\n<!DOCTYPE svg>\n<!-- Generated by graphviz 2.43 -->\n<svg/>') == "<svg/>"
    assert (
        clean("<svg><title>%3</title><title>n0&#45;&gt;n1</title></svg>") == "<svg><title>n0&#45;&gt;n1</title></svg>"
    )
