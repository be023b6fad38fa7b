"""A picture is laid out by the Graphviz at hand, and says one clear thing when it cannot be."""

import os
import stat
import struct
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import graphviz
import pytest

import viz
from autodiff import Value, scope
from viz import draw
from viz.layout import engines, talk
from viz.layout.answers import fault
from viz.layout.engines import LayoutError, LayoutTimeout, LayoutUnavailable, engine_name, layout
from viz.layout.picture import Picture, write
from viz.layout.svg import clean

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
    stand_in(tmp_path, monkeypatch, "print('<svg>', sys.argv[1:], '</svg>', end='')")
    assert engine_name() == "dot"
    assert layout(DOT, "svg", "neato", dpi=192) == b"<svg> ['-Kneato', '-Tsvg', '-Gdpi=192'] </svg>"


@posix
def test_of_a_large_graph_the_wheel_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, monkeypatch, "print('<svg>dot</svg>', end='')")
    large = f"digraph {{ a -> b }} /* {' ' * engines.LARGE} */"
    assert b"<svg width" in layout(large, "svg")
    monkeypatch.setattr(engines, "_pure", lambda: None)
    assert layout(large, "svg") == b"<svg>dot</svg>"


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
    stand_in(tmp_path, monkeypatch, "print('Warning: tut tut', file=sys.stderr); print('<svg/></svg>', end='')")
    assert layout(DOT, "svg") == b"<svg/></svg>"
    assert capfd.readouterr() == ("", "")


PNG = "b'\\x89PNG\\r\\n\\x1a\\n'"
ENDLESS = "def endless(stream, piece):\n    while True: stream.write(piece); stream.flush()\n"
BEHIND = "import os\nif os.fork(): sys.stdin.read(); {first}os._exit(0)\n{child}time.sleep(600)"

# Programs that are called dot and draw nothing: what they do, and what is said of it.
FAULTY = {
    "hangs": "time.sleep(600)",
    "hangs after reading": "sys.stdin.read(); time.sleep(600)",
    "hangs with the picture in hand": "print('<svg></svg>', flush=True); time.sleep(600)",
    "complains without end": ENDLESS + "endless(sys.stderr, 'no ' * 9999)",
    "answers without end": ENDLESS + "endless(sys.stdout, 'yes\\n' * 9999)",
    "answers without end, as SVG": "print('<svg>')\n" + ENDLESS + "endless(sys.stdout, '<g/>' * 9999)",
    "reads nothing": "sys.stdin.close(); sys.exit(0)",
    "crashes": "import os; os.abort()",
    "refuses": "sys.exit('no')",
    "answers nothing": "sys.stdin.read()",
    "answers words": "sys.stdin.read(); print('hello world')",
    "answers another kind": "sys.stdin.read(); print('%PDF-1.4 %%EOF')",
    "answers half a picture": "print('<svg><g>'); sys.stdout.buffer.write(" + PNG + ")",
    "answers bytes of no text": "sys.stdout.buffer.write(b'<svg>\\xff\\xfe</svg>')",
    "leaves a child that holds the pipe": BEHIND.format(first="", child=""),
    "leaves a child that hangs, in a session of its own": BEHIND.format(first="", child="os.setsid()\n"),
}


@pytest.mark.slow
@posix
@pytest.mark.parametrize("code", FAULTY.values(), ids=FAULTY)
def test_where_dot_misbehaves_the_wheel_draws_within_the_time(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(talk, "FLOOR", 1_000_000)
    monkeypatch.setattr(talk, "GRACE", 0.1)
    monkeypatch.setattr(engines, "SHARE", 0.02)
    monkeypatch.setattr(engines, "HALF", 0.02)
    stand_in(tmp_path, monkeypatch, code)
    large = f"digraph {{ a -> b }} /* {'x' * 200_000} */"  # more than a pipe holds
    assert b"<svg width" in layout(large, "svg")
    assert layout(large, "png").startswith(b"\x89PNG")


@posix
def test_a_child_that_holds_the_pipe_is_ended_with_its_parent_and_the_picture_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = tmp_path / "child"
    code = f"open({str(note)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    parent = f"sys.stdin.read(); [time.sleep(0.01) for _ in iter(lambda: os.path.exists({str(note)!r}), True)]; "
    stand_in(
        tmp_path, monkeypatch, BEHIND.format(first=parent + "print('<svg></svg>', flush=True); ", child=code + "\n")
    )
    assert layout(DOT, "svg") == b"<svg></svg>\n"
    assert ended(int(note.read_text()))


def ended(process: int) -> bool:
    """Whether a process is gone, or is so as soon as its parent has looked (init may take a moment)."""
    for _ in range(1000):
        try:
            os.kill(process, 0)
            if Path(f"/proc/{process}/stat").exists() and ") Z " in Path(f"/proc/{process}/stat").read_text():
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.01)
    return False


@posix
def test_an_answer_without_end_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talk, "FLOOR", 1_000_000)
    monkeypatch.setattr(engines, "_pure", lambda: None)
    stand_in(tmp_path, monkeypatch, FAULTY["answers without end"])
    with pytest.raises(LayoutError, match="dot answered without end: it was stopped after 1,001,800 bytes"):
        layout(DOT, "svg")


HARM = {
    "a script": "<script>alert(1)</script>",
    "a script in capitals": "<SCRIPT>alert(1)</SCRIPT>",
    "a script of SVG": "<svg:script>alert(1)</svg:script>",
    "a script behind CDATA": "<title><![CDATA[><script>alert(1)</script>]]></title>",
    "a script behind a comment": "<!--><script>alert(1)</script>-->",
    "an event": '<g onclick="alert(1)"/>',
    "an event in capitals": "<g ONLOAD='alert(1)'/>",
    "an event without quotes": "<g onload=alert(1)/>",
    "an event after a slash": '<g/onload="alert(1)"/>',
    "markup of a page": "<foreignObject><body/></foreignObject>",
    "a frame": '<iframe src="javascript:alert(1)"></iframe>',
    "a use": '<use href="https://example.org/x.svg#a"/>',
    "a style sheet": "<style>@import 'https://example.org/'</style>",
    "an image from elsewhere": '<image xlink:href="https://example.org/x.png"/>',
    "an image from beside": '<image xlink:href="//example.org/x.png"/>',
    "an image, with an entity": '<image xlink:href="https&#58;//example.org/x.png"/>',
    "an image by another prefix": '<image xmlns:y="http://www.w3.org/1999/xlink" y:href="https://example.org/x.png"/>',
    "a paint from elsewhere": '<g fill="url(https://example.org/x.svg#a)"/>',
    "a paint, escaped": r'<g fill="\75rl(https://example.org)"/>',
    "a style from elsewhere": '<g style="background:url(https://example.org)"/>',
    "an animation": '<set attributeName="onmouseover" to="alert(1)"/>',
    "a link that moves": '<a><animate attributeName="href" values="javascript:alert(1)"/></a>',
}


@pytest.mark.parametrize("harm", HARM.values(), ids=HARM)
def test_a_picture_with_more_than_shapes_is_refused(harm: str) -> None:
    whole = '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg">{}</svg>\n'
    assert fault(whole.format("<g/>").encode(), "svg") == ""
    assert "which no Graphviz writes" in fault(whole.format(harm).encode(), "svg")


def test_an_entity_is_refused() -> None:
    entity = b'<!DOCTYPE svg [<!ENTITY a "<script/>">]><svg>&a;</svg>'
    assert "which no Graphviz writes" in fault(entity, "svg")


@posix
def test_where_dot_answers_with_a_script_the_wheel_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, monkeypatch, "print('<svg><script>alert(1)</script></svg>')")
    drawn = layout(DOT, "svg")
    assert b"<svg width" in drawn
    assert b"script" not in drawn


RICH = """digraph "a>b<--" {
    bgcolor="red:blue" stylesheet="x.css" fontname="Foo (Bar)"
    "x<y>--z" -> "b&c" [label="<script>" tooltip="url(x\\\\" color="red:blue;0.3" style="dashed,bold"]
    k [shape=none label=<<table><tr><td href="javascript:x" title="(">1</td><td bgcolor="red:blue">2</td></tr></table>>]
    t [style=radial fillcolor="red:green" class="on" id="k(<\\"" label=<<b>x</b><s>y</s><sub>z</sub>>]
}"""


@pytest.mark.slow
@pytest.mark.parametrize("program", ["dot", "graphviz-pure"])
def test_whatever_graphviz_draws_passes(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if program == "graphviz-pure":
        monkeypatch.setenv("PATH", "")
    for kind in ("svg", "png", "jpg", "json", "dot", "xdot", "plain"):
        for text in (DOT, RICH, "graph {}"):
            assert fault(layout(text, kind), kind) == ""


def test_every_picture_that_is_cut_short_is_refused() -> None:
    for kind in ("svg", "png", "json", "dot", "plain"):
        whole = layout(DOT, kind).rstrip()
        cuts = range(0, len(whole) - 1, 1 + len(whole) // 50)
        assert fault(whole, kind) == ""
        assert all(fault(whole[:cut], kind) for cut in cuts)


@posix
def test_the_words_of_an_engine_are_harmless_and_few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_pure", lambda: None)
    for code in ("sys.exit('\\x1b]0;title\\x07 ' + 'no ' * 10**6)", "print('\\x1b]0;title\\x07 ' + 'no ' * 10**6)"):
        stand_in(tmp_path, monkeypatch, code)
        with pytest.raises(LayoutError, match=r"\\x1b\]0;title\\x07") as caught:
            layout(DOT, "svg")
        assert len(str(caught.value)) < 500
        assert str(caught.value).isprintable()


@posix
def test_a_slow_layout_is_stopped_and_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_pure", lambda: None)
    stand_in(tmp_path, monkeypatch, "time.sleep(60)")
    with pytest.raises(LayoutTimeout, match=r"longer than 0.2 s.*around=.*depth=.*collapse") as caught:
        layout(DOT, "svg", timeout=0.2)
    assert caught.value.dot == DOT


@pytest.mark.slow
@posix
def test_a_slow_engine_is_tried_with_less_care_before_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    careful = "time.sleep(60 * ('-Gnslimit=1' not in sys.argv)); print('<svg>in a hurry</svg>', end='')"
    stand_in(tmp_path, monkeypatch, careful)
    assert layout(DOT, "svg", timeout=5) == b"<svg>in a hurry</svg>"


@pytest.mark.slow
@posix
def test_of_a_slow_engine_and_one_that_refuses_both_are_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, monkeypatch, "time.sleep(60)")
    with pytest.raises(LayoutTimeout, match=r"^dot took longer .*; graphviz-pure could not .*syntax error"):
        layout("digraph { ", "svg", timeout=5)


ADVICE = [
    ({}, {"around=", "collapse its scopes", "timeout="}),
    ({"collapse": True}, {"around=", "timeout="}),
    ({"around": True, "depth": 9}, {"smaller depth", "collapse its scopes", "timeout="}),
    ({"around": True, "depth": 2, "collapse": True}, {"depth=1", "timeout="}),
]


@pytest.mark.parametrize(("options", "advised"), ADVICE)
def test_the_advice_is_what_was_not_tried_yet(options: dict[str, Any], advised: set[str]) -> None:
    x = Value(1.0)
    with scope("layer"):
        y = x * x + x
    drawn = draw(y, **{**options, **({"around": x} if "around" in options else {})})
    known = set().union(*(words for _, words in ADVICE))
    for picture in (drawn, drawn.copy()):  # type: ignore[no-untyped-call]
        assert {words for words in known if words in picture.advice} == advised


def test_a_graph_without_scopes_is_not_to_be_folded() -> None:
    assert "collapse" not in draw(Value(1.0) * 2).advice


@posix
def test_an_engine_that_cannot_be_run_is_as_good_as_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in(tmp_path, monkeypatch, "")
    (tmp_path / "dot").write_text("#!/no/such/interpreter\n")
    assert b"<svg width" in layout(DOT, "svg")
    monkeypatch.setattr(engines, "_pure", lambda: None)
    with pytest.raises(LayoutUnavailable, match=r"could not run .*dot: .*pip install graphviz-pure"):
        layout(DOT, "svg")


@pytest.mark.parametrize("error", [KeyError("posix_user"), ValueError("?"), AttributeError("?"), TypeError("?")])
def test_where_python_knows_no_folder_of_scripts_there_is_the_hint(
    error: Exception, alone: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise error

    monkeypatch.setattr(engines.sysconfig, "get_path", refuse)
    monkeypatch.setattr(engines.metadata, "distribution", lambda name: refuse_package(name))
    with pytest.raises(LayoutUnavailable, match="pip install graphviz-pure"):
        layout(DOT, "svg")


def refuse_package(name: str) -> None:
    raise engines.metadata.PackageNotFoundError(name)


@pytest.mark.parametrize("error", [OSError(138, "Not supported"), NotImplementedError("no processes here")])
def test_where_python_starts_no_processes_there_is_the_hint(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(talk.subprocess, "Popen", refuse)
    with pytest.raises(LayoutUnavailable, match="pip install graphviz-pure") as caught:
        layout(DOT, "svg")
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
    assert picture._repr_mimebundle_()["image/svg+xml"] == picture.svg()


def test_a_notebook_shows_a_wide_picture_as_wide_as_its_page(picture: Picture) -> None:
    picture.node("wide", width="20")
    shown = picture._repr_mimebundle_()["image/svg+xml"]
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
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match=r"could not write the file.*p\.dot"):
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


# -- An engine of one's own


@pytest.fixture
def own() -> Iterator[Callable[[Any], None]]:
    """Use an engine for this test alone."""
    before: list[Any] = []
    yield lambda engine: before.append(viz.use_engine(engine))
    if before:
        viz.use_engine(before[0])


def test_an_engine_of_ones_own_lays_out_pictures_pages_and_films(own: Callable[[Any], None], tmp_path: Path) -> None:
    asked = []

    def engine(dot_text: str, format: str, program: str) -> bytes:
        asked.append((format, program))
        return engines.layout_installed(dot_text, format, program)

    own(engine)
    y = Value(3.0, "x") * 2
    picture = viz.draw(y)
    assert picture.svg().startswith("<svg")
    assert picture.png().startswith(b"\x89PNG")
    viz.step(y)
    viz.animate(y, tmp_path / "film.svg")
    assert asked[:2] == [("json", "dot"), ("png", "dot")]
    assert set(asked[2:]) == {("json", "dot")}  # a page has up to three layouts


@pytest.mark.parametrize("answer", ["junk", b"", "<svg><script>alert(1)</script></svg>", None, 7])
def test_an_engine_that_answers_no_picture_gives_way(own: Callable[[Any], None], answer: Any) -> None:
    own(lambda *_: answer)
    assert 'class="node"' in viz.draw(Value(3.0, "x") * 2).svg()


@pytest.mark.slow
@pytest.mark.parametrize(
    "answer",
    [
        "{}",
        '{"bb": null}',
        '{"bb": "0,0,1"}',
        '{"bb": "0,0,nan,1"}',
        '{"bb": "0,0,1,1"}',
        '{"bb": "0,0,1,1", "objects": 3}',
        '{"bb": "0,0,1,1", "objects": [[]]}',
        '{"bb": "0,0,1,1", "objects": [{"name": "n0", "pos": "0,0"}]}',
        '{"bb": "0,0,1,1", "objects": [{"name": "n0", "pos": "1e999,0", "width": 1, "height": 1}]}',
        '{"bb": "0,0,1,1", "objects": [{"name": "n0", "pos": "0,0", "width": "wide", "height": 1}]}',
        '{"bb": "0,0,1,1", "edges": [{"id": "e1_0", "_draw_": [{"op": "b", "points": [[NaN, 0]]}]}]}',
        '{"bb": "0,0,1,1", "edges": [{"id": "e1_0", "_draw_": [{"op": "b", "points": [["0", 0]]}]}]}',
    ],
)
def test_an_engine_that_answers_no_layout_gives_way(
    own: Callable[[Any], None], answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    own(lambda *_: answer)
    y = Value(3.0, "x") * 2
    assert 'id="n0"' in viz.step(y).svg
    monkeypatch.setattr(engines, "_engines", lambda large=False: iter(()))
    with pytest.raises(engines.LayoutError, match="could not lay out"):
        viz.step(y)


def test_an_engine_that_raises_gives_way_and_is_named_where_there_is_no_other(
    own: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def wasm(*_: Any) -> bytes:
        raise RuntimeError("out of memory")

    own(wasm)
    assert 'class="node"' in viz.draw(Value(3.0, "x") * 2).svg()
    monkeypatch.setattr(engines, "_engines", lambda large=False: iter(()))
    with pytest.raises(engines.LayoutError, match="wasm could not lay out the picture: RuntimeError: out of memory"):
        viz.draw(Value(3.0, "x") * 2).svg()


def test_an_engine_can_be_called() -> None:
    with pytest.raises(TypeError, match="dot_text, format, program"):
        viz.use_engine("dot")  # type: ignore[arg-type]
