"""``python -m viz``: from one line to pictures and sentences, and one clear sentence for whatever is wrong."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from autodiff import Value
from viz import LIGHT
from viz.__main__ import main
from viz.demo.digits import digit
from viz.demo.folder import MANIFEST
from viz.demo.network import digit_network
from viz.ink.theme import DARK
from viz.layout import engines

ROOT = Path(__file__).parents[1]
ALL = {f"{name}.{kind}" for name in ("pool", "graph") for kind in ("svg", "png", "dot")} | {"steps.html"}
DIGIT = ALL | {"digit.svg", "network.svg", "network.png", "network.dot"}

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(folder: str = "out") -> set[str]:
    return {path.name for path in Path(folder).iterdir()} - {MANIFEST}


def run(capsys: Captured, *arguments: str) -> str:
    """What the command prints when all goes well."""
    code = main(arguments)
    out, err = capsys.readouterr()
    assert (code, err) == (0, "")
    return out


def refused(capsys: Captured, *arguments: str) -> str:
    """The one sentence that the command prints when something is wrong."""
    code = main(arguments)
    out, err = capsys.readouterr()
    assert code == 2
    assert out == ""
    assert err.startswith("python -m viz: ")
    assert err.endswith("\n")
    assert err.count("\n") == 1
    assert "Errno" not in err
    return err


def test_the_main_job_writes_both_pictures_and_says_where_the_gradient_went(capsys: Captured) -> None:
    out = run(capsys)
    assert written() == DIGIT
    ElementTree.parse(Path("out", "digit.svg"))
    for name in ("network", "pool", "graph"):
        ElementTree.parse(Path("out", f"{name}.svg"))
        assert Path("out", f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert Path("out", f"{name}.dot").read_text(encoding="utf-8").startswith("digraph")
    assert out.startswith("digit 4, convolution, relu, max pool 3×3, stride 2: score ")
    assert f"wrote {Path('out', 'pool.svg')} and {Path('out', 'pool.png')}" in out
    sentences = [line for line in out.splitlines() if line.startswith("cell (")]
    assert len(sentences) > 3
    assert "cell (4,2) got 0.4 from window D and 0.6 from window E = 1" in sentences


@pytest.mark.slow
def test_the_main_job_writes_the_whole_network_first_then_the_pool_the_graph_and_the_page(capsys: Captured) -> None:
    wrote = [line for line in run(capsys).splitlines() if line.startswith("wrote ")]
    names = [re.findall(r"(\w+)\.(?:svg|html)", line)[0] for line in wrote]
    assert [name for name in names if name != "digit"] == ["network", "pool", "graph", "steps"]
    assert names[0] == "network"
    assert all(re.search(r"\.(svg|png|html): \w", line) for line in wrote)  # and what there is to see


@pytest.mark.slow
@pytest.mark.parametrize("which", range(10))
def test_the_main_job_says_which_winners_hand_nothing_on_and_how_many_pixels_get_gradient(
    capsys: Captured, which: int
) -> None:
    out = run(capsys, "--digit", str(which))
    pool = digit_network(digit(which), kernel_size=3, stride=2)
    pool.score.backward()
    won = {cell for window in pool.routes().windows for cell in window.contributions}
    off = {(r, c) for r, c in won if pool.cells[r][c].data == 0}
    assert {
        (int(r), int(c)) for r, c in re.findall(r"cell \((\d),(\d)\) hands nothing on: its relu is off", out)
    } == off
    pixels = {node for row in pool.cells for relu in row for node in _leaves(relu) if str(node.name).startswith("x")}
    assert len(pixels) == 64
    assert f"{sum(pixel.grad_state != 'no path' for pixel in pixels)} of 64 cells of pixels get gradient" in out


def _leaves(value: Value) -> list[Value]:
    return [value] if not value.parents else [leaf for parent in value.parents for leaf in _leaves(parent)]


@pytest.mark.slow
def test_the_main_job_says_the_same_every_time(capsys: Captured) -> None:
    first = run(capsys), Path("out/graph.dot").read_bytes(), Path("out/pool.svg").read_bytes()
    assert (run(capsys), Path("out/graph.dot").read_bytes(), Path("out/pool.svg").read_bytes()) == first


@pytest.mark.slow
def test_it_runs_as_a_command(tmp_path: Path) -> None:
    for arguments, code in ((["--grid", "3 0 4 2 0", "--out", "o p"], 0), (["--digit", "12"], 2)):
        done = subprocess.run(
            [sys.executable, "-m", "viz", *arguments],
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"},
            capture_output=True,
            text=True,
            cwd=tmp_path,
        )
        assert done.returncode == code
        assert "Traceback" not in done.stderr
    assert written("o p") == ALL


@pytest.mark.slow
def test_a_row_of_numbers_is_pooled_in_one_dimension(capsys: Captured) -> None:
    out = run(capsys, "--grid", "3 0 4 2 0")
    assert "your grid, max pool 3, stride 2: score 6.4" in out
    assert "cell (0,2) got 0.7 from window A and 0.9 from window B = 1.6" in out
    assert written() == ALL


@pytest.mark.slow
def test_rows_of_numbers_are_pooled_in_two_dimensions(capsys: Captured) -> None:
    out = run(capsys, "--grid", "3 0 4; 2 0 1")
    assert "max pool 2×3, stride 2: score 2.8" in out
    assert "cell (0,2) got 0.7 from window A = 0.7" in out


@pytest.mark.slow
def test_options_change_the_pool(capsys: Captured) -> None:
    out = run(capsys, "--grid", "3,0,4,2,0", "--kernel", "2", "--stride", "1")
    assert "max pool 2, stride 1" in out
    assert "from window D" in out
    assert "max pool 2×2, stride 2" in run(capsys, "--digit", "7", "--kernel", "2", "--padding", "1")
    one, other = (run(capsys, "--digit", digit) for digit in "01")
    assert one != other
    assert other.startswith("digit 1,")


@pytest.mark.slow
@pytest.mark.parametrize(("kernel", "maxima"), [(3, 8), (4, 15), (5, 1), (8, 1)])
def test_a_window_of_many_cells_is_one_box(kernel: int, maxima: int, capsys: Captured) -> None:
    run(capsys, "--digit", "3", "--kernel", str(kernel))
    boxes = re.findall(r"^\t+[ns]\d+ \[label", Path("out/graph.dot").read_text(encoding="utf-8"), re.MULTILINE)
    assert len(boxes) == 1 + kernel**2 + maxima  # the convolution, the relus, and the window's maxima


@pytest.mark.slow
def test_the_theme_and_the_folder_are_chosen(capsys: Captured) -> None:
    run(capsys, "--grid", "1 2", "--theme", "dark", "--out", "a/b")
    assert written("a/b") == ALL
    for name in ("pool.svg", "graph.svg"):
        text = Path("a/b", name).read_text(encoding="utf-8")
        assert DARK.background in text
        assert LIGHT.value not in text


def test_an_expression_is_drawn(capsys: Captured) -> None:
    out = run(capsys, "max(a*b, c) + a", "a=2", "b=-3", "c=10")
    assert out.splitlines()[0] == "max(a*b, c) + a = 12"
    assert "a got 1 through '+' (no path through '×') = 1" in out
    assert "c got 1 through 'max' = 1" in out
    assert written() == {"graph.svg", "graph.png", "graph.dot", "steps.html"}


@pytest.mark.slow
def test_the_main_job_tells_its_story(capsys: Captured) -> None:
    out = run(capsys, "--digit", "3")
    assert f"wrote {Path('out', 'digit.svg')}: the digit, its convolution, and relu of that" in out
    assert f"wrote {Path('out', 'steps.html')}: open it in a browser" in out.splitlines()[-1]
    assert "score = 0.7·p(0,0) + 0.9·p(0,1) − 0.5·p(0,2) + ..., with the weights 0.7, 0.9, -0.5, ..." in out
    assert "(7,5) = 2.688, lies in no window: the windows end at row 6 and column 6. No path: nothing flows" in out
    texts = "".join(ElementTree.parse(Path("out", "digit.svg")).getroot().itertext())
    assert all(title in texts for title in ("digit 3", "convolution", "relu", "2.688", "−3.062"))
    page = Path("out/steps.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "relu" in page


@pytest.mark.slow
@pytest.mark.parametrize("label", range(10))
def test_the_largest_cell_is_told_of_exactly_where_no_window_covers_it(label: int, capsys: Captured) -> None:
    cells = digit_network(digit(label), kernel_size=3, stride=2, padding=0).cells
    top = max(cell.data for row in cells for cell in row)
    lost = all(r > 6 or c > 6 for r, row in enumerate(cells) for c, cell in enumerate(row) if cell.data == top)
    assert ("lies in no window" in run(capsys, "--digit", str(label))) is lost


@pytest.mark.slow
def test_windows_that_stand_apart_leave_cells_out(capsys: Captured) -> None:
    out = run(capsys, "--grid", "1 2 9 3 4", "--kernel", "2", "--stride", "3")
    assert "The largest cell, (0,2) = 9, lies in no window: the windows stand apart." in out
    assert "lies in no window" not in run(capsys, "--grid", "9 2 9 3 4", "--kernel", "2", "--stride", "3")


@pytest.mark.slow
@pytest.mark.parametrize("given", ["1 2; 3 4", "1 2 3 4", "1,2;3,4", " 1 2 ; 3 4 ; "])
def test_numbers_of_ones_own_arrive(given: str, capsys: Captured) -> None:
    out = run(capsys, "--grid", "1 5; 0 3", "--kernel", "1", "--stride", "1", "--upstream", given)
    assert [line for line in out.splitlines() if line.startswith("cell")] == [
        f"cell ({k // 2},{k % 2}) got {k + 1} from window {'ABCD'[k]} = {k + 1}" for k in range(4)
    ]
    assert "with the weights 1, 2, 3, ... of your own" in out


@pytest.mark.slow
def test_numbers_of_ones_own_arrive_at_a_digit_a_row_and_an_expression(capsys: Captured) -> None:
    assert "got 36 from window D = 36" in run(
        capsys, "--digit", "1", "--kernel", "3", "--stride", "5", "--upstream", "1 2;3 36"
    )
    assert "got -0.5 from window A and 2 from window B = 1.5" in run(
        capsys, "--grid", "1 5 3", "--kernel", "2", "--stride", "1", "--upstream=-0.5 2"
    )
    assert "a got 6 through '×' = 6" in run(capsys, "a*b", "a=2", "b=3", "--upstream", "2")


@pytest.mark.slow
def test_values_and_options_come_in_any_order(capsys: Captured) -> None:
    assert run(capsys, "a*b", "a=2", "--theme", "dark", "b=1e-3").startswith("a*b = 0.002")
    assert run(capsys, "(-a)", "a = -2").startswith("(-a) = 2")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "value"),
    [("1/a", "inf"), ("log(a) * a", "nan"), ("a**400 * 1e300", "0"), ("exp(a + 1000)", "inf"), ("3", "3"), ("a", "0")],
)
def test_strange_results_are_results(capsys: Captured, text: str, value: str) -> None:
    names = ["a=0"] if "a" in text else []
    assert run(capsys, text, *names).startswith(f"{text} = {value}\n")


@pytest.mark.parametrize("grid", ["inf 1 nan 2", "-inf -inf; 0 1", "1e308 1e308 1e308", "1e999 0 1", "5", "0 0 0 0"])
@pytest.mark.slow
def test_strange_numbers_in_a_grid_are_numbers(capsys: Captured, grid: str) -> None:
    assert "your grid" in run(capsys, f"--grid={grid}")
    assert written() == ALL


WRONG = {
    "digit that is none": (["--digit", "12"], "0, 1, ..., 9, and none for 12"),
    "negative digit": (["--digit", "-1"], "none for -1"),
    "huge digit": (["--digit", "9" * 30], "none for 999"),
    "digit in letters": (["--digit", "abc"], "--digit: invalid int value: 'abc'"),
    "no digit": (["--digit"], "--digit: expected one argument"),
    "kernel of nothing": (["--kernel", "0"], "kernel_size must be at least 1, got 0"),
    "kernel and a half": (["--kernel", "2.5"], "--kernel: invalid int value"),
    "kernel too large": (["--kernel", "99"], "a window spans 99 cells"),
    "kernel too large for a grid": (["--grid", "1 2", "--kernel", "3"], "has only 2"),
    "stride of nothing": (["--stride", "0"], "stride must be at least 1, got 0"),
    "padding too large": (["--padding", "2"], "padding must be at most half of kernel_size"),
    "negative padding": (["--padding", "-1"], "padding must be at least 0"),
    "ragged grid": (["--grid", "3 0 4; 2 0"], "rows of a pool's input must have one length"),
    "letters in the grid": (["--grid", "3 x 4"], "could not convert string to float: 'x'"),
    "empty grid": (["--grid", ""], "got none"),
    "grid of separators": (["--grid", " ; ;"], "got none"),
    "grid too large": (["--grid", " ".join("1" * 99)], "too large to read as a picture"),
    "grid with a dash": (["--grid", "-1,2"], "--grid='-1 2'"),
    "grid and digit": (["--grid", "1 2", "--digit", "3"], "exclude each other"),
    "unknown theme": (["--theme", "pink"], "invalid choice: 'pink'"),
    "unknown option": (["--colour", "red"], "unrecognized arguments: --colour"),
    "unknown function": (["foo(a)", "a=2"], "unknown function 'foo'"),
    "unknown name": (["a + b", "a=2"], "unknown name 'b'"),
    "no value at all": (["a"], "unknown name 'a'"),
    "unused name": (["a", "a=1", "b=2"], "does not use b"),
    "value in letters": (["a", "a=x"], "'a=x' is not of the form name=number"),
    "missing value": (["a", "a="], "'a=' is not of the form name=number"),
    "missing sign": (["a", "a"], "'a' is not of the form name=number"),
    "missing name": (["a", "=2"], "'=2' is not of the form name=number"),
    "two values": (["a", "a=1", "a=2"], "'a' is given two numbers, 1 and 2"),
    "value first": (["a=2"], "cannot read the formula 'a=2'"),
    "empty expression": ([""], "cannot read the formula ''"),
    "half an expression": (["a +", "a=1"], "cannot read the formula"),
    "expression with a dash": (["-a", "a=1"], "'(-a)'"),
    "two lines": (["a\n+b", "a=1", "b=2"], "cannot read the formula"),
    "import": (["__import__('os')"], "unknown function '__import__'"),
    "attribute": (["a.__class__", "a=1"], "is not of the formula language"),
    "lambda": (["(lambda: 1)()"], "is not of the formula language"),
    "string": (["'x'"], "is not of the formula language"),
    "expression with a kernel": (["a", "a=1", "--kernel", "3"], "--kernel does not go with it"),
    "expression with a digit": (["a", "a=1", "--digit", "3"], "--digit does not go with it"),
    "expression with a grid": (["a", "a=1", "--grid", "3"], "--grid does not go with it"),
    "number too large": (["1e999"], "too large for a float"),
    "integer too large": (["9" * 5000], ""),
    "nested too deeply": (["(" * 300 + "1" + ")" * 300], "too many nested parentheses"),
    "chain too deep": (["+".join("a" * 4000), "a=1"], "nested too deeply"),
    "too many nodes": (["+".join("a" * 450), "a=1"], "boxes"),
    "too long": (["a" * 20_000], "may have 10000 characters"),
    "lone surrogate": (["a+\udcff", "a=1"], "cannot read the formula"),
    "upstream in letters": (["--grid", "1 2", "--upstream", "a"], "--upstream takes numbers"),
    "no upstream": (["--grid", "1 2", "--upstream", ";"], "got none"),
    "upstream of another shape": (
        ["--grid", "1 2 3; 4 5 6", "--kernel", "1", "--stride", "1", "--upstream", "1 2; 3 4; 5 6"],
        "--upstream takes 2 by 3 numbers, one for each output; got rows of [2, 2, 2]",
    ),
    "upstream with a dash": (["--grid", "1 2", "--upstream", "-1,2"], "--grid='-1 2'"),
    "upstream of an expression": (["a", "a=1", "--upstream", "1 2"], "--upstream takes one number"),
    "terminal's orders": (["a\x1b[2J\u202e+", "a=1"], "\\x1b[2J\\u202e+"),
    "terminal's orders in a name": (["a", "b\x9b2J=\ufe0f"], "'b\\x9b2J=\\ufe0f' is not of the form"),
    "nul in the grid": (["--grid", "1 \x00 2"], "could not convert"),
}


@pytest.mark.parametrize(("arguments", "words"), WRONG.values(), ids=list(WRONG))
def test_what_is_wrong_is_said_in_one_sentence(arguments: list[str], words: str, capsys: Captured) -> None:
    assert words in refused(capsys, *arguments)


def test_a_file_in_the_place_of_the_folder_is_named(capsys: Captured) -> None:
    Path("taken").write_text("")
    for out in ("taken", "taken/below"):
        assert f"--out must be a folder that can be written to, got '{out}'" in refused(capsys, "--out", out)
    assert Path("taken").read_text() == ""


def test_a_folder_that_cannot_be_written_to_is_named(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    code = main(["--grid", "1 2"])
    err = capsys.readouterr().err
    assert code == 2
    assert "could not write the file: Permission denied" in err
    assert err.count("\n") == 1


def test_without_graphviz_the_dot_text_is_written_and_the_hint_given(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(engines, "_pure", lambda: None)
    assert main(["a*2", "a=1"]) == 2
    assert "pip install graphviz-pure" in capsys.readouterr().err
    assert written() == {"graph.dot"}


@pytest.mark.slow
def test_without_graphviz_the_dot_text_of_every_picture_is_written(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "_engines", lambda large=False: iter(()))
    assert main(["--digit", "7"]) == 2
    told = capsys.readouterr()
    # The grids need no engine.
    assert written() == {"network.dot", "pool.dot", "graph.dot", "digit.svg", "network.svg", "pool.svg"}
    assert "pool" not in "".join(line for line in told.out.splitlines() if line.startswith("wrote"))
    assert "cell (" in told.out  # nor does what is said of them
    assert main(["--grid", "1 5; 0 3", "--kernel", "1", "--out", "other"]) == 2
    assert written("other") == {"pool.dot", "graph.dot", "pool.svg"}
    texts = [text.text for text in ElementTree.parse(Path("other", "pool.svg")).iter() if text.tag.endswith("}text")]
    assert {"input", "output", "gradient of the input", "5", "0.7"} <= set(texts)


@pytest.mark.slow
def test_nothing_that_was_typed_reaches_the_terminal_raw(capsys: Captured) -> None:
    folder = "o\x1b[31m\u202e\ufe0f"
    out = run(capsys, "--grid", "1 2", "--out", folder)
    assert written(folder) == ALL
    assert r"o\x1b[31m\u202e\ufe0f" in out
    assert not set(out) & set("\x1b\u202e\ufe0f")


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="needs a pipe that breaks")
@pytest.mark.parametrize("buffered", ["", "1"])
def test_who_reads_no_further_gets_the_files_all_the_same(buffered: str, tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": buffered}
    command = [sys.executable, "-m", "viz", "--grid", "3 0 4"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, cwd=tmp_path) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert (process.stderr.read(), process.wait()) == (b"", 0)
    assert written(str(tmp_path / "out")) == ALL


def test_help_is_help(capsys: Captured) -> None:
    with pytest.raises(SystemExit) as done:
        main(["--help"])
    assert done.value.code == 0
    assert "max(a*b, c) + a" in capsys.readouterr().out
